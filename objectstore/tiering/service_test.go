package tiering

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
	"croft/objectstore/remote"
)

func TestRefusals(t *testing.T) {
	s, there := newSide(t, "deployment", "own"), newCluster(t, "archive")
	f := func(code, says string, change func(*NewTier)) {
		t.Helper()
		n := at(there, "COLD", "archive")
		change(&n)
		err := s.svc.Test(t.Context(), n)
		_, added := s.svc.Add(t.Context(), n)
		for _, err := range []error{err, added} {
			if got, message := errs.Public(err); err == nil || got != code || !strings.Contains(message, says) || strings.Contains(message, secretKey) {
				t.Errorf("%v, want %s that says %q", err, code, says)
			}
		}
	}
	f("tier_name_invalid", "upper-case", func(n *NewTier) { n.Name = "cold" })
	f("tier_name_invalid", "upper-case", func(n *NewTier) { n.Name = "STANDARD" })
	f("target_refused", "secret key", func(n *NewTier) { n.SecretKey = "another" })
	f("target_refused", "access key", func(n *NewTier) { n.AccessKey = "nobody" })
	f("target_bucket_missing", "no bucket missing", func(n *NewTier) { n.Bucket = "missing" })
	f("target_bucket_invalid", "3 to 63", func(n *NewTier) { n.Bucket = "No" })
	f("target_invalid", "https://", func(n *NewTier) { n.Endpoint = "ftp://x" })
	f("target_invalid", "secret key", func(n *NewTier) { n.SecretKey = " " })
	f("prefix_invalid", "beginning of a key", func(n *NewTier) { n.Prefix = "a\x00" })
	f("prefix_invalid", "512", func(n *NewTier) { n.Prefix = strings.Repeat("a", 600) })
	f("tier_in_itself", "this very Croft", func(n *NewTier) { n.Endpoint, n.Bucket = s.server.URL, "own" })
	if len(s.svc.Names()) > 0 || len(there.keys("archive")) > 0 || len(s.keys("own")) > 0 {
		t.Fatalf("left %q, %q and %q", s.svc.Names(), there.keys("archive"), s.keys("own"))
	}
	if _, err := s.svc.Tier("COLD"); !errors.Is(err, objectstore.ErrTierNotFound) {
		t.Error(err)
	}
	wants(t, "update", func() error { _, err := s.svc.Update(t.Context(), "COLD", Access{}); return err }(), objectstore.ErrTierNotFound, "")
	wants(t, "remove", s.svc.Remove(t.Context(), "COLD"), objectstore.ErrTierNotFound, "")
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) { // keys that may write but not read
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/deployment/") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code></Error>`)
			return
		}
		s3.ServeHTTP(w, r)
	})
	f("target_refused", "does not allow this", func(*NewTier) {})
}

// TestStoreWithoutTiers says so.
func TestStoreWithoutTiers(t *testing.T) {
	s := newSide(t, "deployment")
	svc := New(Deps{DB: s.db, Sealer: seal.New([seal.KeySize]byte{1}), Store: struct{ objectstore.Store }{s.store}, Log: s.svc.log}, Config{})
	_, err := svc.Add(t.Context(), NewTier{})
	_, listed := svc.Statuses(t.Context())
	for _, err := range []error{err, listed, svc.Test(t.Context(), NewTier{})} {
		wants(t, "elsewhere", err, ErrUnavailable, "cannot keep objects in tiers")
	}
}

