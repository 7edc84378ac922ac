package simdisk

import (
	"maps"
	"slices"
)

// entry is what a name in a folder stands for: a *file or a *folder.
type entry any

// folder keeps its entries as programs see them, as the drive holds them for
// certain, and the changes that lead from these to those.
type folder struct {
	number  int // in order of making, among files and folders
	now     map[string]entry
	durable map[string]entry
	pending []change // oldest first
}

// change is one that a folder keeps whole or not at all: a name goes, another
// comes, or both at once.
type change struct {
	number  int // rises
	removed string
	added   string
	entry   entry   // of added
	with    *folder // another folder, whose changes up to this number come with it
}

func newFolder(number int) *folder {
	return &folder{number: number, now: make(map[string]entry), durable: make(map[string]entry)}
}

func (c change) apply(to map[string]entry) {
	if c.removed != "" {
		delete(to, c.removed)
	}
	if c.added != "" {
		to[c.added] = c.entry
	}
}

// change does one and remembers that it is not durable.
func (f *folder) change(c change) {
	c.apply(f.now)
	f.pending = append(f.pending, c)
}

// commit makes the changes up to one's number durable, and those of other folders
// that cannot be without them.
func (f *folder) commit(number int) {
	for len(f.pending) > 0 && f.pending[0].number <= number {
		c := f.pending[0]
		f.pending = f.pending[1:]
		c.apply(f.durable)
		if c.with != nil {
			c.with.commit(c.number)
		}
	}
}

// settle makes everything durable that is in a folder.
func (f *folder) settle(number int) {
	f.commit(number)
	for _, e := range f.now {
		switch e := e.(type) {
		case *folder:
			e.settle(number)
		case *file:
			e.sync()
		}
	}
}

// walk visits the files below a folder in order of name.
func (f *folder) walk(prefix string, visit func(name string, f *file)) {
	for _, name := range slices.Sorted(maps.Keys(f.now)) {
		switch e := f.now[name].(type) {
		case *folder:
			e.walk(prefix+name+"/", visit)
		case *file:
			visit(prefix+name, e)
		}
	}
}

// copier clones a tree in which one file or folder can be reached in many ways.
type copier struct {
	files   map[*file]*file
	folders map[*folder]*folder
}

func newCopier() *copier {
	return &copier{make(map[*file]*file), make(map[*folder]*folder)}
}

func (c *copier) folder(f *folder) *folder {
	if f == nil || c.folders[f] != nil {
		return c.folders[f]
	}
	n := &folder{number: f.number}
	c.folders[f] = n
	n.now, n.durable = c.entries(f.now), c.entries(f.durable)
	n.pending = make([]change, len(f.pending))
	for i, p := range f.pending {
		p.with = c.folder(p.with)
		if p.entry != nil {
			p.entry = c.entry(p.entry)
		}
		n.pending[i] = p
	}
	return n
}

func (c *copier) entries(m map[string]entry) map[string]entry {
	n := maps.Clone(m)
	for name, e := range n {
		n[name] = c.entry(e)
	}
	return n
}

func (c *copier) entry(e entry) entry {
	if f, ok := e.(*folder); ok {
		return c.folder(f)
	}
	f := e.(*file)
	if c.files[f] == nil {
		c.files[f] = f.clone()
	}
	return c.files[f]
}
