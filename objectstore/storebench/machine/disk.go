package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	block = 1 << 20
	// logSize is how large a preallocated file is that Append goes round in.
	logSize = 32 << 20
)

// Disk is a folder on the disk to be measured. Its methods are for one goroutine
// at a time.
type Disk struct {
	dir    string
	stream int64 // how much Write and Read move
	logs   []*os.File
	ones   []byte
}

// OpenDisk makes the folder; Close removes it. Streams are so many bytes long.
func OpenDisk(dir string, stream int64) (*Disk, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	d := &Disk{dir: dir, stream: stream, ones: make([]byte, block)}
	for i := range d.ones {
		d.ones[i] = byte(i*7 + i>>8)
	}
	return d, nil
}

// Close removes what measuring left.
func (d *Disk) Close() error {
	for _, f := range d.logs {
		_ = f.Close()
	}
	return os.RemoveAll(d.dir)
}

// Append appends to that many preallocated files at once, each time so many bytes
// to each and then a data sync of each, the files in parallel and in step. It
// returns how many such rounds a second went to the disk.
func (d *Disk) Append(ctx context.Context, files, bytes int, length time.Duration) (float64, error) {
	if err := d.preallocate(files); err != nil {
		return 0, err
	}
	return rate(ctx, length, func(round int) error {
		at := int64(round*bytes) % (logSize - int64(bytes))
		return d.each(files, func(i int) error {
			if _, err := d.logs[i].WriteAt(d.ones[:bytes], at); err != nil {
				return err
			}
			return syncData(d.logs[i])
		})
	})
}

// preallocate writes the files out, so that a sync has no size and no extents to
// commit either.
func (d *Disk) preallocate(files int) error {
	for i := len(d.logs); i < files; i++ {
		f, err := os.Create(filepath.Join(d.dir, fmt.Sprintf("log%d", i)))
		if err != nil {
			return err
		}
		d.logs = append(d.logs, f)
		for at := int64(0); at < logSize; at += block {
			if _, err := f.WriteAt(d.ones, at); err != nil {
				return err
			}
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

// Create makes a small file in each of that many folders at once, with its data
// and its directory entry synced. It returns how many such rounds a second.
func (d *Disk) Create(ctx context.Context, folders, bytes int, length time.Duration) (float64, error) {
	paths := make([]string, folders)
	for i := range paths {
		paths[i] = filepath.Join(d.dir, fmt.Sprintf("folder%d", i))
		if err := os.MkdirAll(paths[i], 0o755); err != nil {
			return 0, err
		}
		defer os.RemoveAll(paths[i])
	}
	return rate(ctx, length, func(round int) error {
		return d.each(folders, func(i int) error {
			f, err := os.Create(filepath.Join(paths[i], fmt.Sprint(round)))
			if err != nil {
				return err
			}
			_, err = f.Write(d.ones[:bytes])
			if err == nil {
				err = syncData(f)
			}
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			return syncDir(paths[i])
		})
	})
}

// Write writes a new file block by block and syncs it. It returns bytes
// a second, the sync included.
func (d *Disk) Write(ctx context.Context) (float64, error) {
	path := filepath.Join(d.dir, "stream")
	defer os.Remove(path)
	return d.writeStream(ctx, path)
}

func (d *Disk) writeStream(ctx context.Context, path string) (float64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	began := time.Now()
	for at := int64(0); at < d.stream; at += block {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if _, err := f.Write(d.ones); err != nil {
			return 0, err
		}
	}
	if err := syncData(f); err != nil {
		return 0, err
	}
	return float64(d.stream) / time.Since(began).Seconds(), nil
}

// Read reads a file block by block and returns bytes a second: from the
// disk, or cached, out of the page cache. Where the system has no way to forget a
// file, both are the same.
func (d *Disk) Read(ctx context.Context, cached bool) (float64, error) {
	path := filepath.Join(d.dir, "stream")
	defer os.Remove(path)
	if _, err := d.writeStream(ctx, path); err != nil {
		return 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if !cached {
		forget(f)
	}
	return d.readAll(f)
}

func (d *Disk) readAll(f *os.File) (float64, error) {
	buffer := make([]byte, block)
	began := time.Now()
	for at := int64(0); at < d.stream; at += block {
		if _, err := f.ReadAt(buffer, at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	return float64(d.stream) / time.Since(began).Seconds(), nil
}

// each runs f for 0 … n-1 at once.
func (d *Disk) each(n int, f func(i int) error) error {
	if n == 1 {
		return f(0)
	}
	failures := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failures[i] = f(i) })
	}
	all.Wait()
	return errors.Join(failures...)
}

// rate repeats f for that long and returns how often a second.
func rate(ctx context.Context, length time.Duration, f func(round int) error) (float64, error) {
	began := time.Now()
	for round := 0; ; round++ {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := f(round); err != nil {
			return 0, err
		}
		if past := time.Since(began); past >= length {
			return float64(round+1) / past.Seconds(), nil
		}
	}
}
