package erasure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/frame"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/shardfile"
)

// restore has a copy made of what a key holds.
func (w *tierWorld) restore(key string, days int) objectstore.Object {
	w.Helper()
	o, err := w.store.Restore(w.Context(), objectstore.RestoreRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: key}, Days: days})
	if err != nil {
		w.Fatalf("restore %q: %v", key, err)
	}
	return o
}

// attend does what is due.
func (w *tierWorld) attend() {
	w.Helper()
	if err := w.store.restoreAll(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// at says what time it is.
func (w *tierWorld) at(now time.Time) { w.store.now = func() time.Time { return now } }

// used is how much counts for the bucket.
func (w *tierWorld) used() int64 {
	w.Helper()
	u, err := w.store.Usage(w.Context(), "bucket")
	if err != nil {
		w.Fatal(err)
	}
	return u.Bytes
}

// files is how many large bodies are on the drives.
func (w *tierWorld) files() int {
	w.Helper()
	files, err := w.store.index.ScanFiles(w.Context(), index.FileID{}, 1000)
	if err != nil {
		w.Fatal(err)
	}
	return len(files)
}

// state is how it is with the copy of what a key holds.
func (w *tierWorld) state(key string) objectstore.RestoreState {
	w.Helper()
	o, err := w.store.Head(w.Context(), "bucket", key)
	if err != nil {
		w.Fatal(err)
	}
	return o.Restore
}

var (
	restoredAt = time.Date(2026, 10, 15, 10, 30, 0, 0, time.UTC)
	gone       = time.Date(2026, 10, 19, 0, 0, 0, 0, time.UTC)
)

// TestRestore brings bodies of every kind back for three days: they count from the
// moment that was promised, are read without their tier, are extended, go when their
// time is over, and nothing of it ever changes what the tier has.
func TestRestore(t *testing.T) {
	w := newTierWorld(t, 4)
	w.fillAll()
	bodies := 0
	for key, body := range w.want {
		if len(body) > 0 {
			bodies += max(1, len(w.move(key, "COLD").Parts))
		}
	}
	w.settle(bodies)
	customer := objectstore.CustomerKey([]byte("the customer's own key, 32 bytes"))
	sealed := objectstore.VersionRef{Bucket: "bucket", Key: "sealed", CustomerKey: &customer}
	theirs := randomBytes(3<<20, 77)
	if _, err := w.store.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "sealed", Body: bytes.NewReader(theirs), Size: -1, CustomerKey: &customer}); err != nil {
		t.Fatal(err)
	}
	w.move("sealed", "COLD")
	bodies++
	readSealed := func(when string) {
		t.Helper()
		_, r, err := w.store.GetVersion(t.Context(), sealed, nil)
		if err != nil {
			t.Fatal(when, err)
		}
		defer func() { _ = r.Close() }()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, theirs) {
			t.Fatalf("%s: %d bytes, %v", when, len(got), err)
		}
	}
	before, puts := w.used(), w.tier.puts
	w.at(restoredAt)
	keys := []string{"sealed"}
	for key, body := range w.want {
		if len(body) > 0 {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		if o := w.restore(key, 3); !o.Restore.Ongoing || o.Tier != "COLD" {
			t.Fatalf("%q: %+v in %q", key, o.Restore, o.Tier)
		}
	}
	if w.used() != 2*before {
		t.Errorf("%d bytes count, %d before", w.used(), before)
	}
	if _, err := w.store.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: sealed, Days: 3}); !errors.Is(err, objectstore.ErrRestoreRunning) {
		t.Errorf("asked for twice: %v", err)
	}
	w.reopen(func(c *Config) { c.Reindex = true }) // what was promised is on the drives
	w.at(restoredAt)
	w.attend()
	if err := audit(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		w.tier.fail(objectstore.ErrTierUnavailable)
		defer w.tier.fail(nil)
		delete(w.want, "sealed")
		for key := range w.want {
			if got, err := w.read(key); err != nil || !bytes.Equal(got, w.want[key]) {
				t.Fatalf("%s: %q: %d bytes, %v", when, key, len(got), err)
			}
		}
		w.ranges(when)
		readSealed(when)
		for _, key := range keys {
			if got := w.state(key); got.Ongoing || !got.Until.Equal(gone) {
				t.Fatalf("%s: %q is %+v, want until %v", when, key, got, gone)
			}
		}
	}
	check("brought back")
	if w.files() != bodies || w.used() != 2*before || w.tier.puts != puts || len(w.tier.names()) != bodies {
		t.Errorf("%d copies of %d bodies, %d bytes count of %d, the tier has %d", w.files(), bodies, w.used(), before, len(w.tier.names()))
	}
	for range 2 {
		if err := w.store.compactAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.reopen()
	check("after a restart")
	w.reopen(func(c *Config) { c.Reindex = true })
	check("from a catalogue built anew")

	// Asked for again the copy only stays longer.
	w.at(restoredAt.AddDate(0, 0, 1))
	was := w.files()
	if o := w.restore("parts", 10); o.Restore.Ongoing || !o.Restore.Until.Equal(gone.AddDate(0, 0, 8)) {
		t.Errorf("put off to %+v", o.Restore)
	}
	w.restore("sealed", 1) // and may be shortened
	w.attend()
	if got := w.state("sealed"); w.files() != was || w.used() != 2*before || !got.Until.Equal(gone.AddDate(0, 0, -1)) {
		t.Errorf("%d copies, %d bytes count, %+v", w.files(), w.used(), got)
	}

	// Tags concern the version alone, and its copy goes with it.
	if _, err := w.store.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: "bucket", Key: "text 5000"}, false, func(a *objectstore.Attributes) error {
		a.Tags = map[string]string{"a": "b"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	size := int64(len(w.want["both 5000"]))
	w.delete("both 5000")
	before -= size
	if w.files() != was-1 || w.used() != 2*before {
		t.Errorf("deleted: %d copies, %d bytes count", w.files(), w.used())
	}
	if _, wait, err := w.store.claimRestore(t.Context(), func() {}); err != nil || wait <= 0 {
		t.Errorf("something is due before its time: %v, %v", wait, err)
	}

	// A reader that began before reads the copy to its end.
	_, r, err := w.store.Get(t.Context(), "bucket", "plain 2097157", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	w.at(gone)
	w.attend()
	w.tier.fail(objectstore.ErrTierUnavailable)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, w.want["plain 2097157"]) {
		t.Errorf("a reader has %d bytes, %v", len(got), err)
	}
	_ = r.Close()
	if _, err := w.read("text 5000"); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Errorf("read without its copy and its tier: %v", err)
	}
	w.tier.fail(nil)
	if w.files() != 2 || w.state("parts").Until.IsZero() || w.state("text 5000") != (objectstore.RestoreState{}) {
		t.Errorf("%d copies are left", w.files())
	}
	w.at(gone.AddDate(0, 1, 0))
	w.attend()
	if w.files() != 0 || w.used() != before {
		t.Errorf("in the end: %d copies, %d bytes count, want %d", w.files(), w.used(), before)
	}
	readSealed("in the end")
	if err := audit(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
}

// TestRestoreRefused: what cannot be promised is refused, and changes nothing.
func TestRestoreRefused(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("here", []byte("here"))
	w.put("k", randomBytes(5000, 1))
	w.move("k", "COLD")
	w.set(func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningEnabled })
	w.put("marked", randomBytes(10, 3))
	w.move("marked", "COLD")
	marked, err := w.store.Head(t.Context(), "bucket", "marked")
	if err != nil {
		t.Fatal(err)
	}
	w.delete("marked")
	w.set(func(b *objectstore.Bucket) { b.Quota = w.used() + 4999 })
	for what, f := range map[string]struct {
		key, id string
		days    int
		want    error
	}{
		"not in a tier":  {"here", "", 1, objectstore.ErrNotInTier},
		"no days":        {"k", "", 0, objectstore.ErrRestoreDays},
		"too many days":  {"k", "", objectstore.MaxRestoreDays + 1, objectstore.ErrRestoreDays},
		"over the quota": {"k", "", 1, objectstore.ErrQuotaExceeded},
		"nothing there":  {"none", "", 1, objectstore.ErrObjectNotFound},
		"a marker":       {"marked", "", 1, objectstore.ErrObjectNotFound},
	} {
		_, err := w.store.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: f.key, ID: f.id}, Days: f.days})
		if !errors.Is(err, f.want) {
			t.Errorf("%s: %v, want %v", what, err, f.want)
		}
	}
	w.set(func(b *objectstore.Bucket) { b.Quota = w.used() + 5000 })
	w.restore("k", 1)
	w.set(func(b *objectstore.Bucket) { b.Quota = 0 })
	// Under a marker is a version like any other.
	o, err := w.store.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "marked", ID: marked.VersionID}, Days: 1})
	if err != nil || !o.Restore.Ongoing {
		t.Errorf("a version: %+v, %v", o.Restore, err)
	}
	w.attend()
	if w.files() != 2 {
		t.Errorf("%d copies", w.files())
	}
	w.reopen(func(c *Config) { c.Tiers = tierMap{"OTHER": w.tier} })
	w.at(time.Now().AddDate(0, 0, 9))
	w.attend()
	if _, err := w.store.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "k"}, Days: 1}); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Errorf("from a tier that nobody knows: %v", err)
	}
}

