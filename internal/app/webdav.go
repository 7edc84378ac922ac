package app

import (
	"context"
	"net/http"

	"croft/internal/forwarded"
	"croft/objectstore/s3api"
	"croft/objectstore/webdav"
)

// withWebDAV serves buckets to file managers at the address of S3. It is not the console's, because
// what is in buckets must not speak for it in a browser. Both believe the proxies before them.
func (a *App) withWebDAV(s3 *s3api.Handler, who access) http.Handler {
	return forwarded.Handler(webdav.New(webdav.Config{
		S3: s3, Buckets: a.store, Elsewhere: s3.IsBucketHost, Plain: a.config.S3.WebDAVPlain, Log: a.log,
		Secret: func(ctx context.Context, key string) (string, error) {
			c, err := who.Credential(ctx, key)
			return c.Secret, err
		},
	}), a.config.TrustedProxies)
}
