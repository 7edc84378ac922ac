package seglog

import (
	"context"
	"fmt"
	"slices"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// Segment is one segment of the log and how full it is.
type Segment struct {
	ID     uint64
	End    int64 // of its records, in bytes
	Active bool  // records are still being added to it
	Drives int   // that the set had when it was begun: the first places
}

// Segments returns the segments in use, oldest first.
func (l *Log) Segments() []Segment {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	var all []Segment
	for _, x := range l.live {
		all = append(all, Segment{ID: x.id, End: x.end, Drives: l.set.GeometryOf(x.drives).Drives()})
	}
	if l.next.Segment != 0 {
		all = append(all, Segment{ID: l.next.Segment, End: l.next.Offset, Active: true, Drives: l.set.GeometryOf(l.drives).Drives()})
	}
	return all
}

// Scan calls f for each record of a segment, in order. Records that no drive has
// intact are passed over and counted as lost; when a drive that may have one
// cannot be asked, the error is ErrReadQuorum.
func (l *Log) Scan(ctx context.Context, id uint64, f func(at Position, placed []Placed) error) (lost int, err error) {
	segments := l.Segments()
	i := slices.IndexFunc(segments, func(s Segment) bool { return s.ID == id })
	h, _ := l.head(id)
	if i < 0 || h == nil {
		return 0, fmt.Errorf("segment %016x is not there", id)
	}
	for at, end := h.begin(), segments[i].End; at.Offset < end; {
		if err := ctx.Err(); err != nil {
			return lost, err
		}
		rec, silent := l.find(at)
		if rec == nil {
			if at, err = l.skip(at, end, silent); err != nil {
				return lost, err
			}
			lost++
			continue
		}
		placed, _, err := decodeMeta(&rec.head, rec.meta())
		if err != nil {
			return lost, fmt.Errorf("record %d: %w", rec.head.seq, err)
		}
		if err := f(at, placed); err != nil {
			return lost, err
		}
		at = rec.head.after(at)
	}
	return lost, nil
}

// Free takes segments out of use; the drives give their space back after what else
// they have to do. The caller promises that nothing in them is needed, not even to
// follow the log from the Start it keeps.
//
// While a record may have to be taken back nothing can be freed: what it replaced
// would be needed again.
func (l *Log) Free(ctx context.Context, ids ...uint64) error {
	if l.isUnsure() {
		return errUnsure
	}
	if err := l.submit(ctx, &request{freed: ids, urgent: true}); err != nil {
		return err
	}
	// Where this fails, the next start finds segments that nobody mentions.
	_ = l.submit(ctx, &request{pause: func() error {
		l.everywhere(func(d *driveset.Drive, refused error) {
			for _, id := range ids {
				if refused == nil {
					l.discard(d, id)
				}
			}
		})
		return nil
	}})
	return nil
}

var errUnsure = errs.New(errs.Unavailable, objectstore.ErrReadQuorum.Code,
	"A record of the log cannot be read before more drives are here. Bring back the drives that are missing, or replace them.")

// isUnsure reports whether a record may have to be taken back.
func (l *Log) isUnsure() bool {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	return l.unsure || slices.ContainsFunc(l.live, func(x extent) bool { return x.unsure })
}

// position is where the next record goes.
func (l *Log) position() Position {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	return l.next
}