// TestKeptOverRestarts has the tier be there, its secret sealed.
func TestKeptOverRestarts(t *testing.T) {
	s, _, tier := withTier(t)
	put(t, tier, "body", []byte("body"))
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		text, err := os.ReadFile(filepath.Join(s.state, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secretKey)) {
			t.Fatalf("%s has the secret key", name)
		}
		if strings.HasSuffix(name, "-wal") && !bytes.Contains(text, []byte(accessKey)) {
			t.Fatal("the tier is not there; the test shows nothing")
		}
	}
	s.start()
	has(t, s.tier("COLD"), "body", []byte("body"), 0, 4)
	if text := fmt.Sprintf("%+v", at(s.cluster, "COLD", "archive")); strings.Contains(text, secretKey) {
		t.Error(text)
	}
	// Without the key that it is sealed under.
	s.key = seal.New([seal.KeySize]byte{2})
	s.start()
	s.run()
	err := s.tier("COLD").Delete(t.Context(), "body")
	wants(t, "delete", err, objectstore.ErrTierUnavailable, "master.key")
	_, err = get(t, s.tier("COLD"), "body", 0, 1)
	wants(t, "get", err, objectstore.ErrTierUnavailable, "master.key")
	wants(t, "put", s.tier("COLD").Put(t.Context(), "b", strings.NewReader(""), 0), objectstore.ErrTierUnavailable, "master.key")
	if st := s.status(StateFailing); !strings.Contains(st.Problem.Message, "master.key") {
		t.Errorf("%+v", st)
	}
	// New keys mend it.
	if _, err := s.svc.Update(t.Context(), "COLD", Access{AccessKey: accessKey, SecretKey: secretKey}); err != nil {
		t.Fatal(err)
	}
	has(t, s.tier("COLD"), "body", []byte("body"), 0, 4)
}

// status waits until the one tier is in a state.
func (s *side) status(want State) Status {
	s.Helper()
	for {
		all, err := s.svc.Statuses(s.Context())
		if err != nil || len(all) != 1 {
			s.Fatalf("statuses %+v, %v", all, err)
		}
		if all[0].State == want {
			return all[0]
		}
		select {
		case <-s.checked:
		case <-s.Context().Done():
			s.Fatalf("waited in vain: %+v", all[0])
		}
	}
}

func TestWhoseAPrefixIs(t *testing.T) {
	ours, theirs, there := newSide(t, "one"), newSide(t, "another"), newCluster(t, "archive")
	n := at(there, "COLD", "archive")
	ours.add(n)
	_, err := theirs.svc.Add(t.Context(), n)
	wants(t, "of another", err, ErrPrefixTaken, "another Croft")
	wants(t, "test", theirs.svc.Test(t.Context(), n), ErrPrefixTaken, "another Croft")
	_, err = ours.svc.Add(t.Context(), n)
	wants(t, "again", err, ErrTierExists, "")
	n.Name = "WARM"
	_, err = ours.svc.Add(t.Context(), n)
	wants(t, "under another name", err, ErrPrefixTaken, "tier COLD")
	n.Prefix = "warm/"
	theirs.add(n)
	n.Name, n.Prefix = "ROOT", ""
	ours.add(n)
	if got := there.keys("archive"); !slices.Equal(got, []string{"cold/croft-tier.json", "croft-tier.json", "warm/croft-tier.json"}) {
		t.Errorf("the bucket has %q", got)
	}
	if got := ours.svc.Names(); !slices.Equal(got, []string{"COLD", "ROOT"}) {
		t.Errorf("tiers %q", got)
	}
	// The state is lost, and the tier added anew.
	put(t, ours.tier("COLD"), "body", []byte("body"))
	fresh := newSide(t, "one")
	fresh.add(at(there, "COLD", "archive"))
	has(t, fresh.tier("COLD"), "body", []byte("body"), 0, 4)
	// Something else is called like a mark.
	if _, err := there.store.Put(t.Context(), objectstore.PutRequest{Bucket: "archive", Key: "x/" + markName, Body: strings.NewReader("{}"), Size: 2}); err != nil {
		t.Fatal(err)
	}
	n.Name, n.Prefix = "OTHER", "x"
	_, err = ours.svc.Add(t.Context(), n)
	wants(t, "no mark", err, ErrPrefixTaken, "not Croft's")
}

