package tiering

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3 checks what it is sent by MD5.
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

// markName is the object that says whose a prefix is.
const markName = "croft-tier.json"

// maxMark bounds what is read of it.
const maxMark = 4 << 10

// mark is its content.
type mark struct {
	Deployment string    `json:"deployment"`
	Tier       string    `json:"tier"`
	Created    time.Time `json:"created"`
}

// owned says whose the place's prefix is: ours (true), nobody's (false), or an error
// that refuses it.
func (p *place) owned(ctx context.Context, deployment string) (bool, error) {
	body, _, _, err := p.client.GetObject(ctx, p.tier.Bucket, p.tier.Prefix+markName, minio.GetObjectOptions{})
	if remote.Code(err) == "NoSuchKey" {
		return false, nil
	}
	if err != nil {
		return false, p.client.Explain(err)
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, maxMark))
	if err != nil {
		return false, p.client.Explain(err)
	}
	var m mark
	if err := json.Unmarshal(text, &m); err != nil || m.Deployment == "" || m.Tier == "" {
		return false, errNotCroftMark
	}
	if m.Deployment != deployment {
		return false, errs.New(ErrPrefixTaken.Kind, ErrPrefixTaken.Code,
			"This prefix of the bucket is a tier of another Croft. Choose another prefix, so that neither can touch the other's objects.")
	}
	if m.Tier != p.tier.Name {
		return false, errs.Newf(ErrPrefixTaken.Kind, ErrPrefixTaken.Code,
			"This prefix of the bucket is this Croft's tier %s. Choose another prefix, or name the tier %s again.", m.Tier, m.Tier)
	}
	return true, nil
}

// claim marks the place's prefix as the tier's, unless it is that already.
func (p *place) claim(ctx context.Context, deployment string) error {
	if ours, err := p.owned(ctx, deployment); err != nil || ours {
		return err
	}
	text, err := json.Marshal(mark{Deployment: deployment, Tier: p.tier.Name, Created: p.tier.CreatedAt})
	if err != nil {
		return err
	}
	write := func(options minio.PutObjectOptions) error {
		options.ContentType = "application/json"
		sum := md5.Sum(text) //nolint:gosec // S3 checks what it is sent by MD5.
		_, err := p.client.PutObject(ctx, p.tier.Bucket, p.tier.Prefix+markName, bytes.NewReader(text), int64(len(text)),
			base64.StdEncoding.EncodeToString(sum[:]), "", options)
		return err
	}
	var absent minio.PutObjectOptions
	absent.SetMatchETagExcept("*")
	err = write(absent)
	switch remote.Code(err) {
	case "NotImplemented", "InvalidArgument", "InvalidRequest": // it does not know conditions on writes
		err = write(minio.PutObjectOptions{})
	case "PreconditionFailed", "ConditionalRequestConflict": // somebody was faster
		err = nil
	}
	if err != nil {
		return p.client.Explain(err)
	}
	ours, err := p.owned(ctx, deployment)
	if err == nil && !ours {
		return fmt.Errorf("the mark of tier %s is not there after it was written", p.tier.Name)
	}
	return err
}

// unclaim takes the tier's mark away.
func (p *place) unclaim(ctx context.Context, deployment string) error {
	if ours, err := p.owned(ctx, deployment); err != nil || !ours {
		return err
	}
	return p.client.Explain(p.client.RemoveObject(ctx, p.tier.Bucket, p.tier.Prefix+markName, minio.RemoveObjectOptions{}))
}
