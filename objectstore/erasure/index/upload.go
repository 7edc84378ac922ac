package index

import "context"

// Upload is an unfinished upload. IDs are unique across all buckets and not empty.
type Upload struct {
	Bucket uint64
	Key    string
	ID     string
	Value  []byte
}

// Part is one part of an unfinished upload, which is in the bucket. Its size counts
// in the bucket's usage.
type Part struct {
	Bucket uint64
	Number int
	Size   int64
	Value  []byte
}

// sealPart seals a part: bucket, size, value.
func sealPart(upload string, p *Part) []byte {
	return seal(uint64(p.Number), upload, 16+len(p.Value), func(b []byte) []byte {
		return append(appendCounters(b, int64(p.Bucket), p.Size), p.Value...)
	}).value
}

func unsealPart(upload string, number int, stored []byte) (p Part, err error) {
	value, err := unseal(uint64(number), []byte(upload), stored)
	if err != nil {
		return Part{}, err
	}
	if len(value) < 16 {
		return Part{}, unusable("a part's row has %d bytes", len(value))
	}
	var bucket int64
	err = parseCounters(value[:16], &bucket, &p.Size)
	p.Bucket, p.Number, p.Value = uint64(bucket), number, append([]byte(nil), value[16:]...)
	return p, err
}

// uploadKey is what the checksum of an upload's row covers beside bucket and value.
func uploadKey(key, id string) string { return key + "\x00" + id }

// PutUpload inserts or replaces an upload.
func (tx *Tx) PutUpload(u Upload) error {
	_, err := tx.c.exec(`INSERT INTO uploads (bucket, key, id, value) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value`,
		u.Bucket, u.Key, u.ID, sealBytes(u.Bucket, uploadKey(u.Key, u.ID), u.Value).value)
	return err
}

// DeleteUpload removes an upload and its parts.
func (tx *Tx) DeleteUpload(bucket uint64, key, id string) error {
	parts, err := tx.Parts(id, 0, -1)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := tx.countPart(p.Bucket, -p.Size); err != nil {
			return err
		}
	}
	if _, err := tx.c.exec("DELETE FROM parts WHERE upload = ?", id); err != nil {
		return err
	}
	_, err = tx.c.exec("DELETE FROM uploads WHERE bucket = ? AND key = ? AND id = ?", bucket, key, id)
	return err
}

// PutPart inserts or replaces a part of an upload.
func (tx *Tx) PutPart(upload string, p Part) error {
	if err := tx.uncountPart(upload, p.Number); err != nil {
		return err
	}
	if err := tx.countPart(p.Bucket, p.Size); err != nil {
		return err
	}
	_, err := tx.c.exec(`INSERT INTO parts (upload, number, value) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value`, upload, p.Number, sealPart(upload, &p))
	return err
}

// DeletePart removes a part.
func (tx *Tx) DeletePart(upload string, number int) error {
	if err := tx.uncountPart(upload, number); err != nil {
		return err
	}
	_, err := tx.c.exec("DELETE FROM parts WHERE upload = ? AND number = ?", upload, number)
	return err
}

// uncountPart takes a part off its bucket's usage, if there is such.
func (tx *Tx) uncountPart(upload string, number int) error {
	old, found, err := tx.Part(upload, number)
	if err != nil || !found {
		return err
	}
	return tx.countPart(old.Bucket, -old.Size)
}

// countPart changes a bucket's usage. That of a bucket that is gone is nothing, also
// when a part of it is still found.
func (tx *Tx) countPart(bucket uint64, size int64) error {
	u, err := tx.usage(bucket)
	if err != nil {
		return err
	}
	u.Parts, u.changed = max(u.Parts+size, 0), true
	return nil
}

// Upload returns an upload and whether there is such.
func (v View) Upload(bucket uint64, key, id string) (u Upload, found bool, err error) {
	found, err = v.c.first(func(row *stmt) (err error) {
		u = Upload{Bucket: bucket, Key: key, ID: id}
		u.Value, err = unsealBytes(bucket, []byte(uploadKey(key, id)), row.view(0))
		return err
	}, "SELECT value FROM uploads WHERE bucket = ? AND key = ? AND id = ?", bucket, key, id)
	return u, found, err
}

// Part returns a part and whether there is such.
func (v View) Part(upload string, number int) (p Part, found bool, err error) {
	parts, err := v.Parts(upload, number-1, 1)
	if err != nil || len(parts) == 0 || parts[0].Number != number {
		return Part{}, false, err
	}
	return parts[0], true, nil
}

