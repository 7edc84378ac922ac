package replication

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
)

func (s *side) configure(bucket string, rules ...Rule) {
	s.Helper()
	if err := s.svc.Configure(s.Context(), bucket, rules); err != nil {
		s.Fatal(err)
	}
}

// settled waits until all of a bucket's rules are current.
func (s *side) settled(bucket string) {
	s.Helper()
	for {
		all, err := s.svc.Statuses(s.Context(), bucket)
		if err != nil {
			s.Fatal(err)
		}
		if !slices.ContainsFunc(all, func(st Status) bool { return st.State != StateCurrent && st.State != StatePaused }) {
			return
		}
		<-s.stirs
	}
}

func (s *side) tagged(bucket, key string, tags map[string]string) objectstore.Object {
	s.Helper()
	o, err := s.store.Put(s.Context(), objectstore.PutRequest{
		Bucket: bucket, Key: key, Body: strings.NewReader(key), Size: int64(len(key)), Attributes: objectstore.Attributes{Tags: tags},
	})
	if err != nil {
		s.Fatal(err)
	}
	return o
}

func (s *side) standing(bucket, key string) Standing {
	s.Helper()
	o, err := s.store.Head(s.Context(), bucket, key)
	if err != nil {
		s.Fatal(err)
	}
	is, err := s.svc.Standing(s.Context(), &o)
	if err != nil {
		s.Fatal(err)
	}
	return is
}

// TestConfigure sets rules by the ARN of a target: filters, priorities, and what becomes
// of what waits when rules take the place of others.
func TestConfigure(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	n := to(there, "backup")
	n.Prefix = "none/"
	arn := Target{ID: s.add("photos", n).TargetID, TargetBucket: "backup"}.ARN()
	tags := map[string]string{"keep": "yes"}
	s.configure("photos",
		Rule{Name: "low", Priority: 1, Destination: "arn:aws:s3:::backup", Deletes: true},
		Rule{Name: "tagged", Priority: 2, Prefix: "t/", Tags: tags, Destination: arn},
		Rule{Name: "kept", Priority: 3, Prefix: "kept/", Destination: arn},
	)
	s.tagged("photos", "t/yes", tags)
	s.tagged("photos", "kept/one", nil)
	s.tagged("photos", "other", nil)
	s.settled("photos")
	if got := there.content("backup"); len(got) != 3 {
		t.Fatalf("the target has %v", got)
	}
	for _, key := range []string{"t/yes", "kept/one", "other"} {
		s.delete("photos", key)
	}
	s.settled("photos")
	// Of deletes the rule decides that has the highest priority.
	if got := slices.Sorted(maps.Keys(there.content("backup"))); !slices.Equal(got, []string{"kept/one"}) {
		t.Fatalf("the target has %v", got)
	}

	// Only what has the tags goes.
	s.configure("photos", Rule{Name: "tagged", Priority: 2, Prefix: "t/", Tags: tags, Destination: arn})
	s.tagged("photos", "t/no", map[string]string{"keep": "no"})
	s.tagged("photos", "t/two", tags)
	s.settled("photos")
	if got := slices.Sorted(maps.Keys(there.content("backup"))); !slices.Equal(got, []string{"kept/one", "t/two"}) {
		t.Fatalf("the target has %v", got)
	}
	if a, b := s.standing("photos", "t/no"), s.standing("photos", "t/two"); a != StandingNone || b != StandingCompleted {
		t.Fatalf("standings %q, %q", a, b)
	}

	// What was not copied under the old rule is copied under the one in its place.
	s.configure("photos", Rule{Name: "all", Priority: 1, Destination: arn, Paused: true})
	s.tagged("photos", "waits", nil)
	if got := s.standing("photos", "waits"); got != StandingPending {
		t.Fatalf("standing %q", got)
	}
	s.configure("photos", Rule{Name: "again", Priority: 1, Destination: arn})
	s.settled("photos")
	if _, has := there.content("backup")["waits"]; !has || s.standing("photos", "waits") != StandingCompleted {
		t.Fatalf("what waited was lost, or stands as %q", s.standing("photos", "waits"))
	}
	o, err := there.store.Head(t.Context(), "backup", "waits")
	if is, _ := s.svc.Standing(t.Context(), &o); err != nil || is != StandingReplica {
		t.Fatalf("a copy stands as %q, %v", is, err)
	}

	// Everything is as it was after a restart.
	before, err := s.svc.Rules(t.Context(), "photos")
	s.halt()
	s.run()
	after, again := s.svc.Rules(t.Context(), "photos")
	if err := errors.Join(err, again); err != nil || len(after) != 1 || after[0].ID != before[0].ID || after[0].Name != "again" || after[0].Destination != arn {
		t.Fatalf("%+v, %v", after, err)
	}

	// Without rules the target stays, until somebody removes it.
	s.configure("photos")
	targets, err := s.svc.Targets(t.Context(), "photos")
	if err != nil || len(targets) != 1 || targets[0].Used || targets[0].ARN() != arn {
		t.Fatalf("%+v, %v", targets, err)
	}
	followers, err := s.store.Followers(t.Context())
	if err != nil || len(followers) != 0 {
		t.Fatalf("%v still follow, %v", followers, err)
	}
	s.configure("photos", Rule{Name: "back", Priority: 1, Destination: arn})
	if err := s.svc.RemoveTarget(t.Context(), "photos", targets[0].ID); !errors.Is(err, errTargetUsed) {
		t.Fatalf("a used target: %v", err)
	}
	s.configure("photos")
	if err := s.svc.RemoveTarget(t.Context(), "photos", targets[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, destination := range []string{arn, "arn:aws:s3:::backup", "backup"} {
		err := s.svc.Configure(t.Context(), "photos", []Rule{{Name: "x", Destination: destination}})
		if slug, _ := errs.Public(err); slug != "replication_target_unknown" {
			t.Errorf("%s: %v", destination, err)
		}
	}
}

// TestConfigureAllOrNone leaves everything as it was when one of the rules cannot be.
func TestConfigureAllOrNone(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	rule := s.add("photos", to(there, "backup"))
	good := Rule{Name: "good", Destination: "arn:aws:s3:::backup"}
	if err := s.svc.Configure(t.Context(), "photos", []Rule{good, {Name: "bad", Destination: "arn:aws:s3:::elsewhere"}}); err == nil {
		t.Fatal("a destination that is none was taken")
	}
	// Another target of the same name makes the short ARN mean two.
	other := newCluster(t, "backup")
	s.add("photos", to(other, "backup"))
	if err := s.svc.Configure(t.Context(), "photos", []Rule{good}); err == nil {
		t.Fatal("an ambiguous destination was taken")
	}
	s.put("photos", "a", "1")
	s.settled("photos")
	rules, err := s.svc.Rules(t.Context(), "photos")
	if err != nil || len(rules) != 2 || rules[0].ID != rule.ID || rules[1].Priority <= rules[0].Priority {
		t.Fatalf("%+v, %v", rules, err)
	}
	s.same("photos", there, "backup")
	s.same("photos", other, "backup")
}
