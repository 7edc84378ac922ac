package webdav

import (
	"context"
	"crypto/md5" //nolint:gosec // S3 wants this digest with a list of deletes.
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/net/webdav"
)

// tree is what package webdav sees of the buckets.
type tree struct{ *session }

var _ webdav.FileSystem = tree{}

func typeOf(name string) string {
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// Stat implements webdav.FileSystem.
func (t tree) Stat(ctx context.Context, name string) (os.FileInfo, error) {
	found, err := t.stat(ctx, name)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// stat finds an object or, if there is none, a folder.
func (s *session) stat(ctx context.Context, name string) (*info, error) {
	bucket, key := split(name)
	full := path.Join("/", bucket, key)
	if found := s.known[full]; found != nil {
		return found, nil
	}
	if !s.offers(ctx, bucket) {
		return nil, os.ErrNotExist
	}
	var refused error
	if key != "" {
		a, err := s.call(ctx, ask{method: http.MethodHead, bucket: bucket, key: key})
		if err == nil {
			at, _ := http.ParseTime(a.header.Get("Last-Modified"))
			size, _ := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64)
			s.known[full] = &info{name: path.Base(key), size: size, at: at, etag: etagOf(a.header), kind: a.header.Get("Content-Type")}
			return s.known[full], nil
		}
		// Who may list only what is below a folder is not told that there is no object of its name.
		if refused = err; errors.Is(err, os.ErrNotExist) {
			refused = nil
		} else if s.failure == nil || s.failure.status != http.StatusForbidden {
			return nil, err
		}
	}
	prefix := key + "/"
	if key == "" {
		prefix = ""
	}
	before := s.failure
	page, err := s.list(ctx, bucket, prefix, "", "", "1")
	switch {
	case refused != nil && (err != nil || len(page.Contents) == 0):
		s.failure = before
		return nil, refused
	case err != nil:
		return nil, err
	case key != "" && len(page.Contents) == 0:
		return nil, os.ErrNotExist
	}
	if refused != nil {
		s.failure = nil
	}
	found := &info{name: path.Base("/" + key), dir: true}
	if len(page.Contents) > 0 && page.Contents[0].Key == prefix {
		found.at = page.Contents[0].LastModified
	}
	s.known[full] = found
	return found, nil
}

// parent reports whether the folder is there that something is to be made in.
func (s *session) parent(ctx context.Context, name string) error {
	found, err := s.stat(ctx, path.Dir(strings.TrimSuffix(name, "/")))
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && !found.dir:
		return s.fail(http.StatusConflict, "The folder that it is to be in is not there.")
	}
	return err
}

// Mkdir implements webdav.FileSystem.
func (t tree) Mkdir(ctx context.Context, name string, _ os.FileMode) error {
	if t.going != nil { // it is where a folder is copied to
		return t.transfer(ctx)
	}
	if _, err := t.stat(ctx, name); err == nil {
		return t.fail(http.StatusMethodNotAllowed, "There is something of this name.")
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := t.parent(ctx, name); err != nil {
		return err
	}
	bucket, key := split(name)
	return t.makeFolder(ctx, bucket, key+"/")
}

func (s *session) makeFolder(ctx context.Context, bucket, marker string) error {
	_, err := s.call(ctx, ask{method: http.MethodPut, bucket: bucket, key: marker, header: http.Header{"Content-Type": {"application/x-directory"}}})
	return err
}

// OpenFile implements webdav.FileSystem.
func (t tree) OpenFile(ctx context.Context, name string, flag int, _ os.FileMode) (webdav.File, error) {
	if flag&os.O_CREATE == 0 {
		found, err := t.stat(ctx, name)
		if err != nil {
			return nil, err
		}
		return &reading{session: t.session, ctx: ctx, path: name, info: found}, nil
	}
	bucket, key := split(name)
	if t.going != nil {
		return &writing{session: t.session, ctx: ctx, bucket: bucket, key: key}, nil
	}
	if key == "" || t.r.Method == http.MethodPut && strings.HasSuffix(name, "/") {
		return nil, t.fail(http.StatusMethodNotAllowed, "This is a folder.")
	}
	if found, err := t.stat(ctx, name); err == nil && found.dir {
		return nil, t.fail(http.StatusMethodNotAllowed, "There is a folder of this name.")
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := t.parent(ctx, name); err != nil {
		return nil, err
	}
	return &writing{session: t.session, ctx: ctx, bucket: bucket, key: key}, nil
}

// RemoveAll implements webdav.FileSystem. What a COPY or MOVE replaces is removed by it, once all is copied.
func (t tree) RemoveAll(ctx context.Context, name string) error {
	if t.going != nil {
		t.going.replaces = true
		return nil
	}
	found, err := t.stat(ctx, name)
	if err != nil {
		return err
	}
	bucket, key := split(name)
	if key == "" {
		return t.fail(http.StatusForbidden, "A bucket is deleted in the console.")
	}
	defer clear(t.known)
	if !found.dir {
		header := http.Header{}
		if t.r.Header.Get("If-Match") != "" {
			header.Set("If-Match", found.etag)
		}
		_, err := t.call(ctx, ask{method: http.MethodDelete, bucket: bucket, key: key, header: header})
		return err
	}
	return t.keysBelow(ctx, bucket, key, func(all []entry) error {
		for i := range all {
			all[i].etag = "" // whatever it is now
		}
		return t.deleteAll(ctx, bucket, all)
	})
}

// deleteAll deletes up to 1,000 objects: what they are now, or, with ETags, what they were found to be.
func (s *session) deleteAll(ctx context.Context, bucket string, all []entry) error {
	type object struct {
		Key  string
		ETag string `xml:",omitempty"`
	}
	var doc struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []object
	}
	doc.Quiet = true
	for _, e := range all {
		if sayable(e.key) {
			doc.Object = append(doc.Object, object{e.key, e.etag})
			continue
		}
		header := http.Header{}
		if e.etag != "" {
			header.Set("If-Match", e.etag)
		}
		_, err := s.call(ctx, ask{method: http.MethodDelete, bucket: bucket, key: e.key, header: header})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if len(doc.Object) == 0 {
		return nil
	}
	text, err := xml.Marshal(doc)
	if err != nil {
		return err
	}
	sum := md5.Sum(text) //nolint:gosec // see above
	a, err := s.call(ctx, ask{
		method: http.MethodPost, bucket: bucket, query: url.Values{"delete": {""}}, body: strings.NewReader(string(text)), size: int64(len(text)),
		header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}, "Content-Type": {"application/xml"}},
	})
	if err != nil {
		return err
	}
	var told struct {
		Error []struct{ Key, Code, Message string }
	}
	if err := xml.Unmarshal(a.body.Bytes(), &told); err != nil {
		return err
	}
	failed := told.Error[:0]
	for _, e := range told.Error {
		if e.Code != "NoSuchKey" { // it went meanwhile
			failed = append(failed, e)
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case failed[0].Code == "PreconditionFailed":
		return s.fail(http.StatusConflict, fmt.Sprintf("%d stay where they were, because they changed meanwhile, such as %s.", len(failed), failed[0].Key))
	}
	return s.fail(http.StatusForbidden, fmt.Sprintf("%d could not be deleted. %s: %s", len(failed), failed[0].Key, failed[0].Message))
}

// sayable reports whether XML can hold a key. It has no word for most control characters.
func sayable(key string) bool {
	return !strings.ContainsFunc(key, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}

// Rename implements webdav.FileSystem.
func (t tree) Rename(ctx context.Context, _, _ string) error { return t.transfer(ctx) }
