package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"croft/account"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/s3api"
)

// ownedBuckets answers that every bucket is of one project.
type ownedBuckets struct {
	objectstore.Buckets
	owner string
}

func (b ownedBuckets) Bucket(_ context.Context, name string) (objectstore.Bucket, error) {
	return objectstore.Bucket{Name: name, Owner: b.owner}, nil
}

// BenchmarkAccess is what a developer's S3 request pays for "who is it" and "may they".
func BenchmarkAccess(b *testing.B) {
	ctx := b.Context()
	db, err := store.Open(ctx, b.TempDir(), migrations.Files)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 8}
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	user, err := accounts.CreateUser(ctx, account.NewUser{Name: "ada", Password: "correct horse battery"})
	if err != nil {
		b.Fatal(err)
	}
	project, err := accounts.CreateProject(ctx, user.ID, account.NewProject{Slug: "web"})
	if err != nil {
		b.Fatal(err)
	}
	_, key, err := accounts.CreateKey(ctx, user.ID, "bench", "")
	if err != nil {
		b.Fatal(err)
	}
	a := access{accounts: accounts, buckets: ownedBuckets{owner: project.ID}, rules: new(grants.Reader), refusals: newRefusals(time.Now), log: slog.New(slog.DiscardHandler)}
	b.ReportAllocs()
	for b.Loop() {
		c, err := a.Credential(ctx, key.AccessKey)
		if err == nil {
			err = a.Authorize(ctx, c, s3api.Ask{Action: s3api.WriteObject, S3: "s3:PutObject", Bucket: "web-media", Key: "key"})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
