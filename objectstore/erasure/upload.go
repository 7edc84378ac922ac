package erasure

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

func (u *upload) upload() objectstore.Upload {
	r := u.version.rec
	return objectstore.Upload{
		UploadRef: objectstore.UploadRef{Bucket: r.bucket, Key: r.key, ID: r.upload},
		StartedAt: time.UnixMilli(r.modified).UTC(), Attributes: r.attrs.Clone(),
	}
}

// newUploadID returns an ID that sorts by time.
func newUploadID(now time.Time) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%016x%x", now.UnixNano(), b)
}

// CreateUpload implements objectstore.Uploads.
func (s *Store) CreateUpload(ctx context.Context, r objectstore.CreateUploadRequest) (objectstore.Upload, error) {
	if err := s.begin(); err != nil {
		return objectstore.Upload{}, err
	}
	defer s.inUse.Done()
	if err := s.mayPut(ctx, r.Bucket, r.Key, objectstore.Condition{}); err != nil {
		return objectstore.Upload{}, err
	}
	b, release, err := s.index.useBucket(r.Bucket)
	if err != nil {
		return objectstore.Upload{}, err
	}
	defer release()
	now := time.Now()
	ref := objectstore.UploadRef{Bucket: r.Bucket, Key: r.Key, ID: newUploadID(now)}
	v, err := s.publishRecord(&record{name: uploadName(ref), modified: now.UnixMilli(), attrs: r.Attributes.Clone()})
	if err != nil {
		return objectstore.Upload{}, err
	}
	u := &upload{version: v}
	s.index.Lock()
	b.uploads.Set(uploadOrder(r.Key, ref.ID), u)
	s.index.Unlock()
	return u.upload(), nil
}

// Upload implements objectstore.Uploads.
func (s *Store) Upload(ctx context.Context, ref objectstore.UploadRef) (objectstore.Upload, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.Upload{}, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	_, u, err := s.index.upload(ref)
	if err != nil {
		return objectstore.Upload{}, err
	}
	return u.upload(), nil
}

// PutPart implements objectstore.Uploads.
func (s *Store) PutPart(ctx context.Context, r objectstore.PutPartRequest) (objectstore.Part, error) {
	if err := s.begin(); err != nil {
		return objectstore.Part{}, err
	}
	defer s.inUse.Done()
	if r.Number < 1 || r.Number > objectstore.MaxPartNumber {
		return objectstore.Part{}, errs.Newf(errs.Invalid, objectstore.ErrPartInvalid.Code,
			"A part's number is from 1 to %d.", objectstore.MaxPartNumber)
	}
	if _, err := s.Upload(ctx, r.Upload); err != nil {
		return objectstore.Part{}, err
	}
	if err := s.checkWritable(); err != nil {
		return objectstore.Part{}, err
	}
	if r.Body == nil {
		r.Body = strings.NewReader("")
	}
	rec, where, err := s.stage(ctx, r.Body, r.Size, func(size int64, sum string) (*record, error) {
		if r.MD5 != "" && r.MD5 != sum {
			return nil, objectstore.ErrDigestMismatch
		}
		checksums := map[string]string{}
		maps.Copy(checksums, r.Checksums)
		if r.Finish != nil {
			if err := r.Finish(checksums); err != nil {
				return nil, err
			}
		}
		now := time.UnixMilli(time.Now().UnixMilli()).UTC()
		part := objectstore.Part{Number: r.Number, Size: size, ETag: sum, ModifiedAt: now, Checksums: maps.Clone(checksums)}
		return &record{
			name: partName(r.Upload, r.Number), etag: sum, modified: now.UnixMilli(), parts: []objectstore.Part{part},
		}, nil
	})
	if err != nil {
		return objectstore.Part{}, err
	}
	return s.commitPart(r.Upload, rec, where)
}