// Parts returns up to limit parts with numbers above after, in order; limit -1 is
// all of them.
func (v View) Parts(upload string, after, limit int) (parts []Part, err error) {
	err = v.c.each(func(row *stmt) error {
		number := int(row.number(0))
		p, err := unsealPart(upload, number, row.view(1))
		parts = append(parts, p)
		return err
	}, "SELECT number, value FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?", upload, after, limit)
	return parts, err
}

// ListUploadsRequest asks for a page of the unfinished uploads of a bucket. Prefix,
// Delimiter and AfterKey work as in ListRequest. AfterID, when set, starts behind
// that one upload of AfterKey instead of behind all of them.
type ListUploadsRequest struct {
	Bucket    uint64
	Prefix    string
	Delimiter string
	AfterKey  string
	AfterID   string
	Limit     int // 0 is objectstore.DefaultLimit
}

// UploadsPage says how a listing ended: AfterKey and AfterID of the next page.
type UploadsPage struct {
	Truncated bool
	NextKey   string
	NextID    string // empty behind a common prefix
}

// UploadEntry is a common prefix or, when Prefix is empty, an upload.
type UploadEntry struct {
	Prefix string
	Upload Upload
}

// ListUploads gives a page of uploads and common prefixes to fn, ordered by key and
// then by ID. Otherwise it is like List.
func (v View) ListUploads(ctx context.Context, r ListUploadsRequest, fn func(UploadEntry) error) (page UploadsPage, err error) {
	err = v.c.snapshot(func() error {
		page, err = v.listUploads(ctx, r, fn)
		return err
	})
	return page, err
}

func (v View) listUploads(ctx context.Context, r ListUploadsRequest, fn func(UploadEntry) error) (page UploadsPage, err error) {
	p := paging{prefix: r.Prefix, delimiter: r.Delimiter, after: r.AfterKey}
	src := &uploadSource{cursor{c: v.c}, r.Bucket}
	defer src.close()
	if _, rolled := p.group(r.AfterKey); !rolled && r.AfterID != "" && r.AfterKey >= r.Prefix {
		err = src.resume(r.AfterKey, r.AfterID)
	} else if from, ok := p.start(); ok {
		err = src.seek(from)
	}
	if err != nil {
		return UploadsPage{}, err
	}
	truncated, err := walk(ctx, src, p, limitOf(r.Limit), func(key string) error {
		u, err := src.upload()
		if err != nil {
			return err
		}
		page.NextKey, page.NextID = key, u.ID
		return fn(UploadEntry{Upload: u})
	}, func(group string) error {
		page.NextKey, page.NextID = group, ""
		return fn(UploadEntry{Prefix: group})
	})
	if err != nil || !truncated {
		return UploadsPage{}, err
	}
	page.Truncated = true
	return page, nil
}

// uploadSource are the rows of uploads.
type uploadSource struct {
	cursor
	bucket uint64
}

// seek finds every ID of from, as IDs are not empty.
func (s *uploadSource) seek(from string) error { return s.resume(from, "") }

// resume goes behind one upload of a key.
func (s *uploadSource) resume(key, id string) error {
	return s.start("SELECT key, id, value FROM uploads WHERE bucket = ? AND (key, id) > (?, ?) ORDER BY key, id",
		s.bucket, key, id)
}

func (s *uploadSource) here() (string, bool) { return s.key, s.ok }

func (s *uploadSource) upload() (Upload, error) {
	u := Upload{Bucket: s.bucket, Key: s.key, ID: string(s.row.view(1))}
	var err error
	u.Value, err = unsealBytes(u.Bucket, []byte(uploadKey(u.Key, u.ID)), s.row.view(2))
	return u, err
}

// Upload is View.Upload.
func (db *DB) Upload(ctx context.Context, bucket uint64, key, id string) (u Upload, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		u, found, err = v.Upload(bucket, key, id)
		return err
	})
	return u, found, err
}

// Part is View.Part.
func (db *DB) Part(ctx context.Context, upload string, number int) (p Part, found bool, err error) {
	err = db.read(ctx, func(v View) error {
		p, found, err = v.Part(upload, number)
		return err
	})
	return p, found, err
}

// Parts is View.Parts.
func (db *DB) Parts(ctx context.Context, upload string, after, limit int) (parts []Part, err error) {
	err = db.read(ctx, func(v View) error {
		parts, err = v.Parts(upload, after, limit)
		return err
	})
	return parts, err
}

// ListUploads is View.ListUploads, with what DB.List says about fn.
func (db *DB) ListUploads(ctx context.Context, r ListUploadsRequest, fn func(UploadEntry) error) (page UploadsPage, err error) {
	err = db.read(ctx, func(v View) error {
		page, err = v.ListUploads(ctx, r, fn)
		return err
	})
	return page, err
}
