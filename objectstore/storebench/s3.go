package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"croft/objectstore/storebench/s3client"
)

// s3Client is a client over the S3 protocol.
type s3Client struct{ conn *s3client.Client }

var _ client = s3Client{}

func connectS3(ctx context.Context, o s3client.Options) (client, error) {
	conn, err := s3client.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	return s3Client{conn}, nil
}

func (c s3Client) createBucket(_ context.Context, bucket string) error {
	return c.conn.CreateBucket(bucket)
}

func (c s3Client) put(_ context.Context, bucket, key string, body content) error {
	return c.conn.Put(bucket, key, s3client.Body{Size: body.size, Pieces: body.pieces()})
}

func (c s3Client) get(_ context.Context, bucket, key string, k *checker) error {
	err := c.conn.Get(bucket, key, k.take)
	if errors.Is(err, s3client.ErrNotFound) {
		return errGone
	}
	if err == nil {
		err = k.done()
	}
	if err != nil {
		return fmt.Errorf("get %s/%s: %w", bucket, key, err)
	}
	return nil
}

func (c s3Client) list(_ context.Context, r listRequest, see func([]byte) error) (string, error) {
	return c.conn.List(s3client.ListRequest{Bucket: r.bucket, Delimiter: r.folders, After: r.after, Token: r.next, Limit: pageSize}, see)
}

func (c s3Client) remove(_ context.Context, bucket string, keys []string) error {
	return c.conn.Delete(bucket, keys)
}

func (c s3Client) close() { c.conn.Close() }

// awaitS3 returns when the server answers a signed request, or gone says that it
// never will.
func awaitS3(ctx context.Context, o s3client.Options, gone <-chan struct{}) error {
	const between = 2 * time.Millisecond
	for {
		conn, err := s3client.Dial(ctx, o)
		if err == nil {
			_, err = conn.Exists("no-such-bucket", "key")
			conn.Close()
			if err == nil {
				return nil
			}
			if refusal := (*s3client.Error)(nil); errors.As(err, &refusal) && refusal.Status < 500 {
				return err
			}
		}
		select {
		case <-gone:
			return errors.New("the server ended instead of serving")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(between):
		}
	}
}
