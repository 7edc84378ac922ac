package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
	"croft/objectstore/remote"
	"croft/objectstore/replication"
)

// Replication copies buckets to other S3 clusters.
type Replication interface {
	Statuses(ctx context.Context, bucket string) ([]replication.Status, error)
	Test(ctx context.Context, bucket string, n replication.NewRule) error
	Add(ctx context.Context, bucket string, n replication.NewRule) (replication.Rule, error)
	SetPaused(ctx context.Context, bucket, id string, paused bool) (replication.Status, error)
	Remove(ctx context.Context, bucket, id string) error
	Targets(ctx context.Context, bucket string) ([]replication.Target, error)
	RemoveTarget(ctx context.Context, bucket, id string) error
}

// ReplicationRule says where a bucket is copied to, and how far that is.
type ReplicationRule struct {
	ID           string            `json:"id"`
	Prefix       string            `json:"prefix" doc:"Only keys that begin with it"`
	Endpoint     string            `json:"endpoint"`
	Region       string            `json:"region"`
	TargetBucket string            `json:"targetBucket"`
	AccessKey    string            `json:"accessKey"`
	Deletes      bool              `json:"deletes" doc:"What is deleted here is deleted there"`
	Existing     bool              `json:"existing" doc:"What was there before the rule is copied as well"`
	CreatedAt    time.Time         `json:"createdAt"`
	Name         string            `json:"name,omitempty" doc:"What a rule that was set over S3 is called there"`
	Tags         map[string]string `json:"tags,omitempty" doc:"Only objects that have all of them"`

	State        string     `json:"state" enum:"current,copying,failing,paused"`
	Pending      int64      `json:"pending" doc:"Changes that are not at the target"`
	PendingBytes int64      `json:"pendingBytes"`
	Oldest       *time.Time `json:"oldest,omitempty" doc:"When the oldest of them was made"`

	Sent             int64   `json:"sent" doc:"Objects since the start, as are the other counts"`
	SentBytes        int64   `json:"sentBytes"`
	Deleted          int64   `json:"deleted"`
	Skipped          int64   `json:"skipped" doc:"Objects that cannot be copied, because they are encrypted with a key of their writer"`
	Failures         int64   `json:"failures" doc:"Tries that failed"`
	ObjectsPerSecond float64 `json:"objectsPerSecond" doc:"Of the last minute"`
	BytesPerSecond   float64 `json:"bytesPerSecond"`

	Problem     string     `json:"problem,omitempty" doc:"The last failure that is not over, in words"`
	ProblemCode string     `json:"problemCode,omitempty" doc:"Of that failure, as of a refusal; missing of one that has none"`
	ProblemKey  string     `json:"problemKey,omitempty" doc:"The object it is about; missing when it is the target"`
	NextTry     *time.Time `json:"nextTry,omitempty"`

	Looking bool  `json:"looking" doc:"The bucket is looked through for what the target lacks"`
	Looked  int64 `json:"looked" doc:"Keys that were"`
	Total   int64 `json:"total" doc:"About how many there are; 0 is not known"`
}

// NewReplicationRule is a rule to add.
type NewReplicationRule struct {
	Prefix       string `json:"prefix,omitempty" maxLength:"1024" doc:"Only keys that begin with it"`
	Endpoint     string `json:"endpoint" maxLength:"300" doc:"HOST or HOST:PORT, through TLS unless it begins with http://"`
	Region       string `json:"region,omitempty" maxLength:"100"`
	Style        string `json:"style,omitempty" enum:"path,virtual" doc:"How the target's bucket is named in requests; chosen by the endpoint when missing"`
	Authorities  string `json:"authorities,omitempty" maxLength:"100000" doc:"Certificates in PEM that are trusted besides the system's"`
	TargetBucket string `json:"targetBucket" maxLength:"63"`
	AccessKey    string `json:"accessKey" maxLength:"200"`
	SecretKey    string `json:"secretKey" maxLength:"200"`
	Deletes      bool   `json:"deletes" doc:"Delete there what is deleted here"`
	Existing     bool   `json:"existing" doc:"Copy what is there already as well"`
}

// ChangeReplicationRule is what can be changed about a rule.
type ChangeReplicationRule struct {
	Paused bool `json:"paused"`
}

type (
	addReplicationInput struct {
		InBucket
		Body NewReplicationRule
	}
	oneReplicationInput struct {
		InBucket
		ID string `path:"id"`
	}
	changeReplicationInput struct {
		InBucket
		ID   string `path:"id"`
		Body ChangeReplicationRule
	}
)

func (s *Server) replicationRoutes() {
	rule := Need(account.BucketWrite, s.bucket())
	const path = "/buckets/{bucket}/replication"
	route(s, op("list-replication", http.MethodGet, path, "Where a bucket is copied to, and how far", "replication"), rule, s.listReplication)
	route(s, status(op("add-replication", http.MethodPost, path, "Copy a bucket to another S3 cluster", "replication"), http.StatusCreated), rule, s.addReplication)
	route(s, status(op("test-replication", http.MethodPost, path+"/test", "Reach for the target of a new rule", "replication"), http.StatusNoContent),
		rule.Unaudited("it changes nothing"), s.testReplication)
	route(s, op("change-replication", http.MethodPatch, path+"/{id}", "Pause a rule or have it go on", "replication"), rule, s.changeReplication)
	route(s, status(op("remove-replication", http.MethodDelete, path+"/{id}", "Stop copying; what was copied stays", "replication"), http.StatusNoContent),
		rule, s.removeReplication)
	const targets = "/buckets/{bucket}/replication-targets"
	route(s, op("list-replication-targets", http.MethodGet, targets, "Where rules that are set over S3 may copy a bucket to", "replication"), rule, s.listReplicationTargets)
	route(s, status(op("remove-replication-target", http.MethodDelete, targets+"/{id}", "Forget a target that no rule has, and its key", "replication"), http.StatusNoContent),
		rule, s.removeReplicationTarget)
}

