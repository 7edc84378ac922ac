package erasure

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/frame"
	"croft/objectstore/erasure/index"
)

// plan is a workload: waves of steps that go on side by side. It knows what the
// store holds after each step, and no two steps of a wave touch the same name.
type plan struct {
	waves [][]step
	holds contents
	// versions are those of the objects, the newest first, by "bucket/key".
	versions   map[string][]planned
	versioning map[string]objectstore.Versioning // by bucket
	parts      map[string]map[int][]byte         // of uploads
}

// planned is a version.
type planned struct {
	null, marker bool
	body, tag    string
	tier         string
	restored     bool // or to be
	tried        int  // in vain
}

type step struct {
	what  string
	run   func(ctx context.Context, v *voyage) error
	after map[string]string // what names hold when it was acknowledged
}

func newPlan() *plan {
	p := &plan{
		holds: contents{}, versions: map[string][]planned{}, versioning: map[string]objectstore.Versioning{},
		parts: map[string]map[int][]byte{},
	}
	return p.then()
}

// then lets what follows begin when all before has ended.
func (p *plan) then() *plan {
	p.waves = append(p.waves, nil)
	return p
}

func (p *plan) step(what string, after map[string]string, run func(context.Context, *voyage) error) *plan {
	last := len(p.waves) - 1
	p.waves[last] = append(p.waves[last], step{what, run, after})
	p.holds = p.holds.with(after)
	return p
}

// change notes what the versions of a path are from now on.
func (p *plan) change(path string, versions []planned) map[string]string {
	p.versions[path] = versions
	text := ""
	for _, v := range versions {
		text += tellVersion(v.null, v.marker, v.body, v.tag, v.restored, v.tried)
	}
	return map[string]string{"object " + path: text}
}

// over notes that a version was put over the others of a path.
func (p *plan) over(path string, marker bool, body string) map[string]string {
	bucket, _, _ := strings.Cut(path, "/")
	v := planned{null: p.versioning[bucket] != objectstore.VersioningEnabled, marker: marker, body: body}
	rest := slices.Clone(p.versions[path])
	if v.null {
		rest = slices.DeleteFunc(rest, func(o planned) bool { return o.null })
	}
	return p.change(path, append([]planned{v}, rest...))
}

// removed notes what a delete without a version does.
func (p *plan) removed(path string) map[string]string {
	bucket, _, _ := strings.Cut(path, "/")
	if p.versioning[bucket] == objectstore.VersioningOff {
		return p.change(path, nil)
	}
	return p.over(path, true, "")
}

func (p *plan) makeBucket(name string) *plan {
	p.versioning[name] = objectstore.VersioningOff
	return p.step("make bucket "+name, map[string]string{"bucket " + name: "owner "}, func(ctx context.Context, v *voyage) error {
		_, err := v.store.CreateBucket(ctx, objectstore.Bucket{Name: name, Owner: "owner"})
		return err
	})
}

// setVersioning changes a bucket, alone in its wave.
func (p *plan) setVersioning(name string, to objectstore.Versioning) *plan {
	p.versioning[name] = to
	return p.step("versioning of "+name, map[string]string{"bucket " + name: "owner " + string(to)}, func(ctx context.Context, v *voyage) error {
		_, err := v.store.UpdateBucket(ctx, name, func(b *objectstore.Bucket) error { b.Versioning = to; return nil })
		return err
	})
}

// deleteVersion deletes a version for ever: the newest is 0.
func (p *plan) deleteVersion(path string, number int) *plan {
	after := p.change(path, slices.Delete(slices.Clone(p.versions[path]), number, number+1))
	return p.step(fmt.Sprint("delete version ", number, " of ", path), after, func(ctx context.Context, v *voyage) error {
		ref, err := v.version(ctx, path, number)
		if err == nil {
			_, err = v.store.DeleteVersion(ctx, objectstore.DeleteRequest{VersionRef: ref})
		}
		return err
	})
}

