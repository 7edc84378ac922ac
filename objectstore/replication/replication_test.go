package replication

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
)

// TestCopies writes, overwrites and deletes, before and after the rule is made.
func TestCopies(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	for i := range 30 {
		s.put("photos", fmt.Sprintf("old/%d ü", i), strings.Repeat("x", i*100))
	}
	s.add("photos", to(there, "backup"))
	for i := range 30 {
		s.put("photos", fmt.Sprintf("new/%d", i), fmt.Sprint(i))
	}
	s.put("photos", "new/1", "again")
	s.delete("photos", "new/2")
	s.delete("photos", "old/3 ü")
	s.put("photos", "empty", "")
	s.put("photos", "large", bodyOf(3<<20, 7))
	st := s.current("photos")
	s.same("photos", there, "backup")
	if st.Pending != 0 || st.PendingBytes != 0 || !st.Oldest.IsZero() || st.Sent == 0 || st.Problem.Message != "" || st.Looking {
		t.Fatalf("%+v", st)
	}
	// Nothing comes again by itself.
	s.halt()
	there.requests("")
	s.run()
	s.current("photos")
	s.put("photos", "last", "1")
	s.await("photos", func(st Status) bool { return st.Sent == 1 && st.Pending == 0 })
	if n := there.requests("PUT"); n != 1 {
		t.Fatalf("%d objects were sent again", n)
	}
}

// TestTags brings tags along, also those that are not in ASCII.
func TestTags(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	for key, tags := range map[string]map[string]string{"a": {"team": "web"}, "b": {"größe": "groß", "team": "web"}, "c": nil} {
		_, err := s.store.Put(t.Context(), objectstore.PutRequest{
			Bucket: "photos", Key: key, Body: strings.NewReader(key), Size: 1, Attributes: objectstore.Attributes{Tags: tags},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.current("photos")
		if o, err := there.store.Head(t.Context(), "backup", key); err != nil || !maps.Equal(o.Attributes.Tags, tags) {
			t.Errorf("%s has the tags %v, want %v, %v", key, o.Attributes.Tags, tags, err)
		}
	}
}

// TestTargetAway writes while the target is down, restarts, and brings it back.
func TestTargetAway(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	s.put("photos", "a", "1")
	s.current("photos")
	there.intercept(cut)
	s.put("photos", "b", "1")
	st := s.await("photos", func(st Status) bool { return st.State == StateFailing })
	if !strings.Contains(st.Problem.Message, "cannot be reached") || st.NextTry.IsZero() || st.Pending != 1 {
		t.Fatalf("%+v", st)
	}
	for i := range 20 {
		s.put("photos", "b", fmt.Sprint("more ", i))
		s.put("photos", fmt.Sprint("c", i), "1")
	}
	s.delete("photos", "c3")
	s.delete("photos", "a")
	s.halt()
	s.put("photos", "while stopped", "1")
	s.run()
	if st = s.await("photos", func(st Status) bool { return st.State == StateFailing }); st.Pending != 23 || st.Oldest.IsZero() || st.Looking {
		t.Fatalf("%+v", st)
	}
	there.requests("")
	there.intercept(nil)
	s.current("photos")
	s.same("photos", there, "backup")
	if n := there.requests("PUT /backup/b?"); n > 1 {
		t.Fatalf("what was overwritten was sent %d times", n)
	}
	if st = s.current("photos"); st.Problem.Message != "" {
		t.Fatalf("the problem is over: %+v", st)
	}
}

func TestRefusals(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	f := func(code string, change func(*NewRule)) {
		t.Helper()
		n := to(there, "backup")
		change(&n)
		_, err := s.svc.Add(t.Context(), "photos", n)
		if got, message := errs.Public(err); got != code || strings.Contains(message, secretKey) {
			t.Fatalf("%v, want %s", err, code)
		}
	}
	f("target_refused", func(n *NewRule) { n.SecretKey = "another" })
	f("target_refused", func(n *NewRule) { n.AccessKey = "nobody" })
	f("target_bucket_missing", func(n *NewRule) { n.TargetBucket = "missing" })
	f("target_bucket_invalid", func(n *NewRule) { n.TargetBucket = "No" })
	f("target_invalid", func(n *NewRule) { n.Endpoint = "ftp://x" })
	f("target_invalid", func(n *NewRule) { n.SecretKey = " " })
	f("prefix_invalid", func(n *NewRule) { n.Prefix = "a\x00" })
	f("replication_to_itself", func(n *NewRule) { n.Endpoint, n.TargetBucket = s.server.URL, "photos" })
	if _, err := s.svc.Add(t.Context(), "missing", to(there, "backup")); errs.KindOf(err) != errs.NotFound {
		t.Fatal(err)
	}
	if followers, err := s.store.Followers(t.Context()); err != nil || len(followers) > 0 {
		t.Fatalf("%v follow, %v", followers, err)
	}
	for range MaxRules {
		s.add("photos", to(there, "backup"))
	}
	f("replication_rules_full", func(*NewRule) {})
	if page := there.content("backup"); len(page) > 0 {
		t.Fatalf("tests left %v", page)
	}
}

// TestTargetBecomesUnusable has the key change and the bucket go while a rule works.
func TestTargetBecomesUnusable(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	s.put("photos", "a", "1")
	s.current("photos")
	there.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), accessKey, "another", 1))
		return false
	})
	s.put("photos", "b", "1")
	st := s.await("photos", func(st Status) bool { return st.State == StateFailing })
	if !strings.Contains(st.Problem.Message, "access key") {
		t.Fatalf("%+v", st)
	}
	there.intercept(nil)
	s.current("photos")
	there.delete("backup", "a")
	there.delete("backup", "b")
	if err := there.store.DeleteBucket(t.Context(), "backup"); err != nil {
		t.Fatal(err)
	}
	s.delete("photos", "a") // a bucket that is missing does not have it either
	s.await("photos", func(st Status) bool { return st.State != StateCopying })
	s.put("photos", "c", "1")
	st = s.await("photos", func(st Status) bool { return st.State == StateFailing })
	if !strings.Contains(st.Problem.Message, "no bucket backup") || st.Pending != 2 {
		t.Fatalf("%+v", st)
	}
}

