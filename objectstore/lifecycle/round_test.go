package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

const (
	expire30 = "<Expiration><Days>30</Days></Expiration>"
	old3     = "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>"
)

func under(prefix string) string { return "<Filter><Prefix>" + prefix + "</Prefix></Filter>" }

func moves(days int, tier string) string {
	return fmt.Sprintf("<Transition><Days>%d</Days><StorageClass>%s</StorageClass></Transition>", days, tier)
}

func TestExpires(t *testing.T) {
	f := start(t, Config{page: 2})
	for _, key := range []string{"a", "logs/1", "logs/2", "logs/3", "logs/keep", "z"} {
		attributes := objectstore.Attributes{Tags: map[string]string{"old": "yes"}}
		if key == "logs/keep" {
			attributes.Tags["old"] = "no"
		}
		f.put(key, "12345", attributes)
	}
	f.rules("<Filter><And><Prefix>logs/</Prefix><Tag><Key>old</Key><Value>yes</Value></Tag></And></Filter>" + expire30)
	f.look()
	f.is("a", "logs/1", "logs/2", "logs/3", "logs/keep", "z")
	f.pass(29)
	f.look()
	f.is("a", "logs/1", "logs/2", "logs/3", "logs/keep", "z")
	f.pass(2)
	st := f.look()
	f.is("a", "logs/keep", "z")
	if st.Expired != 3 || st.ExpiredBytes != 15 || st.Failures != 0 || st.Looked != 4 || st.Running || st.Ended.IsZero() || !st.Next.After(st.Ended) {
		t.Fatalf("status %+v", st)
	}
}

// TestOverwrittenInBetweenStays has a key overwritten after it was listed and before it
// is deleted: with other bytes, and with the same, which have the same ETag.
func TestOverwrittenInBetweenStays(t *testing.T) {
	for _, body := range []string{"new", "old"} {
		t.Run(body, func(t *testing.T) {
			f := start(t, Config{})
			f.put("k", "old")
			f.rules(all + expire30)
			f.pass(31)
			f.store.beforeDelete = func(objectstore.DeleteRequest) error {
				time.Sleep(2 * time.Millisecond) // times have milliseconds
				f.put("k", body)
				f.store.beforeDelete = nil
				return nil
			}
			// The clock goes back: what was written just now is not old.
			judged := false
			f.config.Now = func() time.Time {
				if judged {
					return time.Now()
				}
				judged = true
				return time.Now().Add(31 * day)
			}
			st := f.look()
			f.is("k")
			if got := f.read("k"); got != body || st.Expired != 0 || st.Failures != 0 {
				t.Fatalf("holds %q, %+v", got, st)
			}
		})
	}
}

// TestSameBytesWrittenAnewStay holds where the clock says that even what was written
// just now is old: it is not what was judged.
func TestSameBytesWrittenAnewStay(t *testing.T) {
	f := start(t, Config{})
	f.put("k", "old")
	f.rules(all + expire30)
	f.pass(31)
	f.store.beforeDelete = func(objectstore.DeleteRequest) error {
		time.Sleep(2 * time.Millisecond)
		f.put("k", "old")
		f.store.beforeDelete = nil
		return nil
	}
	if st := f.look(); st.Expired != 0 || st.Failures != 0 {
		t.Fatalf("status %+v", st)
	}
	f.is("k")
}

// once calls f before the first delete.
func (f *fixture) once(do func()) {
	f.store.beforeDelete = func(objectstore.DeleteRequest) error {
		f.store.mu.Lock()
		f.store.beforeDelete = nil
		f.store.mu.Unlock()
		do()
		return nil
	}
}

func TestTaggedOtherwiseInBetweenStays(t *testing.T) {
	f := start(t, Config{})
	f.put("k", "x", objectstore.Attributes{Tags: map[string]string{"old": "yes"}})
	f.rules("<Filter><Tag><Key>old</Key><Value>yes</Value></Tag></Filter>" + expire30)
	f.pass(31)
	f.once(func() {
		_, err := f.store.UpdateVersion(f.Context(), objectstore.VersionRef{Bucket: "bucket", Key: "k"}, false, func(a *objectstore.Attributes) error {
			a.Tags = map[string]string{"old": "no"}
			return nil
		})
		f.ok(err)
	})
	f.look()
	f.is("k")
}

func TestMadeCurrentInBetweenStays(t *testing.T) {
	f := start(t, Config{})
	f.versioned(false)
	f.put("k", "old")
	newer := f.put("k", "new")
	f.rules(all + old3)
	f.pass(5)
	f.once(func() { f.remove("k", newer.VersionID) })
	f.look()
	f.is("k")
	if got := f.read("k"); got != "old" {
		t.Fatalf("holds %q", got)
	}
}

