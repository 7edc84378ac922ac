package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

func TestSetGetRemove(t *testing.T) {
	f := start(t, Config{})
	ctx := t.Context()
	if _, err := f.Get(ctx, "bucket"); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
	if _, err := f.Get(ctx, "other"); !errors.Is(err, objectstore.ErrBucketNotFound) {
		t.Fatal(err)
	}
	f.rules(all+expire30, under("a/")+moves(0, "WARM"))
	rules, err := f.Get(ctx, "bucket")
	f.ok(err)
	b, err := f.store.Bucket(ctx, "bucket")
	f.ok(err)
	if len(rules) != 2 || b.Documents[DocumentName] != rules.String() {
		t.Fatalf("%+v kept as %q", rules, b.Documents)
	}
	// Tiers that are not there are refused, with what to do; those of rules that are
	// there already stay.
	err = f.Set(ctx, "bucket", mustParse(t, rule(all+moves(1, "GLACIER"))))
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "GLACIER: There is no such tier.") {
		t.Fatal(err)
	}
	f.tiers = tiersNamed{}
	f.ok(f.Change(ctx, "bucket", func(now Rules) (Rules, error) {
		now[0].Expiration.Days = 3
		return append(now, Rule{Enabled: true, AbortDays: 2}), nil
	}))
	if rules, err = f.Get(ctx, "bucket"); err != nil || len(rules) != 3 || rules[0].Expiration.Days != 3 || rules[2].ID == "" {
		t.Fatalf("%+v, %v", rules, err)
	}
	if err := f.Set(ctx, "bucket", rules); !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
	if err := f.Change(ctx, "bucket", func(now Rules) (Rules, error) { return append(now, now[0]), nil }); !errors.Is(err, ErrInvalid) {
		t.Fatalf("the same ID twice: %v", err)
	}
	f.ok(f.Remove(ctx, "bucket"))
	f.ok(f.Remove(ctx, "bucket"))
	if _, err := f.Get(ctx, "bucket"); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
}

func TestStoresWithoutVersionsHaveNoRules(t *testing.T) {
	s := New(Deps{Store: struct{ objectstore.Store }{}}, Config{})
	ctx, stop := context.WithCancel(t.Context())
	if s.Available() {
		t.Fatal("available")
	}
	if _, err := s.Get(ctx, "bucket"); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
	if err := s.Set(ctx, "bucket", Rules{{Expiration: Expiration{Days: 1}}}); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
	stop()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestStoresWithoutTiersMoveNothing(t *testing.T) {
	f := start(t, Config{})
	s := New(Deps{Store: struct{ source }{f.store.Store}, Tiers: tiersNamed{"WARM"}, Log: f.log}, Config{})
	if err := s.Set(t.Context(), "bucket", mustParse(t, rule(all+moves(1, "WARM")))); !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
}

// running runs a service and returns a channel on which it is told that a round has
// ended or that Run waits.
func (f *fixture) running(s *Service) (stirred <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	bell, done := make(chan struct{}), make(chan error, 1)
	s.stirred = func() {
		select {
		case bell <- struct{}{}:
		case <-ctx.Done():
		}
	}
	go func() { done <- s.Run(ctx) }()
	ended := false
	stop = func() {
		if !ended {
			ended = true
			cancel()
			f.ok(<-done)
		}
	}
	f.Cleanup(stop)
	return bell, stop
}

func TestRun(t *testing.T) {
	f := start(t, Config{FirstAfter: time.Nanosecond, Soon: time.Nanosecond})
	f.put("k", "x")
	stirred, stop := f.running(f.Service)
	<-stirred
	// Without rules it asks once, and never again.
	if n := f.store.asked.Load(); n != 1 {
		t.Fatalf("asked the store %d times", n)
	}
	select {
	case <-stirred:
		t.Fatal("it looked again without rules")
	case <-time.After(30 * time.Millisecond): // it never does
	}
	f.pass(31)
	f.rules(all + expire30)
	for f.Status(t.Context(), "bucket").Expired == 0 {
		<-stirred
	}
	f.is()
	st := f.Status(t.Context(), "bucket")
	<-stirred // it waits
	if left := time.Until(st.Next); left < 59*time.Minute || left > time.Hour {
		t.Fatalf("the next round is in %s", left)
	}
	// A bucket that goes is forgotten, and so are rules that are removed.
	f.ok(f.Remove(t.Context(), "bucket"))
	<-stirred
	if st := f.Status(t.Context(), "bucket"); st != (Status{}) {
		t.Fatalf("still %+v", st)
	}
	f.rules(all + expire30)
	for !f.Status(t.Context(), "bucket").Ended.After(st.Ended) {
		<-stirred
	}
	stop()
}

// TestGoesOnAfterItWasStopped stops in the middle and begins again with nothing kept.
func TestGoesOnAfterItWasStopped(t *testing.T) {
	config := Config{FirstAfter: time.Nanosecond, Soon: time.Nanosecond, page: 4, Pace: Pace{Rate: 1e6, Parallel: 1, Rest: -1}}
	f := start(t, config)
	for i := range 30 {
		f.put(fmt.Sprintf("%02d", i), "x")
	}
	f.rules(all + expire30)
	f.pass(31)
	reached, end := make(chan struct{}), make(chan struct{})
	f.store.afterList = func(n int) {
		if n == 3 {
			close(reached)
			<-end
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Service.Run(ctx) }()
	<-reached
	cancel()
	close(end)
	f.ok(<-done)
	page, err := f.store.List(t.Context(), objectstore.ListRequest{Bucket: "bucket"})
	f.ok(err)
	if n := len(page.Objects); n == 0 || n == 30 {
		t.Fatalf("%d objects are left", n)
	}
	second := f.service(config)
	stirred, _ := f.running(second)
	for second.Status(t.Context(), "bucket").Ended.IsZero() {
		<-stirred
	}
	f.is()
}

// TestBucketsTakeTurns has a bucket with much to do and one with little.
func TestBucketsTakeTurns(t *testing.T) {
	f := start(t, Config{FirstAfter: time.Nanosecond, Soon: time.Nanosecond, page: 1, turn: time.Nanosecond})
	f.bucket("second", objectstore.VersioningOff)
	for i := range 20 {
		f.put(fmt.Sprintf("%02d", i), "x")
	}
	f.rules(all + expire30)
	f.ok(f.Set(t.Context(), "second", mustParse(t, rule(all+expire30))))
	stirred, _ := f.running(f.Service)
	for {
		<-stirred
		long, short := f.Status(t.Context(), "bucket"), f.Status(t.Context(), "second")
		if long.Ended.IsZero() || short.Ended.IsZero() {
			continue
		}
		if !short.Ended.Before(long.Ended) || long.Looked != 20 {
			t.Fatalf("%+v\n%+v", long, short)
		}
		return
	}
}

func TestRulesThatCannotBeReadAreTold(t *testing.T) {
	f := start(t, Config{})
	_, err := f.store.UpdateBucket(t.Context(), "bucket", func(b *objectstore.Bucket) error {
		b.Documents = b.WithDocument(DocumentName, "<nonsense/>")
		return nil
	})
	f.ok(err)
	if st := f.look(); st.Failures != 1 || st.Problem.Message == "" {
		t.Fatalf("status %+v", st)
	}
	f.rules(all + expire30) // in their place
}
