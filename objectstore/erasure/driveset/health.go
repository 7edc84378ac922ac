package driveset

import (
	"context"
	"fmt"
	"sync"
	"time"

	"croft/objectstore"
)

// space is what a drive's file system has, in bytes.
type space struct{ total, free int64 }

// Space is the room on the drives of a set, in bytes.
type Space struct {
	// Total and Free are those of all file systems, each counted once.
	Total, Free int64
	// Least is what each writable drive can still take: on the one that has the
	// least, when those that share its file system take as much.
	Least int64
}

// Space says how much room there is. Drives that do not answer are left out.
func (s *Set) Space(ctx context.Context) Space {
	var sum Space
	spaces := s.spaces(ctx)
	sharers := make(map[string]int64) // writable drives by file system
	for i, d := range s.Drives {
		if spaces[i] != nil && d.Writable() {
			sharers[s.fileSystem(i)]++
		}
	}
	counted := make(map[string]bool)
	first := true
	for i, d := range s.Drives {
		if spaces[i] == nil {
			continue
		}
		on := s.fileSystem(i)
		if !counted[on] {
			counted[on] = true
			sum.Total += spaces[i].total
			sum.Free += spaces[i].free
		}
		if n := sharers[on]; n > 0 && d.Writable() {
			if each := spaces[i].free / n; first || each < sum.Least {
				sum.Least, first = each, false
			}
		}
	}
	return sum
}

// fileSystem names the file system of a drive, one of its own when it is unknown.
func (s *Set) fileSystem(place int) string {
	if f := s.Drives[place].FileSystem(); f != "" {
		return f
	}
	return fmt.Sprintf("of %d alone", place)
}

// spaces asks all drives at once; nil is one that does not answer.
func (s *Set) spaces(ctx context.Context) []*space {
	all := make([]*space, len(s.Drives))
	var wg sync.WaitGroup
	for i, d := range s.Drives {
		if !d.Readable() {
			continue
		}
		wg.Go(func() {
			all[i], _ = d.space.ask(ctx, func() *space {
				total, free, err := d.Space()
				if err != nil {
					return nil
				}
				return &space{total, free}
			})
		})
	}
	wg.Wait()
	return all
}

// Health says how each drive is, in the order they were given in. Drives that
// hang hold it up for a moment, not for good.
func (s *Set) Health(ctx context.Context) []objectstore.Drive {
	spaces := s.spaces(ctx)
	reads, syncs := s.times(readTimes), s.times(syncTimes)
	slowReads, readMedian := slow(reads)
	slowSyncs, syncMedian := slow(syncs)
	var all []objectstore.Drive
	for _, d := range s.Given {
		out := objectstore.Drive{ID: d.ID(), Path: d.Path, Place: d.Place, FileSystem: d.FileSystem()}
		out.State, out.Message = d.Status()
		out.ReadErrors, out.WriteErrors = d.Errors()
		if out.State == objectstore.DriveOK {
			switch {
			case slowSyncs.Has(d.Place):
				out.State, out.Message = objectstore.DriveSlow, slowness("Making data durable", syncs[d.Place], syncMedian)
			case slowReads.Has(d.Place):
				out.State, out.Message = objectstore.DriveSlow, slowness("Reading", reads[d.Place], readMedian)
			}
		}
		if x := spaces[d.Place]; x != nil {
			out.TotalBytes, out.FreeBytes = x.total, x.free
		}
		all = append(all, out)
	}
	return all
}

func slowness(what string, here, others time.Duration) string {
	return fmt.Sprintf("%s takes %v on it and %v on the others.", what, rounded(here), rounded(others))
}

func rounded(t time.Duration) time.Duration {
	if t < time.Millisecond {
		return max(t.Round(time.Microsecond), time.Microsecond)
	}
	return t.Round(time.Millisecond)
}