// TestRestoreWaits: what was promised while a tier was away is kept when it is back,
// also after a restart, and holds up nothing that is in another tier. A body that is
// not what was sent there never counts.
func TestRestoreWaits(t *testing.T) {
	w := newTierWorld(t, 2)
	other := newMemTier()
	w.reopen(func(c *Config) { c.Tiers = tierMap{"COLD": w.tier, "OTHER": other} })
	w.put("a", randomBytes(5000, 1))
	w.put("b", randomBytes(5000, 2))
	w.put("c", randomBytes(5000, 3))
	w.move("a", "COLD")
	w.move("b", "COLD")
	w.move("c", "OTHER")
	w.tier.fail(objectstore.ErrTierUnavailable)
	for _, key := range []string{"a", "b", "c"} {
		w.restore(key, 1)
	}
	if err := w.store.restoreAll(t.Context()); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Fatal(err)
	}
	w.attend() // the tier rests, the others are done
	if !w.state("a").Ongoing || !w.state("b").Ongoing || w.state("c").Ongoing {
		t.Fatalf("%+v %+v %+v", w.state("a"), w.state("b"), w.state("c"))
	}
	if _, wait, err := w.store.claimRestore(t.Context(), func() {}); err != nil || wait <= 0 || wait > firstRestorePause {
		t.Errorf("waits for %v, %v", wait, err)
	}
	w.tier.fail(nil)
	names := w.tier.names()
	whole := w.tier.bodies[names[0]]
	var id [16]byte
	rows, err := w.store.index.ScanTiered(t.Context(), false, index.FileID{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if shardfile.ID(r.ID).String() == names[0] {
			id = r.ID
		}
	}
	lie, err := io.ReadAll(frame.NewEncoder(bytes.NewReader(randomBytes(5000, 9)), id))
	if err != nil {
		t.Fatal(err)
	}
	w.tier.bodies[names[0]] = lie // its frames are right
	w.reopen()
	for range 2 {
		if err := w.store.restoreAll(t.Context()); err != nil && !errors.Is(err, objectstore.ErrCopyDiffers) {
			t.Fatal(err)
		}
	}
	if a, b := w.state("a").Ongoing, w.state("b").Ongoing; a == b || w.files() != 2 {
		t.Errorf("ongoing %v and %v, %d copies", a, b, w.files())
	}
	if err := audit(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	w.tier.bodies[names[0]] = whole
	w.reopen()
	w.store.wakeRestores(time.Now().Add(time.Hour))
	w.attend()
	if w.state("a").Ongoing || w.state("b").Ongoing {
		t.Error("one was given up")
	}
	w.check("in the end")
}

// TestRestoreGoesOn: what was copied of an upload is not copied again after a failure,
// and nothing counts before all is there.
func TestRestoreGoesOn(t *testing.T) {
	w := newTierWorld(t, 2)
	w.upload("k", randomBytes(objectstore.MinPartSize, 1), randomBytes(objectstore.MinPartSize, 2), randomBytes(10, 3))
	w.move("k", "COLD")
	w.restore("k", 1)
	w.store.restoring.stride = 1
	gets := 0
	w.tier.getting = func() error {
		if gets++; gets == 3 {
			return objectstore.ErrTierUnavailable
		}
		return nil
	}
	if err := w.store.restoreAll(t.Context()); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Fatal(err)
	}
	if w.files() == 0 || w.files() == 3 || !w.state("k").Ongoing {
		t.Fatalf("%d copies, %+v", w.files(), w.state("k"))
	}
	w.tier.getting = nil
	w.tier.fail(objectstore.ErrTierUnavailable)
	if _, _, err := w.store.Get(t.Context(), "bucket", "k", &objectstore.Range{Length: 10}); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Errorf("read before all is there: %v", err)
	}
	w.tier.fail(nil)
	some := w.files()
	w.reopen(func(c *Config) { c.Reindex = true })
	if w.files() != some {
		t.Errorf("%d copies, then %d", some, w.files())
	}
	gets = 0
	w.tier.getting = func() error { gets++; return nil }
	w.attend()
	if w.files() != 3 || gets != 3-some {
		t.Errorf("%d copies, asked %d times", w.files(), gets)
	}
	w.tier.fail(objectstore.ErrTierUnavailable)
	w.check("brought back")
}

