package remote

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7/pkg/tags"
)

// minio-go holds tags that are not in ASCII to be none: it drops them when it puts an
// object and fails when it reads them. S3 has them, so these calls go past it.

type tagging struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

type tag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

// TagsTravel reports whether tags can go with an object that is put. Others are put with
// PutTags behind it.
func TagsTravel(all map[string]string) bool {
	_, err := tags.NewTags(all, true)
	return err == nil
}

// Tags returns the tags of an object, or of a version of it.
func (c *Client) Tags(ctx context.Context, bucket, key, version string) (map[string]string, error) {
	answer, err := c.tagging(ctx, http.MethodGet, bucket, key, version, nil)
	if err != nil {
		return nil, err
	}
	var told struct {
		Tags []tag `xml:"TagSet>Tag"`
	}
	if err := xml.Unmarshal(answer, &told); err != nil {
		return nil, err
	}
	all := make(map[string]string, len(told.Tags))
	for _, t := range told.Tags {
		all[t.Key] = t.Value
	}
	return all, nil
}

// PutTags gives an object, or a version of it, its tags.
func (c *Client) PutTags(ctx context.Context, bucket, key, version string, all map[string]string) error {
	var t tagging
	for k, v := range all {
		t.Tags = append(t.Tags, tag{k, v})
	}
	body, err := xml.Marshal(t)
	if err != nil {
		return err
	}
	_, err = c.tagging(ctx, http.MethodPut, bucket, key, version, body)
	return err
}

func (c *Client) tagging(ctx context.Context, method, bucket, key, version string, body []byte) ([]byte, error) {
	query := url.Values{"tagging": {""}}
	if version != "" {
		query.Set("versionId", version)
	}
	return c.call(ctx, method, bucket, key, query, body)
}
