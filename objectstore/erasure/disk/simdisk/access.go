package simdisk

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"syscall"

	"croft/objectstore/erasure/disk"
)

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

// Settle makes everything durable. When it fails no more is than was.
func (d *Drive) Settle() error {
	return d.do(action{op: Op{Kind: Settle, Name: "."}, apply: func() error {
		if !d.state.lying {
			d.root.settle(d.numbers)
		}
		return nil
	}})
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
