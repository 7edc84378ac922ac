package pools

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"croft/objectstore"
)

// folderTier is a tier in a folder; all names mean it.
type folderTier string

func (f folderTier) Tier(string) (objectstore.Tier, error) { return f, nil }

func (f folderTier) Put(_ context.Context, name string, body io.Reader, _ int64) error {
	b, err := io.ReadAll(body)
	if err == nil {
		err = os.MkdirAll(string(f), 0o700)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(string(f), name), b, 0o600)
}

func (f folderTier) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	b, err := os.ReadFile(filepath.Join(string(f), name))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(b[offset : offset+length])), nil
}

func (f folderTier) Delete(_ context.Context, name string) error {
	err := os.Remove(filepath.Join(string(f), name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// moveSome moves some of what furnish made to a tier.
func moveSome(t *testing.T, s *Store) {
	t.Helper()
	for _, ref := range []objectstore.VersionRef{
		{Bucket: "bucket", Key: "size 4000"}, {Bucket: "safe", Key: "size 4000"}, {Bucket: "safe", Key: "mine and large"}, {Bucket: "kept", Key: "many 2"},
	} {
		if o, err := s.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: ref, Tier: "COLD"}); err != nil || o.Tier != "COLD" {
			t.Fatalf("%s/%s is in %q: %v", ref.Bucket, ref.Key, o.Tier, err)
		}
	}
}

// wantTiered waits until nothing is left to be removed from the tier and demands that it
// keeps so many bodies.
func wantTiered(t *testing.T, s *Store, in string, bodies int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	var usage map[string]objectstore.TierUsage
	for removing := int64(1); removing > 0 && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		var err error
		if usage, err = s.TierUsage(t.Context()); err != nil {
			t.Fatal(err)
		}
		removing = usage["COLD"].Removing
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadDir(in)
	if err != nil || len(kept) != bodies || usage["COLD"].Bodies != int64(bodies) {
		t.Fatalf("the tier has %d bodies, %v, usage %+v; want %d", len(kept), err, usage, bodies)
	}
}
