package notification

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
)

// TestAwayAndBack has a target that is down while thousands of writes come, is
// restarted over and over and loses its catalogue: it gets every event, in order of the
// key, once it is back.
func TestAwayAndBack(t *testing.T) {
	w := newWorld(t)
	r := newReceiver(t)
	down := func(*http.Request, string) int { return http.StatusBadGateway }
	r.answers(down)
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: r.URL}})
	w.rule(hookARN, "s3:ObjectCreated:*", "s3:ObjectRemoved:*")
	w.run()
	const writers, each = 8, 125
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for i := range each {
				w.put(fmt.Sprintf("key %d", n), fmt.Sprint(i))
			}
			w.remove(fmt.Sprintf("key %d", n))
		})
	}
	all.Wait()
	st := w.status()
	if st.Waiting != writers*(each+1)+1 || st.Problem.Message != "The webhook hook answered 502 Bad Gateway." || st.Delivered != 0 || st.Oldest.IsZero() { // and the test event
		t.Fatalf("%+v", st)
	}
	w.stop()
	err := w.store.Close()
	for _, rest := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(w.folder + "/catalogue.db" + rest)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.open()
	r.answers(nil)
	w.run()
	said := r.awaits(t, writers*(each+1))
	w.stop() // nothing comes after
	if len(said) != writers*(each+1) {
		t.Fatalf("%d events", len(said))
	}
	sequencers, count := map[string]string{}, map[string]int{}
	for _, text := range r.bodies {
		var e envelope
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if e.EventName == "" {
			continue // the test event
		}
		count[e.Key]++
		is := e.Records[0].S3.Object.Sequencer
		if is <= sequencers[e.Key] || (e.EventName == RemovedDelete) != (count[e.Key] == each+1) {
			t.Fatalf("%s: event %d is %s at %s, after %s", e.Key, count[e.Key], e.EventName, is, sequencers[e.Key])
		}
		sequencers[e.Key] = is
	}
	if st := w.status(); st.Waiting != 0 || st.Problem.Message != "" {
		t.Fatalf("%+v", st)
	}
}

// TestRecord is what a webhook gets.
func TestRecord(t *testing.T) {
	w := newWorld(t)
	r := newReceiver(t)
	var header http.Header
	r.answers(func(q *http.Request, _ string) int { header = q.Header; return http.StatusOK })
	token := "the token"
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: r.URL}, Token: &token})
	w.rule("arn:minio:sqs:us-east-1:hook:webhook", "s3:ObjectCreated:Post")
	w.run()
	ctx := objectstore.WithOrigin(t.Context(), &objectstore.Origin{User: "ada", UserID: "1", Address: "192.0.2.7", RequestID: "REQ", Form: true})
	w.putAs(ctx, "a folder/ü+?", "12345")
	r.awaits(t, 1)
	for w.status().Waiting > 0 { // the test event may come last
		runtime.Gosched()
	}
	w.stop()
	slices.Sort(r.bodies) // different keys have no order
	slices.Reverse(r.bodies)
	if len(r.bodies) != 2 || !strings.Contains(r.bodies[0], `"Event":"s3:TestEvent"`) || !strings.Contains(r.bodies[0], `"Bucket":"bucket"`) {
		t.Fatalf("%q", r.bodies)
	}
	var got envelope
	if err := json.Unmarshal([]byte(r.bodies[1]), &got); err != nil {
		t.Fatal(err)
	}
	e := got.Records[0]
	if got.EventName != CreatedPost || got.Key != "bucket/a folder/ü+?" || e.EventName != "ObjectCreated:Post" || e.EventVersion != "2.1" ||
		e.UserIdentity.PrincipalID != "ada" || e.RequestParameters["sourceIPAddress"] != "192.0.2.7" || e.ResponseElements["x-amz-request-id"] != "REQ" ||
		e.S3.ConfigurationID != "rule" || e.S3.Bucket.ARN != "arn:aws:s3:::bucket" || e.S3.Object.Key != "a+folder/%C3%BC%2B%3F" ||
		*e.S3.Object.Size != 5 || e.S3.Object.ETag != "827ccb0eea8a706c4c34a16891f84e7b" || len(e.S3.Object.Sequencer) != 16 {
		t.Fatalf("%+v", got)
	}
	if header.Get("Authorization") != "the token" || header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v", header)
	}
}

