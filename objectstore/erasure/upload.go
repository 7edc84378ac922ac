package erasure

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

func publicUpload(bucketName string, u *record.Upload) objectstore.Upload {
	return objectstore.Upload{
		UploadRef: objectstore.UploadRef{Bucket: bucketName, Key: u.Key, ID: u.ID},
		StartedAt: record.Time(u.Started), StartedBy: u.By, Attributes: u.Attrs, Encryption: u.Sealed.By, Class: u.Class, Asked: u.Asked,
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
	if err := s.begin(ctx); err != nil {
		return objectstore.Upload{}, err
	}
	defer s.inUse.Done()
	if err := objectstore.ValidateKey(r.Key); err != nil {
		return objectstore.Upload{}, err
	}
	class, err := r.Class.Kept()
	if err != nil {
		return objectstore.Upload{}, err
	}
	c, err := s.codingFor(ctx, newObject{
		bucket: r.Bucket, key: r.Key, attrs: r.Attributes, class: class, encrypt: r.Encrypt, customer: r.CustomerKey,
	})
	if err != nil {
		return objectstore.Upload{}, err
	}
	b, release, err := s.buckets.hold(r.Bucket)
	if err != nil {
		return objectstore.Upload{}, err
	}
	defer release()
	now := time.Now()
	u := &record.Upload{
		Bucket: b.ID, Key: r.Key, ID: newUploadID(now), Ord: s.nextOrd(), Started: now.UnixMilli(), By: objectstore.OriginOf(ctx).User, Attrs: r.Attributes.Clone(),
		Sealed: c.sealed, Compress: c.compress(-1), Class: class, Asked: maps.Clone(r.Asked),
	}
	if _, err := s.seglog.Append(ctx, seglog.Options{}, entry(u, nil)); err != nil {
		return objectstore.Upload{}, err
	}
	return publicUpload(r.Bucket, u), nil
}

// findUpload returns an unfinished upload, the segment its entry is in, and its bucket.
func (s *Store) findUpload(ctx context.Context, ref objectstore.UploadRef) (*bucket, *record.Upload, uint64, error) {
	b, err := s.buckets.find(ref.Bucket)
	if err != nil {
		return nil, nil, 0, err
	}
	row, found, err := s.index.Upload(ctx, b.ID, ref.Key, ref.ID)
	if err != nil {
		return nil, nil, 0, err
	}
	if !found {
		return nil, nil, 0, objectstore.ErrUploadNotFound
	}
	u, loc, err := unpack[*record.Upload](row.Value)
	return b, u, loc.Segment, err
}

// Upload implements objectstore.Uploads.
func (s *Store) Upload(ctx context.Context, ref objectstore.UploadRef) (objectstore.Upload, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Upload{}, err
	}
	defer s.inUse.Done()
	_, u, _, err := s.findUpload(ctx, ref)
	if err != nil {
		return objectstore.Upload{}, err
	}
	return publicUpload(ref.Bucket, u), nil
}

// PutPart implements objectstore.Uploads. A part is a file of its own whatever its
// size, so that completing the upload copies nothing.
func (s *Store) PutPart(ctx context.Context, r objectstore.PutPartRequest) (objectstore.Part, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Part{}, err
	}
	defer s.inUse.Done()
	if r.Number < 1 || r.Number > objectstore.MaxPartNumber {
		return objectstore.Part{}, errs.Newf(errs.Invalid, objectstore.ErrPartInvalid.Code,
			"A part's number is from 1 to %d.", objectstore.MaxPartNumber)
	}
	in, u, _, err := s.findUpload(ctx, r.Upload)
	if err != nil {
		return objectstore.Part{}, err
	}
	if err := s.mayAdd(ctx, in, r.Size, func() (int64, error) { return s.partSize(ctx, r) }); err != nil {
		return objectstore.Part{}, err
	}
	c := coding{
		name: bodyName(u.Bucket, u.Key), geometry: s.geometryFor(in, u.Class), compress: func(int64) bool { return u.Compress },
	}
	if c.key, err = s.openKey(ctx, u.Sealed, r.CustomerKey); err != nil {
		return objectstore.Part{}, err
	}
	if err := s.checkWritable(); err != nil {
		return objectstore.Part{}, err
	}
	defer s.etags.expect(r.Size)()
	b, err := s.receive(ctx, r.Body, r.Size, -2, c)
	if err != nil {
		return objectstore.Part{}, err
	}
	part, kept, err := s.commitPart(ctx, r, b)
	if !kept {
		s.abandon(b)
	}
	return part, err
}

// partSize is how large the part is that another one takes the place of.
func (s *Store) partSize(ctx context.Context, r objectstore.PutPartRequest) (int64, error) {
	old, _, err := s.index.Part(ctx, r.Upload.ID, r.Number)
	return old.Size, err
}