func TestMarkerThatHidesAgainStays(t *testing.T) {
	f := start(t, Config{})
	f.versioned(false)
	f.remove("k", "")
	f.rules(all + "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>")
	f.once(func() { f.put("k", "back") })
	f.look()
	f.is("k", "k?!")
}

func TestNoMarkerOverNothing(t *testing.T) {
	f := start(t, Config{})
	f.versioned(false)
	v := f.put("k", "x")
	f.rules(all + expire30)
	f.pass(31)
	f.once(func() { f.remove("k", v.VersionID) })
	if st := f.look(); st.Failures != 0 {
		t.Fatalf("status %+v", st)
	}
	f.is()
}

func TestVersions(t *testing.T) {
	f := start(t, Config{page: 2})
	f.versioned(false)
	for range 5 {
		f.put("k", "123")
	}
	f.put("one", "x")
	f.remove("gone", "")
	f.rules(
		all+expire30+"<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
		all+"<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
	)
	f.pass(5)
	st := f.look()
	f.is("k", "k?", "k?", "one")
	if st.Removed != 2 || st.RemovedBytes != 6 || st.Markers != 1 || st.Expired != 0 {
		t.Fatalf("status %+v", st)
	}
	f.pass(27)
	st = f.look()
	f.is("k!", "k?", "k?", "k?", "one!", "one?")
	if st.Expired != 2 {
		t.Fatalf("status %+v", st)
	}
	// What is noncurrent now is kept by its number, and the markers hide something.
	f.pass(5)
	f.look()
	f.is("k!", "k?", "k?", "one!", "one?")
}

// TestMarkersTakeNobodysPlace has a marker among the newest old versions.
func TestMarkersTakeNobodysPlace(t *testing.T) {
	f := start(t, Config{})
	f.versioned(false)
	f.put("k", "1")
	f.put("k", "2")
	f.remove("k", "")
	f.put("k", "3")
	f.rules(all + "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>")
	f.pass(5)
	f.look()
	f.is("k", "k?!", "k?")
}

// TestNoncurrentSinceTheNextWasWritten follows versions through a listing.
func TestNoncurrentSinceTheNextWasWritten(t *testing.T) {
	var track tracker
	written := []string{"2024-01-09", "2024-01-05", "2024-01-01"}
	var got []Version
	for i, at1 := range written {
		if v, whole := track.add(objectstore.Object{Key: "k", ModifiedAt: at(at1), Latest: i == 0}); whole {
			got = append(got, v)
		}
	}
	if v, whole := track.add(objectstore.Object{Key: "l", ModifiedAt: at("2024-01-02"), Latest: true}); whole {
		got = append(got, v)
	}
	if v, whole := track.end(); whole {
		got = append(got, v)
	}
	if len(got) != 4 || !got[0].NoncurrentSince.IsZero() || !got[1].NoncurrentSince.Equal(at(written[0])) ||
		!got[2].NoncurrentSince.Equal(at(written[1])) || got[1].Newer != 0 || got[2].Newer != 1 || got[0].Only || got[2].Only || !got[3].Only {
		t.Fatalf("%+v", got)
	}
	if _, whole := track.end(); whole {
		t.Fatal("a version twice")
	}
}

func TestSuspended(t *testing.T) {
	f := start(t, Config{})
	f.versioned(false)
	f.put("k", "kept")
	_, err := f.store.UpdateBucket(f.Context(), "bucket", func(b *objectstore.Bucket) error {
		b.Versioning = objectstore.VersioningSuspended
		return nil
	})
	f.ok(err)
	f.put("k", "null")
	f.rules(all + expire30)
	f.pass(31)
	f.look()
	f.is("k!", "k?")
}

func TestLocksWin(t *testing.T) {
	f := start(t, Config{})
	f.versioned(true)
	f.put("k", "1", objectstore.Attributes{Lock: objectstore.Lock{Mode: objectstore.LockCompliance, Until: time.Now().Add(24 * time.Hour).UTC().Truncate(time.Millisecond)}})
	f.put("k", "2", objectstore.Attributes{Lock: objectstore.Lock{Hold: true}})
	f.put("k", "3")
	f.put("k", "4")
	f.rules(all + old3)
	f.pass(400)
	st := f.look()
	f.is("k", "k?", "k?")
	if st.Removed != 1 || st.Locked != 2 || st.Failures != 0 {
		t.Fatalf("status %+v", st)
	}
	// A lock that comes in between wins as well.
	f.put("m", "1")
	f.put("m", "2")
	f.once(func() {
		page, err := f.store.Store.ListVersions(f.Context(), objectstore.ListVersionsRequest{Bucket: "bucket", Prefix: "m"})
		f.ok(err)
		_, err = f.store.UpdateVersion(f.Context(), objectstore.VersionRef{Bucket: "bucket", Key: "m", ID: page.Versions[1].VersionID}, false,
			func(a *objectstore.Attributes) error { a.Lock.Hold = true; return nil })
		f.ok(err)
	})
	if st = f.look(); st.Locked != 3 || st.Failures != 0 {
		t.Fatalf("status %+v", st)
	}
	f.is("k", "k?", "k?", "m", "m?")
}