func (s *Store) commitPart(ref objectstore.UploadRef, rec *record, where places) (objectstore.Part, error) {
	_, release, err := s.index.useBucket(ref.Bucket)
	if err != nil {
		s.discard(rec.id, where)
		return objectstore.Part{}, err
	}
	defer release()
	defer s.keys.lock(objectName(ref.Bucket, ref.Key))()
	s.index.RLock()
	_, u, err := s.index.upload(ref)
	s.index.RUnlock()
	if err != nil {
		s.discard(rec.id, where)
		return objectstore.Part{}, err
	}
	v, err := s.publish(rec, where)
	if err != nil {
		return objectstore.Part{}, err
	}
	s.index.Lock()
	old, _ := u.parts.Set(rec.part, v)
	s.index.Unlock()
	s.retire(old)
	return v.part(), nil
}

// ListParts implements objectstore.Uploads.
func (s *Store) ListParts(ctx context.Context, r objectstore.ListPartsRequest) (objectstore.PartPage, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.PartPage{}, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	_, u, err := s.index.upload(r.Upload)
	if err != nil {
		return objectstore.PartPage{}, err
	}
	limit := paging{limit: r.Limit}.size()
	var page objectstore.PartPage
	u.parts.Ascend(r.After+1, func(number int, v *version) bool {
		if len(page.Parts) == limit {
			page.Truncated, page.Next = true, page.Parts[limit-1].Number
			return false
		}
		page.Parts = append(page.Parts, v.part())
		return true
	})
	return page, nil
}

// ListUploads implements objectstore.Uploads.
func (s *Store) ListUploads(ctx context.Context, r objectstore.ListUploadsRequest) (objectstore.UploadPage, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.UploadPage{}, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	b, err := s.index.bucket(r.Bucket)
	if err != nil {
		return objectstore.UploadPage{}, err
	}
	p := paging{prefix: r.Prefix, delimiter: r.Delimiter, after: r.AfterKey, limit: r.Limit}
	start := p.start()
	if _, rolled := p.group(r.AfterKey); !rolled && r.AfterKey != "" {
		behind := r.AfterKey + "\x01" // all uploads of that key
		if r.AfterID != "" {
			behind = uploadOrder(r.AfterKey, r.AfterID) + "\x00"
		}
		start = max(p.prefix, behind)
	}
	var page objectstore.UploadPage
	var lastKey, lastID string
	room := func(key, id string) bool {
		if len(page.Uploads)+len(page.Prefixes) == p.size() {
			page.Truncated, page.NextKey, page.NextID = true, lastKey, lastID
			return false
		}
		lastKey, lastID = key, id
		return true
	}
	keyOf := func(k string) string { return k[:strings.IndexByte(k, 0)] }
	walk(&b.uploads, p, start, keyOf,
		func(key string, u *upload) bool {
			if !room(key, u.version.rec.upload) {
				return false
			}
			page.Uploads = append(page.Uploads, u.upload())
			return true
		},
		func(group string) bool {
			if !room(group, "") {
				return false
			}
			page.Prefixes = append(page.Prefixes, group)
			return true
		})
	return page, nil
}

// CompleteUpload implements objectstore.Uploads. The parts' own versions become
// pieces of the object: nothing is copied, and the one new record is the commit.
func (s *Store) CompleteUpload(ctx context.Context, r objectstore.CompleteUploadRequest) (objectstore.Object, error) {
	if err := s.begin(); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	if err := ctx.Err(); err != nil {
		return objectstore.Object{}, err
	}
	b, release, err := s.index.useBucket(r.Upload.Bucket)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer release()
	defer s.keys.lock(objectName(r.Upload.Bucket, r.Upload.Key))()
	s.index.RLock()
	_, u, err := s.index.upload(r.Upload)
	s.index.RUnlock()
	if err != nil {
		return objectstore.Object{}, err
	}
	rec, pieces, err := s.assembleObject(u, r)
	if err != nil {
		return objectstore.Object{}, err
	}
	held, readable, err := s.held(rec.bucket, rec.key)
	if err == nil {
		err = allowed(r.Condition, held, readable)
	}
	if err == nil {
		err = s.checkWritable()
	}
	if err != nil {
		return objectstore.Object{}, err
	}
	v, err := s.publishRecord(rec)
	if err != nil {
		return objectstore.Object{}, err
	}
	v.pieces = pieces
	s.replace(b, rec.key, v)
	s.endUpload(b, u, pieces)
	return v.object(), nil
}

