package seglog

import (
	"errors"
	"io/fs"
	"sync"

	"croft/objectstore/erasure/driveset"
)

// keptSpares is how many spare segments a drive keeps: one to go on with and one
// that is kept back for deleting, which a full drive must still allow.
const keptSpares = 2

// spares are allocated files that become segments, by place. Writing into blocks
// that exist is what makes a sync cheap.
type spares struct {
	log  *Log
	wake []chan int64 // by place: the size that is wanted; closed at the end

	mu    sync.Mutex // guards the following 3 fields
	names [driveset.MaxDrives][]string
	made  uint64
	ended bool
}

func (s *spares) init(l *Log) {
	s.log = l
	for _, d := range l.set.Drives {
		s.wake = append(s.wake, make(chan int64, 1))
		entries, err := d.List(logDir)
		if err != nil {
			continue // not formatted yet, or away
		}
		for _, e := range entries {
			if id, ok := parseName(e.Name, spareSuffix); ok {
				s.names[d.Place] = append(s.names[d.Place], spareName(id))
				s.made = max(s.made, id&^freshSpare)
			}
		}
	}
}

// freshSpare marks the names of spares that were never a segment.
const freshSpare = 1 << 63

func (s *spares) newName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	return spareName(s.made | freshSpare)
}

// take returns a file of a size to make a segment of. The last spare is for urgent
// needs.
func (s *spares) take(d *driveset.Drive, size int64, urgent bool) (name string, err error) {
	keep := 1
	if urgent {
		keep = 0
	}
	for {
		name = s.pop(d, keep)
		if name == "" {
			return s.create(d, size, urgent)
		}
		err := s.allocate(d, name, size)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was on a disk that is no longer the drive's
		}
		if err != nil {
			s.giveBack(d, name)
			return "", err
		}
		return name, nil
	}
}

func (s *spares) pop(d *driveset.Drive, keep int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := s.names[d.Place]
	if len(names) <= keep {
		return ""
	}
	name := names[len(names)-1]
	s.names[d.Place] = names[:len(names)-1]
	return name
}

// allocate makes a file at least so large.
func (s *spares) allocate(d *driveset.Drive, name string, size int64) error {
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Allocate(size), f.Close())
}

// create allocates a new file. Unless it is urgent it leaves some of the drive free.
func (s *spares) create(d *driveset.Drive, size int64, urgent bool) (name string, err error) {
	if !urgent {
		if err := d.Room(size); err != nil {
			return "", err
		}
	}
	name = s.newName()
	f, err := d.Create(name)
	if errors.Is(err, fs.ErrExist) { // of a drive that was away when the others were looked at
		return name, s.allocate(d, name, size)
	}
	if err != nil {
		return "", err
	}
	if err = errors.Join(f.Allocate(size), f.Close()); err != nil {
		_ = d.Remove(name)
		return "", err
	}
	return name, nil
}

// giveBack keeps a file for later, or removes it when there are enough.
func (s *spares) giveBack(d *driveset.Drive, name string) {
	s.mu.Lock()
	enough := len(s.names[d.Place]) >= 2*keptSpares
	if !enough {
		s.names[d.Place] = append(s.names[d.Place], name)
	}
	s.mu.Unlock()
	if enough {
		_ = d.Remove(name)
	}
}

// want asks for spares of a size to be made ready in the background.
func (s *spares) want(d *driveset.Drive, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	select {
	case s.wake[d.Place] <- size:
	default:
	}
}

func (s *spares) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		for _, wake := range s.wake {
			close(wake)
		}
	}
}

// run makes the spares of one drive.
func (s *spares) run(d *driveset.Drive) {
	for size := range s.wake[d.Place] {
		for d.Writable() && s.count(d) < keptSpares {
			name, err := s.create(d, size, false)
			if err != nil {
				break // full, or fenced: the next segment finds out
			}
			s.giveBack(d, name)
		}
	}
}

func (s *spares) count(d *driveset.Drive) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.names[d.Place])
}
