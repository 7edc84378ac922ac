package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// memTier is a tier in memory that can be told to fail.
type memTier struct {
	mu     sync.Mutex // guards what follows
	bodies map[string][]byte
	puts   int
	down   error
	// cut, when set, is how many bytes of a body a Get gives before it ends early.
	cut int
	// putting, when set, is called with each body after it is kept.
	putting func(name string)
	// getting, when set, is asked before a body is given.
	getting func() error
}

func newMemTier() *memTier { return &memTier{bodies: map[string][]byte{}} }

func (m *memTier) Put(_ context.Context, name string, body io.Reader, size int64) error {
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := m.keep(name, b, size); err != nil {
		return err
	}
	if m.putting != nil {
		m.putting(name)
	}
	return nil
}

func (m *memTier) keep(name string, b []byte, size int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.down != nil:
		return m.down
	case int64(len(b)) != size:
		return fmt.Errorf("%d bytes were announced and %d came", size, len(b))
	case m.bodies[name] != nil:
		return fmt.Errorf("%s is there already", name)
	}
	m.bodies[name] = b
	m.puts++
	return nil
}

func (m *memTier) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	if m.getting != nil {
		if err := m.getting(); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, there := m.bodies[name]
	switch {
	case m.down != nil:
		return nil, m.down
	case !there || offset < 0 || length <= 0 || offset+length > int64(len(b)):
		return nil, fmt.Errorf("%s does not have %d bytes at %d: %w", name, length, offset, objectstore.ErrTierUnavailable)
	}
	b = b[offset : offset+length]
	if m.cut > 0 {
		b = b[:min(m.cut, len(b))]
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m *memTier) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down == nil {
		delete(m.bodies, name)
	}
	return m.down
}

func (m *memTier) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

func (m *memTier) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.bodies))
}

// tierMap are tiers by name.
type tierMap map[string]objectstore.Tier

func (m tierMap) Tier(name string) (objectstore.Tier, error) {
	if t := m[name]; t != nil {
		return t, nil
	}
	return nil, objectstore.ErrTierNotFound
}

// tierWorld is a world with a tier.
type tierWorld struct {
	*world
	tier *memTier
}

func newTierWorld(t *testing.T, drives int) *tierWorld {
	w := &tierWorld{&world{TB: t, paths: newPaths(t, drives), want: map[string][]byte{}}, newMemTier()}
	w.reopen()
	t.Cleanup(func() { _ = w.store.Close() })
	if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// reopen opens the drives, with the catalogue that they have unless that is removed.
func (w *tierWorld) reopen(change ...func(*Config)) {
	w.Helper()
	if w.store != nil {
		w.close()
	}
	cfg := Config{
		Drives: w.paths, Parity: -1, Tiers: tierMap{"COLD": w.tier, "OTHER": newMemTier()}, Keys: testKeys{1}, SegmentBytes: 16 << 20,
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if w.store, err = Open(w.Context(), cfg); err != nil {
		w.Fatal(err)
	}
}

// move moves what a key holds.
func (w *tierWorld) move(key, tier string) objectstore.Object {
	w.Helper()
	o, err := w.store.Transition(w.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: key}, Tier: tier})
	if err != nil {
		w.Fatalf("move %q to %q: %v", key, tier, err)
	}
	if o.Tier != tier {
		w.Fatalf("%q moved to %q is in %q", key, tier, o.Tier)
	}
	return o
}

