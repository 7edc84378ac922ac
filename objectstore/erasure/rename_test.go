package erasure

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// bodies are the IDs of what is on the drives.
func (w *tierWorld) bodies() (ids []index.FileID) {
	w.Helper()
	files, err := w.store.index.ScanFiles(w.Context(), index.FileID{}, 1000)
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range files {
		ids = append(ids, f.ID)
	}
	return ids
}

// renameAll gives all that is there another name.
func (w *tierWorld) renameAll(to func(key string) string, customer *objectstore.CustomerKey) {
	w.Helper()
	for key, body := range maps.Clone(w.want) {
		r := objectstore.RenameRequest{Bucket: "bucket", From: key, Key: to(key)}
		if key[:4] == "mine" {
			r.CustomerKey = customer
		}
		if _, err := w.store.Rename(w.Context(), r); err != nil {
			w.Fatalf("rename %q: %v", key, err)
		}
		delete(w.want, key)
		w.want[r.Key] = body
	}
}

// checkAll is check with what is under a customer's key, of a catalogue that is left and one
// that is built anew. Nothing was written or removed but entries.
func (w *tierWorld) checkAll(when string, customer *objectstore.CustomerKey, bodies []index.FileID, inTier []string) {
	w.Helper()
	for _, reindex := range []bool{false, true} {
		if _, err := w.store.emptyTiersOnce(w.Context()); err != nil {
			w.Fatal(when, err)
		}
		if is := w.bodies(); !slices.Equal(is, bodies) {
			w.Errorf("%s: there are other bodies: %x, before %x", when, is, bodies)
		}
		if is := w.tier.names(); !slices.Equal(is, inTier) {
			w.Errorf("%s: the tier has other bodies", when)
		}
		for key, body := range w.want {
			ref := objectstore.VersionRef{Bucket: "bucket", Key: key}
			if key[:4] == "mine" {
				ref.CustomerKey = customer
			}
			_, r, err := w.store.GetVersion(w.Context(), ref, nil)
			if err != nil {
				w.Fatalf("%s: %q: %v", when, key, err)
			}
			got, err := io.ReadAll(r)
			if _ = r.Close(); err != nil || !bytes.Equal(got, body) {
				w.Fatalf("%s: %q: %d bytes, %v", when, key, len(got), err)
			}
		}
		if keys := w.keys(); len(keys) != len(w.want) {
			w.Errorf("%s: there are %q", when, keys)
		}
		if err := audit(w.Context(), w.store); err != nil {
			w.Fatal(when, err)
		}
		w.reopen(func(c *Config) { c.Reindex = reindex })
	}
}

