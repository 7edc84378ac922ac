package remote

import (
	"context"
	"encoding/xml"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
)

// versionPage is S3's ListVersionsResult.
type versionPage struct {
	EncodingType        string
	IsTruncated         bool
	NextKeyMarker       string
	NextVersionIDMarker string `xml:"NextVersionIdMarker"`
	// Entries are versions and delete markers as they stand, for their order says which is the newest.
	Entries []versionEntry `xml:",any"`
}

type versionEntry struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified time.Time
	ETag         string
	Size         int64
	StorageClass string
}

// ListVersions lists the versions and delete markers of a bucket whose keys begin with a prefix, a key's
// newest first. It ends with the first error, as the Err of its last element. minio-go's list of them believes
// that they stand in that order in a page; there are clusters that put all delete markers of a page first.
func (c *Client) ListVersions(ctx context.Context, bucket, prefix string) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		key, id, apart := "", "", false
		for {
			page, err := c.versionPage(ctx, bucket, prefix, key, id)
			if err != nil {
				yield(minio.ObjectInfo{Err: err})
				return
			}
			if apart = apart || page.apart(); apart {
				slices.SortStableFunc(page.Entries, newerFirst)
			}
			for i := range page.Entries {
				e := &page.Entries[i]
				if !yield(minio.ObjectInfo{
					Key: e.Key, VersionID: e.VersionID, IsLatest: e.IsLatest, LastModified: e.LastModified, ETag: strings.Trim(e.ETag, `"`), Size: e.Size,
					StorageClass: e.StorageClass, IsDeleteMarker: e.isMarker(),
				}) {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			if page.NextKeyMarker < key || page.NextKeyMarker == key && page.NextVersionIDMarker == id {
				yield(minio.ObjectInfo{Err: errs.Newf(errs.Unavailable, "target_list", "%s does not list its versions to their end.", c.target.Endpoint)})
				return
			}
			key, id = page.NextKeyMarker, page.NextVersionIDMarker
		}
	}
}

func (e *versionEntry) isMarker() bool { return e.XMLName.Local == "DeleteMarker" }

func (c *Client) versionPage(ctx context.Context, bucket, prefix, key, id string) (*versionPage, error) {
	query := url.Values{"versions": {""}, "prefix": {prefix}, "encoding-type": {"url"}, "max-keys": {"1000"}}
	if key != "" {
		query.Set("key-marker", key)
		if id != "" {
			query.Set("version-id-marker", id)
		}
	}
	var text []byte
	err := c.patiently(ctx, func() (err error) {
		text, err = c.call(ctx, http.MethodGet, bucket, "", query, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	var page versionPage
	if err := xml.Unmarshal(text, &page); err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "target_list", "What "+c.target.Endpoint+" lists cannot be read.")
	}
	page.Entries = slices.DeleteFunc(page.Entries, func(e versionEntry) bool { return !e.isMarker() && e.XMLName.Local != "Version" })
	if err := page.decode(); err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "target_list", "What "+c.target.Endpoint+" lists cannot be read.")
	}
	return &page, nil
}

// apart reports whether the page does not go from one key to the next, the newest first. Times alone
// do not tell: clocks are set back.
func (p *versionPage) apart() bool {
	for i := range p.Entries {
		if i == 0 {
			continue
		}
		before, e := &p.Entries[i-1], &p.Entries[i]
		if e.Key < before.Key || e.Key == before.Key && e.IsLatest {
			return true
		}
	}
	return false
}

// decode undoes the encoding that keys come in.
func (p *versionPage) decode() error {
	if p.EncodingType != "url" {
		return nil
	}
	for i := range p.Entries {
		key, err := url.QueryUnescape(p.Entries[i].Key)
		if err != nil {
			return err
		}
		p.Entries[i].Key = key
	}
	next, err := url.QueryUnescape(p.NextKeyMarker)
	p.NextKeyMarker = next
	return err
}

func newerFirst(a, b versionEntry) int {
	switch {
	case a.Key != b.Key:
		return strings.Compare(a.Key, b.Key)
	case a.IsLatest != b.IsLatest:
		if a.IsLatest {
			return -1
		}
		return 1
	}
	return b.LastModified.Compare(a.LastModified)
}
