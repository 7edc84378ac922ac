package server

import (
	"context"
	"time"

	"croft/account"
)

// Presigner makes links to single objects that S3 clients follow without a key.
type Presigner interface {
	// PresignGet signs a GET of one object at the S3 listener's base URL.
	PresignGet(baseURL, accessKey, secretKey, bucket, key string, expires time.Duration) (string, error)
}

// ShareRequest asks for a link.
type ShareRequest struct {
	Key            string `json:"key" minLength:"1" maxLength:"1024"`
	ExpiresSeconds int    `json:"expiresSeconds" minimum:"1" maximum:"604800"`
}

// ShareLink is a link that downloads an object without a login.
type ShareLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}

type shareInput struct {
	InBucket
	Body ShareRequest
}

// shareObject signs with a key of the caller's own that reads and nothing more, and
// whose secret never leaves Croft. The policy is asked again at every download, so
// the link ends early when its maker loses the right to the bucket or is disabled.
func (s *Server) shareObject(ctx context.Context, in *shareInput) (*body[ShareLink], error) {
	auditing(ctx).Target = in.Bucket + "/" + in.Body.Key
	if _, err := s.deps.Store.Head(ctx, in.Bucket, in.Body.Key); err != nil {
		return nil, err
	}
	accessKey, secret, err := s.deps.Accounts.ShareKey(ctx, account.PrincipalFrom(ctx).UserID)
	if err != nil {
		return nil, err
	}
	lifetime := time.Duration(in.Body.ExpiresSeconds) * time.Second
	expires := time.Now().Add(lifetime).UTC().Truncate(time.Second)
	auditing(ctx).Detail = "until " + expires.Format(time.RFC3339)
	url, err := s.deps.Presigner.PresignGet(s.s3URL(ctx), accessKey, secret, in.Bucket, in.Body.Key, lifetime)
	if err != nil {
		return nil, err
	}
	return &body[ShareLink]{ShareLink{URL: url, ExpiresAt: expires}}, nil
}
