package simdisk

import (
	"cmp"
	"errors"
	"io"
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

var _ disk.Disk = (*Drive)(nil)

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

func (d *Drive) Open(name string) (disk.File, error) {
	var opened disk.File
	err := d.do(action{op: Op{Kind: Open, Name: name}, apply: func() error {
		f, err := d.findFile(name)
		if err == nil {
			opened = d.open(f, name)
		}
		return err
	}})
	return opened, err
}

func (d *Drive) open(f *file, name string) *handle {
	f.handles++
	return &handle{drive: d, file: f, name: name, plugged: d.plugged}
}

func (d *Drive) Create(name string) (disk.File, error) {
	var opened disk.File
	err := d.do(action{op: Op{Kind: Create, Name: name}, apply: func() error {
		f, err := d.create(name)
		if err == nil {
			opened = d.open(f, name)
		}
		return err
	}})
	return opened, err
}

func (d *Drive) create(name string) (*file, error) {
	in, base, err := d.place(name)
	switch {
	case err != nil:
		return nil, err
	case in.now[base] != nil:
		return nil, fs.ErrExist
	case d.size-d.used < pageSize:
		return nil, syscall.ENOSPC
	}
	f := newFile(d.number())
	in.change(change{number: d.number(), added: base, entry: f})
	return f, nil
}

func (d *Drive) Mkdir(name string) error {
	return d.do(action{op: Op{Kind: Mkdir, Name: name}, apply: func() error {
		in, base, err := d.place(name)
		if err != nil {
			return err
		}
		switch in.now[base].(type) {
		case *folder:
			return nil
		case *file:
			return fs.ErrExist
		}
		if d.size-d.used < pageSize {
			return syscall.ENOSPC
		}
		in.change(change{number: d.number(), added: base, entry: newFolder(d.number())})
		return nil
	}})
}

func (d *Drive) Remove(name string) error {
	return d.do(action{op: Op{Kind: Remove, Name: name}, apply: func() error {
		in, base, err := d.place(name)
		if err != nil {
			return err
		}
		c := change{number: d.number(), removed: base}
		switch e := in.now[base].(type) {
		case nil:
			return fs.ErrNotExist
		case *folder:
			if len(e.now) > 0 {
				return syscall.ENOTEMPTY
			}
			c.with = e // what was moved out of it is not lost
		case *file:
			d.unlink(e)
		}
		in.change(c)
		return nil
	}})
}

// unlink gives the space of a file back that has neither a name nor a handle.
func (d *Drive) unlink(f *file) {
	f.links = 0
	d.release(f)
}

func (d *Drive) release(f *file) {
	if f.links == 0 && f.handles == 0 {
		d.used -= f.blocks * pageSize
		f.blocks = 0
	}
}

func (d *Drive) Rename(from, to string) error {
	return d.do(action{op: Op{Kind: Rename, Name: from, To: to}, apply: func() error {
		old, oldBase, err := d.place(from)
		if err != nil {
			return err
		}
		in, base, err := d.place(to)
		if err != nil {
			return err
		}
		moved, err := d.findFile(from)
		if err != nil {
			return err
		}
		switch replaced := in.now[base].(type) {
		case *folder:
			return syscall.EISDIR
		case *file:
			if replaced == moved {
				return nil
			}
			d.unlink(replaced)
		}
		n := d.number()
		if old == in {
			in.change(change{number: n, removed: oldBase, added: base, entry: moved})
			return nil
		}
		old.change(change{number: n, removed: oldBase, with: in})
		in.change(change{number: n, added: base, entry: moved, with: old})
		return nil
	}})
}

func (d *Drive) List(name string) ([]disk.Entry, error) {
	var entries []disk.Entry
	err := d.do(action{op: Op{Kind: List, Name: name}, apply: func() error {
		f, err := d.findFolder(name)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(f.now)) {
			switch e := f.now[name].(type) {
			case *folder:
				entries = append(entries, disk.Entry{Name: name, Dir: true})
			case *file:
				entries = append(entries, disk.Entry{Name: name, Size: e.now.size})
			}
		}
		return nil
	}})
	return entries, err
}

func (d *Drive) SyncDir(name string) error {
	var f *folder
	return d.do(action{
		op: Op{Kind: SyncDir, Name: name},
		apply: func() (err error) {
			if f, err = d.findFolder(name); err == nil && !d.state.lying {
				f.commit(d.numbers)
			}
			return err
		},
		failed: func() {
			if f, err := d.findFolder(name); err == nil && len(f.pending) > 0 {
				if n := d.rng.IntN(len(f.pending) + 1); n > 0 {
					f.commit(f.pending[n-1].number)
				}
			}
		},
	})
}

func (d *Drive) Space() (total, free int64, err error) {
	err = d.do(action{op: Op{Kind: Space, Name: "."}, apply: func() error {
		total, free = d.size, max(0, d.size-d.used)
		return nil
	}})
	return total, free, err
}

func (d *Drive) Lock(name string) (io.Closer, error) {
	f, err := d.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = d.Create(name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var held *lock
	err = d.do(action{op: Op{Kind: Open, Name: name}, apply: func() error {
		f, err := d.findFile(name)
		if err != nil {
			return err
		}
		if d.locks[f] {
			return disk.ErrLocked
		}
		d.locks[f] = true
		held = &lock{d, f}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// lock is held until Close or the machine's end.
type lock struct {
	drive *Drive
	file  *file
}

func (l *lock) Close() error {
	l.drive.machine.mu.Lock()
	defer l.drive.machine.mu.Unlock()
	if !l.drive.locks[l.file] {
		return fs.ErrClosed
	}
	delete(l.drive.locks, l.file)
	return nil
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
