package simdisk

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// file is a file apart from its name.
type file struct {
	number  int     // in order of making
	now     content // as programs see it
	durable content // as the drive holds it for certain
	// dirty are the pages that may be on the drive or not.
	dirty map[int64]*dirtyPage
	// sizes are the lengths that a crash may leave: the durable one, and each since.
	sizes []int64
	// strayed says that sectors that are not dirty differ between now and durable,
	// for a sync that failed forgot them.
	strayed  bool
	reserved int64 // up to where space is allocated whether written or not
	blocks   int64 // pages that take up space
	links    int   // 0 or 1: whether it has a name
	handles  int
}

// dirtyPage says which of a page's sectors were written since the last sync, and
// for some of those what they were in between.
type dirtyPage struct {
	mask, midMask uint8
	mid           *page
}

func newFile(number int) *file {
	return &file{
		number: number, now: newContent(), durable: newContent(), dirty: make(map[int64]*dirtyPage), sizes: []int64{0}, links: 1,
	}
}

// clone copies the file as it is under its name, without handles.
func (f *file) clone() *file {
	c := *f
	c.now, c.durable, c.sizes, c.handles = f.now.clone(), f.durable.clone(), slices.Clone(f.sizes), 0
	c.dirty = make(map[int64]*dirtyPage, len(f.dirty))
	for i, d := range f.dirty {
		copied := *d
		c.dirty[i] = &copied
	}
	return &c
}

// write changes what programs see and remembers what is not durable.
func (f *file) write(b []byte, offset int64, rng *rand.Rand) {
	for at := offset / sectorSize * sectorSize; at < offset+int64(len(b)); at += sectorSize {
		i, bit := at/pageSize, uint8(1)<<(at%pageSize/sectorSize)
		d := f.dirty[i]
		if d == nil {
			d = new(dirtyPage)
			f.dirty[i] = d
		}
		if d.mask&bit != 0 && (d.midMask&bit == 0 || rng.IntN(2) == 0) {
			between := content{pages: make(map[int64]*page)}
			if d.mid != nil {
				between.pages[i] = d.mid
			}
			between.copySectors(i, bit, f.now.page(i))
			d.mid = between.pages[i]
			d.midMask |= bit
		}
		d.mask |= bit
	}
	f.now.writeAt(b, offset)
	f.resized()
}

// resized remembers a length that a crash may leave.
func (f *file) resized() {
	if f.sizes[len(f.sizes)-1] != f.now.size {
		f.sizes = append(f.sizes, f.now.size)
	}
}

func (f *file) truncate(size int64) {
	if size < f.now.size {
		f.now.cut(size)
		for i, d := range f.dirty {
			switch first := size - i*pageSize; {
			case first <= 0:
				delete(f.dirty, i)
			case first < pageSize:
				// The sector that the end is in stays dirty, but what it was in
				// between would bring back bytes from behind the end.
				d.mask &= uint8(1<<((first+sectorSize-1)/sectorSize) - 1)
				d.midMask &= uint8(1<<(first/sectorSize) - 1)
			}
		}
	}
	f.now.size = size
	f.reserved = min(f.reserved, size)
	f.resized()
}

func (f *file) allocate(size int64) {
	f.now.size = max(f.now.size, size)
	f.reserved = max(f.reserved, size)
	f.resized()
}

// sync makes everything durable that is known not to be.
func (f *file) sync() {
	f.durable.cut(slices.Min(f.sizes))
	for i, d := range f.dirty {
		if f.strayed {
			f.durable.copySectors(i, d.mask, f.now.page(i))
		} else {
			f.durable.pages[i] = f.now.page(i)
		}
	}
	f.durable.size = f.now.size
	clear(f.dirty)
	f.sizes = append(f.sizes[:0], f.now.size)
}

// failSync makes some of it durable and forgets the rest.
func (f *file) failSync(rng *rand.Rand) {
	f.durable, f.strayed = f.settle(rng, 0.5), true
	clear(f.dirty)
	f.sizes = append(f.sizes[:0], f.durable.size)
	f.resized()
}

// settle returns what a crash leaves of the file where each write since the last
// sync is on the drive with a probability.
func (f *file) settle(rng *rand.Rand, kept float64) content {
	size, low := f.settleSize(rng, kept)
	c := f.durable.clone()
	c.cut(low)
	for _, i := range slices.Sorted(maps.Keys(f.dirty)) {
		d := f.dirty[i]
		var fresh, between uint8
		for s := range sectors {
			bit := uint8(1) << s
			if d.mask&bit == 0 || rng.Float64() >= kept {
				continue
			}
			if kept < 1 && d.midMask&bit != 0 && rng.IntN(3) == 0 {
				between |= bit
			} else {
				fresh |= bit
			}
		}
		c.copySectors(i, fresh, f.now.page(i))
		if between != 0 {
			c.copySectors(i, between, d.mid)
		}
	}
	c.trim(size)
	c.size = size
	return c
}

// settleSize chooses a length that a crash leaves, and the smallest that the file
// had before it: what was behind that is gone.
func (f *file) settleSize(rng *rand.Rand, kept float64) (size, low int64) {
	last := len(f.sizes) - 1
	i := last
	switch {
	case kept <= 0:
		i = 0
	case kept < 1 && rng.IntN(3) == 0:
		i = 0
	case kept < 1 && rng.IntN(2) == 0:
		i = rng.IntN(last + 1)
	}
	size, low = f.sizes[i], slices.Min(f.sizes[:i+1])
	if i > 0 && kept < 1 && size > f.sizes[i-1] && rng.IntN(4) == 0 {
		before := f.sizes[i-1]
		size = max(before, (before+rng.Int64N(size-before))/sectorSize*sectorSize)
	}
	return size, low
}

// needs returns how many pages more a write takes up.
func (f *file) needs(offset, length int64) int64 {
	n := int64(0)
	for i := offset / pageSize; i*pageSize < offset+length; i++ {
		if i*pageSize >= f.reserved && f.now.pages[i] == nil {
			n++
		}
	}
	return n
}

// count returns how many pages the file takes up when so many bytes are reserved.
func (f *file) count(reserved int64) int64 {
	n := (reserved + pageSize - 1) / pageSize
	for i := range f.now.pages {
		if i*pageSize >= reserved {
			n++
		}
	}
	return n
}
