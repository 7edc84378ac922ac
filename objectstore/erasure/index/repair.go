package index

import (
	"context"
	"math"
)

// Repair says that a batch of the log is bad or missing at some places.
type Repair struct {
	Segment uint64
	Offset  uint64
	Places  uint16 // one bit a place
}

// AddRepair adds places at which a batch needs repair.
func (tx *Tx) AddRepair(r Repair) error {
	_, err := tx.c.exec(`INSERT INTO repairs (segment, off, places) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET places = places | excluded.places`, r.Segment, r.Offset, r.Places)
	return err
}

// DeleteRepair says that a batch is whole everywhere.
func (tx *Tx) DeleteRepair(segment, offset uint64) error {
	_, err := tx.c.exec("DELETE FROM repairs WHERE segment = ? AND off = ?", segment, offset)
	return err
}

// Repairs returns up to limit repairs, the newest segments first: those behind
// after, or from the start when that is the zero Repair.
func (v View) Repairs(after Repair, limit int) (list []Repair, err error) {
	if after == (Repair{}) {
		after = Repair{Segment: math.MaxInt64, Offset: math.MaxInt64}
	}
	err = v.c.each(func(row *stmt) error {
		list = append(list, Repair{uint64(row.number(0)), uint64(row.number(1)), uint16(row.number(2))})
		return nil
	}, "SELECT segment, off, places FROM repairs WHERE (segment, off) < (?, ?) ORDER BY segment DESC, off DESC LIMIT ?",
		after.Segment, after.Offset, limit)
	return list, err
}

// Repairs is View.Repairs.
func (db *DB) Repairs(ctx context.Context, after Repair, limit int) (list []Repair, err error) {
	err = db.read(ctx, func(v View) error {
		list, err = v.Repairs(after, limit)
		return err
	})
	return list, err
}