// commitPart makes a received body a part of its upload. kept says that the body
// may be referred to from now on.
func (s *Store) commitPart(ctx context.Context, r objectstore.PutPartRequest, b *received) (part objectstore.Part, kept bool, err error) {
	if r.MD5 != "" && r.MD5 != b.md5 {
		return part, false, objectstore.ErrDigestMismatch
	}
	checksums := map[string]string{}
	maps.Copy(checksums, r.Checksums)
	if r.Finish != nil {
		if err := r.Finish(checksums); err != nil {
			return part, false, err
		}
	}
	in, release, err := s.buckets.hold(r.Upload.Bucket)
	if err != nil {
		return part, false, err
	}
	defer release()
	defer s.keys.lock(name{in.ID, r.Upload.Key})()
	if _, _, _, err := s.findUpload(ctx, r.Upload); err != nil {
		return part, false, err
	}
	part = objectstore.Part{
		Number: r.Number, Size: b.size, ETag: b.md5, ModifiedAt: record.Time(time.Now().UnixMilli()), Checksums: maps.Clone(checksums),
	}
	p := &record.Part{
		Bucket: in.ID, Key: r.Upload.Key, Upload: r.Upload.ID, Ord: s.nextOrd(), Part: part, Body: b.bodies[0],
	}
	old, found, err := s.index.Part(ctx, r.Upload.ID, r.Number)
	if err != nil {
		return part, false, err
	}
	if found {
		was, loc, err := unpack[*record.Part](old.Value)
		if err != nil {
			return part, false, err
		}
		p.Shadows = was.Shadows.With(loc.Segment, s.segmentExists())
	}
	counted, err := s.reserve(ctx, in, part.Size-old.Size)
	if err != nil {
		return part, false, err
	}
	defer counted()
	_, err = s.seglog.Append(ctx, seglog.Options{}, seglog.Entry{Meta: p.Encode(), Tag: &pending{entry: p, missing: b.missing}})
	return part, err == nil || unsure(err), err
}

// ListParts implements objectstore.Uploads.
func (s *Store) ListParts(ctx context.Context, r objectstore.ListPartsRequest) (objectstore.PartPage, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.PartPage{}, err
	}
	defer s.inUse.Done()
	if _, _, _, err := s.findUpload(ctx, r.Upload); err != nil {
		return objectstore.PartPage{}, err
	}
	limit := r.Limit
	if limit <= 0 {
		limit = objectstore.DefaultLimit
	}
	rows, err := s.index.Parts(ctx, r.Upload.ID, r.After, limit+1)
	if err != nil {
		return objectstore.PartPage{}, err
	}
	var page objectstore.PartPage
	for i, row := range rows {
		if i == limit {
			page.Truncated, page.Next = true, page.Parts[limit-1].Number
			break
		}
		p, _, err := unpack[*record.Part](row.Value)
		if err != nil {
			return objectstore.PartPage{}, err
		}
		page.Parts = append(page.Parts, p.Part)
	}
	return page, nil
}

// ListUploads implements objectstore.Uploads.
func (s *Store) ListUploads(ctx context.Context, r objectstore.ListUploadsRequest) (objectstore.UploadPage, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.UploadPage{}, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(r.Bucket)
	if err != nil {
		return objectstore.UploadPage{}, err
	}
	var page objectstore.UploadPage
	end, err := s.index.ListUploads(ctx, index.ListUploadsRequest{
		Bucket: b.ID, Prefix: r.Prefix, Delimiter: r.Delimiter, AfterKey: r.AfterKey, AfterID: r.AfterID, Limit: r.Limit,
	}, func(e index.UploadEntry) error {
		if e.Prefix != "" {
			page.Prefixes = append(page.Prefixes, e.Prefix)
			return nil
		}
		u, _, err := unpack[*record.Upload](e.Upload.Value)
		if err != nil {
			return err
		}
		page.Uploads = append(page.Uploads, publicUpload(r.Bucket, u))
		return nil
	})
	page.Truncated, page.NextKey, page.NextID = end.Truncated, end.NextKey, end.NextID
	return page, err
}

// CompleteUpload implements objectstore.Uploads. The parts' own files become the
// object's: nothing is copied, and two entries in one record are the commit.
func (s *Store) CompleteUpload(ctx context.Context, r objectstore.CompleteUploadRequest) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	in, release, err := s.buckets.hold(r.Upload.Bucket)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer release()
	defer s.keys.lock(name{in.ID, r.Upload.Key})()
	_, u, _, err := s.findUpload(ctx, r.Upload)
	if err != nil {
		return objectstore.Object{}, err
	}
	if r.CustomerKey != nil {
		if _, err := s.openKey(ctx, u.Sealed, r.CustomerKey); err != nil {
			return objectstore.Object{}, err
		}
	}
	v, err := s.assemble(ctx, u, r)
	if err != nil {
		return objectstore.Object{}, err
	}
	before, err := s.held(ctx, in, v.Key)
	if err == nil {
		err = before.allows(r.Condition)
	}
	if err != nil {
		return objectstore.Object{}, err
	}
	gone, err := s.uploadGone(ctx, in.ID, u.Key, u.ID)
	if err != nil {
		return objectstore.Object{}, err
	}
	if _, err := s.appendVersion(ctx, in, objectstore.HappenedComplete, before, v, &received{counted: v.Size}, entry(gone, nil)); err != nil {
		return objectstore.Object{}, err
	}
	return in.object(v), nil
}

