package erasure

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"croft/objectstore/erasure/disk/simdisk"
)

// TestAnyCatalogue opens the same drives with the catalogue as it was at different
// times, cut off somewhere, and without one. The store holds the same each time.
func TestAnyCatalogue(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		seed := uint64(time.Now().UnixNano())
		rng := rand.New(rand.NewPCG(seed, 3))
		scratch := quickDir(t)
		m := simdisk.NewMachine(seed)
		v := sail(t, chance(seed), m, 4, scratch)
		v.land()
		folders := append(v.older, v.folder, newFolder(t, scratch), copyCatalogue(t, v.folder, rng.IntN(1000)))
		for i, folder := range folders {
			s, err := openSim(t.Context(), m.Clone(), 4, filepath.Join(folder, catalogueName))
			if err != nil {
				t.Fatalf("seed %d, catalogue %d of %d: %v", seed, i, len(folders), err)
			}
			got, err := observe(t.Context(), s)
			if err == nil && !maps.Equal(got, v.want) {
				err = v.judge(got)
			}
			if err == nil {
				err = audit(t.Context(), s)
			}
			if err == nil {
				err = s.Close()
			}
			if err != nil {
				t.Fatalf("seed %d, catalogue %d of %d: %v", seed, i, len(folders), err)
			}
		}
	}
}

// TestCatalogueBeforeFreedSegments opens drives with a catalogue that knows
// nothing of a delete whose segment was freed since, together with that of what
// was deleted.
func TestCatalogueBeforeFreedSegments(t *testing.T) {
	p := newPlan().makeBucket("bucket").then().put("bucket/gone", 10, 1).then()
	segment := func(keys ...string) { // fills a segment with objects that are kept or deleted
		for i, k := range keys {
			p.put("bucket/"+k, 20_000, uint64(i)).then()
		}
	}
	segment("a", "b", "c") // freed: what was put first
	segment("kept1", "kept2", "kept3", "kept4", "kept5")
	old := len(p.waves)
	p.delete("bucket/gone").then()
	segment("d", "e", "f", "g") // freed: the delete
	segment("kept6", "kept7", "kept8", "kept9")
	for _, k := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		p.delete("bucket/" + k).then()
	}
	p.compact().then()
	scratch := quickDir(t)
	m := simdisk.NewMachine(1)
	v := sail(t, p, m, 1, scratch)
	v.land()
	s, err := openSim(t.Context(), m, 1, filepath.Join(v.older[old/2-1], catalogueName))
	if err != nil {
		t.Fatal(err)
	}
	got, err := observe(t.Context(), s)
	if err == nil {
		err = v.judge(got)
	}
	if err == nil {
		err = audit(t.Context(), s)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRebuildKeepsBodiesOfMovedObjects rebuilds the catalogue of an object in parts
// that compaction has moved behind the end of its upload.
func TestRebuildKeepsBodiesOfMovedObjects(t *testing.T) {
	p := newPlan().makeBucket("bucket").then()
	var objects []string // several, since they are moved side by side
	for i := range 12 {
		objects = append(objects, fmt.Sprint("bucket/a", i))
		p.beginUpload(objects[i])
	}
	p.then()
	for i, path := range objects {
		p.putPart(path, 1, 100, uint64(i))
	}
	p.then()
	// What keeps the part's entry and what ends the upload fills more than half of a segment.
	fill := func(name string) {
		for i := range 4 {
			p.put(fmt.Sprint("bucket/", name, i), 12_000, uint64(i)).then()
		}
	}
	fill("kept")
	for _, path := range objects {
		p.complete(path, 1)
	}
	p.then()
	fill("gone")
	for i := range 4 {
		p.delete(fmt.Sprint("bucket/gone", i)).then()
	}
	fill("later")
	p.compact().then()
	scratch := quickDir(t)
	m := simdisk.NewMachine(1)
	v := sail(t, p, m, 1, scratch)
	v.land()
	v.inspect(m, newFolder(t, scratch), "rebuilt")
}
