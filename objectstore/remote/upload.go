package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/objectstore"
)

const (
	uploadPrefix = "croft/uploads/"
	partPrefix   = "croft/parts/"
)

// uploadRecord is what S3 does not tell of an unfinished upload.
type uploadRecord struct {
	Bucket     string    `json:"bucket"`
	Key        string    `json:"key"`
	ID         string    `json:"id"` // the cluster's
	Late       string    `json:"late"`
	StartedAt  time.Time `json:"startedAt"`
	Attributes plain     `json:"attributes"`
	// Class is what the object will be of.
	Class objectstore.StorageClass `json:"class,omitempty"`
}

// uploadName is an upload's name among the records: the cluster's may hold anything.
func uploadName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// CreateUpload implements objectstore.Uploads. Its ID is the cluster's. One that was
// cut off before it was recorded stays in the cluster without anybody knowing it.
func (s *Store) CreateUpload(ctx context.Context, r objectstore.CreateUploadRequest) (objectstore.Upload, error) {
	if err := s.check(ctx, r.Bucket, r.Key); err != nil {
		return objectstore.Upload{}, err
	}
	if err := checkAttributes(r.Attributes); err != nil {
		return objectstore.Upload{}, err
	}
	if r.Encrypt != objectstore.EncryptionNone || r.CustomerKey != nil {
		return objectstore.Upload{}, Unsupported("Encryption with Croft's or your own keys")
	}
	class, err := r.Class.Kept()
	if err != nil {
		return objectstore.Upload{}, err
	}
	p := &put{store: s, bucket: r.Bucket, key: r.Key, attributes: r.Attributes.Clone(), late: newLate(true)}
	id, err := s.client.NewMultipartUpload(ctx, s.there(r.Bucket), r.Key, minio.PutObjectOptions{UserMetadata: p.headers(), StorageClass: string(class)})
	if err != nil {
		return objectstore.Upload{}, s.explain(err)
	}
	record := uploadRecord{
		Bucket: r.Bucket, Key: r.Key, ID: id, Late: p.late,
		StartedAt: s.now().UTC().Truncate(time.Millisecond), Attributes: plainOf(p.attributes), Class: class,
	}
	text, err := json.Marshal(record)
	if err != nil {
		return objectstore.Upload{}, err
	}
	if _, err := s.putRecord(ctx, uploadPrefix+uploadName(id), text, objectstore.Condition{}); err != nil {
		// Nobody will learn of it, so it must not stay.
		abort := s.client.AbortMultipartUpload(context.WithoutCancel(ctx), s.there(r.Bucket), r.Key, id)
		return objectstore.Upload{}, errors.Join(err, abort)
	}
	return record.upload(), nil
}

func (r *uploadRecord) upload() objectstore.Upload {
	return objectstore.Upload{
		UploadRef: objectstore.UploadRef{Bucket: r.Bucket, Key: r.Key, ID: r.ID},
		StartedAt: r.StartedAt.UTC(), Attributes: r.Attributes.attributes(), Class: r.Class,
	}
}

// Upload implements objectstore.Uploads. The record tells what the upload is and the
// cluster that it is still there.
func (s *Store) Upload(ctx context.Context, ref objectstore.UploadRef) (objectstore.Upload, error) {
	record, err := s.upload(ctx, ref)
	if err != nil {
		return objectstore.Upload{}, err
	}
	if _, err := s.client.ListObjectParts(ctx, s.there(ref.Bucket), ref.Key, ref.ID, 0, 1); err != nil {
		return objectstore.Upload{}, s.explain(err)
	}
	return record.upload(), nil
}

func (s *Store) upload(ctx context.Context, ref objectstore.UploadRef) (*uploadRecord, error) {
	if err := s.check(ctx, ref.Bucket, ref.Key); err != nil {
		return nil, err
	}
	text, err := s.record(ctx, uploadPrefix+uploadName(ref.ID))
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		return nil, objectstore.ErrUploadNotFound
	}
	if err != nil {
		return nil, err
	}
	record := new(uploadRecord)
	if err := json.Unmarshal(text, record); err != nil {
		return nil, fmt.Errorf("read upload record: %w", err)
	}
	if record.Bucket != ref.Bucket || record.Key != ref.Key || record.ID != ref.ID {
		return nil, objectstore.ErrUploadNotFound
	}
	return record, nil
}

