package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"croft/internal/app"
	"croft/internal/errs"
)

// config serves four drives in a fresh folder, the state beside them, on free loopback ports.
func config(dir string) app.Config {
	c := app.Config{
		Version: "test", Address: "127.0.0.1:0", ConsoleAddress: "127.0.0.1:0", Parity: -1,
		StateDir: filepath.Join(dir, "state"), Logger: slog.New(slog.DiscardHandler), Out: io.Discard,
	}
	var drives []string
	for _, name := range []string{"d1", "d2", "d3", "d4"} {
		drives = append(drives, filepath.Join(dir, name))
	}
	c.Pools = [][]string{drives}
	return c
}

// running is a Croft that serves, and what it printed.
type running struct {
	out  string
	stop func() error
}

var address = regexp.MustCompile(`(Console|S3) +http://(\S+)`)

// addresses returns host:port of the console and of S3.
func (r running) addresses() (console, s3 string) {
	found := address.FindAllStringSubmatch(r.out, 2)
	return found[0][2], found[1][2]
}

// start serves in the background and returns once the addresses were printed.
func start(t *testing.T, c app.Config) running {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Out = write
	croft, err := app.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- croft.Run(ctx)
		write.Close()
	}()
	printed := make([]byte, 4096)
	n, err := read.Read(printed)
	if err != nil {
		t.Fatalf("%v; it ended with %v", err, <-done)
	}
	stop := sync.OnceValue(func() error {
		cancel()
		defer read.Close()
		return <-done
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return running{out: string(printed[:n]), stop: stop}
}

// startOnce starts and stops, so that the folders belong to a Croft.
func startOnce(t *testing.T, c app.Config) running {
	t.Helper()
	r := start(t, c)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStopsCleanAndStartsAgain(t *testing.T) {
	c := config(t.TempDir())
	for range 2 {
		r := startOnce(t, c)
		if !regexp.MustCompile(`/setup#token=[a-z0-9]{40,}`).MatchString(r.out) {
			t.Errorf("no set-up link in %q", r.out)
		}
	}
}

func TestStopsWhileStarting(t *testing.T) {
	croft, err := app.New(t.Context(), config(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := croft.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestRootAccountNeedsNoSetup(t *testing.T) {
	c := config(t.TempDir())
	c.RootUser, c.RootPassword = "operator", "a long enough secret"
	if r := startOnce(t, c); strings.Contains(r.out, "setup") || strings.Contains(r.out, c.RootPassword) {
		t.Errorf("the output is %q", r.out)
	}
}

func TestRefusesToStart(t *testing.T) {
	f := func(name, code string, breakIt func(t *testing.T, c *app.Config)) {
		t.Run(name, func(t *testing.T) {
			c := config(t.TempDir())
			startOnce(t, c)
			breakIt(t, &c)
			croft, err := app.New(t.Context(), c)
			if err == nil {
				t.Fatal("it started", croft)
			}
			if got, message := errs.Public(err); got != code || !strings.Contains(message, " ") {
				t.Errorf("refused with %q %q, want %q; cause %v", got, message, code, err)
			}
		})
	}
	f("twice on one folder", "drive_locked", func(t *testing.T, c *app.Config) {
		other := *c
		other.StateDir = filepath.Join(t.TempDir(), "other")
		start(t, other)
	})
	f("twice on one state folder", "already_running", func(t *testing.T, c *app.Config) {
		other := config(t.TempDir())
		other.StateDir = filepath.Join(t.TempDir(), "shared")
		start(t, other)
		c.StateDir = other.StateDir
	})
	f("state that is a file", "state_not_folder", func(t *testing.T, c *app.Config) {
		c.StateDir = filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(c.StateDir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	f("state of other drives", "state_of_another", func(t *testing.T, c *app.Config) {
		other := config(t.TempDir())
		startOnce(t, other)
		c.StateDir = other.StateDir
	})
	f("state on a drive that is away", "state_offline", func(t *testing.T, c *app.Config) {
		c.StateDir = ""
		if err := os.Rename(c.Pools[0][0], c.Pools[0][0]+"-away"); err != nil {
			t.Fatal(err)
		}
	})
	f("all drives away", "drives_away", func(t *testing.T, c *app.Config) {
		for _, drive := range c.Pools[0] {
			if err := os.Rename(drive, drive+"-away"); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() {
			// What was made there would stand in the way of the drives when they are back.
			if _, err := os.Stat(c.Pools[0][0]); err == nil {
				t.Error("the missing drives were made anew")
			}
		})
	})
	f("a master key that is none", "master_key_invalid", func(_ *testing.T, c *app.Config) { c.MasterKeys = "secret" })
	f("a port in use", "address_unusable", func(t *testing.T, c *app.Config) {
		_, c.Address = start(t, config(t.TempDir())).addresses()
	})
}

func TestReady(t *testing.T) {
	console, _ := start(t, config(t.TempDir())).addresses()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+console+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/readyz answers %s", resp.Status)
	}
}

func TestReindex(t *testing.T) {
	c := config(t.TempDir())
	quiet := slog.New(slog.DiscardHandler)
	croft := start(t, c)
	if err := app.Reindex(t.Context(), c.StateDir, c.Pools, quiet); err == nil {
		t.Fatal("reindexed while Croft was running")
	}
	if err := croft.stop(); err != nil {
		t.Fatal(err)
	}
	catalogue := filepath.Join(c.StateDir, "catalogue.db")
	before, err := os.Stat(catalogue)
	if err != nil {
		t.Fatal(err)
	}
	// The old file stays under another name: a file system may give its number to the next.
	if err := os.Link(catalogue, catalogue+".old"); err != nil {
		t.Fatal(err)
	}
	if err := app.Reindex(t.Context(), c.StateDir, c.Pools, quiet); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(catalogue); err != nil || os.SameFile(before, after) {
		t.Fatalf("the catalogue was not made anew (%v)", err)
	}
}

// TestStateWentWithTheFirstDrive gives a blank folder in the place of the first
// drive, which held the state: a start must not make new accounts there.
func TestStateWentWithTheFirstDrive(t *testing.T) {
	c := config(t.TempDir())
	c.StateDir = ""
	startOnce(t, c)
	if err := os.RemoveAll(filepath.Join(c.Pools[0][0], ".croft")); err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), c); err == nil {
		t.Fatal("started with new accounts")
	} else if code, _ := errs.Public(err); code != "state_offline" {
		t.Fatalf("refused with %v", err)
	}
}