// tag changes a version's tags.
func (p *plan) tag(path string, number int, tag string) *plan {
	versions := slices.Clone(p.versions[path])
	versions[number].tag = tag
	return p.step(fmt.Sprint("tag version ", number, " of ", path), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		ref, err := v.version(ctx, path, number)
		if err == nil {
			_, err = v.store.UpdateVersion(ctx, ref, false, func(a *objectstore.Attributes) error {
				a.Tags = map[string]string{"tag": tag}
				return nil
			})
		}
		return err
	})
}

// dropBucket deletes a bucket of which the plan has deleted the objects.
func (p *plan) dropBucket(name string) *plan {
	after := map[string]string{"bucket " + name: ""}
	for n := range p.holds {
		if strings.HasPrefix(n, "upload "+name+"/") {
			after[n] = ""
		}
	}
	return p.step("drop bucket "+name, after, func(ctx context.Context, v *voyage) error {
		return v.store.DeleteBucket(ctx, name)
	})
}

func (p *plan) put(path string, size int, seed uint64) *plan {
	return p.putAs(path, size, seed, objectstore.ClassUnset)
}

// putAs puts an object of a storage class.
func (p *plan) putAs(path string, size int, seed uint64, class objectstore.StorageClass) *plan {
	body := randomBytes(size, seed)
	bucket, key, _ := strings.Cut(path, "/")
	kind := fmt.Sprint("kind/", seed)
	return p.step("put "+path, p.over(path, false, tellBody(body, kind+string(class))), func(ctx context.Context, v *voyage) error {
		_, err := v.store.Put(ctx, objectstore.PutRequest{
			Bucket: bucket, Key: key, Body: bytes.NewReader(body), Size: int64(len(body)),
			Attributes: objectstore.Attributes{ContentType: kind}, Class: class,
		})
		return err
	})
}

func (p *plan) copy(from, to string) *plan {
	fromBucket, fromKey, _ := strings.Cut(from, "/")
	bucket, key, _ := strings.Cut(to, "/")
	source := p.versions[from][0]
	p.over(to, false, source.body)
	p.versions[to][0].tag = source.tag
	return p.step("copy "+from+" to "+to, p.change(to, p.versions[to]), func(ctx context.Context, v *voyage) error {
		_, err := v.store.Copy(ctx, objectstore.CopyRequest{FromBucket: fromBucket, FromKey: fromKey, Bucket: bucket, Key: key})
		return err
	})
}

// rename moves a path to another of the bucket, both or neither.
func (p *plan) rename(from, to string) *plan {
	bucket, fromKey, _ := strings.Cut(from, "/")
	_, key, _ := strings.Cut(to, "/")
	is := p.versions[from][0]
	after := p.change(to, []planned{is})
	maps.Copy(after, p.change(from, nil))
	return p.step("rename "+from+" to "+to, after, func(ctx context.Context, v *voyage) error {
		_, err := v.store.Rename(ctx, objectstore.RenameRequest{Bucket: bucket, From: fromKey, Key: key})
		return err
	})
}

func (p *plan) delete(path string) *plan {
	bucket, key, _ := strings.Cut(path, "/")
	return p.step("delete "+path, p.removed(path), func(ctx context.Context, v *voyage) error {
		_, err := v.store.Delete(ctx, bucket, key)
		return err
	})
}

func (p *plan) deleteAll(bucket string, keys ...string) *plan {
	after := map[string]string{}
	for _, k := range keys {
		maps.Copy(after, p.removed(bucket+"/"+k))
	}
	return p.step(fmt.Sprint("delete all ", keys), after, func(ctx context.Context, v *voyage) error {
		return errors.Join(v.store.DeleteAll(ctx, bucket, keys)...)
	})
}

func (p *plan) beginUpload(path string) *plan {
	bucket, key, _ := strings.Cut(path, "/")
	p.parts[path] = map[int][]byte{}
	return p.step("begin upload "+path, map[string]string{"upload " + path: "begun"}, func(ctx context.Context, v *voyage) error {
		u, err := v.store.CreateUpload(ctx, objectstore.CreateUploadRequest{
			Bucket: bucket, Key: key, Attributes: objectstore.Attributes{ContentType: "in/parts"},
		})
		v.mu.Lock()
		defer v.mu.Unlock()
		v.uploads[path] = u.UploadRef
		return err
	})
}

