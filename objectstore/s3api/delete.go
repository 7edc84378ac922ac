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
	if err := q.body.nothing(); err != nil {
		return err
	}
	ref := q.ref()
	r, err := deleteObject{
		Key: q.key, VersionID: ref.ID, ETag: q.r.Header.Get("If-Match"),
		Size: q.r.Header.Get("X-Amz-If-Match-Size"), LastModified: q.r.Header.Get("X-Amz-If-Match-Last-Modified-Time"),
	}.request(q.bucket)
	if err != nil {
		return err
	}
	if r.Replica = q.r.Header.Get(replicaHeader) != ""; r.Replica {
		if err := h.authorize(q, q.ask(WriteObject, "s3:ReplicateDelete", q.bucket, q.key, "")); err != nil {
			return err
		}
	}
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

// replicaHeader says that a request passes on what was done at another Croft, and is not
// to be passed on again.
const replicaHeader = "X-Croft-Replica"

// deleteOne deletes a version, or what a key holds.
func (h *Handler) deleteOne(q *request, r objectstore.DeleteRequest) (objectstore.Deleted, error) {
	if h.versions != nil {
		done, err := h.versions.DeleteVersion(q.r.Context(), r)
		return absent(&r, done, err)
	}
	if r.Condition != (objectstore.Condition{}) || r.Check != nil || r.ID != "" && r.ID != objectstore.NullVersion {
		_, err := h.keepsVersions()
		return objectstore.Deleted{}, err
	}
	existed, err := h.store.Delete(q.r.Context(), r.Bucket, r.Key)
	return objectstore.Deleted{Existed: existed}, err
}

// absent makes a success of deleting a version of another store: it is not there.
func absent(r *objectstore.DeleteRequest, done objectstore.Deleted, err error) (objectstore.Deleted, error) {
	if errors.Is(versionError(r.ID, err), objectstore.ErrVersionNotFound) {
		return objectstore.Deleted{VersionID: r.ID}, nil
	}
	return done, err
}

func (h *Handler) deleteObjects(q *request) error {
	want, err := q.readDelete()
	if err != nil {
		return err
	}
	if len(want.Objects) == 0 || len(want.Objects) > maxDelete {
		return errMalformedXML()
	}
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	ends := h.deleteAll(q, want.Objects)
	out := newDocument("DeleteResult")
	defer out.free()
	for i := range ends {
		o := &want.Objects[i]
		if ends[i].Err == nil {
			q.ended(o.Key, "ok")
			if !want.Quiet {
				out.deleted(o, &ends[i].Deleted)
			}
		}
	}
	for i := range ends {
		if ends[i].Err == nil {
			continue
		}
		o, f := &want.Objects[i], translate(ends[i].Err)
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

// deleteAll deletes what may be deleted and returns how each ended.
func (h *Handler) deleteAll(q *request, objects []deleteObject) []objectstore.Deletion {
	ends := make([]objectstore.Deletion, len(objects))
	requests, of := make([]objectstore.DeleteRequest, 0, len(objects)), make([]int, 0, len(objects))
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
			ends[i].Err = err
			continue
		}
		requests, of = append(requests, r), append(of, i)
	}
	for i, end := range h.deleteMany(q, requests) {
		if errors.Is(end.Err, objectstore.ErrVersionInvalid) {
			end.Err = objectstore.ErrVersionNotFound // as AWS says here, and only here
		}
		ends[of[i]] = end
	}
	return ends
}

// deleteMany deletes as fast as the store can and returns how each request ended, in
// their order.
func (h *Handler) deleteMany(q *request, requests []objectstore.DeleteRequest) []objectstore.Deletion {
	if batch, ok := h.store.(objectstore.BatchVersionDeleter); ok {
		ends := batch.DeleteVersions(q.r.Context(), q.bucket, requests)
		for i := range ends {
			ends[i].Deleted, ends[i].Err = absent(&requests[i], ends[i].Deleted, ends[i].Err)
		}
		return ends
	}
	ends := make([]objectstore.Deletion, len(requests))
	var keys []string
	var of []int
	batch, batches := h.store.(objectstore.BatchDeleter)
	var running sync.WaitGroup
	free := make(chan struct{}, deleteParallel)
	for i := range requests {
		r := &requests[i]
		if batches && r.ID == "" && r.Condition == (objectstore.Condition{}) && r.Check == nil {
			keys, of = append(keys, r.Key), append(of, i)
			continue
		}
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			ends[i].Deleted, ends[i].Err = h.deleteOne(q, *r)
		})
	}
	if len(keys) > 0 {
		for i, err := range batch.DeleteAll(q.r.Context(), q.bucket, keys) {
			ends[of[i]].Err = err
		}
	}
	running.Wait()
	return ends
}

// mayDelete asks for permission to delete one of many.
func (h *Handler) mayDelete(q *request, o *deleteObject) error {
	denied := q.denied
	err := h.authorize(q, q.ask(WriteObject, "s3:DeleteObject", q.bucket, o.Key, o.VersionID))
	q.denied = denied                                            // the request itself was not
	if f, ok := err.(*failure); ok && f.code == "NoSuchBucket" { //nolint:errorlint // authorize returns it as it is
		return fail("AccessDenied", "Access Denied.") // there is one, since something in it may be deleted
	}
	return err
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