// TestRestoreEnds: who reads a copy when its time is over reads it to its end, and a copy
// whose time was put off stays, whoever was about to remove it.
func TestRestoreEnds(t *testing.T) {
	w := newTierWorld(t, 2)
	body := randomBytes(9<<20, 1)
	w.put("k", body)
	w.move("k", "COLD")
	w.at(restoredAt)
	w.restore("k", 3)
	w.attend()
	w.at(gone)
	row, _, err := w.store.claimRestore(t.Context(), func() {})
	if err != nil || row == nil {
		t.Fatal(row, err)
	}
	w.restore("k", 5)
	if err := w.store.attend(t.Context(), *row); err != nil || w.files() != 1 {
		t.Fatalf("%d copies after it was put off, %v", w.files(), err)
	}
	w.store.restoring.release(*row, nil)
	w.tier.fail(objectstore.ErrTierUnavailable)
	_, r, err := w.store.Get(t.Context(), "bucket", "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	w.at(gone.AddDate(0, 0, 7))
	w.attend()
	if w.files() != 0 {
		t.Fatalf("%d copies are left", w.files())
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body[1000:]) {
		t.Errorf("the reader has %d bytes, %v", len(got), err)
	}
}

// TestCopyLost: a copy that cannot be read is no worse than none.
func TestCopyLost(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5<<20, 1))
	w.move("k", "COLD")
	w.restore("k", 1)
	w.attend()
	files := func() (all []string) {
		for _, p := range w.paths {
			found, err := filepath.Glob(filepath.Join(p, ".croft/bodies/*/*"))
			if err != nil || len(found) != 1 {
				t.Fatalf("%q, %v", found, err)
			}
			all = append(all, found[0])
		}
		return all
	}
	for _, f := range files() {
		alter(t, f, func(b []byte) []byte { return flip(b, 3<<20) }) // in the middle
	}
	w.check("altered")
	w.ranges("altered")
	w.tier.fail(objectstore.ErrTierUnavailable)
	if _, err := w.read("k"); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Errorf("altered, and the tier is away: %v", err)
	}
	w.tier.fail(nil)
	for _, f := range files() {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	w.check("lost")
}

