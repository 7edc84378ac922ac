package remote

import (
	"context"
	"errors"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
)

// PersonTime is how long a person waits for the test of a target.
const PersonTime = 30 * time.Second

// Reach is Check with the target's own reason where it refuses: the quick request is
// refused without one, and another has it.
func (c *Client) Reach(ctx context.Context, bucket string) error {
	err := c.Check(ctx, bucket)
	if errs.KindOf(err) == errs.Forbidden {
		if reason := c.TryList(ctx, bucket, ""); reason != nil {
			return reason
		}
	}
	return err
}

// TryList lists a key, and returns why that cannot be, or nil.
func (c *Client) TryList(ctx context.Context, bucket, prefix string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	first, some := <-c.Client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: 1})
	if !some {
		return nil
	}
	return c.Explain(first.Err)
}

// TryUpload begins an upload under a prefix, calls look with its key and ends it: what
// look finds of it elsewhere shows whose the bucket is.
func (c *Client) TryUpload(ctx context.Context, bucket, prefix string, look func(key string) error) error {
	key := prefix + "croft-connection-test-" + ids.New()
	id, err := c.NewMultipartUpload(ctx, bucket, key, minio.PutObjectOptions{})
	if err != nil {
		return c.Explain(err)
	}
	err = look(key)
	if end := c.AbortMultipartUpload(context.WithoutCancel(ctx), bucket, key, id); err == nil && end != nil {
		err = c.Explain(end)
	}
	return err
}

// InTime runs what a person waits for, and says so in words where the time ends it.
func (c *Client) InTime(ctx context.Context, most time.Duration, f func(context.Context) error) error {
	short, stop := context.WithTimeout(ctx, most)
	defer stop()
	err := f(short)
	if err != nil && ctx.Err() == nil && (short.Err() != nil || errors.Is(err, context.DeadlineExceeded)) {
		return c.Late(err)
	}
	return err
}

// Late is what becomes of an error that means that the target did not answer in time.
func (c *Client) Late(err error) error {
	return errs.Wrap(err, ErrTargetUnavailable.Kind, ErrTargetUnavailable.Code, c.target.Endpoint+" does not answer in time. Check that it runs, and the network on the way.")
}
