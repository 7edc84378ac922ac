package erasure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

var changing = []simdisk.Kind{
	simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.SyncDir, simdisk.Rename, simdisk.Remove, simdisk.Mkdir, simdisk.Allocate,
}

// changes is how many operations that change something a drive was asked for.
func changes(d *simdisk.Drive) (n int) {
	for _, kind := range changing {
		n += d.Count(kind)
	}
	return n
}

// look opens drives and demands what a voyage has left.
func (v *voyage) look(m *simdisk.Machine, folder, when string) {
	v.Helper()
	s, err := openSim(v.Context(), m, v.drives, filepath.Join(folder, catalogueName))
	if err != nil {
		v.Fatalf("%s: open: %v", when, err)
	}
	got, err := observe(v.Context(), s)
	if err == nil {
		err = v.judge(got)
	}
	if err == nil {
		err = audit(v.Context(), s)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		v.Fatalf("%s: %v", when, err)
	}
}

// TestWriteFaultsUpToQuorum lets one drive of four fail from some time on, at each
// kind of operation: nobody notices, the drive is fenced and left alone, and all is
// there when another drive is away.
func TestWriteFaultsUpToQuorum(t *testing.T) {
	for _, kind := range changing {
		seed := uint64(time.Now().UnixNano())
		rng := rand.New(rand.NewPCG(seed, 5))
		when := fmt.Sprintf("%v, seed %d", kind, seed)
		scratch := quickDir(t)
		m := simdisk.NewMachine(seed)
		calmed, err := openSim(t.Context(), m, 4, filepath.Join(newFolder(t, scratch), catalogueName))
		if err != nil {
			t.Fatal(err)
		}
		if err := calmed.Close(); err != nil {
			t.Fatal(err)
		}
		after := rng.IntN(6)
		if kind == simdisk.Mkdir {
			after = 0 // there are few
		}
		m.Drive("d02").Inject(simdisk.Fault{Kind: kind, After: after, Err: syscall.EIO})
		v := sail(t, mixed(), m, 4, scratch)
		if len(v.refused) > 0 {
			t.Fatalf("%s: %v", when, v.refused)
		}
		h, err := v.store.Health(t.Context())
		for range 5 { // the voyage may have ended before its turn came
			if err != nil || h.Drives[2].State != objectstore.DriveOK {
				break
			}
			if err = goOn(t.Context(), v.store); err == nil {
				h, err = v.store.Health(t.Context())
			}
		}
		if err != nil || h.Drives[2].State == objectstore.DriveOK || h.Drives[2].Message == "" || !h.Writable {
			t.Fatalf("%s: health %+v, %v", when, h, err)
		}
		before := changes(m.Drive("d02"))
		if err := goOn(t.Context(), v.store); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if after := changes(m.Drive("d02")); after != before {
			t.Fatalf("%s: the fenced drive was written to %d times", when, after-before)
		}
		v.land()
		for _, d := range m.Drives() {
			d.Mend()
		}
		for _, away := range []int{-1, 0, 2} {
			left := m.Clone()
			if away >= 0 {
				left.Drive(fmt.Sprintf("d%02d", away)).SetGone(true)
			}
			lookBeside(t, v, left, fmt.Sprintf("%s, drive %d away", when, away))
		}
	}
}

