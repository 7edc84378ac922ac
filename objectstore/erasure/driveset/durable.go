package driveset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"croft/objectstore/erasure/disk"
)

// maxSmallFile bounds what a damaged file can make us read.
const maxSmallFile = 1 << 20

// ReadSmall returns the content of a small file.
func (d *Drive) ReadSmall(name string) ([]byte, error) {
	a, err := d.disk()
	if err != nil {
		return nil, err
	}
	content, err := readSmall(a.disk, name)
	return content, d.checkRead(a, "read", name, 0, err)
}

// WriteSmall replaces a small file as a whole, durably.
func (d *Drive) WriteSmall(name string, content []byte) error {
	return d.change("write", func(b disk.Disk) error { return writeSmall(b, name, content) })
}

func readSmall(b disk.Disk, name string) ([]byte, error) {
	f, err := b.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > maxSmallFile {
		return nil, fmt.Errorf("%s has %d bytes", name, size)
	}
	content := make([]byte, size)
	if n, err := f.ReadAt(content, 0); int64(n) != size {
		return nil, errors.Join(io.ErrUnexpectedEOF, err)
	}
	return content, nil
}

// writeSmall writes a file of the root folder beside its old self and puts it in
// its place, so that a reader finds one of the two whole.
func writeSmall(b disk.Disk, name string, content []byte) error {
	tmp := name + ".new"
	f, err := b.Create(tmp)
	if errors.Is(err, fs.ErrExist) { // left by a start that was cut off
		if err = b.Remove(tmp); err == nil {
			f, err = b.Create(tmp)
		}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = b.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, b.Remove(tmp))
	}
	return b.SyncDir(".")
}
