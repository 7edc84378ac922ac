package replication

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"croft/objectstore"
	"croft/objectstore/remote"
)

const (
	largestPart = 5 << 30
	// bufferedPart is the largest part that is read before it is sent, so that its
	// digest can go ahead of it.
	bufferedPart = 64 << 20
)

// upload is one that was begun at the target.
type upload struct{ source, id string }

// piece is a part of an object: where it is and, when that is known, its MD5.
type piece struct {
	offset, size int64
	md5          string
}

// pieces cuts an object into the parts that it came in, which gives the copy the same
// ETag, or into equal ones.
func (r *runner) pieces(o *objectstore.Object) (list []piece) {
	offset := int64(0)
	for i, p := range o.Parts {
		if p.Size > largestPart || p.Size < objectstore.MinPartSize && i < len(o.Parts)-1 {
			break
		}
		list = append(list, piece{offset, p.Size, p.ETag})
		offset += p.Size
	}
	if offset == o.Size && len(list) > 0 && len(list) == len(o.Parts) {
		return list
	}
	size := r.svc.config.PartSize
	for o.Size > size*objectstore.MaxPartNumber {
		size *= 2
	}
	list = nil
	for offset := int64(0); offset < o.Size; offset += size {
		list = append(list, piece{offset: offset, size: min(size, o.Size-offset)})
	}
	return list
}

// putParts copies a version part by part. What the target has of an earlier try is
// not sent again.
func (r *runner) putParts(ctx context.Context, o objectstore.Object) error {
	pieces := r.pieces(&o)
	source := fmt.Sprintf("%s %s %d %d", r.markOf(&o), o.ModifiedAt.Format(time.RFC3339Nano), len(pieces), pieces[0].size)
	id, have, err := r.resume(ctx, o.Key, source)
	if err != nil {
		return err
	}
	if id == "" {
		if id, err = r.client.NewMultipartUpload(ctx, r.rule.TargetBucket, o.Key, r.options(&o)); err != nil {
			return err
		}
		if err := r.keepUpload(ctx, o.Key, upload{source, id}); err != nil {
			return errors.Join(err, r.client.AbortMultipartUpload(context.WithoutCancel(ctx), r.rule.TargetBucket, o.Key, id))
		}
	}
	all := md5.New()
	parts := make([]minio.CompletePart, 0, len(pieces))
	for i, p := range pieces {
		is, there := have[i+1]
		etag := is.ETag
		if !there || is.Size != p.size || p.md5 != "" && p.md5 != etag {
			if etag, err = r.putPart(ctx, &o, id, i+1, p); err != nil {
				return err
			}
		}
		digest, err := hex.DecodeString(etag)
		if err != nil {
			return errDiffers
		}
		_, _ = all.Write(digest)
		parts = append(parts, minio.CompletePart{PartNumber: i + 1, ETag: etag})
	}
	info, err := r.client.CompleteMultipartUpload(ctx, r.rule.TargetBucket, o.Key, id, parts, minio.PutObjectOptions{})
	if remote.Code(err) == "NoSuchUpload" { // ended there meanwhile, or completed by a try that heard no answer
		return errors.Join(err, r.forgetUpload(ctx, o.Key))
	}
	if err != nil {
		return err
	}
	if err := r.forgetUpload(ctx, o.Key); err != nil {
		return err
	}
	if err := r.verify(ctx, o.Key, fmt.Sprintf("%x-%d", all.Sum(nil), len(parts)), info.ETag, o.Size); err != nil {
		return err
	}
	return r.tag(ctx, &o, info.VersionID)
}

// putPart sends one part and returns its ETag.
func (r *runner) putPart(ctx context.Context, o *objectstore.Object, id string, number int, p piece) (string, error) {
	ref := objectstore.VersionRef{Bucket: r.rule.Bucket, Key: o.Key, ID: o.VersionID}
	rng := &objectstore.Range{Offset: p.offset, Length: p.size}
	if p.size == 0 { // no range selects nothing
		rng = &objectstore.Range{Length: 1}
	}
	is, body, err := r.svc.source.GetVersion(ctx, ref, rng)
	switch {
	case errors.Is(err, objectstore.ErrObjectNotFound), errors.Is(err, objectstore.ErrVersionNotFound), errors.Is(err, objectstore.ErrVersionIsMarker),
		errors.Is(err, objectstore.ErrRangeInvalid):
		return "", errChanged
	case err != nil:
		return "", &sourceError{err}
	}
	defer func() { _ = body.Close() }()
	if is.ETag != o.ETag || !is.ModifiedAt.Equal(o.ModifiedAt) {
		return "", errChanged
	}
	options := minio.PutObjectPartOptions{Md5Base64: contentMD5(p.md5)}
	sum := md5.New()
	in := &reading{body: io.LimitReader(body, p.size), sum: sum, meter: &r.meter}
	var from io.Reader = in
	if options.Md5Base64 == "" && p.size <= bufferedPart {
		b := make([]byte, p.size)
		if _, err := io.ReadFull(in, b); err != nil {
			return "", &sourceError{fmt.Errorf("read the object: %w", err)}
		}
		options.Md5Base64, from = contentMD5(hex.EncodeToString(sum.Sum(nil))), bytes.NewReader(b)
	}
	part, err := r.client.PutObjectPart(ctx, r.rule.TargetBucket, o.Key, id, number, from, p.size, options)
	if broken := in.end(); broken != nil {
		return "", &sourceError{broken}
	}
	if remote.Code(err) == "NoSuchUpload" {
		return "", errors.Join(err, r.forgetUpload(ctx, o.Key))
	}
	return part.ETag, err
}