// ListUploads implements objectstore.Uploads. Its uploads come without attributes,
// and StartedAt is the cluster's.
func (s *Store) ListUploads(ctx context.Context, r objectstore.ListUploadsRequest) (objectstore.UploadPage, error) {
	if _, err := s.Bucket(ctx, r.Bucket); err != nil {
		return objectstore.UploadPage{}, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = objectstore.DefaultLimit
	}
	var page objectstore.UploadPage
	for afterKey, afterID := r.AfterKey, r.AfterID; ; {
		left := min(limit-len(page.Uploads)-len(page.Prefixes), objectstore.DefaultLimit)
		answer, err := s.client.ListMultipartUploads(ctx, s.there(r.Bucket), r.Prefix, afterKey, afterID, r.Delimiter, left)
		if err != nil {
			return objectstore.UploadPage{}, s.explain(err)
		}
		for _, u := range answer.Uploads {
			page.Uploads = append(page.Uploads, objectstore.Upload{
				UploadRef: objectstore.UploadRef{Bucket: r.Bucket, Key: u.Key, ID: u.UploadID},
				StartedAt: u.Initiated.UTC().Truncate(time.Millisecond), Class: classOf(u.StorageClass),
			})
		}
		for _, p := range answer.CommonPrefixes {
			if p.Prefix > r.AfterKey {
				page.Prefixes = append(page.Prefixes, p.Prefix)
			}
		}
		afterKey, afterID = answer.NextKeyMarker, answer.NextUploadIDMarker
		if !answer.IsTruncated {
			return page, nil
		}
		if len(page.Uploads)+len(page.Prefixes) >= limit {
			page.Truncated, page.NextKey, page.NextID = true, afterKey, afterID
			return page, nil
		}
	}
}

// AbortUpload implements objectstore.Uploads. It also aborts what the cluster has
// and the records do not know.
func (s *Store) AbortUpload(ctx context.Context, ref objectstore.UploadRef) error {
	if err := s.check(ctx, ref.Bucket, ref.Key); err != nil {
		return err
	}
	if ref.ID == "" {
		return objectstore.ErrUploadNotFound
	}
	// Some clusters let an upload be aborted that is not there.
	if _, err := s.client.ListObjectParts(ctx, s.there(ref.Bucket), ref.Key, ref.ID, 0, 1); err != nil {
		return s.explain(err)
	}
	if err := s.client.AbortMultipartUpload(ctx, s.there(ref.Bucket), ref.Key, ref.ID); err != nil {
		return s.explain(err)
	}
	s.forgetUpload(ctx, uploadName(ref.ID))
	return nil
}

// forgetUpload removes the records of an upload that ended. What stays is found by
// the sweep.
func (s *Store) forgetUpload(ctx context.Context, name string) {
	err := s.removeRecords(ctx, partPrefix+name+"/")
	if err == nil {
		err = s.explain(s.client.RemoveObject(ctx, s.prefix, uploadPrefix+name, minio.RemoveObjectOptions{}))
	}
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "records of an ended upload stay for now", "error", err)
	}
}

// removeRecords removes all records under a prefix.
func (s *Store) removeRecords(ctx context.Context, prefix string) error {
	for {
		page, err := s.listPage(ctx, s.prefix, prefix, "", "", "", objectstore.DefaultLimit)
		if err != nil || len(page.Contents) == 0 {
			return err
		}
		waiting := make(chan minio.ObjectInfo, len(page.Contents))
		for _, c := range page.Contents {
			if strings.HasPrefix(c.Key, prefix) {
				waiting <- minio.ObjectInfo{Key: c.Key}
			}
		}
		close(waiting)
		for result := range s.client.RemoveObjectsWithResult(ctx, s.prefix, waiting, minio.RemoveObjectsOptions{}) {
			if result.Err != nil {
				err = s.explain(result.Err)
			}
		}
		if err != nil {
			return err
		}
		if !page.IsTruncated {
			return nil
		}
	}
}