// TestRestoreAndMove: a version that has a copy may be moved. Back on the drives it has
// none; in another tier it keeps it; and what follows the rest of an upload into the tier stays
// on the drives as its copy.
func TestRestoreAndMove(t *testing.T) {
	w := newTierWorld(t, 2)
	other := newMemTier()
	w.reopen(func(c *Config) { c.Tiers = tierMap{"COLD": w.tier, "OTHER": other} })
	w.put("small", randomBytes(5000, 1))
	w.put("large", randomBytes(3<<20, 2))
	w.upload("parts", randomBytes(objectstore.MinPartSize, 3), randomBytes(objectstore.MinPartSize, 4))
	w.move("small", "COLD")
	w.move("large", "COLD")
	w.tier.putting = func(string) { w.tier.down = objectstore.ErrTierUnavailable }
	if _, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "parts"}, Tier: "COLD"}); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Fatal(err)
	}
	w.tier.down, w.tier.putting = nil, nil
	for _, key := range []string{"small", "large", "parts"} {
		w.restore(key, 1)
	}
	w.attend()
	if w.files() != 4 {
		t.Fatalf("%d bodies on the drives", w.files())
	}
	used := w.used()
	w.move("parts", "COLD")
	w.move("large", "OTHER")
	w.tier.fail(objectstore.ErrTierUnavailable)
	other.fail(objectstore.ErrTierUnavailable)
	w.check("moved")
	if w.files() != 4 || w.used() != used || w.state("large").Until.IsZero() || w.state("parts").Until.IsZero() {
		t.Errorf("%d bodies on the drives", w.files())
	}
	for _, key := range []string{"small", "parts", "large"} { // out of its copy: the tiers are away
		if o := w.move(key, ""); o.Restore != (objectstore.RestoreState{}) {
			t.Errorf("%q on the drives is %+v", key, o.Restore)
		}
	}
	w.check("back")
	if w.files() != 3 || w.used() != used/2 {
		t.Errorf("%d bodies on the drives, %d bytes count of %d", w.files(), w.used(), used)
	}
	w.tier.fail(nil)
	if err := audit(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
}