func (p *plan) putPart(path string, number, size int, seed uint64) *plan {
	body := randomBytes(size, seed)
	p.parts[path][number] = body
	text := "begun"
	for n := range 10 {
		if b, ok := p.parts[path][n]; ok {
			text += tellPart(n, b)
		}
	}
	return p.step(fmt.Sprint("part ", number, " of ", path), map[string]string{"upload " + path: text}, func(ctx context.Context, v *voyage) error {
		_, err := v.store.PutPart(ctx, objectstore.PutPartRequest{
			Upload: v.upload(path), Number: number, Body: bytes.NewReader(body), Size: int64(size),
		})
		return err
	})
}

func (p *plan) complete(path string, numbers ...int) *plan {
	var body []byte
	var chosen []objectstore.PartChoice
	for _, n := range numbers {
		part := p.parts[path][n]
		body = append(body, part...)
		chosen = append(chosen, objectstore.PartChoice{Number: n, ETag: fmt.Sprintf("%x", md5.Sum(part))})
	}
	after := p.over(path, false, tellBody(body, "in/parts"))
	after["upload "+path] = ""
	return p.step("complete "+path, after, func(ctx context.Context, v *voyage) error {
		_, err := v.store.CompleteUpload(ctx, objectstore.CompleteUploadRequest{Upload: v.upload(path), Parts: chosen})
		return err
	})
}

func (p *plan) abort(path string) *plan {
	return p.step("abort "+path, map[string]string{"upload " + path: ""}, func(ctx context.Context, v *voyage) error {
		return v.store.AbortUpload(ctx, v.upload(path))
	})
}

// grow starts the store again with more drives, alone in its wave.
func (p *plan) grow(by int) *plan {
	return p.step(fmt.Sprint("grow by ", by), nil, func(ctx context.Context, v *voyage) error {
		if err := v.store.Close(); err != nil {
			return err
		}
		v.drives += by
		var err error
		v.store, err = openSim(ctx, v.machine, v.drives, filepath.Join(v.folder, catalogueName))
		return err
	})
}

// move moves a version's body to a tier, or back when none is named: the newest is 0.
func (p *plan) move(path string, number int, tier string) *plan {
	versions := slices.Clone(p.versions[path])
	if !strings.HasPrefix(versions[number].body, "0 bytes") {
		versions[number].tier = tier
	}
	versions[number].restored = versions[number].restored && tier != ""
	if tier == "" {
		versions[number].tried = 0
	}
	return p.step(fmt.Sprint("move version ", number, " of ", path, " to ", tier), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		ref, err := v.version(ctx, path, number)
		if err == nil {
			_, err = v.store.Transition(ctx, objectstore.TransitionRequest{VersionRef: ref, Tier: tier})
		}
		return err
	})
}

// restore has a copy made of a version in a tier: the newest is 0.
func (p *plan) restore(path string, number int) *plan {
	versions := slices.Clone(p.versions[path])
	versions[number].restored, versions[number].tried = true, 0
	return p.step(fmt.Sprint("restore version ", number, " of ", path), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		ref, err := v.version(ctx, path, number)
		if err == nil {
			_, err = v.store.Restore(ctx, objectstore.RestoreRequest{VersionRef: ref, Days: 1})
		}
		return err
	})
}

