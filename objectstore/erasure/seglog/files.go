package seglog

import (
	"container/list"
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

// open returns a segment's file; the caller calls release when it is done with it.
func (f *files) open(id uint64) (file *driveset.File, release func(), err error) {
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
			return nil, nil, err
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
	return o.file, func() { f.release(o) }, nil
}

func (f *files) release(o *openFile) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
