package erasure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"croft/objectstore"
	"croft/objectstore/storetest"
)

func TestQuotas(t *testing.T) {
	storetest.RunQuotas(t, func(t *testing.T) objectstore.Store { return mustOpen(t, newPaths(t, 2)) })
}

// ownerQuotas are quotas by owner; what is negative cannot be told.
type ownerQuotas map[string]int64

var errNotTold = errors.New("not told")

func (q ownerQuotas) OwnerQuota(_ context.Context, owner string) (int64, error) {
	if owner == "" {
		return 0, errors.New("asked for nobody")
	}
	if q[owner] < 0 {
		return 0, errNotTold
	}
	return q[owner], nil
}

func TestOwnersQuota(t *testing.T) {
	quotas := ownerQuotas{"team": 1000, "away": -1}
	open := func(paths []string) *Store {
		s, err := Open(t.Context(), Config{Drives: paths, Parity: -1, Quotas: quotas})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	paths := newPaths(t, 2)
	s := open(paths)
	for name, owner := range map[string]string{"one": "team", "two": "team", "other": "others", "nobody": "", "away": "away"} {
		if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: name, Owner: owner}); err != nil {
			t.Fatal(err)
		}
	}
	put := func(bucket, key string, size int) error {
		_, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: bucket, Key: key, Body: strings.NewReader(strings.Repeat("x", size)), Size: -1})
		return err
	}
	for _, bucket := range []string{"other", "nobody"} {
		if err := put(bucket, "key", 5000); err != nil {
			t.Errorf("%s: %v", bucket, err)
		}
	}
	if err := put("away", "key", 1); !errors.Is(err, errNotTold) {
		t.Errorf("a quota that is not known: %v", err)
	}
	var fit, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			switch err := put([]string{"one", "two"}[i%2], fmt.Sprint(i), 100); {
			case err == nil:
				fit.Add(1)
			case errors.Is(err, objectstore.ErrQuotaExceeded) && strings.Contains(err.Error(), "project"):
				refused.Add(1)
			default:
				t.Errorf("put: %v", err)
			}
		})
	}
	wg.Wait()
	if fit.Load() != 10 || refused.Load() != 30 {
		t.Fatalf("%d fit and %d were refused", fit.Load(), refused.Load())
	}
	if n := len(s.union.reserved.bytes); n > 0 {
		t.Errorf("%d reservations are left", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(paths)
	if err := put("two", "key", 1); !errors.Is(err, objectstore.ErrQuotaExceeded) {
		t.Errorf("after a restart: %v", err)
	}
	quotas["team"] = 1001
	if err := put("two", "key", 1); err != nil {
		t.Errorf("raised: %v", err)
	}
}

// TestQuotaWaitsForReservations: what another writer may give back is waited for, and
// for no longer than the caller waits.
func TestQuotaWaitsForReservations(t *testing.T) {
	s := mustOpen(t, newPaths(t, 1))
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket", Quota: 100}); err != nil {
		t.Fatal(err)
	}
	b, err := s.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	release, err := s.reserve(t.Context(), b, 60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.reserve(t.Context(), b, 101); !errors.Is(err, objectstore.ErrQuotaExceeded) {
		t.Errorf("more than ever fits: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.reserve(ctx, b, 60)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	go func() {
		release, err := s.reserve(t.Context(), b, 60)
		if err == nil {
			release()
		}
		done <- err
	}()
	release()
	if err := <-done; err != nil {
		t.Errorf("after the other gave back: %v", err)
	}
}