// TestOnlyWhatRulesWant goes through names, prefixes and suffixes.
func TestOnlyWhatRulesWant(t *testing.T) {
	w := newWorld(t)
	r := newReceiver(t)
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: r.URL}})
	w.rules(
		Rule{ARN: hookARN, Events: []string{"s3:ObjectCreated:Copy"}},
		Rule{ARN: hookARN, Events: []string{"s3:ObjectCreated:Put"}, Prefix: "in/", Suffix: ".jpg"},
		Rule{ARN: hookARN, Events: []string{"s3:LifecycleExpiration:*"}},
	)
	w.put("in/a.jpg", "1")
	w.put("in/a.png", "1")
	w.put("out/a.jpg", "1")
	if _, err := w.store.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "bucket", FromKey: "in/a.png", Bucket: "bucket", Key: "x"}); err != nil {
		t.Fatal(err)
	}
	w.remove("x")
	ctx := objectstore.WithOrigin(t.Context(), &objectstore.Origin{Lifecycle: true})
	if _, err := w.store.Delete(ctx, "bucket", "in/a.png"); err != nil {
		t.Fatal(err)
	}
	w.run()
	want := []string{"LifecycleExpiration:Delete in/a.png", "ObjectCreated:Copy x", "ObjectCreated:Put in/a.jpg"}
	if got := sorted(r.awaits(t, len(want))); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
}

// TestRefusedEvent has a target refuse what is of one key: the others go on, and the
// key's order is kept.
func TestRefusedEvent(t *testing.T) {
	w := newWorld(t)
	r := newReceiver(t)
	refuse := true
	r.answers(func(_ *http.Request, body string) int {
		if refuse && strings.Contains(body, `"bucket/bad"`) {
			return http.StatusUnprocessableEntity
		}
		return http.StatusOK
	})
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: r.URL}})
	w.rule(hookARN, "s3:ObjectCreated:*", "s3:ObjectRemoved:*")
	w.put("bad", "1")
	w.remove("bad")
	for i := range 20 {
		w.put(fmt.Sprint("good ", i), "1")
	}
	w.run()
	r.awaits(t, 20)
	for st := w.status(); st.ProblemKey != "bad" || st.Waiting != 2; st = w.status() {
		<-r.got
	}
	r.mu.Lock()
	refuse = false
	r.mu.Unlock()
	if err := w.Retry(t.Context(), "bucket", hookARN); err != nil {
		t.Fatal(err)
	}
	if said := r.awaits(t, 22); !slices.Equal(said[20:], []string{"ObjectCreated:Put bad", "ObjectRemoved:Delete bad"}) {
		t.Fatalf("%q", said)
	}
}

// TestOwnTargets hands events to Croft's own targets until they take them, and refuses
// those of others.
func TestOwnTargets(t *testing.T) {
	w := newWorld(t)
	for arn, part := range map[string]string{
		"arn:croft:pipeline::other": "There is no such repository.", "arn:croft:sqs::none:webhook": "There is no webhook none.",
	} {
		wantCode(t, w.Set(t.Context(), "bucket", Rules{{ARN: arn, Events: []string{"s3:ObjectCreated:*"}}}), ErrInvalid, part)
	}
	if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "nobodys"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Set(t.Context(), "nobodys", Rules{{ARN: "arn:croft:room::project", Events: []string{"s3:ObjectCreated:*"}}}), ErrInvalid, "cannot be a target")
	w.rules(
		Rule{ARN: "arn:croft:pipeline::shop:main", Events: []string{"s3:ObjectCreated:*"}},
		Rule{ARN: "arn:croft:room::project", Events: []string{"s3:ObjectRemoved:*"}},
	)
	w.own.fail = errs.New(errs.Unavailable, "away", "The engine is away.")
	w.own.took = make(chan struct{}, 10)
	w.put("a", "1")
	w.run()
	for {
		all, err := w.Statuses(t.Context(), "bucket")
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		if all[0].Problem.Message == "The engine is away." && all[0].Waiting == 1 {
			break
		}
	}
	w.own.mu.Lock()
	w.own.fail = nil
	w.own.mu.Unlock()
	<-w.own.took
	w.remove("a")
	<-w.own.took
	w.stop()
	if want := []string{"project pipeline shopmain a", "project room  a"}; !slices.Equal(w.own.got, want) {
		t.Fatalf("%q", w.own.got)
	}
}

