package erasure

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
)

// childDrives is set in the environment of the child that TestKill kills.
const childDrives = "CROFT_ERASURE_TEST_DRIVES"

// act is one change of the child: a body of size bytes made of seed, or, with
// size -1, a delete.
type act struct {
	seed uint64
	size int
}

func (a act) body() []byte { return randomBytes(max(a.size, 0), a.seed) }

// killConfig is what the child opens, and the parent after it.
func killConfig(paths []string) Config {
	return Config{Drives: paths, Parity: -1, SegmentBytes: 1 << 20}
}

// writeUntilKilled changes keys, some goroutines side by side, and prints what it
// is about to do and what was acknowledged. Compaction never rests.
func writeUntilKilled() {
	ctx := context.Background()
	s, err := Open(ctx, killConfig(strings.Split(os.Getenv(childDrives), "\n")))
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	if _, err := s.Bucket(ctx, "bucket"); err != nil {
		if _, err := s.CreateBucket(ctx, objectstore.Bucket{Name: "bucket"}); err != nil {
			fmt.Println("failed", err)
			return
		}
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			if err := s.compactAll(ctx); err != nil {
				fmt.Println("failed to compact", err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	for g := range 6 {
		all.Go(func() {
			for {
				key := fmt.Sprintf("key %d.%d", g, rand.IntN(4))
				a := act{seed: rand.Uint64() >> 42, size: []int{-1, 0, 10, 5000, 300_000, 2 << 20}[rand.IntN(6)]}
				say := func(what string) {
					_, _ = os.Stdout.WriteString(fmt.Sprintf("%s %d %d %s\n", what, a.seed, a.size, key))
				}
				say("begin")
				if err := a.do(ctx, s, key, rand.IntN(4) == 0); err != nil {
					fmt.Println("failed", err)
					return
				}
				say("done")
			}
		})
	}
	all.Wait()
}

func (a act) do(ctx context.Context, s *Store, key string, inParts bool) error {
	if a.size < 0 {
		_, err := s.Delete(ctx, "bucket", key)
		return err
	}
	if !inParts {
		_, err := s.Put(ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(a.body()), Size: int64(a.size)})
		return err
	}
	u, err := s.CreateUpload(ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
	if err != nil {
		return err
	}
	_, err = s.PutPart(ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader(a.body()), Size: -1})
	if err != nil {
		return err
	}
	_, err = s.CompleteUpload(ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}})
	return err
}

// TestKill kills a writing process again and again. What it had acknowledged is
// there byte for byte, and what it had begun is there whole or not at all, also
// when the catalogue is built anew. Nothing is kept for nobody.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills take a while")
	}
	paths := newPaths(t, 4)
	settled := map[string]act{}
	acknowledged := 0
	segments := map[uint64]bool{}
	for round := range 10 {
		begun := killChild(t, paths, 20+rand.IntN(60), settled, &acknowledged)
		c := killConfig(paths)
		c.Reindex = round%3 == 2
		s, err := Open(t.Context(), c)
		if err != nil {
			t.Fatalf("round %d: open: %v", round, err)
		}
		for _, x := range s.seglog.Segments() {
			segments[x.ID] = true
		}
		for key := range union(settled, begun) {
			got := whatIsThere(t, s, key)
			last, known := settled[key]
			next, open := begun[key]
			switch {
			case open && next.matches(got):
				settled[key] = next
			case known && last.matches(got), !known && got == nil:
			default:
				t.Fatalf("round %d: %q holds neither what was acknowledged (%+v) nor what was begun (%+v, %v)", round, key, last, next, open)
			}
		}
		err = audit(t.Context(), s)
		left := len(s.seglog.Segments())
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round == 9 && left >= len(segments) {
			t.Errorf("none of %d segments was ever freed", left)
		}
	}
	t.Logf("%d changes acknowledged and found again, %d segments seen", acknowledged, len(segments))
}

// killChild runs the child until it has acknowledged some changes and kills it.
// It returns what was begun and not acknowledged.
func killChild(t *testing.T, paths []string, after int, settled map[string]act, acknowledged *int) map[string]act {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDrives+"="+strings.Join(paths, "\n"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := map[string]act{}
	killed := false
	lines := bufio.NewScanner(out)
	for done := 0; lines.Scan(); {
		var what, rest string
		what, rest, _ = strings.Cut(lines.Text(), " ")
		var a act
		var key string
		if what == "failed" {
			if !killed {
				_ = cmd.Process.Kill()
				t.Fatalf("child: %s", rest)
			}
			continue
		}
		if n, err := fmt.Sscanf(rest, "%d %d", &a.seed, &a.size); n != 2 || err != nil {
			continue // a line that the kill cut off
		}
		f := strings.SplitN(rest, " ", 3)
		if len(f) != 3 || len(f[2]) != len("key 0.0") {
			continue
		}
		key = f[2]
		switch what {
		case "begin":
			begun[key] = a
		case "done":
			delete(begun, key)
			settled[key] = a
			*acknowledged++
			if done++; done == after {
				killed = true
				_ = cmd.Process.Kill()
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if !killed {
		t.Fatal("the child ended by itself")
	}
	return begun
}

func (a act) matches(got []byte) bool {
	if a.size < 0 {
		return got == nil
	}
	return got != nil && bytes.Equal(got, a.body())
}

// whatIsThere returns a key's body, nil when the key holds nothing.
func whatIsThere(t *testing.T, s *Store, key string) []byte {
	t.Helper()
	_, body, err := s.Get(t.Context(), "bucket", key, nil)
	if code, _ := public(err); err != nil && (code == "object_not_found" || code == "bucket_not_found") {
		return nil
	}
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	defer func() { _ = body.Close() }()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	if b == nil {
		b = []byte{}
	}
	return b
}

func union[V any, M ~map[string]V](a, b M) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}