// TestRenameLeavesBodies renames objects of all kinds, encrypted ones, those in a tier and those
// with a copy beside it: not a byte of them is written again.
func TestRenameLeavesBodies(t *testing.T) {
	w := newTierWorld(t, 2)
	w.fillAll()
	customer := objectstore.CustomerKey([]byte("the customer's own key, 32 bytes"))
	for i, n := range []int{3000, 2<<20 + 7} {
		key := []string{"mine small", "mine large"}[i]
		w.want[key] = randomBytes(n, uint64(80+i))
		if _, err := w.store.Put(t.Context(), objectstore.PutRequest{
			Bucket: "bucket", Key: key, Body: bytes.NewReader(w.want[key]), Size: int64(n), CustomerKey: &customer,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, wrong := range []*objectstore.CustomerKey{nil, {1}} {
		if _, err := w.store.Rename(t.Context(), objectstore.RenameRequest{Bucket: "bucket", From: "mine small", Key: "x", CustomerKey: wrong}); err == nil {
			t.Error("renamed without its key")
		}
	}
	other := func(key string) string { return key + " 2" }
	third := func(key string) string { return key[:len(key)-1] + "3" }
	first := func(key string) string { return key[:len(key)-2] }
	on := w.bodies()
	w.renameAll(other, &customer)
	w.checkAll("on the drives", &customer, on, w.tier.names())
	w.renameAll(third, &customer)
	w.checkAll("again", &customer, on, w.tier.names())

	bodies := 0
	for key, body := range w.want {
		if len(body) > 0 && key != "plain 1 3" {
			bodies += max(1, len(w.move(key, "COLD").Parts))
		}
	}
	w.settle(bodies)
	there := w.tier.names()
	w.renameAll(func(key string) string { return first(key) + " 2" }, &customer)
	w.checkAll("in a tier", &customer, w.bodies(), there)

	w.restore("secret 5000 2", 3)
	w.restore("secret parts 2", 3)
	w.renameAll(third, &customer) // what is wanted goes along
	w.attend()
	copies := w.bodies()
	if len(copies) != 3 || w.state("secret parts 3").Until.IsZero() {
		t.Fatalf("%d copies, %+v", len(copies), w.state("secret parts 3"))
	}
	w.renameAll(first, &customer)
	w.checkAll("with copies", &customer, copies, there)
	b, err := w.store.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	if h, err := w.store.held(t.Context(), b, "secret parts"); err != nil || h.Bound.Key != "secret parts" {
		t.Errorf("under its own name, in a tier, it is %+v, %v", h, err)
	}
	if h, err := w.store.held(t.Context(), b, "plain 1"); err != nil || h.Bound != (record.Bound{}) {
		t.Errorf("under its own name it is %+v, %v", h, err)
	}

	// One that takes the place of another ends that one's body, and a delete its own.
	if _, err := w.store.Rename(t.Context(), objectstore.RenameRequest{Bucket: "bucket", From: "secret 3500000", Key: "both 3500000"}); err != nil {
		t.Fatal(err)
	}
	w.want["both 3500000"] = w.want["secret 3500000"]
	delete(w.want, "secret 3500000")
	w.delete("plain 2097157")
	w.settle(bodies - 2)
	w.checkAll("in the end", &customer, copies, w.tier.names())
}

// TestForgedName: whoever can write to drives, but has no object's key, cannot have one
// object be taken for another.
func TestForgedName(t *testing.T) {
	key, other := coat.NewKey(), coat.NewKey()
	v := &record.Version{Bucket: 1, Key: "a"}
	v.Bound, _ = renamedFrom(v, "b", key)
	v.Key = "b"
	if name, err := storedName(v, key); err != nil || name != bodyName(1, "a") {
		t.Fatalf("%q, %v", name, err)
	}
	if name, err := storedName(v, nil); err != nil || name != bodyName(1, "b") {
		t.Errorf("nothing to decrypt: %q, %v", name, err)
	}
	for what, f := range map[string]func(v *record.Version, k *coat.Key) *coat.Key{
		"another object's key": func(_ *record.Version, _ *coat.Key) *coat.Key { return other },
		"another name":         func(v *record.Version, k *coat.Key) *coat.Key { v.Key = "c"; return k },
		"another origin":       func(v *record.Version, k *coat.Key) *coat.Key { v.Bound.Key = "c"; return k },
		"another bucket":       func(v *record.Version, k *coat.Key) *coat.Key { v.Bucket = 2; return k },
		"no proof":             func(v *record.Version, k *coat.Key) *coat.Key { v.Bound.Proof = [coat.ProofBytes]byte{}; return k },
		"a boundary moved":     func(v *record.Version, k *coat.Key) *coat.Key { v.Bound.Key, v.Key = "ab", ""; return k },
	} {
		forged := *v
		if name, err := storedName(&forged, f(&forged, key)); !errors.Is(err, objectstore.ErrBodyAltered) {
			t.Errorf("%s: %q, %v", what, name, err)
		}
	}
	for to, want := range map[string]record.Bound{"c": {Key: "a", Proof: key.Vouch(bodyName(1, "a"), bodyName(1, "c"))}, "a": {}} {
		if got, err := renamedFrom(v, to, key); err != nil || got != want {
			t.Errorf("renamed again to %q: %+v, %v", to, got, err)
		}
	}
}

// TestForgedNameRenamed: a rename does not vouch for a name that nobody proved. Who can write
// to drives has put the body of one object into the entry of another, which does not open; who
// may touch only that one must not get it by a rename.
func TestForgedNameRenamed(t *testing.T) {
	w := newTierWorld(t, 2)
	w.set(func(b *objectstore.Bucket) { b.Encryption = objectstore.EncryptionStore })
	for i, size := range []int{1000, 5 << 20} {
		w.put("secret", randomBytes(size, uint64(i)))
		w.put("mine", randomBytes(size, uint64(10+i)))
		b, err := w.store.buckets.find("bucket")
		if err != nil {
			t.Fatal(err)
		}
		secret, err := w.store.held(t.Context(), b, "secret")
		if err != nil {
			t.Fatal(err)
		}
		mine, err := w.store.held(t.Context(), b, "mine")
		if err != nil {
			t.Fatal(err)
		}
		v, payload := *mine.Version, make([]byte, secret.loc.Length)
		v.Sealed, v.Bodies, v.Size, v.ETag, v.Coat = secret.Sealed, secret.Bodies, secret.Size, secret.ETag, secret.Coat
		v.Bound = record.Bound{Key: "secret"}
		if v.Inline {
			if err := w.store.seglog.ReadAt(t.Context(), &secret.loc, payload, 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.store.seglog.Append(t.Context(), seglog.Options{}, entry(&v, payload)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.Rename(t.Context(), objectstore.RenameRequest{Bucket: "bucket", From: "mine", Key: "another"}); !errors.Is(err, objectstore.ErrBodyAltered) {
			t.Errorf("%d bytes: renamed: %v", size, err)
		}
		if _, err := w.store.Head(t.Context(), "bucket", "another"); !errors.Is(err, objectstore.ErrObjectNotFound) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestRenamedInTierIsNewer: a Croft that does not know of bodies in tiers that go along must
// not open drives that have one, encrypted or not, renamed once or back: it would have the body
// removed with the old name. The number of the field that says it is even, so it refuses.
func TestRenamedInTierIsNewer(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("plain", randomBytes(5000, 1))
	w.set(func(b *objectstore.Bucket) { b.Encryption = objectstore.EncryptionStore })
	w.put("secret", randomBytes(5000, 2))
	for _, key := range []string{"plain", "secret"} {
		w.move(key, "COLD")
		from := key
		for _, to := range []string{key + " 2", key + " 3", key} {
			if _, err := w.store.Rename(t.Context(), objectstore.RenameRequest{Bucket: "bucket", From: from, Key: to}); err != nil {
				t.Fatal(err)
			}
			from = to
			b, err := w.store.buckets.find("bucket")
			if err != nil {
				t.Fatal(err)
			}
			h, err := w.store.held(t.Context(), b, to)
			if err != nil || h.Bound.Key != key {
				t.Errorf("%q says %+v, %v", to, h.Bound, err)
			}
		}
	}
	w.check("in the end")
}

// TestRenameBesideADelete: a rename from one set to another holds the bucket in neither
// while it waits for the other, because who deletes the bucket holds both as well.
func TestRenameBesideADelete(t *testing.T) {
	union := new(Union)
	open := func() *Store {
		s, err := Open(t.Context(), Config{Drives: newPaths(t, 2), Parity: -1, Union: union})
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
	if _, err := from.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "old", Body: readerOf([]byte("hello")), Size: 5}); err != nil {
		t.Fatal(err)
	}
	hold, err := to.HoldBucket(t.Context(), "bucket")
	if err != nil {
		t.Fatal(err)
	}
	asked, renamed := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := from.RenameTo(t.Context(), to, objectstore.RenameRequest{
			Bucket: "bucket", From: "old", Key: "new",
			Check: func(_, _ *objectstore.Object, _ *objectstore.Attributes) error {
				once.Do(func() { close(asked) })
				return nil
			},
		})
		renamed <- err
	}()
	<-asked // soon it waits for the set that is held
	held := make(chan error, 1)
	for range 50 {
		go func() {
			other, err := from.HoldBucket(t.Context(), "bucket")
			if err == nil {
				other.Release()
			}
			held <- err
		}()
		select {
		case err := <-held:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(20 * time.Second):
			hold.Release() // or nothing can be closed
			t.Fatal("the delete waits for the rename, and that for the delete")
		}
		time.Sleep(time.Millisecond)
	}
	hold.Release()
	if err := <-renamed; err != nil {
		t.Fatal(err)
	}
	if _, err := to.Head(t.Context(), "bucket", "new"); err != nil {
		t.Error(err)
	}
}

// TestTieredOwner: what a tier keeps is the newest version's that says so, in whatever order a
// catalogue that is built anew learns of them, and goes with that one.
func TestTieredOwner(t *testing.T) {
	w := newTierWorld(t, 1)
	body := record.Body{ID: [16]byte{1}, Size: 10, Tier: "COLD"}
	err := w.store.index.Apply(t.Context(), func(tx *index.Tx) error {
		c := &change{applier: &applier{store: w.store}, tx: tx}
		for i, step := range []struct {
			do     func(record.Body, uint64) error
			ord    uint64
			doomed bool
		}{
			{c.putTiered, 10, false}, {c.putTiered, 5, false}, {c.dropTiered, 5, false}, {c.dropTiered, 10, true},
			{c.putTiered, 5, false}, {c.dropTiered, 5, true}, {c.putTiered, 10, false},
		} {
			if err := step.do(body, step.ord); err != nil {
				return err
			}
			if is, found, err := tx.Tiered(index.FileID(body.ID)); err != nil || !found || is.Doomed != step.doomed {
				t.Errorf("step %d: %+v, %v, %v", i, is, found, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
