package simdisk

import (
	"cmp"
	"io/fs"
	"path"
	"slices"

	"croft/objectstore/erasure/disk"
)

// What follows is done to what the drive holds past its interface: it is durable at
// once, is no operation, and works whatever is wrong with the drive. Open files see
// it, except for those that were removed or replaced.

// Files returns every file below the root with its path and size, in order of path.
func (d *Drive) Files() []disk.Entry {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	var files []disk.Entry
	d.root.walk("", func(name string, f *file) {
		files = append(files, disk.Entry{Name: name, Size: f.now.size})
	})
	slices.SortFunc(files, func(a, b disk.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return files
}

// ReadFile returns what a program would read.
func (d *Drive) ReadFile(name string) ([]byte, error) {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	f, err := d.findFile(name)
	if err != nil {
		return nil, err
	}
	b := make([]byte, f.now.size)
	f.now.readAt(b, 0)
	return b, nil
}

// WriteFile replaces a file's bytes, or makes the file and the folders it is in.
func (d *Drive) WriteFile(name string, b []byte) error {
	return d.damage(func() error {
		in, err := d.makeFolders(path.Dir(name))
		if err != nil {
			return err
		}
		e := in.now[path.Base(name)]
		if e == nil {
			e = newFile(d.number())
			d.settle(in, change{added: path.Base(name), entry: e})
		}
		f, ok := e.(*file)
		if !ok {
			return fs.ErrExist
		}
		f.now = newContent()
		f.now.writeAt(b, 0)
		f.settled()
		return nil
	})
}

func (d *Drive) makeFolders(name string) (*folder, error) {
	if name == "." {
		return d.root, nil
	}
	in, err := d.makeFolders(path.Dir(name))
	if err != nil {
		return nil, err
	}
	if in.now[path.Base(name)] == nil {
		d.settle(in, change{added: path.Base(name), entry: newFolder(d.number())})
	}
	return d.findFolder(name)
}

// RemoveFile takes a file away.
func (d *Drive) RemoveFile(name string) error {
	return d.damage(func() error {
		if _, err := d.findFile(name); err != nil {
			return err
		}
		in, base, err := d.place(name)
		if err != nil {
			return err
		}
		d.settle(in, change{removed: base})
		return nil
	})
}

// FlipBit turns the lowest bit of a byte.
func (d *Drive) FlipBit(name string, offset int64) error {
	return d.damage(func() error {
		f, err := d.findFile(name)
		if err != nil {
			return err
		}
		if offset < 0 || offset >= f.now.size {
			return fs.ErrInvalid
		}
		for _, c := range []*content{&f.now, &f.durable} {
			if b := c.page(offset / pageSize)[offset%pageSize]; offset < c.size {
				c.writeAt([]byte{b ^ 1}, offset)
			}
		}
		return nil
	})
}

// TruncateFile cuts a file, or makes it longer with zeros.
func (d *Drive) TruncateFile(name string, size int64) error {
	return d.damage(func() error {
		f, err := d.findFile(name)
		if err != nil {
			return err
		}
		if size < 0 {
			return fs.ErrInvalid
		}
		f.truncate(size)
		f.settled()
		return nil
	})
}

// Replace makes the drive hold what another one does, of this machine or of a clone
// of it from earlier.
func (d *Drive) Replace(other *Drive) {
	other.machine.mu.Lock()
	copied, _ := other.clone(d.machine)
	other.machine.mu.Unlock()
	_ = d.damage(func() error {
		d.root, d.numbers = copied.root, max(d.numbers, copied.numbers)
		return nil
	})
}

// Wipe makes the drive empty.
func (d *Drive) Wipe() {
	_ = d.damage(func() error {
		d.root = newFolder(d.number())
		return nil
	})
}

// damage does something and counts anew what the files take up, apart from those
// that are open and have no name.
func (d *Drive) damage(do func() error) error {
	d.machine.mu.Lock()
	defer d.machine.mu.Unlock()
	d.root.walk("", func(_ string, f *file) {
		d.used -= f.blocks * pageSize
		f.blocks, f.links = 0, 0
	})
	err := do()
	d.recount()
	return err
}

// settle changes a folder and makes it durable as it is.
func (d *Drive) settle(f *folder, c change) {
	c.number = d.number()
	f.change(c)
	f.commit(c.number)
}

// settled makes the file durable as it is.
func (f *file) settled() {
	f.durable = f.now.clone()
	clear(f.dirty)
	f.sizes, f.strayed = []int64{f.now.size}, false
	f.reserved = min(f.reserved, f.now.size)
}
