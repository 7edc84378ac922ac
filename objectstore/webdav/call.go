package webdav

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7/pkg/s3utils"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// region is what requests are signed for; S3 takes any here.
const region = "us-east-1"

// ask is one S3 request.
type ask struct {
	method, bucket, key string
	query               url.Values
	header              http.Header
	body                io.Reader
	size                int64
}

// answer is what came of it, whole.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	under  http.ResponseWriter // for its deadlines
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Unwrap() http.ResponseWriter { return a.under }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// etagOf is the ETag of an answer, which S3 does not spell as net/http does.
func etagOf(h http.Header) string {
	if v := h["ETag"]; len(v) > 0 { //nolint:staticcheck // that is how S3 spells it
		return v[0]
	}
	return h.Get("ETag")
}

// request signs an S3 request as the caller's.
func (s *session) request(ctx context.Context, a ask) (*http.Request, error) {
	path := "/" + a.bucket + "/" + a.key
	u := &url.URL{Scheme: "http", Host: "127.0.0.1", Path: path, RawPath: s3utils.EncodePath(path), RawQuery: s3utils.QueryEncode(a.query)}
	if a.body == nil {
		a.body = http.NoBody
	}
	r, err := http.NewRequestWithContext(ctx, a.method, u.String(), a.body)
	if err != nil {
		return nil, err
	}
	for name, values := range a.header {
		r.Header[name] = values
	}
	r.ContentLength = a.size
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	r = signer.SignV4(*r, s.accessKey, s.secretKey, "", region)
	r.Header.Set("User-Agent", s.r.UserAgent())
	r.Header.Set("Content-Length", strconv.FormatInt(a.size, 10)) // without it an empty file is no file
	r.RemoteAddr, r.TLS, r.RequestURI = s.r.RemoteAddr, s.r.TLS, r.URL.RequestURI()
	return r, nil
}

// call sends an S3 request and reads its answer. Refusals are errors: os.ErrNotExist for what is not there.
func (s *session) call(ctx context.Context, a ask) (*answer, error) {
	r, err := s.request(ctx, a)
	if err != nil {
		return nil, err
	}
	out := &answer{header: make(http.Header), under: s.w}
	s.handler.S3.ServeHTTP(out, r)
	if out.status < http.StatusMultipleChoices {
		return out, nil
	}
	return out, s.refused(out.status, out.body.Bytes())
}

// refused is the error of an S3 refusal; what the client is to be told is remembered.
func (s *session) refused(status int, body []byte) error {
	var told struct{ Code, Message string }
	_ = xml.Unmarshal(body, &told) // answers to HEAD have none
	switch {
	case strings.Contains(told.Code, "Quota"), strings.Contains(told.Code, "StorageFull"):
		status = http.StatusInsufficientStorage
	case status == http.StatusNotFound:
		return os.ErrNotExist
	}
	return s.fail(status, told.Message)
}

// failure is why something was refused, for the client.
type failure struct {
	status   int
	sentence string
}

func (f *failure) Error() string { return f.sentence }

// fail remembers what the client is told in place of what package webdav would say.
func (s *session) fail(status int, sentence string) error {
	if sentence == "" {
		sentence = http.StatusText(status)
	}
	s.failure = &failure{status, sentence}
	return s.failure
}
