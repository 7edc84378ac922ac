package erasure

import (
	"path"
	"strings"
	"testing"
)

// bodyFiles counts the files of large bodies on a drive.
func (b *bay) bodyFiles(place int) (n int) {
	for _, e := range b.slots[place].Files() {
		if strings.HasPrefix(e.Name, "bodies/") {
			n++
		}
	}
	return n
}

// TestLeftoversOfACrash kills a store between writing a large body and the entry
// that names it: the next start removes the body, and only then looks for such.
func TestLeftoversOfACrash(t *testing.T) {
	b := newBay(t, 3)
	b.put("large", randomBytes(3<<20, 1))
	body, missing, err := b.store.bodies.Write(t.Context(), readerOf(randomBytes(3<<20, 2)), 3<<20, b.store.set.Geometry, nil)
	if err != nil {
		t.Fatal(missing, err)
	}
	m := b.machine.Kill()
	b.machine = m
	for i, d := range b.slots {
		b.slots[i] = m.Drive(d.Name())
	}
	_ = b.store.index.Close() // the process is dead; nothing tells the catalogue
	b.store.closed = true
	b.store.seglog.close()
	b.store.set.Close()
	b.open()
	if n := b.bodyFiles(0); n != 2 {
		t.Fatalf("%d files of bodies after the crash, want 2 (with %s)", n, body.ID)
	}
	b.store.sweepAll(t.Context())
	for place := range b.slots {
		if n := b.bodyFiles(place); n != 1 {
			t.Fatalf("%d files of bodies are left on drive %d, want 1", n, place)
		}
	}
	b.check("after the crash")
	b.reopen()
	// Ended in order: nobody looks, so a stray file stays.
	stray := b.slots[0].Files()
	for _, e := range stray {
		if strings.HasPrefix(e.Name, "bodies/") {
			content, err := b.slots[0].ReadFile(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			b.slots[0].WriteFile(path.Join("bodies/01", strings.Repeat("0", 30)+"01"), content)
			break
		}
	}
	b.store.sweepAll(t.Context())
	if n := b.bodyFiles(0); n != 2 {
		t.Fatal("it was looked for leftovers although the last time ended in order")
	}
}