// assemble checks the chosen parts and makes the object of them.
func (s *Store) assemble(ctx context.Context, u *record.Upload, r objectstore.CompleteUploadRequest) (*record.Version, error) {
	if len(r.Parts) == 0 {
		return nil, objectstore.ErrPartInvalid
	}
	for i := range r.Parts[1:] {
		if r.Parts[i+1].Number <= r.Parts[i].Number {
			return nil, objectstore.ErrPartOrder
		}
	}
	v := &record.Version{Key: u.Key, Attrs: u.Attrs.Clone(), Sealed: u.Sealed, Class: u.Class}
	sum := md5.New()
	for i, choice := range r.Parts {
		row, found, err := s.index.Part(ctx, u.ID, choice.Number)
		if err != nil {
			return nil, err
		}
		var p *record.Part
		if found {
			if p, _, err = unpack[*record.Part](row.Value); err != nil {
				return nil, err
			}
		}
		if p == nil || choice.ETag != "" && choice.ETag != p.Part.ETag {
			return nil, errs.Newf(errs.Invalid, objectstore.ErrPartInvalid.Code,
				"Part %d is missing, or is not the one that was named.", choice.Number)
		}
		if i < len(r.Parts)-1 && p.Part.Size < objectstore.MinPartSize {
			return nil, errs.Newf(errs.Invalid, objectstore.ErrPartTooSmall.Code,
				"Part %d has %d bytes; every part but the last needs at least 5 MiB.", choice.Number, p.Part.Size)
		}
		digest, err := hex.DecodeString(p.Part.ETag)
		if err != nil {
			return nil, fmt.Errorf("digest of part %d: %w", choice.Number, err)
		}
		_, _ = sum.Write(digest)
		v.Size += p.Part.Size
		v.Parts = append(v.Parts, p.Part)
		v.Bodies = append(v.Bodies, p.Body)
	}
	v.ETag = fmt.Sprintf("%x-%d", sum.Sum(nil), len(v.Parts))
	if r.Finish != nil {
		parts := make([]objectstore.Part, len(v.Parts))
		for i, p := range v.Parts {
			p.Checksums = maps.Clone(p.Checksums)
			parts[i] = p
		}
		if err := r.Finish(&v.Attrs, parts); err != nil {
			return nil, err
		}
		v.Attrs = v.Attrs.Clone()
		for i := range parts {
			v.Parts[i].Checksums = nil
			if len(parts[i].Checksums) > 0 {
				v.Parts[i].Checksums = maps.Clone(parts[i].Checksums)
			}
		}
	}
	return v, nil
}

// AbortUpload implements objectstore.Uploads.
func (s *Store) AbortUpload(ctx context.Context, ref objectstore.UploadRef) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	in, release, err := s.buckets.hold(ref.Bucket)
	if err != nil {
		return err
	}
	defer release()
	defer s.keys.lock(name{in.ID, ref.Key})()
	if _, _, _, err := s.findUpload(ctx, ref); err != nil {
		return err
	}
	gone, err := s.uploadGone(ctx, in.ID, ref.Key, ref.ID)
	if err != nil {
		return err
	}
	_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(gone, nil))
	return err
}

// uploadGone returns the entry that ends an upload. It outlives the entries of the
// upload and of all its parts.
func (s *Store) uploadGone(ctx context.Context, bucketID uint64, key, id string) (*record.Gone, error) {
	g := &record.Gone{Kind: record.KindUploadGone, Bucket: bucketID, Key: key, Upload: id, Ord: s.nextOrd()}
	exists := s.segmentExists()
	row, found, err := s.index.Upload(ctx, bucketID, key, id)
	if err != nil || !found {
		return g, err
	}
	u, loc, err := unpack[*record.Upload](row.Value)
	if err != nil {
		return nil, err
	}
	g.Shadows = u.Shadows.With(loc.Segment, exists)
	for after := 0; ; {
		parts, err := s.index.Parts(ctx, id, after, 1000)
		if err != nil || len(parts) == 0 {
			return g, err
		}
		for _, row := range parts {
			after = row.Number
			p, loc, err := unpack[*record.Part](row.Value)
			if err != nil {
				return nil, err
			}
			for _, segment := range append(p.Shadows, loc.Segment) {
				if exists(segment) {
					g.Shadows = g.Shadows.With(segment, exists)
				}
			}
		}
	}
}
