package erasure

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// damage flips bits all over what one drive holds and takes one segment away.
func (b *bay) damage(place int) {
	b.Helper()
	removed := false
	for _, e := range b.slots[place].Files() {
		switch {
		case filepath.Ext(e.Name) == ".seg" && !removed:
			b.slots[place].RemoveFile(e.Name)
			removed = true
		case filepath.Ext(e.Name) == ".seg" || strings.HasPrefix(e.Name, "bodies/"):
			for at := int64(8192); at < e.Size; at += 16 << 10 {
				b.slots[place].FlipBit(e.Name, at)
			}
		}
	}
}

func TestScrubFindsAll(t *testing.T) {
	b := newBayOf(t, 4, 512<<10)
	b.fill("some ")
	b.fill("others ")
	b.damage(2)
	b.reopen() // no segment is open from before
	if err := b.store.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := b.store.Health(t.Context())
	if err != nil || h.Scrub.Running || h.Scrub.Last.Damaged == 0 || h.Scrub.Last.Bytes < 8<<20 || h.Scrub.Last.FinishedAt.IsZero() {
		t.Fatalf("%+v, %v", h.Scrub, err)
	}
	b.heal()
	b.wantOK()
	b.without("without 0 and 1", 0, 1)
	b.without("without 1 and 3", 1, 3)
	if err := b.store.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h, err := b.store.Health(t.Context()); err != nil || h.Scrub.Last.Damaged != 0 {
		t.Fatalf("after healing: %+v, %v", h.Scrub, err)
	}
}

// TestScrubGoesOn does a scrub in slices with a restart after each: each goes on
// where the last one was.
func TestScrubGoesOn(t *testing.T) {
	b := newBayOf(t, 3, 256<<10)
	b.fill("some ")
	b.fill("others ")
	var bytes int64
	for slice := 1; ; slice++ {
		if slice > 100 {
			t.Fatal("the scrub does not end")
		}
		if err := b.store.loadScrub(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.store.scrubSome(t.Context(), 1, scrubFast, false); err != nil {
			t.Fatal(err)
		}
		p := b.store.scrubProgress()
		if !p.Last.FinishedAt.IsZero() {
			if slice < 4 || p.Last.Bytes < bytes {
				t.Fatalf("%d slices, %+v", slice, p)
			}
			break
		}
		if p.Current.Bytes <= bytes {
			t.Fatalf("slice %d began anew: %+v", slice, p)
		}
		bytes = p.Current.Bytes
		b.reopen()
	}
	due, err := b.store.scrubDue(t.Context())
	if err != nil || time.Until(due) < scrubCycle-time.Hour {
		t.Fatalf("the next one is due %v, %v", due, err)
	}
}

func TestScrubWaits(t *testing.T) {
	b := newBay(t, 3)
	b.fill("some ")
	b.reopen()
	due, err := b.store.scrubDue(t.Context())
	if err != nil || time.Until(due) < scrubEvery-time.Hour {
		t.Fatalf("the first one is due %v, %v", due, err)
	}
	b.rebuild()
	due, err = b.store.scrubDue(t.Context())
	if err != nil || time.Until(due) > 0 {
		t.Fatalf("with a new catalogue it is due %v, %v", due, err)
	}
}

// TestNewCatalogueKnowsWhatIsAway builds the catalogue anew while a drive is away:
// what that lacks is healed when it is back, though nobody has noted it.
func TestNewCatalogueKnowsWhatIsAway(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	d := b.pull(1)
	b.fill("while away ")
	b.rebuild()
	if err := b.store.loadScrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.store.scrubDay(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.putBack(1, d)
	b.heal()
	b.wantOK()
	b.without("without 0 and 2", 0, 2)
	b.without("without 2 and 3", 2, 3)
}
