package server_test

import (
	"context"
	"testing"

	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// replacing is a store in which somebody replaces an object between the look at its
// attributes and the read of its bytes.
type replacing struct {
	objectstore.Store
	c *console
}

func (r replacing) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	seen, err := r.Store.Head(ctx, bucket, key)
	r.c.put(bucket, key, "text/plain", "replaced, and longer than before")
	return seen, err
}

func TestADownloadIsNotAMixOfTwoObjects(t *testing.T) {
	c := newConsole(t, func(c *console, _ *store.DB, deps *server.Deps) { deps.Store = replacing{deps.Store, c} })
	c.user("boss", true)
	c.bucket("files", "")
	c.put("files", "a", "text/plain", "before")
	c.run(t, []scenario{
		{name: "asks to try again", as: c.as("boss"), method: "GET", path: "/api/v1/buckets/files/object?key=a", status: 503, want: []string{`"object_changed"`}},
	})
}