// resume returns the upload of this very content that was begun, with its parts by
// number; no ID when there is none. One of other content is ended.
func (r *runner) resume(ctx context.Context, key, source string) (id string, have map[int]minio.ObjectPart, err error) {
	r.begunMu.Lock()
	u, begun := r.begun[key]
	r.begunMu.Unlock()
	if !begun {
		return "", nil, nil
	}
	if u.source != source {
		return "", nil, r.endUpload(ctx, key)
	}
	have = map[int]minio.ObjectPart{}
	for marker := 0; ; {
		page, err := r.client.ListObjectParts(ctx, r.rule.TargetBucket, key, u.id, marker, 1000)
		if remote.Code(err) == "NoSuchUpload" {
			return "", nil, r.forgetUpload(ctx, key)
		}
		if err != nil {
			return "", nil, err
		}
		for _, p := range page.ObjectParts {
			p.ETag = trimQuotes(p.ETag)
			have[p.PartNumber] = p
		}
		if !page.IsTruncated || page.NextPartNumberMarker <= marker {
			return u.id, have, nil
		}
		marker = page.NextPartNumberMarker
	}
}

func trimQuotes(etag string) string {
	if len(etag) > 1 && etag[0] == '"' && etag[len(etag)-1] == '"' {
		return etag[1 : len(etag)-1]
	}
	return etag
}

// loadUploads reads which uploads were begun.
func (r *runner) loadUploads(ctx context.Context) error {
	var rows []uploadRow
	if err := r.svc.db.Read(ctx).Where("rule_id = ?", r.rule.ID).Find(&rows).Error; err != nil {
		return fmt.Errorf("read uploads of replication: %w", err)
	}
	r.begunMu.Lock()
	defer r.begunMu.Unlock()
	r.begun = map[string]upload{}
	for _, row := range rows {
		r.begun[row.Key] = upload{row.Source, row.UploadID}
	}
	return nil
}

// keepUpload remembers an upload, over a restart as well.
func (r *runner) keepUpload(ctx context.Context, key string, u upload) error {
	err := r.svc.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&uploadRow{RuleID: r.rule.ID, Key: key, Source: u.source, UploadID: u.id}).Error
	})
	if err != nil {
		return err
	}
	r.begunMu.Lock()
	defer r.begunMu.Unlock()
	r.begun[key] = u
	return nil
}

// forgetUpload forgets the upload of a key, if there is one.
func (r *runner) forgetUpload(ctx context.Context, key string) error {
	r.begunMu.Lock()
	_, begun := r.begun[key]
	r.begunMu.Unlock()
	if !begun {
		return nil
	}
	err := r.svc.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("rule_id = ? AND key = ?", r.rule.ID, key).Delete(&uploadRow{}).Error
	})
	if err != nil {
		return err
	}
	r.begunMu.Lock()
	defer r.begunMu.Unlock()
	delete(r.begun, key)
	return nil
}

// endUpload ends the upload of a key at the target, if there is one.
func (r *runner) endUpload(ctx context.Context, key string) error {
	r.begunMu.Lock()
	u, begun := r.begun[key]
	r.begunMu.Unlock()
	if !begun {
		return nil
	}
	err := r.client.AbortMultipartUpload(ctx, r.rule.TargetBucket, key, u.id)
	if err != nil && remote.Code(err) != "NoSuchUpload" {
		return err
	}
	return r.forgetUpload(ctx, key)
}

// endUploads ends all uploads of a rule that is being removed, as far as the target
// can be reached.
func (r *runner) endUploads(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, remote.PersonTime)
	defer stop()
	err := r.loadUploads(ctx)
	if err == nil && len(r.begun) > 0 {
		if r.client, err = remote.Dial(r.target); err == nil {
			defer r.client.Close()
			for key := range r.begun {
				if err = r.endUpload(ctx, key); err != nil {
					break
				}
			}
		}
	}
	if err != nil {
		r.svc.log.Warn("unfinished uploads are left at the target", "bucket", r.rule.TargetBucket, "error", err)
	}
}
