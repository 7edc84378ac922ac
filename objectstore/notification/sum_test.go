package notification

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
)

// roomQueue is the queue of the bucket's room, which nobody works on but the test.
func (w *world) roomQueue() *queue {
	w.Helper()
	id, err := w.store.BucketID("bucket")
	if err != nil {
		w.Fatal(err)
	}
	return newQueue(w.Service, place{Bucket: "bucket", ID: id, Target: Target{Kind: Room}})
}

// steps works on a queue until it is empty.
func (w *world) steps(q *queue) {
	w.Helper()
	for {
		pause, err := q.step(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		if pause == 0 {
			return
		}
	}
}

// TestSum tells a room of a flood in few messages that leave no event out, also when some
// fail.
func TestSum(t *testing.T) {
	w := newWorld(t)
	w.rule(roomARN, "s3:ObjectCreated:*")
	for i := range 300 {
		w.put(fmt.Sprint("k", i), "1")
	}
	q := w.roomQueue()
	if pause, err := q.step(t.Context()); err != nil || pause != w.config.Gather || len(w.own.got) > 0 {
		t.Fatal("the first event is not given time for others", pause, err)
	}
	w.put("late", "1")
	w.own.fail = errs.New(errs.Unavailable, "away", "The room is away.")
	if pause, err := q.step(t.Context()); err != nil || pause != w.config.FirstPause || q.status.Problem.Message != "The room is away." {
		t.Fatal(pause, err, q.status)
	}
	w.own.fail = nil
	w.put("later", "1") // of another message
	w.steps(q)
	if len(w.own.ids) != 2 || !slices.Contains(slices.Collect(maps.Values(w.own.ids)), 301) || q.status.Delivered != 302 || q.status.Problem.Message != "" {
		t.Fatalf("%v %+v", w.own.ids, q.status)
	}
}

// TestSumAfterCrash ends Croft around a message: it comes again under its ID and about the
// same events, or not at all once some of them were settled.
func TestSumAfterCrash(t *testing.T) {
	for name, settle := range map[string]int{"before it was settled": 0, "amid settling": 2, "before the note was": 3} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rule(roomARN, "s3:ObjectCreated:*")
			for i := range 3 {
				w.put(fmt.Sprint("k", i), "1")
			}
			before := w.roomQueue()
			waiting, err := before.readSum(t.Context())
			if err == nil {
				err = before.beginSum(t.Context(), waiting)
			}
			if err == nil {
				err = before.send(t.Context(), waiting)
			}
			for _, n := range waiting[:settle] {
				if err == nil {
					err = w.store.SettleNotices(t.Context(), []string{n.id})
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			w.put("later", "1")
			w.steps(w.roomQueue())
			id := before.sum.id()
			want := []string{"project room  k0 k1 k2", "project room  k0 k1 k2", "project room  later"}
			if settle > 0 {
				want = want[1:]
			}
			if !slices.Equal(w.own.got, want) || len(w.own.ids) != 2 || w.own.ids[id]%3 != 0 {
				t.Fatalf("%q %v", w.own.got, w.own.ids)
			}
			if left, err := w.store.List(t.Context(), objectstore.ListRequest{Bucket: objectstore.NoticeBucket}); err != nil || len(left.Objects) > 0 {
				t.Fatalf("%+v, %v", left.Objects, err)
			}
		})
	}
}

// send hands over events as stepSum does.
func (q *queue) send(ctx context.Context, all []notice) error {
	var events []Event
	for _, n := range all {
		events = append(events, n.event)
	}
	return q.service.send(ctx, q.Target, events, q.sum.id())
}

// TestSumOfOwners: a message is of one project.
func TestSumOfOwners(t *testing.T) {
	w := newWorld(t)
	w.rule(roomARN, "s3:ObjectCreated:*")
	w.put("a", "1")
	if _, err := w.store.UpdateBucket(t.Context(), "bucket", func(b *objectstore.Bucket) error { b.Owner = "other"; return nil }); err != nil {
		t.Fatal(err)
	}
	w.put("b", "1")
	w.steps(w.roomQueue())
	if want := []string{"project room  a", "other room  b"}; !slices.Equal(w.own.got, want) {
		t.Fatalf("%q", w.own.got)
	}
}

// TestSumDiscarded: what was discarded amid a message ends it, and what comes later is told.
func TestSumDiscarded(t *testing.T) {
	w := newWorld(t)
	w.rule(roomARN, "s3:ObjectCreated:*")
	w.put("a", "1")
	q := w.roomQueue()
	w.own.fail = errs.New(errs.Unavailable, "away", "The room is away.")
	for range 2 {
		if _, err := q.step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.Discard(t.Context(), "bucket", roomARN); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if left, err := w.store.List(t.Context(), objectstore.ListRequest{Bucket: objectstore.NoticeBucket}); err != nil || len(left.Objects) > 0 {
		t.Fatalf("%+v, %v", left.Objects, err)
	}
	w.own.fail = nil
	w.put("b", "1")
	w.steps(q)
	if want := []string{"project room  b"}; !slices.Equal(w.own.got, want) {
		t.Fatalf("%q", w.own.got)
	}
}
