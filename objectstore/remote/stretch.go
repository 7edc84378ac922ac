package remote

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"croft/objectstore"
)

// ErrOtherBytes says that an object does not have the bytes that were asked for.
var ErrOtherBytes = errors.New("the object does not have these bytes")

// Stretch reads length bytes, at least one, of an object from an offset. Other errors
// than ErrOtherBytes are the target's own, for the caller to translate.
func (c *Client) Stretch(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	var options minio.GetObjectOptions
	options.Set("Range", rangeHeader(objectstore.Range{Offset: offset, Length: length}))
	content, info, header, err := c.GetObject(ctx, bucket, key, options)
	if Code(err) == "InvalidRange" {
		return nil, errors.Join(ErrOtherBytes, err)
	}
	if err != nil {
		return nil, err
	}
	from, n, _, err := extent(header, info.Size)
	if err == nil && (from != offset || n != length) {
		err = fmt.Errorf("%d from %d came where %d from %d were asked for", n, from, length, offset)
	}
	if err != nil {
		_ = content.Close()
		return nil, errors.Join(ErrOtherBytes, err)
	}
	return content, nil
}
