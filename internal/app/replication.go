package app

import (
	"context"

	"croft/internal/seal"
	"croft/objectstore/remote"
	"croft/objectstore/replication"
	"croft/server"
)

// openReplication returns what copies buckets to other clusters, and its worker.
// Only drives remember what changed; elsewhere nothing is copied.
func (a *App) openReplication(ctx context.Context, sealer *seal.Sealer) (server.Replication, worker, error) {
	if a.drives == nil {
		return noReplication{}, worker{"replication", func(ctx context.Context) error { <-ctx.Done(); return nil }}, nil
	}
	copies := replication.New(replication.Deps{DB: a.db, Sealer: sealer, Store: a.drives, Log: a.log}, replication.Config{Deployment: a.drives.Deployment()})
	if err := copies.Open(ctx); err != nil {
		return nil, worker{}, err
	}
	return copies, worker{"replication", copies.Run}, nil
}

// noReplication is the replication of a store that is in an S3 cluster: no bucket
// has rules, and none can be made.
type noReplication struct{}

func (noReplication) Statuses(context.Context, string) ([]replication.Status, error) { return nil, nil }

func (noReplication) Test(context.Context, string, replication.NewRule) error {
	return remote.Unsupported("Replication")
}

func (noReplication) Add(context.Context, string, replication.NewRule) (replication.Rule, error) {
	return replication.Rule{}, remote.Unsupported("Replication")
}

func (noReplication) SetPaused(context.Context, string, string, bool) (replication.Status, error) {
	return replication.Status{}, remote.Unsupported("Replication")
}

func (noReplication) Remove(context.Context, string, string) error {
	return remote.Unsupported("Replication")
}