// settle removes from tiers what nothing needs, and demands that nothing else is there
// than what is referred to.
func (w *tierWorld) settle(bodies int) {
	w.Helper()
	if left, err := w.store.emptyTiersOnce(w.Context()); left || err != nil {
		w.Fatalf("something is left to remove: %v, %v", left, err)
	}
	usage, err := w.store.TierUsage(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	if got := w.tier.names(); len(got) != bodies || usage["COLD"].Bodies != int64(bodies) || usage["COLD"].Removing != 0 {
		w.Fatalf("the tier has %d bodies, usage %+v; want %d", len(got), usage, bodies)
	}
	total := int64(0)
	for _, b := range w.tier.bodies {
		total += int64(len(b))
	}
	if usage["COLD"].Bytes != total {
		w.Fatalf("the tier has %d bytes, usage %+v", total, usage)
	}
}

// fillAll writes objects of every kind of body: none, in the log, in files, in parts;
// bare, compressed, encrypted.
func (w *tierWorld) fillAll() {
	w.Helper()
	sizes := []int{0, 1, 70_000, 900_000, 2<<20 + 5}
	for i, n := range sizes {
		w.put(fmt.Sprint("plain ", n), randomBytes(n, uint64(i)))
	}
	w.upload("parts", randomBytes(objectstore.MinPartSize, 50), randomBytes(70_000, 51))
	w.set(func(b *objectstore.Bucket) { b.Compression = objectstore.Compression{On: true} })
	text := bytes.Repeat([]byte("words that repeat. "), 200_000)
	for _, n := range []int{5000, 900_000, 3_500_000} {
		w.put(fmt.Sprint("text ", n), text[:n])
	}
	w.set(func(b *objectstore.Bucket) { b.Encryption = objectstore.EncryptionStore })
	for i, n := range []int{5000, 3_500_000} {
		w.put(fmt.Sprint("both ", n), text[:n])
		w.put(fmt.Sprint("secret ", n), randomBytes(n, uint64(60+i)))
	}
	w.upload("secret parts", randomBytes(objectstore.MinPartSize, 52), randomBytes(3000, 53))
	w.set(func(b *objectstore.Bucket) {
		b.Encryption, b.Compression = objectstore.EncryptionNone, objectstore.Compression{}
	})
}

func (w *tierWorld) set(change func(*objectstore.Bucket)) {
	w.Helper()
	if _, err := w.store.UpdateBucket(w.Context(), "bucket", func(b *objectstore.Bucket) error { change(b); return nil }); err != nil {
		w.Fatal(err)
	}
}

// ranges reads some ranges of everything.
func (w *tierWorld) ranges(when string) {
	w.Helper()
	for key, want := range w.want {
		n := int64(len(want))
		for _, r := range [][2]int64{{0, 1}, {n / 2, 10}, {n - 1, 1}, {n / 3, n / 2}} {
			if n == 0 || r[1] == 0 {
				continue
			}
			rng := &objectstore.Range{Offset: r[0], Length: min(r[1], n-r[0])}
			_, body, err := w.store.Get(w.Context(), "bucket", key, rng)
			if err != nil {
				w.Fatalf("%s: %q: %v", when, key, err)
			}
			got, err := io.ReadAll(body)
			_ = body.Close()
			if err != nil || !bytes.Equal(got, want[rng.Offset:rng.Offset+rng.Length]) {
				w.Fatalf("%s: %q %+v: %d bytes, %v", when, key, rng, len(got), err)
			}
		}
	}
}

// TestTransition moves bodies of every kind to a tier and back, and reads them there,
// whole and in ranges, after a restart, from a catalogue that is built anew, and
// changed in every way.
func TestTransition(t *testing.T) {
	w := newTierWorld(t, 4)
	w.fillAll()
	before := map[string]objectstore.Object{}
	bodies := 0
	for key, body := range w.want {
		was, err := w.store.Head(t.Context(), "bucket", key)
		if err != nil {
			t.Fatal(err)
		}
		before[key] = was
		if len(body) == 0 {
			if o, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: key}, Tier: "COLD"}); err != nil || o.Tier != "" {
				t.Fatalf("nothing moved to %q, %v", o.Tier, err)
			}
			continue
		}
		is := w.move(key, "COLD")
		if bodies += max(1, len(is.Parts)); is.ETag != was.ETag || is.Size != was.Size || !is.ModifiedAt.Equal(was.ModifiedAt) || is.StoredSize != was.StoredSize ||
			is.Encryption != was.Encryption || is.Compressed != was.Compressed || len(is.Parts) != len(was.Parts) {
			t.Fatalf("%q was %+v and is %+v", key, was, is)
		}
	}
	w.settle(bodies)
	if files, err := w.store.index.ScanFiles(t.Context(), [16]byte{}, 10); err != nil || len(files) != 0 {
		t.Fatalf("%d bodies are on the drives as well, %v", len(files), err)
	}
	w.check("in the tier")
	w.ranges("in the tier")
	if page, err := w.store.List(t.Context(), objectstore.ListRequest{Bucket: "bucket", Prefix: "parts"}); err != nil || page.Objects[0].Tier != "COLD" {
		t.Fatalf("listed %+v, %v", page.Objects, err)
	}
	puts := w.tier.puts
	for key := range w.want {
		if len(w.want[key]) > 0 {
			w.move(key, "COLD")
		}
	}
	if w.tier.puts != puts {
		t.Fatal("what was in the tier was moved again")
	}
	w.reopen()
	w.check("after a restart")
	w.reopen(func(c *Config) { c.Reindex = true })
	w.check("from a catalogue built anew")
	w.settle(bodies)
	if err := audit(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.store.compactAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.check("compacted")

	// Copies are bodies of their own; tags and overwriting concern the version alone.
	for from, to := range map[string]string{"plain 900000": "copy 1", "parts": "copy 2", "secret 3500000": "copy 3"} {
		if _, err := w.store.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "bucket", FromKey: from, Bucket: "bucket", Key: to}); err != nil {
			t.Fatal(err)
		}
		w.want[to] = w.want[from]
	}
	if _, err := w.store.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: "bucket", Key: "parts"}, false, func(a *objectstore.Attributes) error {
		a.Tags = map[string]string{"a": "b"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.settle(bodies)
	w.put("plain 1", []byte("over"))
	w.delete("text 5000")
	w.settle(bodies - 2)
	w.check("changed")

	for key := range w.want {
		w.move(key, "")
	}
	w.settle(0)
	w.check("back")
	w.ranges("back")
	w.reopen(func(c *Config) { c.Tiers = nil })
	w.check("without tiers")
	if err := audit(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
}

// TestTierDown: what a tier that cannot be reached keeps is refused with its sentence;
// all else works, and what was to be removed there is removed later.
func TestTierDown(t *testing.T) {
	w := newTierWorld(t, 3)
	w.put("small", randomBytes(5000, 1))
	w.put("large", randomBytes(3<<20, 2))
	w.put("here", randomBytes(3<<20, 3))
	w.move("small", "COLD")
	w.move("large", "COLD")
	w.settle(2)
	w.tier.fail(objectstore.ErrTierUnavailable)
	for _, key := range []string{"small", "large"} {
		if _, err := w.read(key); !errors.Is(err, objectstore.ErrTierUnavailable) {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: key}, Tier: ""}); !errors.Is(err, objectstore.ErrTierUnavailable) {
			t.Errorf("%s moved back: %v", key, err)
		}
		if _, err := w.store.Head(t.Context(), "bucket", key); err != nil {
			t.Errorf("head of %s: %v", key, err)
		}
	}
	if _, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "here"}, Tier: "COLD"}); !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Errorf("moved: %v", err)
	}
	if got, err := w.read("here"); err != nil || !bytes.Equal(got, w.want["here"]) {
		t.Fatalf("what could not be moved: %d bytes, %v", len(got), err)
	}
	w.delete("small")
	if left, err := w.store.emptyTiersOnce(t.Context()); !left || !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Fatalf("removed from a tier that is down: %v, %v", left, err)
	}
	if usage, err := w.store.TierUsage(t.Context()); err != nil || usage["COLD"].Removing != 2 || usage["COLD"].Bodies != 1 {
		t.Fatalf("usage %+v, %v", usage, err)
	}
	w.reopen() // what is to be removed is not forgotten
	w.tier.fail(nil)
	w.settle(1)
	w.check("back again")

	// A tier that nobody knows any more is no reason to say that an object is not there.
	w.reopen(func(c *Config) { c.Tiers = tierMap{} })
	_, err := w.read("large")
	if errs.KindOf(err) != errs.Unavailable || !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Errorf("a tier that is not known: %v", err)
	}
	if _, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "here"}, Tier: "COLD"}); !errors.Is(err, objectstore.ErrTierNotFound) {
		t.Errorf("moved to a tier that is not known: %v", err)
	}
}

