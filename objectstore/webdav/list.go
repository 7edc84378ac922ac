package webdav

import (
	"context"
	"encoding/xml"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// maxEntries is how many names of a folder are listed at most: they are held in memory.
const maxEntries = 100_000

// info is an object or a folder.
type info struct {
	name string
	dir  bool
	size int64
	at   time.Time
	etag string
	kind string // content type, where it is known
}

var _ fs.FileInfo = (*info)(nil)

func (i *info) Name() string       { return i.name }
func (i *info) Size() int64        { return i.size }
func (i *info) ModTime() time.Time { return i.at }
func (i *info) IsDir() bool        { return i.dir }
func (i *info) Sys() any           { return nil }

func (i *info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o777
	}
	return 0o666
}

// ETag implements webdav.ETager.
func (i *info) ETag(context.Context) (string, error) {
	if i.etag == "" {
		return `"folder"`, nil
	}
	return i.etag, nil
}

// ContentType implements webdav.ContentTyper.
func (i *info) ContentType(context.Context) (string, error) {
	if i.kind != "" {
		return i.kind, nil
	}
	return typeOf(i.name), nil
}

// listed is S3's ListBucketResult.
type listed struct {
	IsTruncated           bool
	NextContinuationToken string
	Contents              []struct {
		Key          string
		LastModified time.Time
		ETag         string
		Size         int64
	}
	CommonPrefixes []struct{ Prefix string }
}

// list asks for a page of keys.
func (s *session) list(ctx context.Context, bucket, prefix, delimiter, token string, limit string) (*listed, error) {
	query := url.Values{"list-type": {"2"}, "encoding-type": {"url"}, "prefix": {prefix}, "max-keys": {limit}}
	if delimiter != "" {
		query.Set("delimiter", delimiter)
	}
	if token != "" {
		query.Set("continuation-token", token)
	}
	a, err := s.call(ctx, ask{method: http.MethodGet, bucket: bucket, query: query})
	if err != nil {
		return nil, err
	}
	var page listed
	if err := xml.Unmarshal(a.body.Bytes(), &page); err != nil {
		return nil, err
	}
	for i := range page.Contents {
		if page.Contents[i].Key, err = url.QueryUnescape(page.Contents[i].Key); err != nil {
			return nil, err
		}
	}
	for i := range page.CommonPrefixes {
		if page.CommonPrefixes[i].Prefix, err = url.QueryUnescape(page.CommonPrefixes[i].Prefix); err != nil {
			return nil, err
		}
	}
	return &page, nil
}

// maxKeys is how many keys are listed, or deleted, at once.
const maxKeys = 1000

// keysBelow calls f with pages of what is below a folder, its own marker included.
func (s *session) keysBelow(ctx context.Context, bucket, folder string, f func(all []entry) error) error {
	for token := ""; ; {
		page, err := s.list(ctx, bucket, folder+"/", "", token, strconv.Itoa(maxKeys))
		if err != nil {
			return err
		}
		all := make([]entry, len(page.Contents))
		for i, c := range page.Contents {
			all[i] = entry{c.Key, c.ETag}
		}
		if err := f(all); err != nil || !page.IsTruncated {
			return err
		}
		token = page.NextContinuationToken
	}
}

// children lists what is directly in a folder. Names that no path can have are left out.
func (s *session) children(ctx context.Context, name string) ([]fs.FileInfo, error) {
	bucket, key := split(name)
	prefix := ""
	if key != "" {
		prefix = key + "/"
	}
	var all []fs.FileInfo
	add := func(i *info) error {
		if i.name == "" || i.name == "." || i.name == ".." || strings.Contains(i.name, "/") {
			return nil
		}
		full := path.Join("/", bucket, prefix, i.name)
		if _, there := s.known[full]; there { // both an object and a folder
			return nil
		}
		if len(all) >= maxEntries {
			return s.fail(http.StatusInsufficientStorage, "This folder has more than 100,000 entries, which is too many to list here.")
		}
		s.known[full] = i
		all = append(all, i)
		return nil
	}
	for token := ""; ; {
		page, err := s.list(ctx, bucket, prefix, "/", token, strconv.Itoa(maxKeys))
		if err != nil {
			return nil, err
		}
		for _, c := range page.Contents {
			if err := add(&info{name: strings.TrimPrefix(c.Key, prefix), size: c.Size, at: c.LastModified, etag: c.ETag}); err != nil {
				return nil, err
			}
		}
		for _, p := range page.CommonPrefixes {
			if err := add(&info{name: strings.TrimSuffix(strings.TrimPrefix(p.Prefix, prefix), "/"), dir: true}); err != nil {
				return nil, err
			}
		}
		if !page.IsTruncated {
			return all, nil
		}
		token = page.NextContinuationToken
	}
}
