package index

import "context"

// Segment is how much of a log segment is in use.
type Segment struct {
	ID    uint64
	Live  int64 // bytes that something still needs
	Total int64 // bytes that something ever needed
	Items int64 // how many things need it
}

// AddLive adds to what is live in a segment, less than 0 to take away. A segment
// that is not known yet begins with nothing.
func (tx *Tx) AddLive(segment uint64, bytes, items int64) {
	s := tx.segments[segment]
	s.Live += bytes
	s.Items += items
	s.Total += max(bytes, 0)
	tx.segments[segment] = s
}

// SetSegment says how a segment is, whatever was said before.
func (tx *Tx) SetSegment(s Segment) error {
	delete(tx.segments, s.ID)
	row := seal(s.ID, "", 24, func(b []byte) []byte { return appendCounters(b, s.Live, s.Total, s.Items) })
	_, err := tx.c.exec("INSERT OR REPLACE INTO segments (id, value) VALUES (?, ?)", s.ID, row.value)
	return err
}

// DeleteSegment forgets a segment and the repairs in it.
func (tx *Tx) DeleteSegment(id uint64) error {
	delete(tx.segments, id)
	if _, err := tx.c.exec("DELETE FROM repairs WHERE segment = ?", id); err != nil {
		return err
	}
	_, err := tx.c.exec("DELETE FROM segments WHERE id = ?", id)
	return err
}

func (tx *Tx) flushSegments() error {
	for id, added := range tx.segments {
		if added == (Segment{}) {
			continue
		}
		s, _, err := tx.View.Segment(id)
		if err != nil {
			return err
		}
		s.ID = id
		s.Live += added.Live
		s.Items += added.Items
		s.Total += added.Total
		if err := tx.SetSegment(s); err != nil {
			return err
		}
	}
	clear(tx.segments)
	return nil
}

// segment reads the columns id and value.
func (s *stmt) segment() (g Segment, err error) {
	g.ID = uint64(s.number(0))
	value, err := unseal(g.ID, nil, s.view(1))
	if err != nil {
		return g, err
	}
	return g, parseCounters(value, &g.Live, &g.Total, &g.Items)
}

// Segment returns a segment and whether it is known.
func (v View) Segment(id uint64) (g Segment, found bool, err error) {
	found, err = v.c.first(func(row *stmt) error {
		g, err = row.segment()
		return err
	}, "SELECT id, value FROM segments WHERE id = ?", id)
	return g, found, err
}

// Segments returns all segments ordered by ID.
func (v View) Segments() (all []Segment, err error) {
	err = v.c.each(func(row *stmt) error {
		g, err := row.segment()
		all = append(all, g)
		return err
	}, "SELECT id, value FROM segments ORDER BY id")
	return all, err
}

// Segment is View.Segment with what the transaction did so far.
func (tx *Tx) Segment(id uint64) (Segment, bool, error) {
	if err := tx.flushSegments(); err != nil {
		return Segment{}, false, err
	}
	return tx.View.Segment(id)
}

// Segments is View.Segments with what the transaction did so far.
func (tx *Tx) Segments() ([]Segment, error) {
	if err := tx.flushSegments(); err != nil {
		return nil, err
	}
	return tx.View.Segments()
}

// Segment is View.Segment.
func (db *DB) Segment(ctx context.Context, id uint64) (g Segment, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		g, found, err = v.Segment(id)
		return err
	})
	return g, found, err
}

// Segments is View.Segments.
func (db *DB) Segments(ctx context.Context) (all []Segment, err error) {
	err = db.read(ctx, func(v View) error {
		all, err = v.Segments()
		return err
	})
	return all, err
}