// assembleObject checks the chosen parts and makes the object's record of them.
func (s *Store) assembleObject(u *upload, r objectstore.CompleteUploadRequest) (*record, []*version, error) {
	if len(r.Parts) == 0 {
		return nil, nil, objectstore.ErrPartInvalid
	}
	rec := &record{
		name: objectName(r.Upload.Bucket, r.Upload.Key), from: r.Upload.ID,
		attrs: u.version.rec.attrs.Clone(), modified: time.Now().UnixMilli(),
	}
	var pieces []*version
	sum := md5.New()
	s.index.RLock()
	defer s.index.RUnlock()
	for i := range r.Parts[1:] {
		if r.Parts[i+1].Number <= r.Parts[i].Number {
			return nil, nil, objectstore.ErrPartOrder
		}
	}
	for i, choice := range r.Parts {
		v, ok := u.parts.Get(choice.Number)
		if !ok || choice.ETag != "" && choice.ETag != v.rec.etag {
			return nil, nil, errs.Newf(errs.Invalid, objectstore.ErrPartInvalid.Code,
				"Part %d is missing, or is not the one that was named.", choice.Number)
		}
		if i < len(r.Parts)-1 && v.rec.size < objectstore.MinPartSize {
			return nil, nil, errs.Newf(errs.Invalid, objectstore.ErrPartTooSmall.Code,
				"Part %d has %d bytes; every part but the last needs at least 5 MiB.", choice.Number, v.rec.size)
		}
		if !v.readable(s.geometry) {
			return nil, nil, objectstore.ErrReadQuorum
		}
		digest, err := hex.DecodeString(v.rec.etag)
		if err != nil {
			return nil, nil, fmt.Errorf("digest of part %d: %w", choice.Number, err)
		}
		_, _ = sum.Write(digest)
		pieces = append(pieces, v)
		rec.parts = append(rec.parts, v.part())
		rec.pieces = append(rec.pieces, piece{number: choice.Number, seq: v.file.seq, id: v.file.id})
	}
	rec.etag = fmt.Sprintf("%x-%d", sum.Sum(nil), len(pieces))
	if r.Finish != nil {
		parts := make([]objectstore.Part, len(rec.parts))
		for i, p := range rec.parts {
			parts[i] = clonePart(p)
		}
		if err := r.Finish(&rec.attrs, parts); err != nil {
			return nil, nil, err
		}
		rec.attrs = rec.attrs.Clone()
	}
	return rec, pieces, nil
}

// endUpload forgets a completed upload and the parts that were not chosen. The
// object is committed, so a failure here is left to the next start.
func (s *Store) endUpload(b *bucket, u *upload, chosen []*version) {
	r := u.version.rec
	s.index.Lock()
	b.uploads.Delete(uploadOrder(r.key, r.upload))
	for _, v := range chosen {
		u.parts.Delete(v.rec.part)
	}
	left := u.parts.Values()
	s.index.Unlock()
	if err := s.unlink(u.version); err != nil {
		s.log.Warn("completed upload not removed", "upload", r.upload, "error", err)
	}
	s.retire(left...)
}

// AbortUpload implements objectstore.Uploads.
func (s *Store) AbortUpload(ctx context.Context, ref objectstore.UploadRef) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.inUse.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	b, release, err := s.index.useBucket(ref.Bucket)
	if err != nil {
		return err
	}
	defer release()
	defer s.keys.lock(objectName(ref.Bucket, ref.Key))()
	s.index.RLock()
	_, u, err := s.index.upload(ref)
	s.index.RUnlock()
	if err != nil {
		return err
	}
	return s.forgetUpload(b, u)
}

// forgetUpload removes an upload and its parts.
func (s *Store) forgetUpload(b *bucket, u *upload) error {
	if err := s.unlink(u.version); err != nil {
		return err
	}
	s.index.Lock()
	b.uploads.Delete(uploadOrder(u.version.rec.key, u.version.rec.upload))
	parts := u.parts.Values()
	s.index.Unlock()
	s.retire(parts...)
	return nil
}