// TestTwoClaimAtOnce lets one of them have the prefix.
func TestTwoClaimAtOnce(t *testing.T) {
	ours, theirs, there := newSide(t, "one"), newSide(t, "another"), newCluster(t, "archive")
	n := at(there, "COLD", "archive")
	var second atomic.Bool
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, markName) && second.CompareAndSwap(false, true) {
			there.intercept(nil)
			theirs.add(n)
		}
		s3.ServeHTTP(w, r)
	})
	_, err := ours.svc.Add(t.Context(), n)
	wants(t, "late", err, ErrPrefixTaken, "another Croft")
	if !second.Load() || len(ours.svc.Names()) > 0 {
		t.Errorf("tiers %q; tried %v", ours.svc.Names(), second.Load())
	}
}

// TestTargetWithoutConditions marks prefixes as well.
func TestTargetWithoutConditions(t *testing.T) {
	s, there := newSide(t, "deployment"), newCluster(t, "archive")
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = io.WriteString(w, `<Error><Code>NotImplemented</Code></Error>`)
			return
		}
		s3.ServeHTTP(w, r)
	})
	s.add(at(there, "COLD", "archive"))
	if got := there.keys("archive"); !slices.Equal(got, []string{"cold/croft-tier.json"}) {
		t.Errorf("the bucket has %q", got)
	}
}