// ReplicationTarget is where a bucket may be copied to by rules that are set over S3.
type ReplicationTarget struct {
	ID           string    `json:"id"`
	ARN          string    `json:"arn" doc:"What those rules call it"`
	Endpoint     string    `json:"endpoint"`
	TargetBucket string    `json:"targetBucket"`
	AccessKey    string    `json:"accessKey"`
	CreatedAt    time.Time `json:"createdAt"`
	Used         bool      `json:"used" doc:"A rule has it"`
}

func (s *Server) listReplicationTargets(ctx context.Context, in *InBucket) (*body[List[ReplicationTarget]], error) {
	all, err := s.deps.Replication.Targets(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", func(t replication.Target) ReplicationTarget {
		return ReplicationTarget{
			ID: t.ID, ARN: t.ARN(), Endpoint: t.Endpoint, TargetBucket: t.TargetBucket, AccessKey: t.AccessKey, CreatedAt: t.CreatedAt, Used: t.Used,
		}
	}), nil
}

func (s *Server) removeReplicationTarget(ctx context.Context, in *oneReplicationInput) (*struct{}, error) {
	auditing(ctx).Target = in.Bucket
	auditing(ctx).Detail = in.ID
	return nil, s.deps.Replication.RemoveTarget(ctx, in.Bucket, in.ID)
}

func (s *Server) listReplication(ctx context.Context, in *InBucket) (*body[List[ReplicationRule]], error) {
	all, err := s.deps.Replication.Statuses(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", wireReplication), nil
}

func (s *Server) addReplication(ctx context.Context, in *addReplicationInput) (*body[List[ReplicationRule]], error) {
	auditing(ctx).Target = in.Bucket
	made, err := s.deps.Replication.Add(ctx, in.Bucket, in.Body.toApp())
	if err != nil {
		return nil, err
	}
	auditing(ctx).Detail = made.ID + " to " + made.Endpoint + "/" + made.TargetBucket
	return s.listReplication(ctx, &in.InBucket)
}

func (s *Server) testReplication(ctx context.Context, in *addReplicationInput) (*struct{}, error) {
	return nil, s.deps.Replication.Test(ctx, in.Bucket, in.Body.toApp())
}

func (s *Server) changeReplication(ctx context.Context, in *changeReplicationInput) (*body[ReplicationRule], error) {
	auditing(ctx).Target = in.Bucket
	auditing(ctx).Detail = in.ID + map[bool]string{true: " paused", false: " resumed"}[in.Body.Paused]
	is, err := s.deps.Replication.SetPaused(ctx, in.Bucket, in.ID, in.Body.Paused)
	if err != nil {
		return nil, err
	}
	return &body[ReplicationRule]{wireReplication(is)}, nil
}

func (s *Server) removeReplication(ctx context.Context, in *oneReplicationInput) (*struct{}, error) {
	auditing(ctx).Target = in.Bucket
	auditing(ctx).Detail = in.ID
	return nil, s.deps.Replication.Remove(ctx, in.Bucket, in.ID)
}

func (n NewReplicationRule) toApp() replication.NewRule {
	return replication.NewRule{
		Rule: replication.Rule{
			Prefix: n.Prefix, Endpoint: n.Endpoint, Region: n.Region, Style: remote.Style(n.Style), Authorities: n.Authorities,
			TargetBucket: n.TargetBucket, AccessKey: n.AccessKey, Deletes: n.Deletes, Existing: n.Existing,
		},
		SecretKey: remote.Secret(n.SecretKey),
	}
}

func wireReplication(st replication.Status) ReplicationRule {
	return ReplicationRule{
		ID: st.ID, Prefix: st.Prefix, Endpoint: st.Endpoint, Region: st.Region, TargetBucket: st.TargetBucket, AccessKey: st.AccessKey,
		Deletes: st.Deletes, Existing: st.Existing, CreatedAt: st.CreatedAt, Name: nameOverS3(&st.Rule), Tags: st.Tags,
		State: string(st.State), Pending: st.Pending, PendingBytes: st.PendingBytes, Oldest: optional(st.Oldest),
		Sent: st.Sent, SentBytes: st.SentBytes, Deleted: st.Deleted, Skipped: st.Skipped, Failures: st.Failures,
		ObjectsPerSecond: st.ObjectsPerSecond, BytesPerSecond: st.BytesPerSecond,
		Problem: st.Problem.Message, ProblemCode: st.Problem.Code, ProblemKey: st.ProblemKey, NextTry: optional(st.NextTry),
		Looking: st.Looking, Looked: st.Looked, Total: st.Total,
	}
}

// nameOverS3 is what S3 clients call a rule that they set.
func nameOverS3(r *replication.Rule) string {
	if r.Name == r.ID {
		return ""
	}
	return r.Name
}