func TestAbortsUploads(t *testing.T) {
	f := start(t, Config{page: 1})
	var uploads []objectstore.Upload
	for _, key := range []string{"a/1", "a/2", "a/2", "b"} {
		u, err := f.store.CreateUpload(f.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
		f.ok(err)
		uploads = append(uploads, u)
	}
	f.rules(under("a/") + "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>")
	f.look()
	for _, u := range uploads {
		_, err := f.store.Upload(f.Context(), u.UploadRef)
		f.ok(err)
	}
	f.pass(9)
	if st := f.look(); st.Aborted != 3 || st.Failures != 0 {
		t.Fatalf("status %+v", st)
	}
	for i, u := range uploads {
		if _, err := f.store.Upload(f.Context(), u.UploadRef); errors.Is(err, objectstore.ErrUploadNotFound) != (i < 3) {
			t.Errorf("%s: %v", u.Key, err)
		}
	}
}

func TestFailingKeyHoldsUpNoOther(t *testing.T) {
	f := start(t, Config{page: 2})
	for _, key := range []string{"a", "b", "c", "d"} {
		f.put(key, "x")
	}
	f.rules(all + expire30)
	f.pass(31)
	broken := errs.New(errs.Unavailable, "write_quorum", "Too few drives are online to write.")
	f.store.beforeDelete = func(r objectstore.DeleteRequest) error {
		if r.Key == "b" {
			return broken
		}
		return nil
	}
	st := f.look()
	f.is("b")
	if st.Expired != 3 || st.Failures != 1 || st.ProblemKey != "b" || st.Problem.Message != broken.Message {
		t.Fatalf("status %+v", st)
	}
	f.store.beforeDelete = nil
	if st = f.look(); st.Expired != 4 || st.Failures != 1 || st.Problem.Message != "" || st.ProblemKey != "" {
		t.Fatalf("status %+v", st)
	}
	f.is()
}

func TestMovesToTiers(t *testing.T) {
	f := start(t, Config{Pace: Pace{Rate: 1e6, Parallel: 1, Rest: -1}})
	f.put("a", "12345")
	f.put("empty", "")
	f.put("logs/b", "1")
	f.rules(all+moves(3, "WARM")+moves(9, "COLD"), under("logs/")+expire30)
	f.pass(5)
	st := f.look()
	if st.Moved != 2 || st.MovedBytes != 6 || f.store.tiers["a"] != "WARM" || f.store.tiers["empty"] != "" {
		t.Fatalf("status %+v, %v", st, f.store.tiers)
	}
	if st = f.look(); st.Moved != 2 {
		t.Fatalf("moved again: %+v", st)
	}
	f.pass(5)
	if st = f.look(); st.Moved != 4 || f.store.tiers["a"] != "COLD" {
		t.Fatalf("status %+v, %v", st, f.store.tiers)
	}
	// One tier fails: what is deleted is deleted, and what goes elsewhere goes there.
	f.put("z", "later")
	f.pass(21)
	tries := 0
	f.store.beforeMove = func(_ objectstore.VersionRef, tier string) error {
		if tries++; tier == "COLD" {
			return objectstore.ErrTierUnavailable
		}
		return nil
	}
	for i := range tierTries + 5 {
		f.put(fmt.Sprintf("y%02d", i), "x")
	}
	st = f.look()
	if st.Failures != tierTries || tries != tierTries || st.Problem.Message != objectstore.ErrTierUnavailable.Message || st.Expired != 1 {
		t.Fatalf("%d tries, status %+v", tries, st)
	}
	if _, err := f.store.Head(f.Context(), "bucket", "logs/b"); !errors.Is(err, objectstore.ErrObjectNotFound) {
		t.Fatal(err)
	}
}

func TestMarkedWhereItCannotBeMoved(t *testing.T) {
	f := start(t, Config{})
	f.versioned(false)
	for i := range tierTries + 2 {
		f.put(fmt.Sprint(i), "x")
	}
	f.rules(all+moves(3, "WARM"), all+expire30)
	f.store.beforeMove = func(objectstore.VersionRef, string) error { return objectstore.ErrTierUnavailable }
	f.pass(31)
	if st := f.look(); st.Expired != tierTries+2 || st.Failures < tierTries {
		t.Fatalf("status %+v", st)
	}
}

func TestOverwrittenIsNotMoved(t *testing.T) {
	f := start(t, Config{})
	f.put("k", "old")
	f.rules(all + moves(3, "WARM"))
	f.pass(5)
	f.store.afterList = func(int) {
		time.Sleep(2 * time.Millisecond)
		f.put("k", "old")
	}
	if st := f.look(); st.Moved != 0 || st.Failures != 0 || len(f.store.tiers) != 0 {
		t.Fatalf("status %+v, %v", st, f.store.tiers)
	}
	// Nor is what is overwritten while its body is sent.
	f.store.afterList = nil
	f.pass(5)
	f.store.beforeMove = func(objectstore.VersionRef, string) error {
		f.put("k", "new")
		return nil
	}
	if st := f.look(); st.Moved != 0 || st.Failures != 0 || len(f.store.tiers) != 0 {
		t.Fatalf("status %+v, %v", st, f.store.tiers)
	}
}

func TestRulesThatAreRemovedStop(t *testing.T) {
	f := start(t, Config{Pace: Pace{Rate: 1e6, Parallel: 1, Rest: -1}})
	for i := range 20 {
		f.put(fmt.Sprintf("%02d", i), "x")
	}
	f.rules(all + expire30)
	f.pass(31)
	f.once(func() { f.ok(f.Remove(context.Background(), "bucket")) })
	b, err := f.store.Bucket(t.Context(), "bucket")
	f.ok(err)
	r := f.newRound(&plan{bucket: "bucket", created: b.CreatedAt, text: b.Documents[DocumentName]})
	if _, err := r.run(t.Context(), time.Now().Add(time.Hour)); !errors.Is(err, errStale) {
		t.Fatal(err)
	}
	page, err := f.store.List(t.Context(), objectstore.ListRequest{Bucket: "bucket"})
	f.ok(err)
	if len(page.Objects) < 17 { // some were under way
		t.Fatalf("%d objects are left", len(page.Objects))
	}
}

// shelf is a tier in memory.
type shelf struct {
	mu     sync.Mutex // guards bodies
	bodies map[string][]byte
}

func (s *shelf) Tier(name string) (objectstore.Tier, error) {
	if name != "WARM" {
		return nil, objectstore.ErrTierNotFound
	}
	return s, nil
}

func (s *shelf) Put(_ context.Context, name string, body io.Reader, _ int64) error {
	text, err := io.ReadAll(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[name] = text
	return err
}

func (s *shelf) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return io.NopCloser(bytes.NewReader(s.bodies[name][offset : offset+length])), nil
}

func (s *shelf) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bodies, name)
	return nil
}