// TestRestoreOfWhatChanges: a version that is deleted or moved while its copy is made
// stays as it was left, and the copy goes; one that is tagged keeps both.
func TestRestoreOfWhatChanges(t *testing.T) {
	for what, change := range map[string]func(w *tierWorld){
		"deleted":     func(w *tierWorld) { w.delete("k") },
		"overwritten": func(w *tierWorld) { w.put("k", []byte("new")) },
		"moved back":  func(w *tierWorld) { w.move("k", "") },
	} {
		w := newTierWorld(t, 2)
		w.put("k", randomBytes(5000, 1))
		w.move("k", "COLD")
		w.restore("k", 1)
		w.tier.getting = func() error {
			w.tier.getting = nil
			change(w)
			return nil
		}
		w.attend()
		w.check(what)
		if w.files() != 0 {
			t.Errorf("%s: %d copies", what, w.files())
		}
		if err := audit(t.Context(), w.store); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		w.settle(0)
	}
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5000, 1))
	w.move("k", "COLD")
	w.restore("k", 1)
	w.tier.getting = func() error {
		w.tier.getting = nil
		_, err := w.store.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: "bucket", Key: "k"}, false, func(a *objectstore.Attributes) error {
			a.Tags = map[string]string{"a": "b"}
			return nil
		})
		return err
	}
	w.attend()
	if o, err := w.store.Head(t.Context(), "bucket", "k"); err != nil || o.Attributes.Tags["a"] != "b" || o.Restore.Until.IsZero() {
		t.Errorf("tagged: %+v, %v", o, err)
	}
}

