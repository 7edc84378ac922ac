package s3api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"unicode/utf8"
)

// maxFormFields bounds what a form may have before its file, in bytes, with what
// multipart needs around it.
const maxFormFields = 64 << 10

// form is an upload as a browser sends it: fields, and the file behind them.
type form struct {
	fields   map[string]string // names in lower case
	file     io.Reader         // its content, read from the request's body
	filename string            // without a path
}

// readForm reads the fields and stops where the content of the file begins. What
// comes behind the file is ignored, as S3 does.
func readForm(body io.Reader, contentType string) (*form, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != multipartForm || parameters["boundary"] == "" {
		return nil, errForm()
	}
	bounded := &boundedReader{src: body, left: maxFormFields}
	parts := multipart.NewReader(bounded, parameters["boundary"])
	f := &form{fields: make(map[string]string)}
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, fail("InvalidArgument", "POST requires exactly one file upload per request.")
		}
		if err != nil {
			return nil, formError(bounded, err)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			f.file, f.filename = part, filename(part)
			bounded.left = -1
			return f, nil
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, formError(bounded, err)
		}
		if name == "" || !utf8.Valid(value) {
			return nil, errForm()
		}
		if _, twice := f.fields[name]; twice {
			return nil, failf("InvalidArgument", "The form has the field %s twice.", xmlLimit(name))
		}
		f.fields[name] = string(value)
	}
}

func errForm() error {
	return fail("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
}

// formError tells a form that is too long and a body that was cut off from one that
// is no form.
func formError(bounded *boundedReader, err error) error {
	if bounded.exceeded {
		return fail("MaxPostPreDataLengthExceeded", "Your POST request fields preceding the upload file were too large.")
	}
	if bounded.err != nil && !errors.Is(bounded.err, io.EOF) {
		return cut(bounded.err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return cut(err)
	}
	return errForm()
}

// filename is what the client calls the file, without folders of either kind.
func filename(part *multipart.Part) string {
	_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	name := parameters["filename"]
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// boundedReader reads so many bytes and no more; a negative number is no bound.
type boundedReader struct {
	src      io.Reader
	left     int64
	exceeded bool
	err      error // of src
}

var errExceeded = errors.New("bound exceeded")

func (r *boundedReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		r.exceeded = true
		return 0, errExceeded
	}
	if r.left > 0 && int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.src.Read(p)
	if r.left > 0 {
		r.left -= int64(n)
	}
	if err != nil {
		r.err = err
	}
	return n, err
}

// sizedReader holds a file whose size was not announced to bounds.
type sizedReader struct {
	src         io.Reader
	least, most int64
	read        int64
}

func (r *sizedReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if r.read += int64(n); r.read > r.most {
		return 0, fail("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
	}
	if errors.Is(err, io.EOF) && r.read < r.least {
		return 0, fail("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.")
	}
	return n, err
}
