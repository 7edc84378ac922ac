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
	if key != "" {
		a, err := s.call(ctx, ask{method: http.MethodHead, bucket: bucket, key: key})
		if err == nil {
			at, _ := http.ParseTime(a.header.Get("Last-Modified"))
			size, _ := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64)
			s.known[full] = &info{name: path.Base(key), size: size, at: at, etag: etagOf(a.header), kind: a.header.Get("Content-Type")}
			return s.known[full], nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	prefix := key + "/"
	if key == "" {
		prefix = ""
	}
	page, err := s.list(ctx, bucket, prefix, "", "", "1")
	if err != nil {
		return nil, err
	}
	if key != "" && len(page.Contents) == 0 {
		return nil, os.ErrNotExist
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
	if err := t.sacrifice(ctx, name); err != nil {
		return err
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
	_, err := t.call(ctx, ask{method: http.MethodPut, bucket: bucket, key: key + "/", header: http.Header{"Content-Type": {"application/x-directory"}}})
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

// RemoveAll implements webdav.FileSystem. A file that something is moved or copied over is
// only removed once it has to be: otherwise what takes its place does so in one step.
func (t tree) RemoveAll(ctx context.Context, name string) error {
	found, err := t.stat(ctx, name)
	if err != nil {
		return err
	}
	bucket, key := split(name)
	full := path.Join("/", bucket, key)
	if key == "" {
		return t.fail(http.StatusForbidden, "A bucket is deleted in the console.")
	}
	if (t.r.Method == "MOVE" || t.r.Method == "COPY") && !found.dir {
		t.doomed = full
		return nil
	}
	defer clear(t.known)
	if !found.dir {
		_, err := t.call(ctx, ask{method: http.MethodDelete, bucket: bucket, key: key})
		return err
	}
	return t.keysBelow(ctx, bucket, key, func(keys []string) error { return t.deleteAll(ctx, bucket, keys) })
}

// sacrifice removes the file that a folder takes the place of.
func (s *session) sacrifice(ctx context.Context, name string) error {
	bucket, key := split(name)
	if full := path.Join("/", bucket, key); s.doomed != full {
		return nil
	}
	s.doomed = ""
	defer clear(s.known)
	_, err := s.call(ctx, ask{method: http.MethodDelete, bucket: bucket, key: key})
	return err
}

// deleteAll deletes up to 1,000 keys.
func (s *session) deleteAll(ctx context.Context, bucket string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	type object struct{ Key string }
	var doc struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []object
	}
	doc.Quiet = true
	for _, k := range keys {
		doc.Object = append(doc.Object, object{k})
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
	if len(told.Error) > 0 {
		return s.fail(http.StatusForbidden, fmt.Sprintf("%d could not be deleted. %s: %s", len(told.Error), told.Error[0].Key, told.Error[0].Message))
	}
	return nil
}

// Rename implements webdav.FileSystem: everything is copied, and then deleted where it was, so that
// a failure on the way loses nothing.
func (t tree) Rename(ctx context.Context, from, to string) error {
	found, err := t.stat(ctx, from)
	if errors.Is(err, os.ErrNotExist) {
		return t.fail(http.StatusNotFound, "There is nothing of this name.")
	}
	if err != nil {
		return err
	}
	if err := t.parent(ctx, to); err != nil {
		return err
	}
	defer clear(t.known)
	bucket, key := split(from)
	toBucket, toKey := split(to)
	if !found.dir {
		if err := t.copy(ctx, bucket, key, toBucket, toKey); err != nil {
			return err
		}
		_, err := t.call(ctx, ask{method: http.MethodDelete, bucket: bucket, key: key})
		return err
	}
	if err := t.sacrifice(ctx, to); err != nil {
		return err
	}
	if err := t.keysBelow(ctx, bucket, key, func(keys []string) error {
		for _, k := range keys {
			if err := t.copy(ctx, bucket, k, toBucket, toKey+strings.TrimPrefix(k, key)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return t.keysBelow(ctx, bucket, key, func(keys []string) error { return t.deleteAll(ctx, bucket, keys) })
}

// copy copies an object inside the store.
func (s *session) copy(ctx context.Context, fromBucket, fromKey, toBucket, toKey string) error {
	a, err := s.call(ctx, ask{
		method: http.MethodPut, bucket: toBucket, key: toKey, header: http.Header{"X-Amz-Copy-Source": {copySource(fromBucket, fromKey)}},
	})
	if err != nil {
		return err
	}
	var told struct {
		XMLName xml.Name
		Message string
	}
	if err := xml.Unmarshal(a.body.Bytes(), &told); err == nil && told.XMLName.Local == "Error" { // after a long copy
		return s.fail(http.StatusInternalServerError, told.Message)
	}
	return nil
}

func copySource(bucket, key string) string {
	return (&url.URL{Path: "/" + bucket + "/" + key}).EscapedPath()
}