// spoil has a tier give something else than a version that is to be restored, once, alone
// in its wave.
func (p *plan) spoil(path string, number int) *plan {
	versions := slices.Clone(p.versions[path])
	versions[number].tried++
	tried := versions[number].tried
	versions[number].restored = tried < restoreTries
	return p.step(fmt.Sprint("spoil version ", number, " of ", path), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		ref, err := v.version(ctx, path, number)
		if err != nil {
			return err
		}
		b, err := v.store.buckets.find(ref.Bucket)
		if err != nil {
			return err
		}
		h, err := v.store.version(ctx, b, ref)
		if err != nil {
			return err
		}
		lies := newMemTier()
		for _, body := range h.Bodies {
			lie, err := io.ReadAll(frame.NewEncoder(bytes.NewReader(randomBytes(int(body.Size), 99)), body.ID))
			if err != nil {
				return err
			}
			lies.bodies[nameInTier(body)] = lie
		}
		tiers := v.store.tiers
		defer func() { v.store.tiers = tiers }()
		v.store.tiers = tierMap{h.Tier(): lies}
		v.store.wakeRestores(time.Now().Add(time.Duration(tried) * time.Hour))
		return v.store.restoreAll(ctx)
	})
}

// mend has a tier give what it gave wrongly before, alone in its wave.
func (p *plan) mend(path string, number int) *plan {
	versions := slices.Clone(p.versions[path])
	versions[number].tried = 0
	return p.step(fmt.Sprint("mend version ", number, " of ", path), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		v.store.wakeRestores(time.Now().AddDate(0, 0, 1))
		return v.store.restoreAll(ctx)
	})
}

// cancel takes back that a version is to be restored, or removes its copy.
func (p *plan) cancel(path string, number int) *plan {
	versions := slices.Clone(p.versions[path])
	versions[number].restored, versions[number].tried = false, 0
	return p.step(fmt.Sprint("cancel version ", number, " of ", path), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		ref, err := v.version(ctx, path, number)
		if err == nil {
			_, err = v.store.CancelRestore(ctx, ref)
		}
		return err
	})
}

// wakeRestores says what time it is, and that nothing rests but what is written down to.
func (s *Store) wakeRestores(now time.Time) {
	s.now = func() time.Time { return now }
	s.restoring.mu.Lock()
	defer s.restoring.mu.Unlock()
	clear(s.restoring.rests)
	clear(s.restoring.tiers)
}

// attend makes the copies that are asked for.
func (p *plan) attend() *plan {
	return p.step("attend to restores", nil, func(ctx context.Context, v *voyage) error { return v.store.restoreAll(ctx) })
}

// expire removes the copy of a version, if it is there: its time is over.
func (p *plan) expire(path string, number int) *plan {
	versions := slices.Clone(p.versions[path])
	versions[number].restored = false
	return p.step(fmt.Sprint("expire version ", number, " of ", path), p.change(path, versions), func(ctx context.Context, v *voyage) error {
		if err := v.store.restoreAll(ctx); err != nil {
			return err
		}
		ref, err := v.version(ctx, path, number)
		if err != nil {
			return err
		}
		bucket, key, _ := strings.Cut(path, "/")
		b, err := v.store.buckets.find(bucket)
		if err != nil {
			return err
		}
		h, err := v.store.version(ctx, b, ref)
		if err != nil {
			return err
		}
		return v.store.endRestoreAt(ctx, b, index.Restore{Bucket: b.ID, Key: key, Ord: h.Ord}, time.Now().Add(72*time.Hour))
	})
}

// restoreAll does what is due about copies.
func (s *Store) restoreAll(ctx context.Context) error {
	for {
		if did, _, err := s.restoreNext(ctx); err != nil || !did {
			return err
		}
	}
}

// emptyTiers removes from tiers what nothing needs.
func (p *plan) emptyTiers() *plan {
	return p.step("empty tiers", nil, func(ctx context.Context, v *voyage) error {
		_, err := v.store.emptyTiersOnce(ctx)
		return err
	})
}

func (p *plan) compact() *plan {
	return p.step("compact", nil, func(ctx context.Context, v *voyage) error { return v.store.compactAll(ctx) })
}

// names are all that the plan ever mentions.
func (p *plan) names() map[string]bool {
	all := map[string]bool{}
	for _, wave := range p.waves {
		for _, s := range wave {
			for name := range s.after {
				all[name] = true
			}
		}
	}
	return all
}

