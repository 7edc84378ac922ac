package index

// PutVersion inserts a version, or replaces the one with the same ord. Versions
// may come in any order. A key has one null version: of two, the one with the
// higher ord stays, and that may be the one that was there. It returns the
// versions that gave way, last of them v itself if it did.
func (tx *Tx) PutVersion(v Version) (gone []Version, err error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	u, err := tx.usage(v.Bucket)
	if err != nil {
		return nil, err
	}
	if u.Versions == 0 && !v.Marker {
		// Most puts are of new keys in buckets without versions: one statement.
		if added, err := tx.insertObject(u, &v); added || err != nil {
			return nil, err
		}
	}
	top, found, err := tx.newest(u, v.Bucket, v.Key)
	if err != nil {
		return nil, err
	}
	if found && !top.Marker && !v.Marker && top.Null == v.Null && (top.Ord == v.Ord || v.Null && top.Ord < v.Ord) {
		return []Version{top}, tx.replaceObject(u, &top, &v)
	}
	if !found || !v.Null && v.Ord > top.Ord { // nothing has its place
		return nil, tx.place(u, &v, top, found)
	}
	if old, found, err := tx.ByOrd(v.Bucket, v.Key, v.Ord); err != nil {
		return nil, err
	} else if found {
		gone = append(gone, old)
	}
	if v.Null {
		old, found, err := tx.NullVersion(v.Bucket, v.Key)
		switch {
		case err != nil:
			return nil, err
		case found && old.Ord < v.Ord:
			gone = append(gone, old)
		case found && old.Ord > v.Ord:
			return append(gone, v), tx.removeAll(u, gone)
		}
	}
	if err := tx.removeAll(u, gone); err != nil {
		return nil, err
	}
	if top, found, err = tx.newest(u, v.Bucket, v.Key); err != nil {
		return nil, err
	}
	return gone, tx.place(u, &v, top, found)
}

// DeleteVersion removes exactly one version, which it returns if there was one.
// The next newest becomes the latest.
func (tx *Tx) DeleteVersion(bucket uint64, key string, ord uint64) (old Version, found bool, err error) {
	u, err := tx.usage(bucket)
	if err != nil {
		return Version{}, false, err
	}
	if old, found, err = tx.ByOrd(bucket, key, ord); !found || err != nil {
		return Version{}, false, err
	}
	return old, true, tx.remove(u, &old)
}

// newest returns the version with the highest ord: it is in objects, unless it is
// a marker.
func (tx *Tx) newest(u *usage, bucket uint64, key string) (Version, bool, error) {
	v, found, err := tx.object(bucket, key)
	if found || err != nil || u.Versions == 0 {
		return v, found, err
	}
	return tx.newestOlder(bucket, key)
}

// place inserts a version that nothing stands in the way of. The newest there is,
// if any, is top.
func (tx *Tx) place(u *usage, v *Version, top Version, found bool) error {
	if found && v.Ord < top.Ord {
		return tx.insertOlder(u, v)
	}
	if found && !top.Marker { // it becomes an older version
		if err := tx.insertOlder(u, &top); err != nil {
			return err
		}
		if !v.Marker {
			return tx.replaceObject(u, &top, v)
		}
		if err := tx.deleteObject(u, &top); err != nil {
			return err
		}
	}
	if v.Marker {
		return tx.insertOlder(u, v)
	}
	return tx.mustInsertObject(u, v)
}

// remove deletes a version that is there. If it was the latest, the next one is.
func (tx *Tx) remove(u *usage, v *Version) error {
	older := false
	if u.Versions > 0 {
		var err error
		if older, err = tx.deleteOlder(u, v); err != nil || older && !v.Marker {
			return err
		}
	}
	if older { // a marker, which is the latest where there is no object
		if _, found, err := tx.object(v.Bucket, v.Key); found || err != nil {
			return err
		}
	} else if err := tx.deleteObject(u, v); err != nil {
		return err
	}
	if u.Versions == 0 {
		return nil
	}
	next, found, err := tx.newestOlder(v.Bucket, v.Key)
	if err != nil || !found || next.Marker {
		return err
	}
	if _, err := tx.deleteOlder(u, &next); err != nil {
		return err
	}
	return tx.mustInsertObject(u, &next)
}

func (tx *Tx) removeAll(u *usage, versions []Version) error {
	for i := range versions {
		if err := tx.remove(u, &versions[i]); err != nil {
			return err
		}
	}
	return nil
}