// TestDiscard gives up what waits, and only that.
func TestDiscard(t *testing.T) {
	w := newWorld(t)
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: "http://127.0.0.1:1"}})
	w.rules(Rule{ARN: hookARN, Events: []string{"s3:ObjectCreated:*"}}, Rule{ARN: "arn:croft:room::project", Events: []string{"s3:ObjectTagging:*"}})
	w.put("a", "1")
	wantCode(t, w.RemoveHook(t.Context(), "hook"), errs.New(errs.Conflict, "event_target_in_use", ""), "bucket")
	w.rules()
	// What happened while there was a rule still waits, and keeps its target.
	wantCode(t, w.RemoveHook(t.Context(), "hook"), errs.New(errs.Conflict, "event_target_in_use", ""), "bucket")
	if st := w.status(); st.Waiting != 2 || st.Ruled {
		t.Fatalf("%+v", st)
	}
	if n, err := w.Discard(t.Context(), "bucket", "arn:croft:room::project"); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := w.Discard(t.Context(), "bucket", hookARN); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if err := w.RemoveHook(t.Context(), "hook"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RemoveHook(t.Context(), "hook"), ErrTargetNotFound, "")
}

// TestChangedMeanwhile: of two who change the rules at once one is told.
func TestChangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	err := w.Change(t.Context(), "bucket", func(Rules) (Rules, error) {
		w.rule("arn:croft:room::project", "s3:ObjectCreated:*")
		return Rules{{ARN: "arn:croft:room::project", Events: []string{"s3:ObjectRemoved:*"}}}, nil
	})
	wantCode(t, err, errs.New(errs.Conflict, "notification_changed", ""), "somebody else")
}

// TestListen hears of what happens, with or without rules, and only while it listens.
func TestListen(t *testing.T) {
	w := newWorld(t)
	w.put("before", "1")
	l, err := w.Listen(t.Context(), "bucket", []string{"s3:ObjectAccessed:*", "s3:ObjectCreated:*"}, "a/", "")
	if err != nil {
		t.Fatal(err)
	}
	w.put("b/1", "1")
	w.put("a/1", "1")
	w.remove("a/1")
	w.put("a/2", "22")
	for _, key := range []string{"a/1", "a/2"} {
		if e := <-l.Events(); e.Key != key || e.Name != CreatedPut {
			t.Fatalf("%+v", e)
		}
	}
	l.Close()
	l.Close()
	w.put("a/3", "1")
	if e, open := <-l.Events(); open {
		t.Fatalf("%+v", e)
	}
	if w.announcer.Wants("bucket", nil) {
		t.Fatal("nobody listens, and writes still pay for it")
	}
	for _, events := range [][]string{nil, {"s3:ObjectAccessed:*"}, {"x", "s3:ObjectCreated:*"}} {
		if _, err := w.Listen(t.Context(), "bucket", events, "", ""); err == nil {
			t.Errorf("%q was taken", events)
		}
	}
	slow, err := w.Listen(t.Context(), "bucket", []string{"s3:ObjectCreated:*"}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for range listenerQueue + 2 {
		slow.tell(Event{})
	}
	for range listenerQueue {
		<-slow.Events()
	}
	if _, open := <-slow.Events(); open {
		t.Fatal("who falls behind is not told so")
	}
	slow.Close()
}
