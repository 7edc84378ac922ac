// Command serve is a Git host on loopback with the sample project in it, for
// trying Croft by hand: `make sample-forge`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"croft/internal/testforge"
)

const name = "hello.git"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	address := flag.String("address", "127.0.0.1:9010", "where to serve; loopback only")
	sample := flag.String("sample", "assets/sample", "the project in the repository")
	root := flag.String("root", filepath.Join(os.TempDir(), "croft-sample-forge"), "where the repository is kept")
	var hook testforge.Webhook
	flag.StringVar(&hook.URL, "webhook-url", "", "called after each push")
	flag.StringVar(&hook.Secret, "webhook-secret", "", "signs the call")
	flag.Parse()

	forge, err := testforge.New(ctx, *root, func(d testforge.Delivery) {
		if d.Err != nil {
			fmt.Println("webhook failed:", d.Err)
			return
		}
		fmt.Println("webhook answered", d.Status, d.Body)
	})
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(*root, name)); errors.Is(err, os.ErrNotExist) {
		if err := seed(ctx, forge, *root, *sample); err != nil {
			return err
		}
	}
	forge.OnPush(name, hook)
	server := &http.Server{Addr: *address, Handler: forge, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Printf("serving http://%s/%s (kept in %s)\n", *address, name, *root)
	if hook.URL == "" {
		fmt.Println("no webhook: pushes are told to nobody until you give -webhook-url and -webhook-secret")
	}
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// seed makes the repository with the sample as its first commit.
func seed(ctx context.Context, forge *testforge.Forge, root, sample string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "croft-sample-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, os.DirFS(sample)); err != nil {
		return err
	}
	if err := forge.Create(ctx, name); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"add", "--all"},
		{"commit", "--quiet", "--message", "Add the sample"},
		{"push", "--quiet", filepath.Join(root, name), "main"},
	} {
		if _, err := testforge.Git(ctx, work, nil, args...); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(root, name, "pushed"))
}