// lookBeside is look that passes over the bucket of goOn.
func lookBeside(t *testing.T, v *voyage, m *simdisk.Machine, when string) {
	t.Helper()
	s, err := openSim(t.Context(), m, v.drives, filepath.Join(newFolder(t, filepath.Dir(v.folder)), catalogueName))
	if err != nil {
		t.Fatalf("%s: open: %v", when, err)
	}
	got, err := observe(t.Context(), s)
	for name := range got {
		if name == "bucket later" || strings.HasPrefix(name, "object later/") {
			delete(got, name)
		}
	}
	if err == nil {
		err = v.judge(got)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
}

// TestWriteFaultsBeyondQuorum lets two drives of four fail: from then on changes are
// refused, what was acknowledged is read at once and after a restart, and what was
// refused happened whole or not at all.
func TestWriteFaultsBeyondQuorum(t *testing.T) {
	for _, kind := range changing {
		seed := uint64(time.Now().UnixNano())
		rng := rand.New(rand.NewPCG(seed, 6))
		when := fmt.Sprintf("%v, seed %d", kind, seed)
		scratch := quickDir(t)
		m := simdisk.NewMachine(seed)
		s, err := openSim(t.Context(), m, 4, filepath.Join(newFolder(t, scratch), catalogueName))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		after := rng.IntN(6)
		for _, d := range []string{"d00", "d02"} {
			m.Drive(d).Inject(simdisk.Fault{Kind: kind, After: after, Err: syscall.EIO})
		}
		v := sail(t, mixed(), m, 4, scratch)
		if len(v.refused) == 0 && kind != simdisk.Remove && kind != simdisk.Mkdir {
			t.Fatalf("%s: nothing was refused", when)
		}
		got, err := observe(t.Context(), v.store)
		if err == nil {
			err = v.judge(got)
		}
		if err != nil {
			t.Fatalf("%s: while open: %v", when, err)
		}
		v.land()
		for _, d := range m.Drives() {
			d.Mend()
		}
		v.look(m.Clone(), v.folder, when)
		v.look(m.Clone(), newFolder(t, scratch), when+", rebuilt")
	}
}

// TestFullSimulatedDrives refuses changes with storage_full on drives that fill up, fences
// none of them, does nothing of what was refused, deletes, and goes on when there
// is space again.
func TestFullSimulatedDrives(t *testing.T) {
	for _, full := range []int{2, 4} {
		for range 2 {
			seed := uint64(time.Now().UnixNano())
			rng := rand.New(rand.NewPCG(seed, 7))
			when := fmt.Sprintf("%d drives, seed %d", full, seed)
			scratch := quickDir(t)
			m := simdisk.NewMachine(seed)
			for i := range full {
				m.Drive(fmt.Sprintf("d%02d", i)).SetFree(int64(400_000 + rng.IntN(4<<20)))
			}
			p := newPlan().makeBucket("bucket").then().put("bucket/first", 5000, 1).then()
			for i, n := range rng.Perm(40) { // more than fits
				p.put(fmt.Sprint("bucket/k", i), []int{100, 30_000, 200_000, 2<<20 + 1}[n%4], uint64(i)).then()
			}
			v := sail(t, p, m, 4, scratch)
			if len(v.refused) == 0 || len(v.pending) > 0 {
				t.Fatalf("%s: refused: %v, pending: %d", when, v.refused, len(v.pending))
			}
			v.wave([]step{{"delete", func(ctx context.Context, v *voyage) error {
				_, err := v.store.Delete(ctx, "bucket", "first")
				return err
			}, map[string]string{"object bucket/first": ""}}})
			got, err := observe(t.Context(), v.store)
			if err == nil {
				err = v.judge(got)
			}
			if err != nil {
				t.Fatalf("%s: while full: %v", when, err)
			}
			h, err := v.store.Health(t.Context())
			if err != nil || !h.Writable {
				t.Fatalf("%s: health %+v, %v", when, h, err)
			}
			v.look(m.Clone(), v.folder, when+", opened while full")
			for _, d := range m.Drives() {
				d.SetFree(1 << 40)
			}
			v.refused = nil
			v.wave([]step{{"put", func(ctx context.Context, v *voyage) error {
				return putBytes(ctx, v.store, "again", randomBytes(2<<20+5, 9))
			}, map[string]string{"object bucket/again": tellVersion(true, false, tellBody(randomBytes(2<<20+5, 9), ""), "", false, 0)}}})
			if len(v.refused) > 0 {
				t.Fatalf("%s: with space again: %v", when, v.refused)
			}
			v.land()
			v.look(m, v.folder, when+", with space again")
		}
	}
}

func putBytes(ctx context.Context, s *Store, key string, body []byte) error {
	_, err := s.Put(ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: readerOf(body), Size: int64(len(body))})
	return err
}

// TestReadFaults lets reads fail: up to parity the bytes are right, beyond it
// nothing is returned but errors, and the drives' errors are counted.
func TestReadFaults(t *testing.T) {
	scratch := quickDir(t)
	m := simdisk.NewMachine(1)
	v := sail(t, mixed(), m, 4, scratch)
	for failing := range 3 {
		if failing > 0 {
			m.Drive(fmt.Sprintf("d%02d", failing-1)).Fail(simdisk.Read, syscall.EIO)
		}
		got, err := observe(t.Context(), v.store)
		if err == nil {
			err = v.judge(got)
		}
		if err != nil {
			t.Fatalf("%d drives: %v", failing, err)
		}
	}
	m.Drive("d03").Fail(simdisk.Read, syscall.EIO)
	if _, err := observe(t.Context(), v.store); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Fatalf("three drives: %v, want read_quorum", err)
	}
	// Not before: on a busy machine reads may go around a drive that seems slow, and
	// only what nobody else has is asked of all.
	h, err := v.store.Health(t.Context())
	if err != nil || h.Drives[0].ReadErrors == 0 || h.Drives[1].ReadErrors == 0 || h.Drives[2].ReadErrors != 0 || h.Drives[2].State != objectstore.DriveOK {
		t.Fatalf("health %+v, %v", h, err)
	}
	v.land()
}
