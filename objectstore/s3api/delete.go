package s3api

import (
	"encoding/xml"
	"net/http"
	"sync"
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
	if _, err := h.store.Delete(q.r.Context(), q.bucket, q.key); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

type deleteXML struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool     `xml:"Quiet"`
	Objects []struct {
		Key       string `xml:"Key"`
		VersionID string `xml:"VersionId"`
		ETag      string `xml:"ETag"`
	} `xml:"Object"`
}

type deletedXML struct {
	Key string `xml:"Key"`
}

type deleteErrorXML struct {
	Key     string `xml:"Key"`
	Code    string `xml:"Code"`
	Message string `xml:"Message"`
}

type deleteResultXML struct {
	XMLName xml.Name         `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedXML     `xml:"Deleted"`
	Errors  []deleteErrorXML `xml:"Error"`
}

func (h *Handler) deleteObjects(q *request) error {
	var want deleteXML
	if err := q.readXML(&want); err != nil {
		return err
	}
	if len(want.Objects) == 0 || len(want.Objects) > maxDelete {
		return fail("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	}
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	failures := make([]error, len(want.Objects))
	var running sync.WaitGroup
	free := make(chan struct{}, deleteParallel)
	for i, o := range want.Objects {
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			failures[i] = h.deleteOne(q, o.Key, o.VersionID, o.ETag)
		})
	}
	running.Wait()
	var out deleteResultXML
	for i, err := range failures {
		key := want.Objects[i].Key
		switch {
		case err != nil:
			f := translate(err)
			q.ended(key, f.code)
			out.Errors = append(out.Errors, deleteErrorXML{key, f.code, f.message})
		default:
			q.ended(key, "ok")
			if !want.Quiet {
				out.Deleted = append(out.Deleted, deletedXML{key})
			}
		}
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}

func (h *Handler) deleteOne(q *request, key, version, etag string) error {
	if version != "" && version != "null" {
		return fail("NoSuchVersion", "The specified version does not exist.")
	}
	if etag != "" {
		return fail("NotImplemented", "A conditional delete is not implemented.")
	}
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := h.store.Delete(q.r.Context(), q.bucket, key)
	return err
}
