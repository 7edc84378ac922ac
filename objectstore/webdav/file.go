package webdav

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // Content-MD5 is part of HTTP.
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"golang.org/x/net/webdav"
)

const (
	// partSize is what is held in memory of an upload whose length nobody said.
	partSize = 8 << 20
	maxParts = 10_000
)

var errNoBytes = errors.New("files are read by GET and copied inside the store only")

// reading is an object or a folder that is looked at, listed, or copied.
type reading struct {
	*session
	ctx  context.Context // of the request that it was opened in
	path string
	info *info
}

var _ webdav.File = (*reading)(nil)

func (f *reading) Close() error                   { return nil }
func (f *reading) Read([]byte) (int, error)       { return 0, errNoBytes }
func (f *reading) Seek(int64, int) (int64, error) { return 0, errNoBytes }
func (f *reading) Write([]byte) (int, error)      { return 0, errNoBytes }
func (f *reading) Stat() (fs.FileInfo, error)     { return f.info, nil }

// Readdir lists a folder whole, whatever number is wanted. What is in a folder that is copied went with it.
func (f *reading) Readdir(int) ([]fs.FileInfo, error) {
	if f.going != nil {
		return nil, nil
	}
	return f.listed, nil
}

// windows is the namespace of the times and attributes that Windows sets behind every upload. They
// are accepted, because it takes the upload for failed otherwise, and not kept.
const windows = "urn:schemas-microsoft-com:"

var _ webdav.DeadPropsHolder = (*reading)(nil)

// DeadProps implements webdav.DeadPropsHolder: there are none.
func (f *reading) DeadProps() (map[xml.Name]webdav.Property, error) { return nil, nil }

