package s3api

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"croft/objectstore"
)

const (
	maxDelete      = 1000
	deleteParallel = 8
)

func (h *Handler) deleteObject(q *request) error {
	ref := q.ref()
	r, err := deleteObject{
		Key: q.key, VersionID: ref.ID, ETag: q.r.Header.Get("If-Match"),
		Size: q.r.Header.Get("X-Amz-If-Match-Size"), LastModified: q.r.Header.Get("X-Amz-If-Match-Last-Modified-Time"),
	}.request(q.bucket)
	if err != nil {
		return err
	}
	r.Replica = q.r.Header.Get(replicaHeader) != ""
	if r.Bypass, err = h.bypasses(q, q.key, ref.ID); err != nil {
		return err
	}
	done, err := h.deleteOne(q, r)
	if err != nil {
		return err
	}
	header := q.w.Header()
	q.setVersion(header, done.VersionID)
	if done.Marker {
		header.Set(markerHeader, "true")
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// replicaHeader says that a request passes on what was done at another Croft.
const replicaHeader = "X-Croft-Replica"

// deleteOne deletes a version, or what a key holds.
func (h *Handler) deleteOne(q *request, r objectstore.DeleteRequest) (objectstore.Deleted, error) {
	if h.versions != nil {
		done, err := h.versions.DeleteVersion(q.r.Context(), r)
		if errors.Is(versionError(r.ID, err), objectstore.ErrVersionNotFound) {
			return objectstore.Deleted{VersionID: r.ID}, nil // which is not there, and was not
		}
		return done, err
	}
	if r.Condition != (objectstore.Condition{}) || r.Check != nil || r.ID != "" && r.ID != objectstore.NullVersion {
		_, err := h.keepsVersions()
		return objectstore.Deleted{}, err
	}
	existed, err := h.store.Delete(q.r.Context(), r.Bucket, r.Key)
	return objectstore.Deleted{Existed: existed}, err
}

func (h *Handler) deleteObjects(q *request) error {
	want, err := q.readDelete()
	if err != nil {
		return err
	}
	if len(want.Objects) == 0 || len(want.Objects) > maxDelete {
		return errMalformedXML()
	}
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	ends := h.deleteAll(q, &bucket, want.Objects)
	out := newDocument("DeleteResult")
	defer out.free()
	for i := range ends {
		o := &want.Objects[i]
		if ends[i].err == nil {
			q.ended(o.Key, "ok")
			if !want.Quiet {
				out.deleted(o, &ends[i].done)
			}
		}
	}
	for i := range ends {
		if ends[i].err == nil {
			continue
		}
		o, f := &want.Objects[i], translate(ends[i].err)
		q.ended(o.Key, f.code)
		out.open("Error")
		out.element("Key", o.Key)
		out.optional("VersionId", o.VersionID)
		out.element("Code", f.code)
		out.element("Message", f.message)
		out.close("Error")
	}
	out.send(q.w, http.StatusOK)
	return nil
}

// deleted writes what became of one object.
func (d *document) deleted(o *deleteObject, done *objectstore.Deleted) {
	d.open("Deleted")
	d.element("Key", o.Key)
	d.optional("VersionId", o.VersionID)
	if done.Marker {
		d.boolean("DeleteMarker", true)
		d.element("DeleteMarkerVersionId", done.VersionID)
	}
	d.close("Deleted")
}

// deletion is how one object of a DeleteObjects ended.
type deletion struct {
	done objectstore.Deleted
	err  error
}

// deleteAll deletes what may be deleted and returns how each ended. Keys of a bucket
// that never kept versions, where nothing is to be told of them, go in one batch.
func (h *Handler) deleteAll(q *request, bucket *objectstore.Bucket, objects []deleteObject) []deletion {
	ends := make([]deletion, len(objects))
	plain, of := make([]string, 0, len(objects)), make([]int, 0, len(objects))
	batch, batches := h.store.(objectstore.BatchDeleter)
	batches = batches && bucket.Versioning == objectstore.VersioningOff
	var running sync.WaitGroup
	free := make(chan struct{}, deleteParallel)
	for i := range objects {
		o := &objects[i]
		r, err := o.request(q.bucket)
		if err == nil {
			err = h.mayDelete(q, o)
		}
		if err == nil {
			r.Bypass, err = h.bypasses(q, o.Key, o.VersionID)
		}
		if err != nil {
			ends[i].err = err
			continue
		}
		if batches && o.plain() {
			plain, of = append(plain, o.Key), append(of, i)
			continue
		}
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			ends[i].done, ends[i].err = h.deleteOne(q, r)
			if errors.Is(ends[i].err, objectstore.ErrVersionInvalid) {
				ends[i].err = objectstore.ErrVersionNotFound // as AWS says here, and only here
			}
		})
	}
	if len(plain) > 0 {
		for i, err := range batch.DeleteAll(q.r.Context(), q.bucket, plain) {
			ends[of[i]].err = err
		}
	}
	running.Wait()
	return ends
}

// mayDelete asks for permission to delete one of many.
func (h *Handler) mayDelete(q *request, o *deleteObject) error {
	denied := q.denied
	err := h.authorize(q, q.ask(WriteObject, "s3:DeleteObject", q.bucket, o.Key, o.VersionID))
	q.denied = denied // the request itself was not
	return err
}

// plain reports whether it is whatever the key holds that is to be deleted.
func (o *deleteObject) plain() bool {
	return o.VersionID == "" && o.ETag == "" && o.Size == "" && o.LastModified == ""
}

// request is what the store is asked for. Sizes and times are S3's own conditions, so
// they are checked here, in the step that deletes.
func (o deleteObject) request(bucket string) (objectstore.DeleteRequest, error) {
	r := objectstore.DeleteRequest{
		VersionRef: objectstore.VersionRef{Bucket: bucket, Key: o.Key, ID: o.VersionID},
		Condition:  objectstore.Condition{ETag: unquote(o.ETag)},
	}
	if err := checkKey(o.Key); err != nil {
		return r, err
	}
	if o.Size == "" && o.LastModified == "" {
		return r, nil
	}
	size, sized := digits(o.Size)
	if o.Size != "" && !sized {
		return r, fail("InvalidArgument", "The size to match must be a non-negative integer.")
	}
	var at time.Time
	if o.LastModified != "" {
		var err error
		if at, err = http.ParseTime(o.LastModified); err != nil {
			return r, fail("InvalidArgument", "The time of the last modification to match is not a time.")
		}
	}
	r.Check = func(is objectstore.Object) error {
		if sized && is.Size != size || !at.IsZero() && !is.ModifiedAt.Truncate(time.Second).Equal(at) {
			return objectstore.ErrPreconditionFailed
		}
		return nil
	}
	return r, nil
}