// TestTierLies: bytes of a tier that are not those it was given are never returned.
func TestTierLies(t *testing.T) {
	w := newTierWorld(t, 3)
	w.put("a", randomBytes(900_000, 1))
	w.put("b", randomBytes(900_000, 2))
	w.move("a", "COLD")
	w.move("b", "COLD")
	names := w.tier.names()
	whole := maps.Clone(w.tier.bodies)
	for what, lie := range map[string]func(){
		"a bit":         func() { w.tier.bodies[names[0]] = flip(whole[names[0]], 600_000) },
		"another body":  func() { w.tier.bodies[names[0]] = whole[names[1]] },
		"cut off":       func() { w.tier.cut = 300_000 },
		"nothing there": func() { delete(w.tier.bodies, names[0]) },
	} {
		lie()
		refused := 0
		for key, want := range w.want {
			got, err := w.read(key)
			if err != nil {
				refused++
			}
			if !bytes.HasPrefix(want, got) {
				t.Errorf("%s: wrong bytes", what)
			}
		}
		if refused == 0 {
			t.Errorf("%s: nobody noticed", what)
		}
		w.tier.bodies, w.tier.cut = maps.Clone(whole), 0
	}
	w.check("in the end")
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// TestMoveWhileRead: a reader that began before a body was moved, or deleted in its
// tier, reads it to its end.
func TestMoveWhileRead(t *testing.T) {
	w := newTierWorld(t, 3)
	body := randomBytes(5<<20, 1)
	w.put("k", body)
	open := func() io.ReadCloser {
		t.Helper()
		_, r, err := w.store.Get(t.Context(), "bucket", "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() }) // before the store, which waits for it
		if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		return r
	}
	rest := func(r io.ReadCloser) {
		t.Helper()
		defer func() { _ = r.Close() }()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body[1000:]) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	early := open()
	w.move("k", "COLD")
	rest(early)
	late := open()
	w.delete("k")
	if left, err := w.store.emptyTiersOnce(t.Context()); !left || err != nil || len(w.tier.names()) != 1 {
		t.Fatalf("removed under a reader: %v, %v, %q", left, err, w.tier.names())
	}
	rest(late)
	w.settle(0)
}

// TestMoveOfWhatChanges: a version that is deleted, overwritten or moved by somebody
// else while its body is on the way stays as they left it, and the body goes.
func TestMoveOfWhatChanges(t *testing.T) {
	for _, size := range []int{5000, 3 << 20} {
		for what, change := range map[string]func(w *tierWorld){
			"deleted":     func(w *tierWorld) { w.delete("k") },
			"overwritten": func(w *tierWorld) { w.put("k", []byte("new")) },
			"moved by another": func(w *tierWorld) {
				w.tier.putting = nil
				w.move("k", "COLD")
			},
		} {
			w := newTierWorld(t, 2)
			w.put("k", randomBytes(size, 1))
			w.tier.putting = func(string) { change(w) }
			_, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "k"}, Tier: "COLD"})
			if !errors.Is(err, objectstore.ErrMoveOvertaken) {
				t.Errorf("%s: %v", what, err)
			}
			w.check(what)
			w.settle(map[bool]int{true: 1}[what == "moved by another"])
		}
		// Tags are no reason to begin again, and are kept; and nobody takes the body away
		// before its entry refers to it.
		w := newTierWorld(t, 2)
		w.put("k", randomBytes(size, 1))
		w.tier.putting = func(string) {
			if left, err := w.store.emptyTiersOnce(t.Context()); left || err != nil {
				t.Errorf("left %v, %v", left, err)
			}
			_, err := w.store.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: "bucket", Key: "k"}, false, func(a *objectstore.Attributes) error {
				a.Tags = map[string]string{"a": "b"}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		if o := w.move("k", "COLD"); o.Attributes.Tags["a"] != "b" {
			t.Errorf("tags %v", o.Attributes.Tags)
		}
		w.check("tagged")
	}
}

