package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/tiering"
)

const (
	tierUser     = "operator"
	tierPassword = "a long enough secret"
)

// serving is a Croft that serves, and a client of its S3.
type serving struct {
	*App
	*minio.Client
	stop func()
}

// serve starts a Croft on drives in a folder.
func serve(t *testing.T, dir, address string) serving {
	t.Helper()
	a, err := New(t.Context(), Config{
		Version: "test", Address: address, ConsoleAddress: "127.0.0.1:0", Parity: -1, Pools: [][]string{{filepath.Join(dir, "d1"), filepath.Join(dir, "d2")}},
		StateDir: filepath.Join(dir, "state"), Logger: slog.New(slog.DiscardHandler), Out: io.Discard, RootUser: tierUser, RootPassword: tierPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.prepareAccounts(t.Context()); err != nil { // so that the client may begin at once
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	client, err := minio.New(a.s3.socket.Addr().String(), &minio.Options{Creds: credentials.NewStaticV4(tierUser, tierPassword, ""), MaxRetries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return serving{a, client, stop}
}

func (s serving) put(t *testing.T, key string, body []byte) {
	t.Helper()
	if _, err := s.PutObject(t.Context(), "docs", key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{DisableMultipart: true}); err != nil {
		t.Fatal(err)
	}
}

func (s serving) get(t *testing.T, key string) ([]byte, error) {
	t.Helper()
	o, err := s.GetObject(t.Context(), "docs", key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer o.Close()
	return io.ReadAll(o)
}

func (s serving) has(t *testing.T, bodies map[string][]byte) {
	t.Helper()
	for key, body := range bodies {
		if got, err := s.get(t, key); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes differ from %d (%v)", key, len(got), len(body), err)
		}
	}
}

// TestTiers moves objects of one Croft to another, takes that away and brings it back.
func TestTiers(t *testing.T) {
	thereDir, hereDir := t.TempDir(), t.TempDir()
	there := serve(t, thereDir, "127.0.0.1:0")
	address := there.s3.socket.Addr().String()
	here := serve(t, hereDir, "127.0.0.1:0")
	for bucket, in := range map[string]serving{"archive": there, "docs": here} {
		if err := in.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	tier := tiering.NewTier{Tier: tiering.Tier{Name: "COLD", Endpoint: "http://" + address, Bucket: "archive", AccessKey: tierUser}, SecretKey: tierPassword}
	itself := tier
	itself.Endpoint, itself.Bucket = "http://"+here.s3.socket.Addr().String(), "docs"
	if _, err := here.tiers.service.Load().Add(t.Context(), itself); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a tier in itself: %v", err)
	}
	if _, err := here.tiers.service.Load().Add(t.Context(), tier); err != nil {
		t.Fatal(err)
	}
	old := map[string][]byte{"small": []byte("small"), "large": bytes.Repeat([]byte("croft"), 1<<20)}
	for key, body := range old {
		here.put(t, key, body)
		o, err := here.drives.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "docs", Key: key}, Tier: "COLD"})
		if err != nil || o.Tier != "COLD" {
			t.Fatalf("%+v, %v", o, err)
		}
	}
	rule := lifecycle.Rule{ID: "old", Status: "Enabled", Transition: lifecycle.Transition{Days: 30, StorageClass: "COLD"}}
	if err := here.SetBucketLifecycle(t.Context(), "docs", &lifecycle.Configuration{Rules: []lifecycle.Rule{rule}}); err != nil {
		t.Fatal(err)
	}
	if err := here.tiers.service.Load().Remove(t.Context(), "COLD"); err == nil || !strings.Contains(err.Error(), "of these buckets: docs.") {
		t.Errorf("a tier that rules name: %v", err)
	}
	if err := here.SetBucketLifecycle(t.Context(), "docs", lifecycle.NewConfiguration()); err != nil {
		t.Fatal(err)
	}
	young := map[string][]byte{"young": []byte("young")}
	here.put(t, "young", young["young"])
	here.has(t, old)
	if keys := len(keysOf(t, there.Client, "archive")); keys != 3 { // the mark, and a body each
		t.Errorf("the tier has %d objects", keys)
	}

	there.stop()
	for key := range old {
		_, err := here.get(t, key)
		if answer := minio.ToErrorResponse(err); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(answer.Message, "The tier COLD cannot be used now. http://"+address+" cannot be reached.") {
			t.Errorf("%s: %+v", key, answer)
		}
	}
	here.has(t, young)
	here.put(t, "while away", nil)
	if keys := keysOf(t, here.Client, "docs"); len(keys) != 4 {
		t.Errorf("listed %q", keys)
	}
	if err := here.tiers.service.Load().Remove(t.Context(), "COLD"); !errors.Is(err, tiering.ErrTierInUse) {
		t.Errorf("removed: %v", err)
	}

	there = serve(t, thereDir, address)
	here.has(t, old)
	here.stop()
	here = serve(t, hereDir, "127.0.0.1:0")
	here.has(t, old)
	for key := range old {
		if o, err := here.drives.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "docs", Key: key}, Tier: ""}); err != nil || o.Tier != "" {
			t.Fatalf("%+v, %v", o, err)
		}
	}
	here.has(t, old)

	// What somebody deletes there is lost, and said to be.
	here.put(t, "lost", []byte("lost"))
	if _, err := here.drives.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "docs", Key: "lost"}, Tier: "COLD"}); err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(t, there.Client, "archive") {
		if err := there.RemoveObject(t.Context(), "archive", key, minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := here.get(t, "lost")
	if answer := minio.ToErrorResponse(err); answer.StatusCode != http.StatusInternalServerError || !strings.Contains(answer.Message, "does not have this object's body any more") {
		t.Errorf("lost: %+v", answer)
	}
	here.has(t, old)
}

func keysOf(t *testing.T, c *minio.Client, bucket string) (keys []string) {
	t.Helper()
	for o := range c.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

// TestTiersBeforeTheyAreOpen is what a reader gets that asks too early.
func TestTiersBeforeTheyAreOpen(t *testing.T) {
	if _, err := new(tiers).Tier("COLD"); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Error(err)
	}
}
