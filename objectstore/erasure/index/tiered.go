package index

import "context"

// Tiered is a body that a tier keeps.
type Tiered struct {
	ID   FileID
	Tier string
	Size int64 // there
	// Doomed says that nothing needs it: it is to be removed there. So is one that is
	// on its way to the tier, until something refers to it.
	Doomed bool
	// Ord is that of the version that it belongs to; 0 where that is not known.
	Ord uint64
}

// TierUsage is what a tier keeps, and what is to be removed there.
type TierUsage struct {
	Tier   string
	Doomed bool
	Bodies int64
	Bytes  int64
}

// PutTiered inserts or replaces a tiered body.
func (tx *Tx) PutTiered(t Tiered) error {
	doomed := 0
	if t.Doomed {
		doomed = 1
	}
	_, err := tx.c.exec("INSERT OR REPLACE INTO tiered (id, tier, size, doomed, ord) VALUES (?, ?, ?, ?, ?)",
		t.ID[:], []byte(t.Tier), t.Size, doomed, t.Ord)
	return err
}

// DeleteTiered forgets a tiered body.
func (tx *Tx) DeleteTiered(id FileID) error {
	_, err := tx.c.exec("DELETE FROM tiered WHERE id = ?", id[:])
	return err
}

// tiered reads the columns id, tier, size, doomed and ord.
func (s *stmt) tiered() (t Tiered, err error) {
	id := s.view(0)
	if len(id) != len(t.ID) {
		return t, unusable("a tiered body's row has an ID of %d bytes", len(id))
	}
	return Tiered{FileID(id), string(s.view(1)), s.number(2), s.number(3) != 0, uint64(s.number(4))}, nil
}

func (v View) allTiered(sql string, args ...any) (list []Tiered, err error) {
	err = v.c.each(func(row *stmt) error {
		t, err := row.tiered()
		list = append(list, t)
		return err
	}, "SELECT id, tier, size, doomed, ord FROM tiered WHERE "+sql, args...)
	return list, err
}

// Tiered returns a tiered body and whether there is such.
func (v View) Tiered(id FileID) (t Tiered, found bool, err error) {
	list, err := v.allTiered("id = ?", id[:])
	if err != nil || len(list) == 0 {
		return t, false, err
	}
	return list[0], true, nil
}

// ScanTiered returns up to limit tiered bodies whose IDs are behind after, in order of
// ID; only those that are doomed, or only the others.
func (v View) ScanTiered(doomed bool, after FileID, limit int) ([]Tiered, error) {
	if doomed { // the text finds the index of these
		return v.allTiered("doomed = 1 AND id > ? ORDER BY id LIMIT ?", after[:], limit)
	}
	return v.allTiered("doomed = 0 AND id > ? ORDER BY id LIMIT ?", after[:], limit)
}

// TierUsage counts the tiered bodies. It reads a row for each.
func (v View) TierUsage() (list []TierUsage, err error) {
	err = v.c.each(func(row *stmt) error {
		list = append(list, TierUsage{string(row.view(0)), row.number(1) != 0, row.number(2), row.number(3)})
		return nil
	}, "SELECT tier, doomed, count(*), sum(size) FROM tiered GROUP BY doomed, tier ORDER BY doomed, tier")
	return list, err
}

// Tiered is View.Tiered.
func (db *DB) Tiered(ctx context.Context, id FileID) (t Tiered, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		t, found, err = v.Tiered(id)
		return err
	})
	return t, found, err
}

// ScanTiered is View.ScanTiered.
func (db *DB) ScanTiered(ctx context.Context, doomed bool, after FileID, limit int) (list []Tiered, err error) {
	err = db.read(ctx, func(v View) error {
		list, err = v.ScanTiered(doomed, after, limit)
		return err
	})
	return list, err
}

// TierUsage is View.TierUsage.
func (db *DB) TierUsage(ctx context.Context) (list []TierUsage, err error) {
	err = db.read(ctx, func(v View) error {
		list, err = v.TierUsage()
		return err
	})
	return list, err
}
