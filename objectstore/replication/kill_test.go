package replication

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

// childVariable holds the folder that a child of the test works in.
const childVariable = "CROFT_REPLICATION_CHILD"

// child is a Croft that writes and replicates until it is killed. It prints each key
// that was acknowledged.
func child(dir string) {
	err := func() error {
		ctx := context.Background()
		s, err := erasure.Open(ctx, erasure.Config{Drives: []string{filepath.Join(dir, "drive")}, Parity: -1})
		if err != nil {
			return err
		}
		db, err := store.Open(ctx, filepath.Join(dir, "state"), migrations.Files)
		if err != nil {
			return err
		}
		svc := New(Deps{DB: db, Sealer: seal.New([seal.KeySize]byte{1}), Store: s, Log: slog.New(slog.DiscardHandler)}, Config{Deployment: s.Deployment()})
		if err := svc.Open(ctx); err != nil {
			return err
		}
		go func() { _ = svc.Run(ctx) }()
		for i := 0; ; i++ {
			key := fmt.Sprintf("%d/%d", os.Getpid(), i)
			body := key
			if i%10 == 9 {
				body = bodyOf(2<<20, byte(i))
			}
			if _, err := s.Put(ctx, objectstore.PutRequest{
				Bucket: "photos", Key: key, Body: strings.NewReader(body), Size: int64(len(body)), Attributes: objectstore.Attributes{ContentType: "a/b"},
			}); err != nil {
				return err
			}
			if i%7 == 6 {
				if _, err := s.Delete(ctx, "photos", fmt.Sprintf("%d/%d", os.Getpid(), i-3)); err != nil {
					return err
				}
			}
			fmt.Println(key)
		}
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKilled kills a Croft again and again while it writes and replicates.
func TestKilled(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	s.halt()
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	dir := quickDir(t)
	for name, is := range map[string]string{"drive": s.drive, "state": s.state} {
		if err := os.Symlink(is, filepath.Join(dir, name)); err != nil {
			t.Skip("no links here:", err)
		}
	}
	written := 0
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 150+37*round && lines.Scan(); n++ {
			written++
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	arrived := there.requests("PUT")
	s.open(false)
	s.run()
	s.current("photos")
	s.same("photos", there, "backup")
	if n := len(there.content("backup")); n < written*6/7-10 || arrived == 0 {
		t.Fatalf("%d objects at the target, %d written, %d while others were", n, written, arrived)
	}
}
