package tiering

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// probe tries all that a tier has to do, and finds out whether the bucket is one of
// this very store.
func (s *Service) probe(ctx context.Context, p *place) error {
	t := &p.tier
	if err := p.client.Reach(ctx, t.Bucket); err != nil {
		return err
	}
	if err := p.client.TryList(ctx, t.Bucket, t.Prefix); err != nil {
		return err
	}
	if _, err := p.owned(ctx, s.config.Deployment); err != nil {
		return err
	}
	err := p.client.TryUpload(ctx, t.Bucket, t.Prefix, func(key string) error {
		here, err := s.source.ListUploads(ctx, objectstore.ListUploadsRequest{Bucket: t.Bucket, Prefix: key})
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return nil
		}
		if err == nil && len(here.Uploads) > 0 {
			return errOwnBucket
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.tryBody(ctx)
}

// tryBody puts a body, reads it and deletes it: keys that may only write would keep
// what nobody could read.
func (p *place) tryBody(ctx context.Context) error {
	name, text := "croft-connection-test-"+ids.New(), "croft"
	if err := p.send(ctx, p.folder+name, strings.NewReader(text), int64(len(text))); err != nil {
		return p.client.Explain(err)
	}
	body, err := p.client.Stretch(ctx, p.tier.Bucket, p.folder+name, 1, int64(len(text)-1))
	if err == nil {
		var got []byte
		got, err = io.ReadAll(body)
		_ = body.Close()
		if err == nil && !bytes.Equal(got, []byte(text[1:])) {
			err = errs.Newf(errs.Invalid, "target_lacks", "%s cannot keep bodies: what is read there is not what was written.", p.tier.Endpoint)
		}
	}
	if removed := p.erase(ctx, p.folder+name); err == nil {
		err = removed
	}
	return p.client.Explain(err)
}
