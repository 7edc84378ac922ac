package seglog

import (
	"container/list"
	"errors"
	"sync"

	"croft/objectstore/erasure/driveset"
)

// maxOpenFiles is how many segments of one drive are kept open.
const maxOpenFiles = 128

// files are the open segments of a drive. One that is in use stays open when it
// is forgotten.
type files struct {
	drive *driveset.Drive

	mu   sync.Mutex // guards the following 2 fields and the counts
	byID map[uint64]*openFile
	used list.List // of *openFile, most recently used first
}

type openFile struct {
	id      uint64
	file    *driveset.File
	users   int
	element *list.Element // nil once forgotten
}

func newFiles(d *driveset.Drive) *files {
	return &files{drive: d, byID: make(map[uint64]*openFile)}
}

// with runs something on a segment's file. After an error that may be the open
// file's, as when the drive was away meanwhile, the next one opens it anew.
func (f *files) with(id uint64, do func(file *driveset.File) error) error {
	o, err := f.open(id)
	if err != nil {
		return err
	}
	err = do(o.file)
	f.release(o, orMissing(err) != nil && !errors.Is(err, errRecord))
	return err
}

func (f *files) open(id uint64) (*openFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.byID[id]
	if o != nil && o.file.Stale() {
		f.drop(o)
		o = nil
	}
	if o == nil {
		// Opening under the lock keeps two callers from opening the same file.
		file, err := f.drive.Open(segmentName(id))
		if err != nil {
			return nil, err
		}
		o = &openFile{id: id, file: file}
		o.element = f.used.PushFront(o)
		f.byID[id] = o
		for f.used.Len() > maxOpenFiles {
			f.drop(f.used.Back().Value.(*openFile))
		}
	} else {
		f.used.MoveToFront(o.element)
	}
	o.users++
	return o, nil
}

func (f *files) release(o *openFile, forget bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if forget && o.element != nil {
		f.drop(o)
	}
	if o.users--; o.users == 0 && o.element == nil {
		_ = o.file.Close()
	}
}

// drop forgets a file and closes it unless somebody uses it. The caller holds mu.
func (f *files) drop(o *openFile) {
	f.used.Remove(o.element)
	o.element = nil
	delete(f.byID, o.id)
	if o.users == 0 {
		_ = o.file.Close()
	}
}

// forget lets go of a segment that was removed or made anew.
func (f *files) forget(id uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.byID[id]; o != nil {
		f.drop(o)
	}
}

func (f *files) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.byID {
		f.drop(o)
	}
}