// TestMoveIsAsked: who moves a version is asked before its body is sent and in the step
// that moves it, and a refusal leaves everything as it is.
func TestMoveIsAsked(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5000, 1))
	refusal := errors.New("no")
	for refuse := 1; refuse <= 3; refuse++ { // nobody asks a third time
		asked := 0
		o, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{
			VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "k"}, Tier: "COLD", Check: func(is objectstore.Object) error {
				if asked++; is.Key != "k" || is.Size != 5000 || !is.Latest {
					t.Errorf("asked about %+v", is)
				}
				if asked == refuse {
					return refusal
				}
				return nil
			},
		})
		moved := refuse == 3
		if moved != (err == nil) || !moved && !errors.Is(err, refusal) || asked != min(refuse, 2) || (o.Tier == "COLD") != moved {
			t.Errorf("refused at %d: %v after %d questions, it is in %q", refuse, err, asked, o.Tier)
		}
		w.settle(map[bool]int{true: 1}[moved])
		w.check("asked")
	}
}

// TestMoveInParts: an upload whose parts were moved in part is whole, and the rest
// follows.
func TestMoveInParts(t *testing.T) {
	w := newTierWorld(t, 3)
	w.upload("k", randomBytes(objectstore.MinPartSize, 1), randomBytes(objectstore.MinPartSize, 2), randomBytes(10, 3))
	w.tier.putting = func(string) {
		if w.tier.puts == 2 {
			w.tier.down = objectstore.ErrTierUnavailable
		}
	}
	_, err := w.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "k"}, Tier: "COLD"})
	if !errors.Is(err, objectstore.ErrTierUnavailable) {
		t.Fatal(err)
	}
	w.tier.down, w.tier.putting = nil, nil
	w.settle(2)
	w.check("in part")
	w.ranges("in part")
	w.reopen(func(c *Config) { c.Reindex = true })
	w.check("in part, from a new catalogue")
	w.move("k", "COLD")
	if w.settle(3); w.tier.puts != 3 {
		t.Errorf("%d bodies were sent", w.tier.puts)
	}
	w.check("moved")
}

