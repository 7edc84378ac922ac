package remote

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3 wants this digest with settings.
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
)

// maxDocument is more than any setting, the tags of an object or a page of a list can be, in
// bytes.
const maxDocument = 16 << 20

// firstPause is before the second attempt of what is repeated here; each later one is
// twice as long.
const firstPause = 200 * time.Millisecond

// Setting returns a setting of a bucket as the target writes it, by the parameter that
// S3 calls it by ("policy"); empty where it is not set, or the target does not know of
// such settings. minio-go reads some of them only, and drops what it does not know.
func (c *Client) Setting(ctx context.Context, bucket, name string) (string, error) {
	var text []byte
	err := c.patiently(ctx, func() (err error) {
		text, err = c.call(ctx, http.MethodGet, bucket, "", url.Values{name: {""}}, nil)
		return err
	})
	if answer := answerOf(err); answer.StatusCode != 0 && answer.Code != "NoSuchBucket" {
		switch answer.StatusCode {
		case http.StatusNotFound, http.StatusNotImplemented, http.StatusMethodNotAllowed:
			return "", nil
		}
	}
	return string(text), err
}

// PutSetting gives a bucket a setting; an empty text takes it away.
func (c *Client) PutSetting(ctx context.Context, bucket, name, text string) error {
	method := http.MethodPut
	if text == "" {
		method = http.MethodDelete
	}
	return c.patiently(ctx, func() error {
		_, err := c.call(ctx, method, bucket, "", url.Values{name: {""}}, []byte(text))
		return err
	})
}

// patiently does something that can be repeated again while it fails for want of an answer.
func (c *Client) patiently(ctx context.Context, do func() error) (err error) {
	for try := range attempts {
		if try > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(firstPause << (try - 1)):
			}
		}
		if err = do(); err == nil || ctx.Err() != nil {
			return err
		}
		switch answer := answerOf(err); {
		case answer.StatusCode == http.StatusNotImplemented:
			return err
		case answer.StatusCode != 0 && answer.StatusCode < http.StatusInternalServerError && answer.StatusCode != http.StatusTooManyRequests:
			return err
		}
	}
	return err
}

// call sends what minio-go has no call for.
func (c *Client) call(ctx context.Context, method, bucket, key string, query url.Values, body []byte) ([]byte, error) {
	at, err := c.Presign(ctx, method, bucket, key, time.Minute, query)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		sum := md5.Sum(body) //nolint:gosec // see above
		r.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	told, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument))
	if err == nil && answer.StatusCode/100 != 2 {
		refusal := minio.ErrorResponse{}
		_ = xml.Unmarshal(told, &refusal) // some answer nothing that can be read
		refusal.StatusCode = answer.StatusCode
		return nil, refusal
	}
	return told, err
}
