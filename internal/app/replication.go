package app

import (
	"cmp"
	"context"

	"croft/internal/seal"
	"croft/objectstore"
	"croft/objectstore/policy"
	"croft/objectstore/remote"
	"croft/objectstore/replication"
	"croft/objectstore/s3api"
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

// s3Replication is what S3 clients are told of replication and may set; nothing where
// nothing is copied.
func s3Replication(copies server.Replication) s3api.Replication {
	if service, ok := copies.(*replication.Service); ok {
		return replicationOverS3{service}
	}
	return nil
}

// replicationOverS3 is replication in S3's words.
type replicationOverS3 struct{ service *replication.Service }

// Rules implements s3api.Replication.
func (r replicationOverS3) Rules(ctx context.Context, bucket string) (role string, rules []s3api.ReplicationRule, err error) {
	kept, err := r.service.Rules(ctx, bucket)
	if err != nil {
		return "", nil, err
	}
	for _, k := range kept {
		role = cmp.Or(role, k.Role)
		rules = append(rules, s3api.ReplicationRule{
			ID: k.Name, Priority: k.Priority, Enabled: !k.Paused, Prefix: k.Prefix, Tags: k.Tags, Destination: k.Destination,
			Deletes: k.Deletes, Existing: k.Existing, Legacy: k.Legacy,
		})
	}
	return cmp.Or(role, replicationRole), rules, nil
}

// replicationRole is the role of rules that came from the console, since documents of
// S3 have one. Nothing is done in its name.
const replicationRole = "arn:aws:iam::" + policy.Account + ":role/croft-replication"

// SetRules implements s3api.Replication.
func (r replicationOverS3) SetRules(ctx context.Context, bucket, role string, rules []s3api.ReplicationRule) error {
	wanted := make([]replication.Rule, len(rules))
	for i, w := range rules {
		wanted[i] = replication.Rule{
			Name: w.ID, Priority: w.Priority, Paused: !w.Enabled, Prefix: w.Prefix, Tags: w.Tags, Destination: w.Destination,
			Deletes: w.Deletes, Existing: w.Existing, Legacy: w.Legacy, Role: role,
		}
	}
	return r.service.Configure(ctx, bucket, wanted)
}

// Standing implements s3api.Replication.
func (r replicationOverS3) Standing(ctx context.Context, o *objectstore.Object) (string, error) {
	is, err := r.service.Standing(ctx, o)
	return string(is), err
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

func (noReplication) Targets(context.Context, string) ([]replication.Target, error) { return nil, nil }

func (noReplication) RemoveTarget(context.Context, string, string) error {
	return remote.Unsupported("Replication")
}

func (noReplication) Remove(context.Context, string, string) error {
	return remote.Unsupported("Replication")
}
