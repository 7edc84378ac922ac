package index

import "context"

// Bucket is one bucket; IDs are never used again.
type Bucket struct {
	ID    uint64
	Name  string
	Value []byte
}

// PutBucket makes or replaces the bucket with this ID. A name that another bucket
// has is an error.
func (tx *Tx) PutBucket(b Bucket) error {
	name := []byte(b.Name)
	_, err := tx.c.exec(`INSERT INTO buckets (id, name, value) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, value = excluded.value`, b.ID, name, seal(b.ID, name, b.Value))
	return err
}

// DeleteBucket removes a bucket and all that is in it.
func (tx *Tx) DeleteBucket(id uint64) error {
	for _, sql := range []string{
		"DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)",
		"DELETE FROM uploads WHERE bucket = ?",
		"DELETE FROM versions WHERE bucket = ?",
		"DELETE FROM objects WHERE bucket = ?",
		"DELETE FROM usage WHERE bucket = ?",
		"DELETE FROM buckets WHERE id = ?",
	} {
		if _, err := tx.c.exec(sql, id); err != nil {
			return err
		}
	}
	tx.touched[id] = &usage{}
	return nil
}

func scanBucket(r *rows) (b Bucket, err error) {
	var id int64
	if err := r.numbers(&id); err != nil {
		return b, err
	}
	name, err := r.blob(1)
	if err != nil {
		return b, err
	}
	sealed, err := r.blob(2)
	if err != nil {
		return b, err
	}
	b.ID, b.Name = uint64(id), string(name)
	b.Value, err = unseal(b.ID, name, sealed)
	return b, err
}

// BucketByName returns the bucket of a name and whether there is one.
func (v View) BucketByName(name string) (b Bucket, found bool, err error) {
	found, err = v.c.first(func(r *rows) error {
		b, err = scanBucket(r)
		return err
	}, "SELECT id, name, value FROM buckets WHERE name = ?", []byte(name))
	return b, found, err
}

// Buckets returns all buckets ordered by name.
func (v View) Buckets() (all []Bucket, err error) {
	err = v.c.each(func(r *rows) error {
		b, err := scanBucket(r)
		all = append(all, b)
		return err
	}, "SELECT id, name, value FROM buckets ORDER BY name")
	return all, err
}

// BucketByName is View.BucketByName.
func (db *DB) BucketByName(ctx context.Context, name string) (b Bucket, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		b, found, err = v.BucketByName(name)
		return err
	})
	return b, found, err
}

// Buckets is View.Buckets.
func (db *DB) Buckets(ctx context.Context) (all []Bucket, err error) {
	err = db.read(ctx, func(v View) error {
		all, err = v.Buckets()
		return err
	})
	return all, err
}
