package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"croft/internal/errs"
	"croft/internal/patience"
	"croft/objectstore"
)

func uploadOp(id, summary string) huma.Operation {
	o := op(id, http.MethodPut, "/buckets/{bucket}/object", summary, "buckets")
	o.MaxBodyBytes = -1
	o.Parameters = []*huma.Param{query("key", "", true)}
	o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {}}}
	o.Responses = map[string]*huma.Response{"200": {
		Description: "Stored",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/Object"}}},
	}}
	return o
}

// putObject streams the body into the store. A body that ends early stores nothing.
func (s *Server) putObject(w http.ResponseWriter, r *http.Request, p Params) error {
	bucket, key := p.Param("bucket"), p.Query("key")
	auditing(r.Context()).Target = bucket + "/" + key
	if err := objectstore.ValidateKey(key); err != nil {
		return err // before the body is sent
	}
	stored, err := s.deps.Store.Put(r.Context(), objectstore.WithSum(s.deps.Store, objectstore.PutRequest{
		Bucket: bucket, Key: key, Size: r.ContentLength, Body: s.patient(w, r), Condition: objectstore.Condition{
			Absent: r.Header.Get("If-None-Match") == "*", ETag: strings.Trim(r.Header.Get("If-Match"), `"`),
		},
		Attributes: objectstore.Attributes{ContentType: r.Header.Get("Content-Type")},
	}))
	if err != nil {
		return uploadError(err)
	}
	return writeJSON(w, http.StatusOK, wireObject(stored))
}

// uploadError names a body that was cut off, or stood still, as what it is, and not as an
// error of ours.
func uploadError(err error) error {
	if errs.KindOf(err) == errs.Internal && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded)) {
		return errs.Wrap(err, errs.Invalid, objectstore.ErrBodyIncomplete.Code, "The upload was cut off. Nothing was stored.")
	}
	return err
}

// patient reads a request's body for as long as bytes keep coming.
func (s *Server) patient(w http.ResponseWriter, r *http.Request) io.Reader {
	return &patience.Body{ReadCloser: r.Body, Control: http.NewResponseController(w), Idle: s.config.Idle}
}

func describeCount(n int) string {
	if n == 1 {
		return "1 object"
	}
	return strconv.Itoa(n) + " objects"
}
