package index

import (
	"context"
	"math"
	"math/bits"
)

// FileID names a large shard file.
type FileID [16]byte

// File is a large shard file on the drives of a set.
type File struct {
	ID      FileID
	Missing uint16 // places that lack it, one bit each
	Size    int64
	Ord     uint64
	Value   []byte
}

// PutFile inserts or replaces a file.
func (tx *Tx) PutFile(f File) error {
	if _, err := tx.DeleteFile(f.ID); err != nil {
		return err
	}
	if _, err := tx.c.exec("INSERT INTO files (id, missing, size, ord, value) VALUES (?, ?, ?, ?, ?)",
		f.ID[:], f.Missing, f.Size, f.Ord, seal(f.Ord, f.ID[:], f.Value)); err != nil {
		return err
	}
	return tx.changeMissing(f, 0, f.Missing)
}

// DeleteFile removes a file and reports whether it was there.
func (tx *Tx) DeleteFile(id FileID) (bool, error) {
	f, found, err := tx.File(id)
	if !found || err != nil {
		return false, err
	}
	if _, err := tx.c.exec("DELETE FROM files WHERE id = ?", id[:]); err != nil {
		return false, err
	}
	return true, tx.changeMissing(f, f.Missing, 0)
}

// SetMissing says which places lack a file. It reports whether there is such a file.
func (tx *Tx) SetMissing(id FileID, missing uint16) (bool, error) {
	f, found, err := tx.File(id)
	if !found || err != nil {
		return false, err
	}
	if _, err := tx.c.exec("UPDATE files SET missing = ? WHERE id = ?", missing, id[:]); err != nil {
		return false, err
	}
	return true, tx.changeMissing(f, f.Missing, missing)
}

// changeMissing keeps the table missing in step: a row for each file and place.
func (tx *Tx) changeMissing(f File, from, to uint16) error {
	for left := from ^ to; left != 0; left &= left - 1 {
		place := bits.TrailingZeros16(left)
		sql := "INSERT INTO missing (place, ord, id) VALUES (?, ?, ?)"
		if from&(1<<place) != 0 {
			sql = "DELETE FROM missing WHERE place = ? AND ord = ? AND id = ?"
		}
		if _, err := tx.c.exec(sql, place, f.Ord, f.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// scanFile reads id, missing, size, ord, value.
func scanFile(r *rows) (f File, err error) {
	var missing, ord int64
	id, err := r.blob(0)
	if err != nil {
		return f, err
	}
	if len(id) != len(f.ID) {
		return f, unusable("a file's ID has %d bytes", len(id))
	}
	f.ID = FileID(id)
	if err := r.numbersFrom(1, &missing, &f.Size, &ord); err != nil {
		return f, err
	}
	sealed, err := r.blob(4)
	if err != nil {
		return f, err
	}
	f.Missing, f.Ord = uint16(missing), uint64(ord)
	f.Value, err = unseal(f.Ord, id, sealed)
	return f, err
}

// File returns a file and whether there is such.
func (v View) File(id FileID) (f File, found bool, err error) {
	found, err = v.c.first(func(r *rows) error {
		f, err = scanFile(r)
		return err
	}, "SELECT id, missing, size, ord, value FROM files WHERE id = ?", id[:])
	return f, found, err
}

func (v View) files(sql string, args ...any) (list []File, err error) {
	err = v.c.each(func(r *rows) error {
		f, err := scanFile(r)
		list = append(list, f)
		return err
	}, sql, args...)
	return list, err
}

// FilesMissing returns up to limit files that a place lacks, those with the highest
// ord first: those behind the file after, or from the start when that is zero.
func (v View) FilesMissing(place int, after File, limit int) ([]File, error) {
	if after.Ord == 0 && after.ID == (FileID{}) {
		after.Ord = math.MaxInt64
	}
	return v.files(`SELECT f.id, f.missing, f.size, f.ord, f.value
		FROM missing m CROSS JOIN files f ON f.id = m.id
		WHERE m.place = ?1 AND m.ord <= ?2 AND (m.ord < ?2 OR m.id > ?3)
		ORDER BY m.ord DESC, m.id LIMIT ?4`, place, after.Ord, after.ID[:], limit)
}

// ScanFiles returns up to limit files whose IDs are behind after, in order of ID.
// Behind the zero ID are all: no file has it.
func (v View) ScanFiles(after FileID, limit int) ([]File, error) {
	return v.files("SELECT id, missing, size, ord, value FROM files WHERE id > ? ORDER BY id LIMIT ?", after[:], limit)
}

// File is View.File.
func (db *DB) File(ctx context.Context, id FileID) (f File, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		f, found, err = v.File(id)
		return err
	})
	return f, found, err
}

// FilesMissing is View.FilesMissing.
func (db *DB) FilesMissing(ctx context.Context, place int, after File, limit int) (list []File, err error) {
	err = db.read(ctx, func(v View) error {
		list, err = v.FilesMissing(place, after, limit)
		return err
	})
	return list, err
}

// ScanFiles is View.ScanFiles.
func (db *DB) ScanFiles(ctx context.Context, after FileID, limit int) (list []File, err error) {
	err = db.read(ctx, func(v View) error {
		list, err = v.ScanFiles(after, limit)
		return err
	})
	return list, err
}
