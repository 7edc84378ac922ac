package erasure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/frame"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/shardfile"
)

// lie has the tier give something else for its largest body, in frames that are right,
// until truth is called.
func (w *tierWorld) lie() (truth func()) {
	w.Helper()
	rows, err := w.store.index.ScanTiered(w.Context(), false, index.FileID{}, 1000)
	if err != nil || len(rows) == 0 {
		w.Fatal(len(rows), err)
	}
	of := slices.MaxFunc(rows, func(a, b index.Tiered) int { return int(a.Size - b.Size) })
	name := shardfile.ID(of.ID).String()
	was := w.tier.bodies[name]
	size := 0
	for frame.Size(int64(size)) < of.Size {
		size++
	}
	lie, err := io.ReadAll(frame.NewEncoder(bytes.NewReader(randomBytes(size, 99)), of.ID))
	if err != nil {
		w.Fatal(err)
	}
	w.tier.bodies[name] = lie
	return func() { w.tier.bodies[name] = was }
}

// TestRestoreGivenUp: what a tier gives wrongly is asked for again after longer and longer
// pauses, also across restarts, and then no more. Nothing of it counts or stays on the drives, and
// it can be asked for again.
func TestRestoreGivenUp(t *testing.T) {
	w := newTierWorld(t, 2)
	w.upload("k", randomBytes(objectstore.MinPartSize, 1), randomBytes(objectstore.MinPartSize+1, 2))
	w.move("k", "COLD")
	alone := w.used()
	truth := w.lie()
	gets := 0
	w.tier.getting = func() error { gets++; return nil }
	now := restoredAt
	w.at(now)
	w.restore("k", 1)
	for try := 1; try <= restoreTries; try++ {
		w.store.restoring.stride = 1 // bodies are written down before all are compared
		w.store.wakeRestores(now)
		gets = 0
		w.attend()
		got := w.state("k")
		want := objectstore.RestoreState{
			Ongoing: try < restoreTries, Failure: objectstore.RestoreFailure{Tries: try, At: now, Code: objectstore.ErrCopyDiffers.Code},
		}
		if got != want || gets != 2 || w.files() != 0 {
			t.Fatalf("try %d: %+v, want %+v; asked %d times, %d copies", try, got, want, gets, w.files())
		}
		if err := audit(t.Context(), w.store); err != nil {
			t.Fatal(err)
		}
		w.reopen(func(c *Config) { c.Reindex = try%2 == 0 })
		wait := firstTroubleWait << (try - 1)
		w.store.wakeRestores(now.Add(wait - time.Millisecond))
		w.attend()
		if w.state("k") != want || gets != 2 {
			t.Fatalf("try %d is not left alone: %+v, asked %d times", try, w.state("k"), gets)
		}
		now = now.Add(wait)
	}
	if now.Sub(restoredAt) > time.Hour {
		t.Errorf("it is given up after %v", now.Sub(restoredAt))
	}
	gets = 0
	w.store.wakeRestores(now.AddDate(1, 0, 0))
	w.attend()
	if _, wait, err := w.store.claimRestore(t.Context(), func() {}); err != nil || wait != 0 || gets != 0 || w.used() != alone {
		t.Errorf("after it was given up: waits for %v, %v, asked %d times, %d bytes count of %d", wait, err, gets, w.used(), alone)
	}
	if got := w.state("k").Failure.Reason(); got != objectstore.ErrCopyDiffers.Message {
		t.Errorf("the reason is %q", got)
	}

	// Asked for again it begins anew, and forgets that when it is there.
	truth()
	w.at(restoredAt)
	if o := w.restore("k", 3); o.Restore != (objectstore.RestoreState{Ongoing: true}) {
		t.Errorf("asked again: %+v", o.Restore)
	}
	w.attend()
	if got := w.state("k"); got != (objectstore.RestoreState{Until: gone}) {
		t.Errorf("in the end: %+v", got)
	}
	w.tier.fail(objectstore.ErrTierUnavailable)
	w.check("in the end")
}

// TestRestoreTriedAgain: a tier that has what it had lost gives it back, and what it is
// not to blame for is no reason to give up.
func TestRestoreTriedAgain(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5000, 1))
	w.move("k", "COLD")
	now := restoredAt
	w.at(now)
	w.restore("k", 1)
	for _, f := range []struct {
		err   error
		tries int
		code  string
	}{
		{objectstore.ErrTierBodyMissing, 1, "tier_body_missing"},
		{objectstore.ErrTierUnavailable, 1, "tier_body_missing"},
		{errors.New("something else"), 1, "tier_body_missing"},
		{bodyAltered(frame.ErrBroken), 2, "body_altered"},
	} {
		now = now.Add(time.Hour)
		w.store.wakeRestores(now)
		w.tier.fail(f.err)
		err := w.store.restoreAll(t.Context())
		if got := w.state("k"); !got.Ongoing || got.Failure.Tries != f.tries || got.Failure.Code != f.code || (err == nil) != (objectstore.RestoreFailureCode(f.err) != "") {
			t.Errorf("%v: %+v, %v", f.err, got, err)
		}
	}
	w.tier.fail(nil)
	w.store.wakeRestores(now.Add(time.Hour))
	w.attend()
	if got := w.state("k"); got.Until.IsZero() || got.Failure.Tries != 0 {
		t.Errorf("in the end: %+v", got)
	}
}