// voyage is a plan that is carried out on a simulated machine.
type voyage struct {
	testing.TB
	plan    *plan
	drives  int
	machine *simdisk.Machine
	folder  string // that the catalogue is in
	store   *Store

	mu      sync.Mutex // guards the following field
	uploads map[string]objectstore.UploadRef

	want    contents // what was acknowledged
	pending []step   // what was not
	older   []string // folders with earlier catalogues
	refused []error  // what steps failed with that the drives keep from being done
}

func (v *voyage) upload(path string) objectstore.UploadRef {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.uploads[path]
}

// version finds a version by its number: the newest is 0.
func (v *voyage) version(ctx context.Context, path string, number int) (objectstore.VersionRef, error) {
	bucket, key, _ := strings.Cut(path, "/")
	page, err := v.store.ListVersions(ctx, objectstore.ListVersionsRequest{Bucket: bucket, Prefix: key})
	if err != nil {
		return objectstore.VersionRef{}, err
	}
	of := slices.DeleteFunc(page.Versions, func(o objectstore.Object) bool { return o.Key != key })
	return objectstore.VersionRef{Bucket: bucket, Key: key, ID: of[number].VersionID}, nil
}

// sail carries out the plan until it has ended, the machine has crashed, or the
// drives refuse a step. Then folder is a copy of the catalogue as it is at that
// moment; the store is open until land.
func sail(tb testing.TB, p *plan, m *simdisk.Machine, drives int, scratch string) *voyage {
	tb.Helper()
	v := &voyage{
		TB: tb, plan: p, drives: drives, machine: m, folder: newFolder(tb, scratch),
		uploads: map[string]objectstore.UploadRef{}, want: contents{},
	}
	var err error
	if v.store, err = openSim(tb.Context(), m, drives, filepath.Join(v.folder, catalogueName)); err != nil {
		if !m.Crashed() {
			tb.Fatalf("open: %v", err)
		}
		return v
	}
	for i, wave := range p.waves {
		v.wave(wave)
		if m.Crashed() || len(v.refused) > 0 {
			break
		}
		if i%2 == 1 {
			v.older = append(v.older, copyCatalogue(tb, v.folder, 1000))
		}
	}
	v.folder = copyCatalogue(tb, v.folder, 1000)
	return v
}

// land closes the store of a voyage that has ended.
func (v *voyage) land() {
	v.Helper()
	if v.store == nil {
		return
	}
	if err := v.store.Close(); err != nil {
		v.Fatalf("close: %v", err)
	}
}

// wave carries out steps side by side.
func (v *voyage) wave(steps []step) {
	errs := make([]error, len(steps))
	var wg sync.WaitGroup
	for i, s := range steps {
		wg.Go(func() { errs[i] = s.run(v.Context(), v) })
	}
	wg.Wait()
	for i, s := range steps {
		switch {
		case errs[i] == nil:
			v.want = v.want.with(s.after)
		case v.machine.Crashed():
			v.pending = append(v.pending, s)
		case errors.Is(errs[i], objectstore.ErrWriteQuorum):
			v.refused = append(v.refused, errs[i])
			v.pending = append(v.pending, s)
		case errors.Is(errs[i], objectstore.ErrStorageFull):
			v.refused = append(v.refused, errs[i]) // so it was not done
		default:
			v.Fatalf("%s: %v", s.what, errs[i])
		}
	}
}

// judge demands that contents are what was acknowledged, and of each other step
// all or nothing.
func (v *voyage) judge(got contents) error {
	want := v.want
	for _, s := range v.pending {
		if with := want.with(s.after); got.agrees(with, s.after) {
			want = with
		}
	}
	if maps.Equal(got, want) {
		return nil
	}
	var wrong []string
	for name := range union(got, want) {
		if got[name] != want[name] {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", name, got[name], want[name]))
		}
	}
	for _, s := range v.pending {
		wrong = append(wrong, "pending was: "+s.what)
	}
	return errors.New(strings.Join(wrong, "\n"))
}

// agrees reports whether some names hold the same in both.
func (c contents) agrees(o contents, names map[string]string) bool {
	for name := range names {
		if c[name] != o[name] {
			return false
		}
	}
	return true
}