// TestMovesWithTheEngine moves what a rule means, and nothing else, with the engine's
// own way of doing so: small bodies and large ones, current and not.
func TestMovesWithTheEngine(t *testing.T) {
	tier := &shelf{bodies: map[string][]byte{}}
	store, err := erasure.Open(t.Context(), erasure.Config{
		Drives: []string{filepath.Join(t.TempDir(), "drive")}, Parity: -1, Logger: slog.New(slog.DiscardHandler), Tiers: tier,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f := &fixture{T: t, store: &meddler{Store: store}}
	f.Service = New(Deps{Store: store, Tiers: tier, Log: slog.New(slog.DiscardHandler)}, Config{
		Now: func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }, Pace: Pace{Rate: 1e6, Rest: -1},
	})
	f.bucket("bucket", objectstore.VersioningEnabled)
	large := strings.Repeat("large", 1<<20)
	f.put("logs/large", "was here before")
	f.put("logs/large", large)
	f.put("logs/small", "small")
	f.put("other", "stays")
	f.rules(under("logs/")+moves(3, "WARM"),
		under("logs/")+"<NoncurrentVersionTransition><NoncurrentDays>9</NoncurrentDays><StorageClass>WARM</StorageClass></NoncurrentVersionTransition>")
	f.pass(5)
	st := f.look()
	if st.Failures != 0 || st.Moved != 2 || st.MovedBytes != int64(len(large)+5) || len(tier.bodies) == 0 {
		t.Fatalf("status %+v", st)
	}
	for key, want := range map[string]string{"logs/large": "WARM", "logs/small": "WARM", "other": ""} {
		o, err := store.Head(t.Context(), "bucket", key)
		if err != nil || o.Tier != want {
			t.Errorf("%s is in %q: %v", key, o.Tier, err)
		}
	}
	if f.read("logs/large") != large || f.read("logs/small") != "small" {
		t.Error("moved objects read otherwise")
	}
	f.pass(6)
	if st = f.look(); st.Moved != 3 || st.Failures != 0 {
		t.Fatalf("status %+v", st)
	}
	if st = f.look(); st.Moved != 3 {
		t.Fatalf("moved again: %+v", st)
	}
}
