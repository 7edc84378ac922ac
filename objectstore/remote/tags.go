package remote

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"
)

// minio-go holds tags that are not in ASCII to be none: it drops them when it puts an
// object and fails when it reads them. S3 has them, so these calls go past it.

// maxTagging is more than 10 tags can be, in XML.
const maxTagging = 64 << 10

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

// Tags returns an object's tags.
func (c *Client) Tags(ctx context.Context, bucket, key string) (map[string]string, error) {
	answer, err := c.tagging(ctx, http.MethodGet, bucket, key, "", nil)
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
	at, err := c.Presign(ctx, method, bucket, key, time.Minute, query)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	told, err := io.ReadAll(io.LimitReader(answer.Body, maxTagging))
	if err == nil && answer.StatusCode != http.StatusOK {
		refusal := minio.ErrorResponse{}
		_ = xml.Unmarshal(told, &refusal) // some answer nothing that can be read
		refusal.StatusCode = answer.StatusCode
		err = refusal
	}
	return told, err
}
