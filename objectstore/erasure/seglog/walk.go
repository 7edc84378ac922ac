package seglog

import (
	"context"
	"errors"
	"fmt"

	"croft/objectstore/erasure/driveset"
)

// walker goes through the records of a segment, reading the same stretch of
// several drives at once.
type walker struct {
	*Log
	at  Position // of the next record
	end int64
	not int  // drive that is left out; -1 is none
	all bool // every drive is read, not only as many as it takes to read

	from int64      // where the stretch begins
	to   int64      // and ends
	bufs []*buffer  // by place; nil where nothing could be read
	lost []Position // where records are that no drive has intact
	// pace, when not nil, is told how many bytes will be read and may wait.
	pace func(ctx context.Context, bytes int64) error
	read int64 // bytes so far
}

// walkBytes is how much of a drive is read at once.
const walkBytes = 1 << 20

func (w *walker) close() {
	releaseAll(w.bufs)
	w.bufs = nil
}

// next returns the next record that is intact on any drive, nil at the end.
func (w *walker) next(ctx context.Context) (*found, error) {
	for w.at.Offset < w.end {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if w.bufs == nil || w.at.Offset >= w.to {
			if err := w.load(ctx, walkBytes); err != nil {
				return nil, err
			}
		}
		rec := w.look()
		if rec == nil {
			var silent driveset.Places
			if rec, silent = w.find(w.at); rec == nil {
				w.lost = append(w.lost, w.at)
				next, err := w.skip(w.at, w.end, silent)
				if err != nil {
					return nil, err
				}
				w.at = next
				continue
			}
		}
		after := rec.head.after(w.at)
		if after.Offset > w.end {
			return nil, fmt.Errorf("segment %016x: record at %d ends behind the segment's end", w.at.Segment, w.at.Offset)
		}
		if after.Offset > w.to {
			if err := w.load(ctx, max(after.Offset-w.at.Offset, walkBytes)); err != nil {
				return nil, err
			}
			continue
		}
		w.at = after
		return rec, nil
	}
	return nil, nil
}

// load reads a stretch that begins at the next record.
func (w *walker) load(ctx context.Context, n int64) error {
	w.close()
	n = min(n, w.end-w.at.Offset)
	w.from, w.to = w.at.Offset, w.at.Offset+n
	w.bufs = make([]*buffer, len(w.set.Drives))
	places := w.placesOf(w.at.Segment)
	sources := w.set.Readable() & places
	if w.not >= 0 {
		sources = sources.Without(w.not)
	}
	want := sources.Count()
	if !w.all {
		want = min(want, w.set.GeometryOf(places.Count()).Data)
	}
	// Others take part in the next segment.
	order := make([]int, 0, len(w.set.Drives))
	for i := range w.set.Drives {
		if p := (i + int(w.at.Segment)) % len(w.set.Drives); sources.Has(p) {
			order = append(order, p)
		}
	}
	for len(order) > 0 && want > 0 {
		var now driveset.Places
		for _, p := range order[:min(want, len(order))] {
			now = now.With(p)
		}
		order = order[now.Count():]
		if w.pace != nil {
			if err := w.pace(ctx, n*int64(now.Count())); err != nil {
				return err
			}
		}
		done, _ := w.set.Each(now, func(d *driveset.Drive) error { return w.loadFrom(d.Place, n) })
		want -= done.Count()
		w.read += n * int64(done.Count())
	}
	return nil
}

// loadFrom reads the stretch from one drive, with zeros behind the file's end.
func (w *walker) loadFrom(place int, n int64) error {
	return w.files[place].with(w.at.Segment, func(f *driveset.File) error {
		size, err := f.Size()
		if err != nil {
			return err
		}
		buf := takeBuffer(int(n))
		have := max(0, min(n, size-w.from))
		if err := f.ReadFull(buf.b[:have], w.from); err != nil {
			buf.release()
			return err
		}
		clear(buf.b[have:])
		w.bufs[place] = buf
		return nil
	})
}

// look returns the next record when one of the drives has it intact in the stretch.
func (w *walker) look() *found {
	for place, buf := range w.bufs {
		if buf == nil {
			continue
		}
		b := buf.b[w.at.Offset-w.from:]
		h, err := parseHead(b)
		if err != nil || h.position() != w.at || h.place != place || h.geometry.Drives() > len(w.bufs) ||
			h.before() > len(b) || h.check(b[:h.before()], w.seed) != nil {
			continue
		}
		return &found{head: h, bytes: b[:h.before()]}
	}
	return nil
}

// copies returns as many intact copies of the record that next returned as are
// wanted, as the stretch has them, nil when it has fewer.
func (w *walker) copies(rec *found, want int) []*buffer {
	copies := make([]*buffer, len(w.bufs))
	for place := range w.bufs {
		if want == 0 {
			break
		}
		if b := w.copy(place, rec); b != nil {
			copies[place] = &buffer{b: b, class: -1}
			want--
		}
	}
	if want > 0 {
		return nil
	}
	return copies
}

// copy returns a drive's copy of the record that next returned, nil when it is not
// intact.
func (w *walker) copy(place int, rec *found) []byte {
	if w.bufs[place] == nil {
		return nil
	}
	from := rec.head.position().Offset - w.from
	b := w.bufs[place].b[from : from+int64(rec.head.length)*unit]
	if !w.intact(b, place, &rec.head) {
		return nil
	}
	return b
}

// Damage is a record that drives lack or have wrong.
type Damage struct {
	Record int64
	Places driveset.Places
}

// Verify reads every copy of a segment's records and returns what is wrong with
// them and how many bytes it read. Drives that are away, and those that do not
// have the segment at all, are left out. Pace, when not nil, is told before each
// read how many bytes it is, and may wait.
func (l *Log) Verify(ctx context.Context, id uint64, pace func(ctx context.Context, bytes int64) error) (damaged []Damage, bytes int64, err error) {
	s, ok := l.segmentInUse(id)
	if !ok {
		return nil, 0, nil
	}
	h, _ := l.head(id)
	if h == nil {
		return nil, 0, quorumLost(fmt.Errorf("segment %016x has no intact head on any drive that is here", id))
	}
	if _, failures := l.set.Each(l.set.Writable(), (*driveset.Drive).Settle); len(failures) > 0 {
		return nil, 0, errors.Join(failures...)
	}
	// What is on its way to a drive is not damaged.
	l.segMu.Lock()
	switch stable := l.stable(); {
	case stable.Segment == id:
		s.End = stable.Offset
	case stable.Segment < id:
		s.End = 0
	}
	l.segMu.Unlock()
	w := &walker{Log: l, at: h.begin(), end: s.End, not: -1, all: true, pace: pace}
	defer w.close()
	for {
		rec, err := w.next(ctx)
		if err != nil {
			return damaged, w.read, err
		}
		for _, p := range w.lost {
			damaged = append(damaged, Damage{Record: p.Offset, Places: l.placesOf(id)})
		}
		w.lost = nil
		if rec == nil {
			return damaged, w.read, nil
		}
		d := Damage{Record: rec.head.position().Offset}
		for place := range w.bufs {
			if w.bufs[place] != nil && w.copy(place, rec) == nil {
				d.Places = d.Places.With(place)
			}
		}
		if d.Places != 0 {
			damaged = append(damaged, d)
		}
	}
}
