package tiering

import (
	"context"

	"github.com/minio/minio-go/v7"

	"croft/objectstore/remote"
)

// Delete implements objectstore.Tier.
func (p *place) Delete(ctx context.Context, name string) error {
	if err := p.usable(); err != nil {
		return err
	}
	return p.fail(ctx, p.erase(ctx, p.key(name)))
}

// erase removes an object; one that is not there is no error.
func (p *place) erase(ctx context.Context, key string) error {
	err := p.client.RemoveObject(ctx, p.tier.Bucket, key, minio.RemoveObjectOptions{})
	if remote.Code(err) == "NoSuchKey" { // as some clusters say
		return nil
	}
	return err
}
