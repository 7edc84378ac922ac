package simdisk

import (
	"cmp"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"croft/objectstore/erasure/disk"
)

// Drive is one drive of a machine.
type Drive struct {
	machine *Machine // whose mutex guards what follows
	name    string
	source  *rand.PCG
	rng     *rand.Rand
	root    *folder
	numbers int // given to files, folders and changes so far
	size    int64
	used    int64
	locks   map[*file]bool
	counts  [kinds]int
	faults  []*Fault
	state   state
	plugged int // how often it was unplugged, which ends handles
}

var (
	_ disk.Disk    = (*Drive)(nil)
	_ disk.Settler = (*Drive)(nil)
)

// defaultSize is what a drive holds unless SetFree says otherwise.
const defaultSize = 1 << 40

func newDrive(m *Machine, name string) *Drive {
	d := &Drive{machine: m, name: name, size: defaultSize, source: rand.NewPCG(m.seed, hash(name)), locks: make(map[*file]bool)}
	d.rng = rand.New(d.source)
	d.root = newFolder(d.number())
	return d
}

// clone also returns the files and folders that the copy has in any way.
func (d *Drive) clone(m *Machine) (*Drive, *copier) {
	source, c := *d.source, newCopier()
	n := &Drive{
		machine: m, name: d.name, size: d.size, source: &source, rng: rand.New(&source), numbers: d.numbers,
		root: c.folder(d.root), locks: make(map[*file]bool), state: d.state,
	}
	for _, f := range d.faults {
		copied := *f
		n.faults = append(n.faults, &copied)
	}
	n.recount()
	return n, c
}

// crash takes from a drive what a loss of power does.
func (d *Drive) crash(c *copier, rng *rand.Rand, how Outcome) {
	byNumber := func(a, b *folder) int { return cmp.Compare(a.number, b.number) }
	for _, f := range slices.SortedFunc(maps.Values(c.folders), byNumber) {
		keep := len(f.pending)
		switch how {
		case LoseAll:
			keep = 0
		case Random:
			keep = rng.IntN(keep + 1)
		}
		if keep > 0 {
			f.commit(f.pending[keep-1].number)
		}
	}
	for _, f := range c.folders {
		f.now, f.pending = maps.Clone(f.durable), nil
	}
	for _, f := range slices.SortedFunc(maps.Values(c.files), func(a, b *file) int { return cmp.Compare(a.number, b.number) }) {
		kept := 0.0
		switch how {
		case KeepAll:
			kept = 1
		case Random:
			kept = []float64{0, 0.1, 0.5, 0.9, 1}[rng.IntN(5)]
		}
		survived := f.settle(rng, kept)
		*f = file{
			number: f.number, now: survived.clone(), durable: survived, dirty: make(map[int64]*dirtyPage),
			sizes: []int64{survived.size}, reserved: min(f.reserved, survived.size), links: 1,
		}
	}
	d.used = 0
	d.recount()
}

// unplug takes from a drive in use what a loss of power does.
func (d *Drive) unplug() {
	c := newCopier()
	d.root = c.folder(d.root)
	d.crash(c, d.rng, Random)
	d.plugged++
}

// recount adds up what the files take up.
func (d *Drive) recount() {
	d.root.walk("", func(_ string, f *file) {
		f.blocks, f.links = f.count(f.reserved), 1
		d.used += f.blocks * pageSize
	})
}

func (d *Drive) number() int {
	d.numbers++
	return d.numbers
}

// Name returns the drive's name.
func (d *Drive) Name() string { return d.name }

func (d *Drive) failure(op Op, err error) error {
	return &fs.PathError{Op: op.Kind.String(), Path: d.name + "/" + op.Name, Err: err}
}

// find returns what a name stands for.
func (d *Drive) find(name string) (entry, error) {
	if _, err := filepath.Localize(name); err != nil {
		return nil, fs.ErrInvalid
	}
	if name == "." {
		return d.root, nil
	}
	at := entry(d.root)
	for part := range strings.SplitSeq(name, "/") {
		f, ok := at.(*folder)
		if !ok {
			return nil, syscall.ENOTDIR
		}
		if at = f.now[part]; at == nil {
			return nil, fs.ErrNotExist
		}
	}
	return at, nil
}

func (d *Drive) findFile(name string) (*file, error) {
	e, err := d.find(name)
	if err != nil {
		return nil, err
	}
	f, ok := e.(*file)
	if !ok {
		return nil, syscall.EISDIR
	}
	return f, nil
}

func (d *Drive) findFolder(name string) (*folder, error) {
	e, err := d.find(name)
	if err != nil {
		return nil, err
	}
	f, ok := e.(*folder)
	if !ok {
		return nil, syscall.ENOTDIR
	}
	return f, nil
}

// place returns the folder that a name is in and its last element.
func (d *Drive) place(name string) (*folder, string, error) {
	if _, err := filepath.Localize(name); err != nil || name == "." {
		return nil, "", fs.ErrInvalid
	}
	dir, base := path.Split(name)
	f, err := d.findFolder(path.Clean(dir))
	return f, base, err
}