func TestTroubleRest(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	for _, f := range []struct {
		tries int
		now   time.Time
		want  time.Duration
	}{
		{0, at, 0}, {1, at, 10 * time.Second}, {2, at, 20 * time.Second}, {2, at.Add(time.Second), 19 * time.Second},
		{2, at.AddDate(-1, 0, 0), 20 * time.Second}, // the clock was set back
		{restoreTries, at, 1280 * time.Second}, {1000, at, 1280 * time.Second},
	} {
		if got := troubleRest(record.Trouble{Tries: f.tries, At: at.UnixMilli()}, f.now); got != f.want {
			t.Errorf("%d tries at %v: %v, want %v", f.tries, f.now, got, f.want)
		}
	}
}

// TestCancelRestore: a wish is taken back before and while it is attended to, a copy is
// removed before its time, and what was given up is forgotten; each may be asked for again.
func TestCancelRestore(t *testing.T) {
	w := newTierWorld(t, 2)
	parts := [][]byte{randomBytes(objectstore.MinPartSize, 1), randomBytes(objectstore.MinPartSize, 2), randomBytes(10, 3)}
	w.upload("k", parts...)
	w.put("here", []byte("here"))
	ref := objectstore.VersionRef{Bucket: "bucket", Key: "k"}
	cancel := func(want error) {
		t.Helper()
		o, err := w.store.CancelRestore(context.WithoutCancel(t.Context()), ref)
		if !errors.Is(err, want) || err == nil && o.Restore != (objectstore.RestoreState{}) {
			t.Errorf("%+v, %v, want %v", o.Restore, err, want)
		}
	}
	cancel(objectstore.ErrNoRestore)
	w.move("k", "COLD")
	alone := w.used()
	is := func(when string) {
		t.Helper()
		w.attend()
		if w.state("k") != (objectstore.RestoreState{}) || w.files() != 0 || w.used() != alone {
			t.Errorf("%s: %+v, %d copies, %d bytes count of %d", when, w.state("k"), w.files(), w.used(), alone)
		}
		if err := audit(t.Context(), w.store); err != nil {
			t.Error(when, err)
		}
		cancel(objectstore.ErrNoRestore)
	}
	is("before")

	w.restore("k", 1)
	cancel(nil)
	is("before it was attended to")

	for _, stride := range []int64{1, restoreStride} { // the first body is written down, or not, when the second is asked for
		w.restore("k", 1)
		gets := 0
		w.store.restoring.stride = stride
		w.tier.getting = func() error {
			if gets++; gets == 2 {
				cancel(nil)
			}
			return nil
		}
		is("while it was attended to")
		if gets != 2 {
			t.Errorf("the tier was asked %d times", gets)
		}
	}
	w.tier.getting = nil
	w.reopen(func(c *Config) { c.Reindex = true })
	is("in a catalogue built anew")

	w.restore("k", 1)
	w.attend()
	if w.files() != 3 || w.state("k").Until.IsZero() {
		t.Fatalf("%d copies, %+v", w.files(), w.state("k"))
	}
	cancel(nil)
	is("when it was there")

	truth := w.lie()
	w.at(restoredAt)
	w.restore("k", 1)
	w.attend()
	if w.state("k").Failure.Tries != 1 {
		t.Fatalf("%+v", w.state("k"))
	}
	cancel(nil)
	is("after a failure")
	truth()
	w.restore("k", 1)
	w.attend()
	w.tier.fail(objectstore.ErrTierUnavailable)
	w.check("in the end")
	ref.Key = "none"
	cancel(objectstore.ErrObjectNotFound)
	ref.Key = "here"
	cancel(objectstore.ErrNoRestore)
}

// TestAskedAgainAfterCancel: who takes a wish back that failed, or while it is attended to, and
// asks again does not wait for what went wrong before.
func TestAskedAgainAfterCancel(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(900_000, 1))
	w.move("k", "COLD")
	ref := objectstore.VersionRef{Bucket: "bucket", Key: "k"}
	next := func() (time.Duration, error) {
		t.Helper()
		did, wait, err := w.store.restoreNext(t.Context())
		if !did {
			t.Fatalf("it waits for %v, %v", wait, err)
		}
		return wait, err
	}
	truth := w.lie()
	w.restore("k", 1)
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	truth()
	if _, err := w.store.CancelRestore(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	w.restore("k", 1)
	w.tier.getting = func() error {
		w.tier.getting = nil
		_, err := w.store.CancelRestore(context.WithoutCancel(t.Context()), ref)
		return err
	}
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	w.restore("k", 1)
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	if got := w.state("k"); got.Until.IsZero() {
		t.Errorf("in the end: %+v", got)
	}
}

// TestCancelIsTold: that a copy goes before its time is told as if that were over, and what
// was never there does not go.
func TestCancelIsTold(t *testing.T) {
	b := announcing(t, 2, 1<<20)
	b.store.tiers = tierMap{"COLD": newMemTier()}
	b.put("k", randomBytes(5000, 1))
	ref := objectstore.VersionRef{Bucket: "bucket", Key: "k"}
	if _, err := b.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: ref, Tier: "COLD"}); err != nil {
		t.Fatal(err)
	}
	before, _ := b.notices()
	for _, attend := range []bool{false, true} {
		if _, err := b.store.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: ref, Days: 1}); err != nil {
			t.Fatal(err)
		}
		if attend {
			if err := b.store.restoreAll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.store.CancelRestore(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := b.notices()
	want := []string{"restore k 5000", "restore k 5000", "restored k 5000", "restore end k 5000"}
	if got = got[len(before):]; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}
