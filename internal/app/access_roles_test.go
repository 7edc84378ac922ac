package app

import (
	"log/slog"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore/s3api"
)

// TestWhoMayOverS3: developers write objects; what changes the bucket, and to delete
// what governance keeps, is for maintainers.
func TestWhoMayOverS3(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 8}
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	owner, err := accounts.CreateUser(ctx, account.NewUser{Name: "ada", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	project, err := accounts.CreateProject(ctx, owner.ID, account.NewProject{Slug: "web"})
	if err != nil {
		t.Fatal(err)
	}
	a := access{accounts: accounts, buckets: ownedBuckets{owner: project.ID}, refusals: newRefusals(time.Now), log: slog.New(slog.DiscardHandler)}
	for role, may := range map[account.Role]map[s3api.Action]bool{
		account.Viewer:     {s3api.ReadBucket: true},
		account.Developer:  {s3api.ReadBucket: true, s3api.WriteObject: true},
		account.Maintainer: {s3api.ReadBucket: true, s3api.WriteObject: true, s3api.WriteBucket: true, s3api.DeleteBucket: true, s3api.BypassGovernance: true},
	} {
		user, err := accounts.CreateUser(ctx, account.NewUser{Name: string(role), Password: "correct horse battery"})
		if err == nil {
			_, err = accounts.SetMember(ctx, project.ID, user.ID, role)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, key, err := accounts.CreateKey(ctx, user.ID, "test", "")
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.Credential(ctx, key.AccessKey)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range []s3api.Action{s3api.ReadBucket, s3api.WriteObject, s3api.WriteBucket, s3api.DeleteBucket, s3api.BypassGovernance} {
			err := a.Authorize(ctx, c, s3api.Ask{Action: action, Bucket: "web-media", Key: "key"})
			if allowed := err == nil; allowed != may[action] || !allowed && errs.KindOf(err) != errs.Forbidden {
				t.Errorf("%s, %s: %v", role, action, err)
			}
		}
	}
}
