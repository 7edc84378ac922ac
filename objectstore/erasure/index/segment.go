package index

import "context"

// Segment is how much of a log segment is in use.
type Segment struct {
	ID    uint64
	Live  int64 // bytes that something still needs
	Total int64 // bytes written
	Items int64 // how many things need it
}

// AddLive adds to what is live in a segment, less than 0 to take away. A segment
// that is not known yet begins with nothing.
func (tx *Tx) AddLive(segment uint64, bytes, items int64) {
	s := tx.segments[segment]
	s.Live += bytes
	s.Items += items
	tx.segments[segment] = s
}

// SetSegment says how a segment is, whatever was said before.
func (tx *Tx) SetSegment(s Segment) error {
	delete(tx.segments, s.ID)
	_, err := tx.c.exec(`INSERT INTO segments (id, live, total, items) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET live = excluded.live, total = excluded.total, items = excluded.items`,
		s.ID, s.Live, s.Total, s.Items)
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
	for id, s := range tx.segments {
		if s.Live == 0 && s.Items == 0 {
			continue
		}
		if _, err := tx.c.exec(`INSERT INTO segments (id, live, total, items) VALUES (?, ?, 0, ?)
			ON CONFLICT DO UPDATE SET live = live + excluded.live, items = items + excluded.items`,
			id, s.Live, s.Items); err != nil {
			return err
		}
	}
	clear(tx.segments)
	return nil
}

// Segments returns all segments ordered by ID.
func (v View) Segments() (all []Segment, err error) {
	err = v.c.each(func(r *rows) error {
		var id int64
		var s Segment
		if err := r.numbers(&id, &s.Live, &s.Total, &s.Items); err != nil {
			return err
		}
		s.ID = uint64(id)
		all = append(all, s)
		return nil
	}, "SELECT id, live, total, items FROM segments ORDER BY id")
	return all, err
}

// Segments is View.Segments with what the transaction did so far.
func (tx *Tx) Segments() ([]Segment, error) {
	if err := tx.flushSegments(); err != nil {
		return nil, err
	}
	return tx.View.Segments()
}

// Segments is View.Segments.
func (db *DB) Segments(ctx context.Context) (all []Segment, err error) {
	err = db.read(ctx, func(v View) error {
		all, err = v.Segments()
		return err
	})
	return all, err
}
