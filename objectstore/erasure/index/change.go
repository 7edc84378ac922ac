package index

import (
	"context"
	"encoding/binary"
	"strings"
)

// Change is a change that was noted for a follower. Changes of one key are in the
// order in which they happened.
type Change struct {
	Position uint64 // in the order of a follower's changes; an ord
	Revision uint64 // the ord of the last thing that happened to what it is about
	Key      string
	Ord      uint64 // of the version that is there since, 0 when the key holds nothing
	Null     bool   // it is about the key's null version, whatever that is by now
	Delete   bool
	Recalled bool // by Recall
	Size     int64
	Since    int64 // Unix milliseconds
}

const (
	changeNull     = 1 << 0
	changeDelete   = 1 << 1
	changeRecalled = 1 << 2
)

// Note notes a change for all who follow the bucket and want the key. Of several
// changes of a null version in a row, which is replaced each time, one is kept: the
// first one's place and time with the last one's content.
func (tx *Tx) Note(bucket uint64, c Change) error {
	for _, f := range tx.follow.byBucket[bucket] {
		if !strings.HasPrefix(c.Key, f.Prefix) {
			continue
		}
		if err := tx.note(f, c); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) note(f *follower, c Change) error {
	if c.Null {
		last, err := tx.lastChange(f, c.Key)
		if err != nil {
			return err
		}
		if last != nil && last.Null {
			c.Position, c.Since = last.Position, min(last.Since, c.Since)
		}
	}
	return tx.putChange(f, c)
}

// Recall notes a change for one follower, whether it happened now or long ago. Where
// one of the same null version waits already, or this very change, it does nothing.
func (tx *Tx) Recall(name string, c Change) error {
	f := tx.follow.find(name)
	if f == nil || !strings.HasPrefix(c.Key, f.Prefix) {
		return nil
	}
	c.Recalled = true
	last, err := tx.lastChange(f, c.Key)
	if err != nil || last != nil && (c.Null && last.Null || c.Ord != 0 && c.Ord == last.Ord) {
		return err
	}
	if _, found, err := tx.changeAt(f, c.Position); found || err != nil {
		return err
	}
	return tx.putChange(f, c)
}

func (tx *Tx) putChange(f *follower, c Change) error {
	if err := tx.backlogOf(f); err != nil {
		return err
	}
	old, found, err := tx.changeAt(f, c.Position)
	if err != nil {
		return err
	}
	if found {
		f.count, f.bytes = f.count-1, f.bytes-old.Size
	}
	f.count, f.bytes, f.changed = f.count+1, f.bytes+c.Size, true
	row := c.row()
	_, err = tx.c.exec("INSERT OR REPLACE INTO changes (follower, position, key, value) VALUES (?, ?, ?, ?)",
		f.id, c.Position, row.key, row.value)
	return err
}

// Settle removes a change, unless something happened to what it is about since it
// was read.
func (tx *Tx) Settle(name string, c Change) error {
	f := tx.follow.find(name)
	if f == nil {
		return nil
	}
	is, found, err := tx.changeAt(f, c.Position)
	if err != nil || !found || is.Key != c.Key || is.Revision != c.Revision {
		return err
	}
	if err := tx.backlogOf(f); err != nil {
		return err
	}
	f.count, f.bytes, f.changed = f.count-1, f.bytes-is.Size, true
	_, err = tx.c.exec("DELETE FROM changes WHERE follower = ? AND position = ?", f.id, c.Position)
	return err
}

func (v View) changeAt(f *follower, position uint64) (Change, bool, error) {
	list, err := v.changes("SELECT position, key, value FROM changes WHERE follower = ? AND position = ?", f.id, position)
	if err != nil || len(list) == 0 {
		return Change{}, false, err
	}
	return list[0], true, nil
}

// lastChange returns the last change of a key that waits, nil when there is none.
func (v View) lastChange(f *follower, key string) (*Change, error) {
	list, err := v.changes("SELECT position, key, value FROM changes WHERE follower = ? AND key = ? ORDER BY position DESC LIMIT 1", f.id, key)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Changes returns up to limit changes of a follower behind a position.
func (v View) Changes(name string, after uint64, limit int) ([]Change, error) {
	return v.changes(`SELECT position, key, value FROM changes
		WHERE follower = (SELECT id FROM followers WHERE name = ?) AND position > ? ORDER BY position LIMIT ?`, name, after, limit)
}

func (v View) changesOf(name, key string, after uint64, limit int) ([]Change, error) {
	return v.changes(`SELECT position, key, value FROM changes
		WHERE follower = (SELECT id FROM followers WHERE name = ?) AND key = ? AND position > ? ORDER BY position LIMIT ?`, name, key, after, limit)
}

func (v View) changes(sql string, args ...any) (list []Change, err error) {
	err = v.c.each(func(row *stmt) error {
		c := Change{Position: uint64(row.number(0)), Key: string(row.view(1))}
		value, err := unseal(c.Position, row.view(1), row.view(2))
		if err != nil {
			return err
		}
		list = append(list, c)
		return list[len(list)-1].parse(value)
	}, sql, args...)
	return list, err
}

// row packs all of a change but its position and key.
func (c *Change) row() sealed {
	return seal(c.Position, c.Key, 1+4*binary.MaxVarintLen64, func(b []byte) []byte {
		var flags byte
		for bit, set := range map[byte]bool{changeNull: c.Null, changeDelete: c.Delete, changeRecalled: c.Recalled} {
			if set {
				flags |= bit
			}
		}
		b = append(b, flags)
		for _, n := range []uint64{c.Revision, c.Ord, uint64(c.Size), uint64(c.Since)} {
			b = binary.AppendUvarint(b, n)
		}
		return b
	})
}

func (c *Change) parse(b []byte) error {
	if len(b) == 0 {
		return unusable("a change's row is empty")
	}
	c.Null, c.Delete, c.Recalled = b[0]&changeNull != 0, b[0]&changeDelete != 0, b[0]&changeRecalled != 0
	b = b[1:]
	var size, since uint64
	for _, into := range []*uint64{&c.Revision, &c.Ord, &size, &since} {
		n, used := binary.Uvarint(b)
		if used <= 0 {
			return unusable("a change's row is unreadable")
		}
		*into, b = n, b[used:]
	}
	c.Size, c.Since = int64(size), int64(since)
	return nil
}

// ViewChanges is View.Changes, or those of a key alone, with what else fn reads of the
// same moment.
func (db *DB) ViewChanges(ctx context.Context, name, key string, after uint64, limit int, fn func(View, []Change) error) error {
	return db.View(ctx, func(v View) error {
		read := v.Changes
		if key != "" {
			read = func(name string, after uint64, limit int) ([]Change, error) {
				return v.changesOf(name, key, after, limit)
			}
		}
		list, err := read(name, after, limit)
		if err != nil {
			return err
		}
		return fn(v, list)
	})
}
