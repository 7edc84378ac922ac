package notification

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

const roomARN = "arn:croft:room::project"

// TestBucketOfTheSameName makes a bucket anew while events of the one before wait: it
// neither shows nor discards nor delivers them as its own, and they do not hold their
// target for ever.
func TestBucketOfTheSameName(t *testing.T) {
	w := newWorld(t)
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: "http://127.0.0.1:1"}})
	w.rules(Rule{ARN: hookARN, Events: []string{"s3:ObjectCreated:*"}}, Rule{ARN: roomARN, Events: []string{"s3:ObjectRemoved:*"}})
	w.put("old", "1")
	w.remove("old")
	if err := w.store.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Discard(t.Context(), "bucket", hookARN); err == nil {
		t.Fatal("discarded in a bucket that is gone")
	}
	if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket", Owner: "another"}); err != nil {
		t.Fatal(err)
	}
	w.rules(Rule{ARN: hookARN, Events: []string{"s3:ObjectTagging:*"}})
	if st := w.status(); st.Waiting != 1 || st.Gone || !st.Ruled { // its own test event
		t.Fatalf("%+v", st)
	}
	if n, err := w.Discard(t.Context(), "bucket", hookARN); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	queues, err := w.Queues(t.Context())
	if err != nil || len(queues) != 2 || !queues[0].Gone || queues[0].Bucket != "bucket" || queues[1].Waiting != 2 || queues[1].Oldest.IsZero() {
		t.Fatalf("%+v, %v", queues, err)
	}
	w.own.took = make(chan struct{}, 1)
	w.run()
	<-w.own.took
	for all := queues; len(all) != 1; {
		if all, err = w.Queues(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"project room  old"}; !slices.Equal(w.own.got, want) {
		t.Fatalf("%q", w.own.got)
	}
	if err := w.RetryQueue(t.Context(), queues[1].Queue); err != nil {
		t.Fatal(err)
	}
	w.rules()
	wantCode(t, w.RemoveHook(t.Context(), "hook"), errs.New(errs.Conflict, "event_target_in_use", ""), "bucket")
	for _, bad := range []string{"", "bucket", queues[1].Queue + ";" + unreadable, queues[1].Queue + "/x"} {
		if _, err := w.DiscardQueue(t.Context(), bad); err == nil {
			t.Errorf("%q was discarded", bad)
		}
	}
	if n, err := w.DiscardQueue(t.Context(), queues[1].Queue); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if err := w.RemoveHook(t.Context(), "hook"); err != nil {
		t.Fatal(err)
	}
	// Whoever delivered for buckets that are gone ends.
	for left := 1; left > 0; {
		w.Service.mu.Lock()
		left = 0
		for p := range w.Service.queues {
			if gone, err := w.gone(p); err != nil || gone {
				left++
			}
		}
		w.Service.mu.Unlock()
	}
}

// TestQueuesOfBefore delivers what a Croft kept that did not write down which bucket it was of.
func TestQueuesOfBefore(t *testing.T) {
	w := newWorld(t)
	r := newReceiver(t)
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: r.URL}})
	w.rule(hookARN, "s3:ObjectCreated:*")
	e := Event{Name: CreatedPut, Bucket: "bucket", Key: "before", Sequencer: "1"}
	if err := w.keep(t.Context(), "bucket/"+hookARN+"/0000000000000001", e.text()); err != nil {
		t.Fatal(err)
	}
	if all, err := w.Statuses(t.Context(), "bucket"); err != nil || len(all) != 2 || all[0].Waiting+all[1].Waiting != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	w.run()
	if got := r.awaits(t, 1); !slices.Equal(got, []string{"ObjectCreated:Put before"}) {
		t.Fatalf("%q", got)
	}
}

// TestUnreadable puts a notice aside that says nothing, for webhooks and rooms: what
// comes behind it goes on, and it is kept until somebody discards it.
func TestUnreadable(t *testing.T) {
	w := newWorld(t)
	r := newReceiver(t)
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: r.URL}})
	w.rules(Rule{ARN: hookARN, Events: []string{"s3:ObjectCreated:*"}}, Rule{ARN: roomARN, Events: []string{"s3:ObjectRemoved:*"}})
	id, err := w.store.BucketID("bucket")
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"", "{", "x"} {
		for _, target := range []Target{{Kind: Webhook, Name: "hook"}, {Kind: Room}} {
			if err := w.keep(t.Context(), fmt.Sprintf("%s/%016x", place{Bucket: "bucket", ID: id, Target: target}, i), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.put("good", "1")
	w.remove("good")
	w.own.took = make(chan struct{}, 1)
	w.run()
	r.awaits(t, 1)
	<-w.own.took
	queues, err := w.Queues(t.Context())
	for err == nil && len(queues) == 2 && queues[0].Waiting+queues[1].Waiting > 0 {
		queues, err = w.Queues(t.Context())
	}
	if err != nil || len(queues) != 2 || queues[0].Unreadable != 3 || queues[1].Unreadable != 3 || queues[0].Gone {
		t.Fatalf("%+v, %v", queues, err)
	}
	if n, err := w.Discard(t.Context(), "bucket", hookARN); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	for _, q := range queues {
		if _, err := w.DiscardQueue(t.Context(), q.Queue); err != nil {
			t.Fatal(err)
		}
	}
	if queues, err = w.Queues(t.Context()); err != nil || len(queues) > 0 {
		t.Fatalf("%+v, %v", queues, err)
	}
}

// TestBusy: a target that takes no more at once is asked again, and is not taken for ill.
func TestBusy(t *testing.T) {
	w := newWorld(t)
	w.rule("arn:croft:pipeline::shop", "s3:ObjectCreated:*")
	w.own.fail = errs.Wrap(ErrBusy, errs.RateLimited, "full", "It takes no more.")
	w.own.took = make(chan struct{}, 2)
	w.put("a", "1")
	w.put("b", "1")
	w.run()
	for !w.status().Busy {
		time.Sleep(0)
	}
	if st := w.status(); st.Waiting != 2 || st.Problem.Message != "" || st.Failures != 0 || !st.NextTry.IsZero() {
		t.Fatalf("%+v", st)
	}
	w.own.mu.Lock()
	w.own.fail = nil
	w.own.mu.Unlock()
	<-w.own.took
	<-w.own.took
	w.stop()
	if st := w.status(); st.Busy || st.Waiting != 0 || st.Delivered != 2 {
		t.Fatalf("%+v", st)
	}
}