// Patch implements webdav.DeadPropsHolder.
func (f *reading) Patch(patches []webdav.Proppatch) ([]webdav.Propstat, error) {
	done, refused := webdav.Propstat{Status: http.StatusOK}, webdav.Propstat{Status: http.StatusForbidden}
	for _, patch := range patches {
		for _, p := range patch.Props {
			to := &refused
			if p.XMLName.Space == windows {
				to = &done
			}
			to.Props = append(to.Props, webdav.Property{XMLName: p.XMLName})
		}
	}
	var all []webdav.Propstat
	for _, p := range []webdav.Propstat{done, refused} {
		if len(p.Props) > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}

// writing is an object that is being written.
type writing struct {
	*session
	ctx         context.Context // of the request that it was opened in
	bucket, key string
	written     *info
	broken      bool // what was to be written did not come whole
}

var _ interface {
	webdav.File
	io.ReaderFrom
} = (*writing)(nil)

func (f *writing) Read([]byte) (int, error)           { return 0, errNoBytes }
func (f *writing) Seek(int64, int) (int64, error)     { return 0, errNoBytes }
func (f *writing) Write([]byte) (int, error)          { return 0, errNoBytes }
func (f *writing) Readdir(int) ([]fs.FileInfo, error) { return nil, errNoBytes }

// Close writes an empty object where nothing was read: a lock makes the file that it is for, if
// there is none.
func (f *writing) Close() error {
	if f.written != nil || f.failure != nil || f.broken || f.going != nil {
		return nil
	}
	return f.put(http.NoBody, 0)
}

// Stat implements webdav.File. It is asked for once all is written, and a body of nothing is not given to
// ReadFrom.
func (f *writing) Stat() (fs.FileInfo, error) {
	if err := f.Close(); err != nil {
		return nil, err
	}
	if f.written == nil {
		return nil, fs.ErrInvalid
	}
	return f.written, nil
}

// ReadFrom writes the object, in one step: a body as it comes, or a copy of another object.
func (f *writing) ReadFrom(r io.Reader) (n int64, err error) {
	defer func() { f.broken = err != nil }()
	if f.going != nil {
		return 0, f.transfer(f.ctx)
	}
	size := f.r.ContentLength
	if size < 0 { // what macOS says instead
		if said, err := strconv.ParseInt(f.r.Header.Get("X-Expected-Entity-Length"), 10, 64); err == nil && said >= 0 {
			size = said
		}
	}
	if size < 0 {
		return f.inParts(r)
	}
	return size, f.put(r, size)
}

// described are the headers of an upload that are kept with the object, or that its body is held to.
var described = []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Md5"}

func (f *writing) header() http.Header {
	h := http.Header{"Content-Type": {typeOf(f.key)}}
	for _, name := range described {
		if v := f.r.Header.Get(name); v != "" && f.r.Method == http.MethodPut {
			h.Set(name, v)
		}
	}
	return h
}

// conditions are those of the client, which are S3's, too.
func (f *writing) conditions(h http.Header) http.Header {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		if v := f.r.Header.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	if f.r.Method == "LOCK" { // another may have made it meanwhile
		h.Set("If-None-Match", "*")
	}
	return h
}

func (f *writing) put(body io.Reader, size int64) error {
	a, err := f.call(f.ctx, ask{method: http.MethodPut, bucket: f.bucket, key: f.key, header: f.conditions(f.header()), body: body, size: size})
	if err == nil {
		f.written = &info{name: path.Base(f.key), size: size, etag: etagOf(a.header), at: time.Now()}
	}
	return err
}

// inParts uploads a body of unknown length.
func (f *writing) inParts(r io.Reader) (size int64, err error) {
	done := f.buffer()
	if done == nil {
		return 0, f.failure
	}
	defer done()
	buffer := make([]byte, partSize)
	n, more, err := fill(r, buffer)
	if err != nil {
		return 0, err
	}
	if !more {
		return int64(n), f.put(bytes.NewReader(buffer[:n]), int64(n))
	}
	header := f.header()
	wanted := header.Get("Content-Md5") // of the whole, which S3 does not know of parts
	header.Del("Content-Md5")
	a, err := f.call(f.ctx, ask{method: http.MethodPost, bucket: f.bucket, key: f.key, query: url.Values{"uploads": {""}}, header: header})
	if err != nil {
		return 0, err
	}
	var begun struct {
		ID string `xml:"UploadId"`
	}
	if err := xml.Unmarshal(a.body.Bytes(), &begun); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil { // the client may have gone; what it sent has to, too
			_, _ = f.call(context.WithoutCancel(f.ctx), ask{method: http.MethodDelete, bucket: f.bucket, key: f.key, query: url.Values{"uploadId": {begun.ID}}})
		}
	}()
	type part struct {
		PartNumber int
		ETag       string
	}
	var doc struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []part
	}
	sum := md5.New() //nolint:gosec // that is what the header has
	for number := 1; n > 0; number++ {
		if number > maxParts {
			return 0, f.fail(http.StatusRequestEntityTooLarge, "It is too large to be sent without its length.")
		}
		query := url.Values{"uploadId": {begun.ID}, "partNumber": {fmt.Sprint(number)}}
		a, err := f.call(f.ctx, ask{method: http.MethodPut, bucket: f.bucket, key: f.key, query: query, body: bytes.NewReader(buffer[:n]), size: int64(n)})
		if err != nil {
			return 0, err
		}
		doc.Part = append(doc.Part, part{number, etagOf(a.header)})
		_, _ = sum.Write(buffer[:n])
		size += int64(n)
		if n, _, err = fill(r, buffer); err != nil {
			return 0, err
		}
	}
	if wanted != "" && wanted != base64.StdEncoding.EncodeToString(sum.Sum(nil)) {
		return 0, f.fail(http.StatusBadRequest, "The bytes do not have the digest in Content-MD5.")
	}
	text, err := xml.Marshal(doc)
	if err != nil {
		return 0, err
	}
	a, err = f.call(f.ctx, ask{
		method: http.MethodPost, bucket: f.bucket, key: f.key, query: url.Values{"uploadId": {begun.ID}}, header: f.conditions(http.Header{"Content-Type": {"application/xml"}}),
		body: bytes.NewReader(text), size: int64(len(text)),
	})
	if err != nil {
		return 0, err
	}
	var told struct {
		XMLName xml.Name
		ETag    string
		Message string
	}
	if err := xml.Unmarshal(a.body.Bytes(), &told); err != nil || told.XMLName.Local == "Error" {
		return 0, f.fail(http.StatusInternalServerError, told.Message)
	}
	f.written = &info{name: path.Base(f.key), size: size, etag: told.ETag, at: time.Now()}
	return size, nil
}

// fill reads until a buffer is full or the body ends. One that breaks off is an error: net/http
// has the same for it as io.ReadFull for the end.
func fill(r io.Reader, buffer []byte) (n int, more bool, err error) {
	for n < len(buffer) {
		m, err := r.Read(buffer[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return n, false, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, true, nil
}
