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
	old, _, err := tx.File(f.ID)
	if err != nil {
		return err
	}
	if err := tx.changeMissing(old, 0); err != nil {
		return err
	}
	row := f.row()
	if _, err := tx.c.exec("INSERT OR REPLACE INTO files (id, value) VALUES (?, ?)", row.key, row.value); err != nil {
		return err
	}
	places := f.Missing
	f.Missing = 0
	return tx.changeMissing(f, places)
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
	return true, tx.changeMissing(f, 0)
}

// SetMissing says which places lack a file. It reports whether there is such a file.
func (tx *Tx) SetMissing(id FileID, places uint16) (bool, error) {
	f, found, err := tx.File(id)
	if !found || err != nil {
		return false, err
	}
	f.Missing = places
	return true, tx.PutFile(f)
}

// changeMissing keeps the table missing in step, which has a row for each place
// that lacks a file.
func (tx *Tx) changeMissing(f File, places uint16) error {
	for changed := f.Missing ^ places; changed != 0; changed &= changed - 1 {
		place := bits.TrailingZeros16(changed)
		sql := "INSERT INTO missing (place, ord, id) VALUES (?, ?, ?)"
		if f.Missing&(1<<place) != 0 {
			sql = "DELETE FROM missing WHERE place = ? AND ord = ? AND id = ?"
		}
		if _, err := tx.c.exec(sql, place, f.Ord, f.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// row packs a file: missing, size and ord, value.
func (f *File) row() sealed {
	return seal(0, string(f.ID[:]), 24+len(f.Value), func(b []byte) []byte {
		return append(appendCounters(b, int64(f.Missing), f.Size, int64(f.Ord)), f.Value...)
	})
}

// file reads the columns id and value.
func (s *stmt) file() (f File, err error) {
	id := s.view(0)
	value, err := unseal(0, id, s.view(1))
	if err != nil {
		return f, err
	}
	if len(id) != len(f.ID) || len(value) < 24 {
		return f, unusable("a file's row has an ID of %d bytes and %d more", len(id), len(value))
	}
	var missing, ord int64
	if err := parseCounters(value[:24], &missing, &f.Size, &ord); err != nil {
		return f, err
	}
	f.ID, f.Missing, f.Ord, f.Value = FileID(id), uint16(missing), uint64(ord), append([]byte(nil), value[24:]...)
	return f, nil
}

// File returns a file and whether there is such.
func (v View) File(id FileID) (f File, found bool, err error) {
	found, err = v.c.first(func(row *stmt) error {
		f, err = row.file()
		return err
	}, "SELECT id, value FROM files WHERE id = ?", id[:])
	return f, found, err
}

func (v View) files(sql string, args ...any) (list []File, err error) {
	err = v.c.each(func(row *stmt) error {
		f, err := row.file()
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
	return v.files(`SELECT f.id, f.value
		FROM missing m CROSS JOIN files f ON f.id = m.id
		WHERE m.place = ?1 AND m.ord <= ?2 AND (m.ord < ?2 OR m.id > ?3)
		ORDER BY m.ord DESC, m.id LIMIT ?4`, place, after.Ord, after.ID[:], limit)
}

// ScanFiles returns up to limit files whose IDs are behind after, in order of ID.
// Behind the zero ID are all: no file has it.
func (v View) ScanFiles(after FileID, limit int) ([]File, error) {
	return v.files("SELECT id, value FROM files WHERE id > ? ORDER BY id LIMIT ?", after[:], limit)
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
