package index

// The rows of objects and versions, each change with what it does to the usage.

// insertObject reports false when the key has a row already.
func (tx *Tx) insertObject(u *usage, v *Version) (bool, error) {
	row := v.entry()
	n, err := tx.c.exec("INSERT INTO objects (bucket, key, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		v.Bucket, row.key, row.value)
	if err != nil || n == 0 {
		return false, err
	}
	u.Objects++
	u.Bytes += v.Size
	u.changed = true
	return true, nil
}

func (tx *Tx) mustInsertObject(u *usage, v *Version) error {
	inserted, err := tx.insertObject(u, v)
	if err == nil && !inserted {
		return unusable("key %q has two latest versions", v.Key)
	}
	return err
}

func (tx *Tx) replaceObject(u *usage, old, v *Version) error {
	row := v.entry()
	n, err := tx.c.exec("UPDATE objects SET entry = ? WHERE bucket = ? AND key = ?", row.value, v.Bucket, row.key)
	if err != nil {
		return err
	}
	if n == 0 {
		return unusable("key %q lost its latest version", v.Key)
	}
	u.Bytes += v.Size - old.Size
	u.changed = true
	return nil
}

func (tx *Tx) deleteObject(u *usage, v *Version) error {
	n, err := tx.c.exec("DELETE FROM objects WHERE bucket = ? AND key = ?", v.Bucket, v.Key)
	if err != nil {
		return err
	}
	if n == 0 {
		return unusable("key %q lost its latest version", v.Key)
	}
	u.Objects--
	u.Bytes -= v.Size
	u.changed = true
	return nil
}

func (tx *Tx) insertOlder(u *usage, v *Version) error {
	var isNull any
	if v.Null {
		isNull = 1
	}
	row := v.entry()
	if _, err := tx.c.exec("INSERT INTO versions (bucket, key, ord, nameless, entry) VALUES (?, ?, ?, ?, ?)",
		v.Bucket, row.key, v.Ord, isNull, row.value); err != nil {
		return err
	}
	u.Versions++
	u.Bytes += v.Size
	u.changed = true
	return nil
}

// deleteOlder reports false when there is no such row.
func (tx *Tx) deleteOlder(u *usage, v *Version) (bool, error) {
	n, err := tx.c.exec("DELETE FROM versions WHERE bucket = ? AND key = ? AND ord = ?", v.Bucket, v.Key, v.Ord)
	if err != nil || n == 0 {
		return false, err
	}
	u.Versions--
	u.Bytes -= v.Size
	u.changed = true
	return true, nil
}