// TestOneObjectFails has the target refuse one object, and say something else of
// another than what it got: the others arrive, and these when it is over.
func TestOneObjectFails(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	there.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/refused"):
			http.Error(w, `<Error><Code>InvalidArgument</Code></Error>`, http.StatusBadRequest)
			return true
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/other"):
			w.Header().Set("Etag", `"00000000000000000000000000000000"`)
			return true
		}
		return false
	})
	s.put("photos", "refused", "1")
	s.put("photos", "other", "1")
	for i := range 20 {
		s.put("photos", fmt.Sprint(i), "1")
	}
	st := s.await("photos", func(st Status) bool { return st.Pending == 2 && st.Sent == 20 && st.Failures > 5 })
	if st.State != StateCopying || st.Problem.Message == "" || st.ProblemKey != "refused" && st.ProblemKey != "other" {
		t.Fatalf("%+v", st)
	}
	there.intercept(nil)
	st = s.current("photos")
	s.same("photos", there, "backup")
	if st.Problem.Message != "" {
		t.Fatalf("%+v", st)
	}
}

func TestPauseResumeRemove(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	n := to(there, "backup")
	n.Prefix, n.Deletes, n.Existing = "keep/", false, false
	s.put("photos", "keep/old", "1")
	rule := s.add("photos", n)
	if _, err := s.svc.SetPaused(t.Context(), "photos", rule.ID, true); err != nil {
		t.Fatal(err)
	}
	s.put("photos", "keep/a", "1")
	s.put("photos", "other", "1")
	if st := s.status("photos"); st.State != StatePaused || st.Pending != 1 {
		t.Fatalf("%+v", st)
	}
	s.halt()
	s.run()
	if st := s.status("photos"); st.State != StatePaused || len(there.content("backup")) > 0 {
		t.Fatalf("%+v", st)
	}
	if _, err := s.svc.SetPaused(t.Context(), "photos", rule.ID, false); err != nil {
		t.Fatal(err)
	}
	s.current("photos")
	s.delete("photos", "keep/a")
	s.put("photos", "keep/b", "1")
	s.current("photos")
	if got := there.content("backup"); len(got) != 2 || got["keep/a"] == "" || got["keep/b"] == "" {
		t.Fatalf("%v", got)
	}
	if _, err := s.svc.SetPaused(t.Context(), "another", rule.ID, true); errs.KindOf(err) != errs.NotFound {
		t.Fatal(err)
	}
	if err := s.svc.Remove(t.Context(), "another", rule.ID); errs.KindOf(err) != errs.NotFound {
		t.Fatal(err)
	}
	if err := s.svc.Remove(t.Context(), "photos", rule.ID); err != nil {
		t.Fatal(err)
	}
	s.put("photos", "keep/c", "1")
	if followers, err := s.store.Followers(t.Context()); err != nil || len(followers) > 0 {
		t.Fatalf("%v follow, %v", followers, err)
	}
}

