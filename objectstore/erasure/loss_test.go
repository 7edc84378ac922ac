package erasure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

func public(err error) (string, string) { return errs.Public(err) }

func TestEveryLossUpToParityReads(t *testing.T) {
	for _, n := range []int{2, 3, 4, 6, 16} {
		t.Run(fmt.Sprintf("%d drives", n), func(t *testing.T) {
			w := newWorld(t, n)
			w.close()
			parity := driveset.DefaultParity(n)
			lost := combinations(n, parity)
			most := 30
			if testing.Short() {
				most = 4
			}
			if len(lost) > most {
				rand.New(rand.NewPCG(1, 1)).Shuffle(len(lost), func(i, j int) { lost[i], lost[j] = lost[j], lost[i] })
				lost = lost[:most]
			}
			for _, places := range lost {
				w.away(places...)
				w.open()
				w.check(fmt.Sprintf("without %v", places))
				w.close()
				w.back(places...)
			}
			w.open()
			w.check("with all again")
		})
	}
}

func TestOneLossTooManyIsRefused(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 6, 16} {
		w := newWorld(t, n)
		w.close()
		var lost []int
		for i := range driveset.DefaultParity(n) + 1 {
			lost = append(lost, i)
		}
		w.away(lost...)
		s, err := Open(t.Context(), Config{Drives: w.paths, Parity: -1})
		if len(lost) == n {
			// Nothing is left to tell it by: it is a first start.
			if err == nil {
				err = s.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		wantCode(t, err, "read_quorum", w.paths[0])
		if _, err := os.Stat(w.paths[0]); err == nil {
			t.Fatalf("%d drives: the missing drive's folder was made", n)
		}
	}
}

func TestTooFewToWriteOpensReadOnly(t *testing.T) {
	w := newWorld(t, 4)
	u, err := w.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "up"})
	if err != nil {
		t.Fatal(err)
	}
	w.close()
	w.away(1, 2)
	w.open()
	h, err := w.store.Health(t.Context())
	if err != nil || h.Writable || h.WriteQuorum != 3 || h.ReadQuorum != 2 || h.Drives[1].State != objectstore.DriveOffline || h.Drives[0].State != objectstore.DriveOK {
		t.Fatalf("health %+v, %v", h, err)
	}
	ctx := t.Context()
	_, makeErr := w.store.CreateBucket(ctx, objectstore.Bucket{Name: "another"})
	_, deleteErr := w.store.Delete(ctx, "bucket", "size 1")
	_, copyErr := w.store.Copy(ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "size 1", Bucket: "bucket", Key: "copy"})
	_, startErr := w.store.CreateUpload(ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "k"})
	_, partErr := w.store.PutPart(ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Size: -1})
	for what, err := range map[string]error{
		"put": w.tryPut("new", []byte("x")), "overwrite": w.tryPut("size 1", []byte("x")), "delete": deleteErr, "copy": copyErr,
		"create bucket": makeErr, "start upload": startErr, "part": partErr, "abort": w.store.AbortUpload(ctx, u.UploadRef),
	} {
		if !errors.Is(err, objectstore.ErrWriteQuorum) {
			t.Errorf("%s: got %v, want write_quorum", what, err)
		}
	}
	w.check("after refused writes")
	w.close()
	w.back(1, 2)
	w.open()
	w.check("with all again")
}