// TestMoveInUnion: a body that went to another set with its key stays in the tier when
// the set that had it before ends it.
func TestMoveInUnion(t *testing.T) {
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
	bodies := map[string][]byte{"inline": randomBytes(5000, 1), "large": randomBytes(3<<20, 2), "stays": randomBytes(3<<20, 3)}
	send := func(keys ...string) {
		t.Helper()
		p, err := from.Pack(t.Context(), to, "bucket", keys)
		if err != nil {
			t.Fatal(err)
		}
		// Cut off: the other set has a copy, this one has the last word.
		if err := p.put(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check := func(s *Store, when string) {
		t.Helper()
		for key, want := range bodies {
			_, r, err := s.Get(t.Context(), "bucket", key, nil)
			if err != nil {
				t.Fatalf("%s: %s: %v", when, key, err)
			}
			got, err := io.ReadAll(r)
			_ = r.Close()
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: %s: %d bytes, %v", when, key, len(got), err)
			}
		}
	}
	for key, body := range bodies {
		if _, err := from.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: readerOf(body), Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
	}
	keys := []string{"inline", "large", "stays"}
	move := func(key, where string) {
		t.Helper()
		if _, err := from.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: key}, Tier: where}); err != nil {
			t.Fatal(err)
		}
	}
	send(keys...) // as they are on the drives
	move("inline", "COLD")
	move("large", "COLD")
	send(keys...) // as they are in the tier, over those
	check(to, "sent")
	move("inline", "")
	send("inline")
	check(to, "sent again")
	p, err := from.Pack(t.Context(), to, "bucket", keys)
	if err == nil {
		err = p.Deliver(t.Context(), func() {})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{from, to} {
		if left, err := s.emptyTiersOnce(t.Context()); left || err != nil {
			t.Fatal(left, err)
		}
		if err := audit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	check(to, "delivered")
	if len(tier.names()) != 1 {
		t.Errorf("the tier keeps %q", tier.names())
	}
	if _, err := to.Delete(t.Context(), "bucket", "large"); err != nil {
		t.Fatal(err)
	}
	if left, err := to.emptyTiersOnce(t.Context()); left || err != nil || len(tier.names()) != 0 {
		t.Errorf("left %v, %v, %q", left, err, tier.names())
	}
}

// TestEmptiesTiersByItself: Run removes what nothing needs, also after the tier was down.
func TestEmptiesTiersByItself(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5000, 1))
	w.move("k", "COLD")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.store.Run(ctx) }()
	w.tier.fail(objectstore.ErrTierUnavailable)
	w.delete("k")
	w.tier.fail(nil)
	deadline := time.After(time.Minute)
	for len(w.tier.names()) > 0 {
		select {
		case <-deadline:
			t.Fatal("it is still there")
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestMoveOfUnknownOutcome: where nobody can say whether the entry that refers to a body
// is durable, the body stays until that is known.
func TestMoveOfUnknownOutcome(t *testing.T) {
	b := newBay(t, 3)
	tier := newMemTier()
	b.store.tiers = tierMap{"COLD": tier}
	b.put("k", randomBytes(5000, 1))
	var out []*simdisk.Drive
	tier.putting = func(string) {
		for i := range 2 {
			out = append(out, b.insert(i, nil))
			out[i].SetGone(true)
		}
	}
	if _, err := b.store.Transition(t.Context(), objectstore.TransitionRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "k"}, Tier: "COLD"}); !errors.Is(err, objectstore.ErrWriteQuorum) {
		t.Fatal(err)
	}
	if _, err := b.store.emptyTiersOnce(t.Context()); err != nil || len(tier.names()) != 1 {
		t.Fatalf("the tier has %q, %v", tier.names(), err)
	}
	for i, d := range out {
		b.putBack(i, d)
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	b.open()
	b.store.tiers = tierMap{"COLD": tier}
	if left, err := b.store.emptyTiersOnce(t.Context()); left || err != nil {
		t.Fatal(left, err)
	}
	b.check("after it")
	o, err := b.store.Head(t.Context(), "bucket", "k")
	if err != nil || (o.Tier == "COLD") != (len(tier.names()) == 1) {
		t.Errorf("it is in %q and the tier has %q, %v", o.Tier, tier.names(), err)
	}
}

// TestKilledOnTheWay: a body that was sent, and never referred to because the process
// was killed, goes at the next start.
func TestKilledOnTheWay(t *testing.T) {
	w := newTierWorld(t, 2)
	w.put("k", randomBytes(5000, 1))
	var images []string
	w.tier.putting = func(string) {
		for i, path := range w.paths {
			images = append(images, filepath.Join(t.TempDir(), fmt.Sprint(i)))
			if err := os.CopyFS(images[i], os.DirFS(path)); err != nil {
				t.Error(err)
			}
		}
	}
	w.move("k", "COLD")
	w.close()
	w.store, w.paths, w.tier.putting = nil, images, nil
	w.reopen()
	w.check("after the kill")
	if len(w.tier.names()) != 1 {
		t.Fatalf("the tier keeps %q", w.tier.names())
	}
	w.settle(0)
	w.check("in the end")
}
