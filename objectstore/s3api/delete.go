package s3api

import (
	"net/http"
	"sync"

	"croft/objectstore"
)

const (
	maxDelete      = 1000
	deleteParallel = 8
)

func (h *Handler) deleteObject(q *request) error {
	for _, name := range []string{"If-Match", "X-Amz-If-Match-Size", "X-Amz-If-Match-Last-Modified-Time"} {
		if q.r.Header.Get(name) != "" {
			return failf("NotImplemented", "A conditional delete (%s) is not implemented.", name)
		}
	}
	if err := h.deleteKey(q); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// replicaHeader says that a request passes on what was done at another Croft.
const replicaHeader = "X-Croft-Replica"

func (h *Handler) deleteKey(q *request) error {
	s, versions := h.store.(objectstore.Versions)
	if q.r.Header.Get(replicaHeader) == "" || !versions {
		_, err := h.store.Delete(q.r.Context(), q.bucket, q.key)
		return err
	}
	_, err := s.DeleteVersion(q.r.Context(), objectstore.DeleteRequest{
		VersionRef: objectstore.VersionRef{Bucket: q.bucket, Key: q.key}, Replica: true,
	})
	return err
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
	failures := h.deleteAll(q, want.Objects)
	out := newDocument("DeleteResult")
	defer out.free()
	for i, err := range failures {
		key := want.Objects[i].Key
		if err == nil {
			q.ended(key, "ok")
			if !want.Quiet {
				out.open("Deleted")
				out.element("Key", key)
				out.close("Deleted")
			}
		}
	}
	for i, err := range failures {
		if err == nil {
			continue
		}
		key, f := want.Objects[i].Key, translate(err)
		q.ended(key, f.code)
		out.open("Error")
		out.element("Key", key)
		out.element("Code", f.code)
		out.element("Message", f.message)
		out.close("Error")
	}
	out.send(q.w, http.StatusOK)
	return nil
}

// deleteAll deletes what may be deleted and returns how each ended.
func (h *Handler) deleteAll(q *request, objects []deleteObject) []error {
	failures := make([]error, len(objects))
	keys, of := make([]string, 0, len(objects)), make([]int, 0, len(objects))
	for i, o := range objects {
		if failures[i] = h.mayDelete(q, o); failures[i] == nil {
			keys, of = append(keys, o.Key), append(of, i)
		}
	}
	for i, err := range h.deleteKeys(q, keys) {
		failures[of[i]] = err
	}
	return failures
}

// deleteKeys returns an error for each key, in their order.
func (h *Handler) deleteKeys(q *request, keys []string) []error {
	if batch, ok := h.store.(objectstore.BatchDeleter); ok {
		return batch.DeleteAll(q.r.Context(), q.bucket, keys)
	}
	failures := make([]error, len(keys))
	var running sync.WaitGroup
	free := make(chan struct{}, deleteParallel)
	for i, key := range keys {
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			_, failures[i] = h.store.Delete(q.r.Context(), q.bucket, key)
		})
	}
	running.Wait()
	return failures
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
	if o.VersionID != "" && o.VersionID != "null" {
		return fail("NoSuchVersion", "The specified version does not exist.")
	}
	if o.ETag != "" {
		return fail("NotImplemented", "A conditional delete is not implemented.")
	}
	return checkKey(o.Key)
}