// TestRestoreInUnion: a copy, and the promise of one, go to another set with their key.
func TestRestoreInUnion(t *testing.T) {
	union, tier := new(Union), newMemTier()
	open := func() *Store {
		s, err := Open(t.Context(), Config{Drives: newPaths(t, 2), Parity: -1, Tiers: tierMap{"COLD": tier}, Union: union})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	from, to := open(), open()
	if _, err := from.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	c, _ := from.BucketCopy("bucket")
	if err := to.PutBucketCopy(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	body := randomBytes(3<<20, 1)
	for _, key := range []string{"copied", "promised"} {
		ref := objectstore.VersionRef{Bucket: "bucket", Key: key}
		_, err := from.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: readerOf(body), Size: int64(len(body))})
		if err == nil {
			_, err = from.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: ref, Tier: "COLD"})
		}
		if err == nil { // the other set has had it before, without a copy
			var p *Parcel
			if p, err = from.Pack(t.Context(), to, "bucket", []string{key}); err == nil {
				err = p.put(t.Context())
			}
		}
		if err == nil {
			_, err = from.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: ref, Days: 1})
		}
		if err == nil && key == "copied" {
			err = from.restoreAll(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := from.Pack(t.Context(), to, "bucket", []string{"copied", "promised"})
	if err == nil {
		err = p.Deliver(t.Context(), func() {})
	}
	if err != nil {
		t.Fatal(err)
	}
	tier.fail(objectstore.ErrTierUnavailable)
	read := func(key string) error {
		_, r, err := to.Get(t.Context(), "bucket", key, nil)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
		return nil
	}
	if err := errors.Join(read("copied"), audit(t.Context(), from), audit(t.Context(), to)); err != nil {
		t.Error(err)
	}
	if err := read("promised"); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Errorf("promised: %v", err)
	}
	tier.fail(nil)
	if err := errors.Join(from.restoreAll(t.Context()), to.restoreAll(t.Context())); err != nil {
		t.Fatal(err)
	}
	tier.fail(objectstore.ErrTierUnavailable)
	if err := errors.Join(read("promised"), audit(t.Context(), to)); err != nil {
		t.Error(err)
	}
}

// TestRestoresByItself: Run makes copies, tries again after a failure, and removes them.
func TestRestoresByItself(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5000, 1))
	w.move("k", "COLD")
	asked := make(chan struct{})
	fails := 1
	w.tier.getting = func() error {
		if fails--; fails >= 0 {
			close(asked)
			return objectstore.ErrTierUnavailable
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.store.Run(ctx) }()
	w.restore("k", 1)
	<-asked
	deadline := time.After(time.Minute)
	for w.state("k").Until.IsZero() {
		select {
		case <-deadline:
			t.Fatal("it is still not there")
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestRestoreIsTold: who wants to know learns that a copy was asked for, is there, and
// is gone, each once, in the record that makes it so.
func TestRestoreIsTold(t *testing.T) {
	b := announcing(t, 2, 1<<20)
	tier := newMemTier()
	b.store.tiers = tierMap{"COLD": tier}
	b.put("k", randomBytes(5000, 1))
	ref := objectstore.VersionRef{Bucket: "bucket", Key: "k"}
	if _, err := b.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: ref, Tier: "COLD"}); err != nil {
		t.Fatal(err)
	}
	before, _ := b.notices()
	for range 2 { // to put it off is no event
		if _, err := b.store.Restore(t.Context(), objectstore.RestoreRequest{VersionRef: ref, Days: 1}); err != nil {
			t.Fatal(err)
		}
		if err := b.store.restoreAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.store.now = func() time.Time { return time.Now().AddDate(0, 0, 3) }
	if err := b.store.restoreAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, _ := b.notices()
	want := []string{"restore k 5000", "restored k 5000", "restore end k 5000"}
	if got = got[len(before):]; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}