func TestUpdate(t *testing.T) {
	s, there, tier := withTier(t)
	put(t, tier, "body", []byte("body"))
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) { // the key is renewed there
		if given := r.Header.Get("Authorization"); strings.Contains(given, accessKey+"/") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<Error><Code>InvalidAccessKeyId</Code></Error>`)
			return
		}
		s3.ServeHTTP(w, r)
	})
	_, err := s.svc.Update(t.Context(), "COLD", Access{AccessKey: accessKey, SecretKey: secretKey})
	wants(t, "the old key", err, errs.New(errs.Forbidden, "target_refused", ""), "access key")
	there.intercept(nil)
	_, err = s.svc.Update(t.Context(), "COLD", Access{AccessKey: accessKey, SecretKey: "another"})
	wants(t, "a wrong secret", err, errs.New(errs.Forbidden, "target_refused", ""), "secret key")
	has(t, s.tier("COLD"), "body", []byte("body"), 0, 4)
	no := "no certificate"
	_, err = s.svc.Update(t.Context(), "COLD", Access{AccessKey: accessKey, SecretKey: secretKey, Authorities: &no})
	wants(t, "no certificate", err, errs.New(errs.Invalid, "target_invalid", ""), "PEM")
	is, err := s.svc.Update(t.Context(), "COLD", Access{AccessKey: " " + accessKey, SecretKey: remote.Secret(secretKey + "\n")})
	if err != nil || is.AccessKey != accessKey || is.Bucket != "archive" {
		t.Fatalf("%+v, %v", is, err)
	}
	s.start()
	has(t, s.tier("COLD"), "body", []byte("body"), 0, 4)
}

func TestRemove(t *testing.T) {
	s, there, tier := withTier(t)
	s.used.set(map[string]objectstore.TierUsage{"COLD": {Bodies: 7, Bytes: 70}})
	wants(t, "used", s.svc.Remove(t.Context(), "COLD"), ErrTierInUse, "7 bodies")
	s.used.set(map[string]objectstore.TierUsage{"COLD": {Removing: 3}})
	wants(t, "removing", s.svc.Remove(t.Context(), "COLD"), ErrTierInUse, "3 bodies of deleted objects")
	put(t, tier, "body", nil) // goes on
	s.used.set(map[string]objectstore.TierUsage{"WARM": {Bodies: 1}})
	// A body is on its way.
	r, w := io.Pipe()
	ended := make(chan error)
	go func() { ended <- tier.Put(t.Context(), "moved", r, 4) }()
	if _, err := w.Write([]byte("bo")); err != nil {
		t.Fatal(err)
	}
	wants(t, "moving", s.svc.Remove(t.Context(), "COLD"), ErrTierInUse, "right now")
	if _, err := w.Write([]byte("dy")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), <-ended); err != nil {
		t.Fatal(err)
	}
	if err := s.svc.Remove(t.Context(), "COLD"); err != nil {
		t.Fatal(err)
	}
	// Who holds it still cannot put anything.
	wants(t, "put", tier.Put(t.Context(), "late", strings.NewReader(""), 0), objectstore.ErrTierNotFound, "")
	if slices.Contains(there.keys("archive"), "cold/"+markName) {
		t.Error("its mark is left")
	}
	s.start()
	if _, err := s.svc.Tier("COLD"); !errors.Is(err, objectstore.ErrTierNotFound) {
		t.Error(err)
	}
	// The prefix is free for another, and one that is away can be removed.
	other := newSide(t, "another")
	other.add(at(there, "WARM", "archive"))
	there.server.CloseClientConnections()
	there.intercept(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
	if err := other.svc.Remove(t.Context(), "WARM"); err != nil {
		t.Fatal(err)
	}
}

// TestStatuses tells usage at once and reachability when it is known.
func TestStatuses(t *testing.T) {
	s, there, _ := withTier(t)
	let := make(chan struct{})
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		<-let
		s3.ServeHTTP(w, r)
	})
	s.run()
	s.used.set(map[string]objectstore.TierUsage{"COLD": {Bodies: 7, Bytes: 70}})
	for range 3 {
		all, err := s.svc.Statuses(t.Context())
		if err != nil || len(all) != 1 || all[0].State != StateUnknown || all[0].Usage.Bytes != 70 || all[0].Bucket != "archive" {
			t.Fatalf("%+v, %v", all, err)
		}
	}
	close(let)
	if st := s.status(StateReachable); st.CheckedAt.IsZero() || st.Problem.Message != "" {
		t.Errorf("%+v", st)
	}
	there.intercept(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
	if st := s.status(StateFailing); !strings.Contains(st.Problem.Message, "cannot be reached") {
		t.Errorf("%+v", st)
	}
	there.intercept(nil)
	s.status(StateReachable)
	// What the store has elsewhere, nobody knows any more where.
	s.used.set(map[string]objectstore.TierUsage{"LOST": {Bodies: 1}})
	all, err := s.svc.Statuses(t.Context())
	if err != nil || len(all) != 2 || all[1].Name != "LOST" || all[1].State != StateMissing || all[1].Usage.Bodies != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestChecksAreRare tries a tier again only after a while.
func TestChecksAreRare(t *testing.T) {
	s, there, _ := withTier(t)
	for every, want := range map[time.Duration]int{time.Nanosecond: 5, time.Hour: 1} {
		s.start()
		there.intercept(nil)
		s.svc.config.CheckEvery = every
		for range 5 {
			s.svc.checkDue(t.Context())
		}
		if n := there.requests("HEAD"); len(n) != want {
			t.Errorf("every %s: tried %q", every, n)
		}
	}
}

// TestUnfinishedUploadsEnd ends what a killed process began, and nothing else.
func TestUnfinishedUploadsEnd(t *testing.T) {
	s, there, tier := withTier(t)
	begin := func(key string) {
		t.Helper()
		if _, err := there.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "archive", Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		begin(fmt.Sprintf("cold/deployment/%d", i))
	}
	begin("cold/another/upload")
	begin("upload")
	// One of this process is on its way.
	r, w := io.Pipe()
	body := bodyOf(2*part + 1)
	ended := make(chan error)
	go func() { ended <- tier.Put(t.Context(), "moving", r, int64(len(body))) }()
	if _, err := w.Write(body[:1]); err != nil {
		t.Fatal(err)
	}
	s.run()
	<-s.checked
	keys := there.keys("archive")
	if !slices.Equal(keys, []string{"cold/croft-tier.json", "cold/another/upload…", "cold/deployment/moving…", "upload…"}) {
		t.Errorf("the bucket has %q", keys)
	}
	if _, err := w.Write(body[1:]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), <-ended); err != nil {
		t.Fatal(err)
	}
	has(t, tier, "moving", body, 0, int64(len(body)))
}
