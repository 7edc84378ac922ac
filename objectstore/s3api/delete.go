package s3api

import (
	"errors"
	"net/http"
	"sync"

	"croft/objectstore"
)

const (
	maxDelete      = 1000
	deleteParallel = 8
)

func (h *Handler) deleteObject(q *request) error {
	for _, name := range []string{"X-Amz-If-Match-Size", "X-Amz-If-Match-Last-Modified-Time"} {
		if q.r.Header.Get(name) != "" {
			return failf("NotImplemented", "A conditional delete by %s is not implemented. Use If-Match.", name)
		}
	}
	done, err := h.deleteOne(q, objectstore.DeleteRequest{
		VersionRef: q.ref(), Condition: objectstore.Condition{ETag: unquote(q.r.Header.Get("If-Match"))},
		Replica: q.r.Header.Get(replicaHeader) != "",
	})
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
		return h.versions.DeleteVersion(q.r.Context(), r)
	}
	if r.Condition != (objectstore.Condition{}) || r.ID != "" && r.ID != objectstore.NullVersion {
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
		if ends[i].err = h.mayDelete(q, *o); ends[i].err != nil {
			continue
		}
		if batches && o.VersionID == "" && o.ETag == "" {
			plain, of = append(plain, o.Key), append(of, i)
			continue
		}
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			ends[i].done, ends[i].err = h.deleteOne(q, o.request(q.bucket))
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

func (o *deleteObject) request(bucket string) objectstore.DeleteRequest {
	return objectstore.DeleteRequest{
		VersionRef: objectstore.VersionRef{Bucket: bucket, Key: o.Key, ID: o.VersionID},
		Condition:  objectstore.Condition{ETag: unquote(o.ETag)},
	}
}

// mayDelete refuses what cannot be deleted and what the request may not delete.
func (h *Handler) mayDelete(q *request, o deleteObject) error {
	if err := o.check(); err != nil {
		return err
	}
	denied := q.denied
	err := h.authorize(q, q.ask(WriteObject, "s3:DeleteObject", q.bucket, o.Key, o.VersionID))
	q.denied = denied // the request itself was not
	return err
}

// check refuses what cannot be deleted.
func (o *deleteObject) check() error {
	if o.Size != "" || o.LastModified != "" {
		return fail("NotImplemented", "A conditional delete by size or time is not implemented. Use the ETag.")
	}
	return checkKey(o.Key)
}