// TestSecretIsSealed looks for the secret in the database's files.
func TestSecretIsSealed(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		text, err := os.ReadFile(filepath.Join(s.state, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secretKey)) {
			t.Fatalf("%s has the secret key", name)
		}
		if strings.HasSuffix(name, "-wal") && !bytes.Contains(text, []byte(accessKey)) {
			t.Fatal("the rule is not there; the test shows nothing")
		}
	}
}

// TestMasterKeyLost starts without the key that the secret is sealed under.
func TestMasterKeyLost(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.add("photos", to(there, "backup"))
	s.halt()
	s.key = seal.New([seal.KeySize]byte{2})
	s.run()
	s.put("photos", "a", "1")
	st := s.await("photos", func(st Status) bool { return st.State == StateFailing })
	if !strings.Contains(st.Problem.Message, "master.key") || st.Pending != 1 {
		t.Fatalf("%+v", st)
	}
	s.halt()
	s.key = nil
	s.run()
	s.current("photos")
	s.same("photos", there, "backup")
}

// TestRuleGoesWithItsBucket deletes the bucket, and makes another of its name.
func TestRuleGoesWithItsBucket(t *testing.T) {
	for _, running := range []bool{true, false} {
		s, there := newSide(t, "photos"), newCluster(t, "backup")
		s.add("photos", to(there, "backup"))
		s.current("photos")
		if !running {
			s.halt()
		}
		if err := s.store.DeleteBucket(t.Context(), "photos"); err != nil {
			t.Fatal(err)
		}
		s.cluster.bucket("photos")
		s.put("photos", "a", "1")
		if !running {
			s.run()
		}
		if all, err := s.svc.Statuses(t.Context(), "photos"); err != nil || len(all) != 0 {
			t.Fatalf("%+v, %v", all, err)
		}
	}
}

// TestManySmall copies 10,000 objects that are there, cut off now and then.
func TestManySmall(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	for i := range n {
		s.put("photos", fmt.Sprintf("%05d", i*7919%n), fmt.Sprint(i))
	}
	var puts, cuts atomic.Int64
	there.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && puts.Add(1)%(int64(n)/2) == 0 {
			cuts.Add(1)
			return cut(w, r)
		}
		return false
	})
	s.add("photos", to(there, "backup"))
	st := s.await("photos", func(st Status) bool { return st.Looking && st.Total > 0 || st.State == StateCurrent })
	if st.State != StateCurrent && st.Total != int64(n) {
		t.Fatalf("%+v", st)
	}
	s.current("photos")
	s.same("photos", there, "backup")
	if cuts.Load() == 0 {
		t.Fatal("nothing was cut off; the test shows nothing")
	}
	if puts.Load() > int64(n)+200 {
		t.Fatalf("%d requests for %d objects", puts.Load(), n)
	}
}
