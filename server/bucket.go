package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// Bucket is a top-level name that objects live under.
type Bucket struct {
	Name        string    `json:"name"`
	CreatedAt   time.Time `json:"createdAt"`
	ProjectID   string    `json:"projectId,omitempty"`
	ProjectSlug string    `json:"projectSlug,omitempty"`
	System      bool      `json:"system" doc:"Holds Croft's own objects and cannot be changed"`
	Versioned   bool      `json:"versioned" doc:"Older versions of what is overwritten and deleted are kept, or were"`
}

// CreateBucketRequest is a bucket to make.
type CreateBucketRequest struct {
	Name       string `json:"name" maxLength:"63"`
	Project    string `json:"project,omitempty" maxLength:"40" doc:"The short name of the project it belongs to; without one only administrators reach it"`
	Versioning bool   `json:"versioning,omitempty" doc:"Keep what is overwritten and deleted"`
	ObjectLock bool   `json:"objectLock,omitempty" doc:"Versions can be locked; keeps versions too"`
}

// InBucket is the path parameter of everything in a bucket.
type InBucket struct {
	Bucket string `path:"bucket"`
}

type (
	listBucketsInput struct {
		Project string `query:"project" doc:"Only the buckets of this project"`
	}
	createBucketInput struct{ Body CreateBucketRequest }
)

func (s *Server) bucketRoutes() {
	route(s, op("list-buckets", http.MethodGet, "/buckets", "Buckets that I may see", "buckets"), SignedIn(), s.listBuckets)
	route(s, status(op("create-bucket", http.MethodPost, "/buckets", "Make a bucket", "buckets"), http.StatusCreated),
		NeedBody(account.BucketWrite, s.newBucketOwner), s.createBucket)
	s.bucketSettingsRoutes()
	s.bucketAccessRoutes()
	s.bucketWebRoutes()
	route(s, status(op("delete-bucket", http.MethodDelete, "/buckets/{bucket}", "Delete an empty bucket", "buckets"), http.StatusNoContent),
		Need(account.BucketWrite, s.bucket()), s.deleteBucket)
}

// bucket is the bucket in the path, with the project that owns it.
func (s *Server) bucket() Scope {
	return Scope{"the bucket", func(ctx context.Context, p Params) (account.Resource, error) {
		return s.bucketResource(ctx, p.Param("bucket"))
	}}
}

// bucketResource is what is asked about a bucket.
func (s *Server) bucketResource(ctx context.Context, name string) (account.Resource, error) {
	found, err := s.deps.Store.Bucket(ctx, name)
	if errors.Is(err, objectstore.ErrBucketNotFound) || errors.Is(err, objectstore.ErrBucketNameInvalid) {
		return account.Resource{}, account.ErrBucketNotFound()
	}
	return account.Resource{ProjectID: found.Owner, Bucket: found.Name}, err
}

// newBucketOwner is the project that a new bucket will belong to.
func (s *Server) newBucketOwner(ctx context.Context, in *createBucketInput) (account.Resource, error) {
	if in.Body.Project == "" {
		return account.Resource{}, nil
	}
	project, err := s.deps.Accounts.ProjectBySlug(ctx, in.Body.Project)
	return account.Resource{ProjectID: project.ID}, err
}

func (s *Server) listBuckets(ctx context.Context, in *listBucketsInput) (*body[List[Bucket]], error) {
	slugs, err := s.projectSlugs(ctx)
	if err != nil {
		return nil, err
	}
	buckets, err := s.deps.Store.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	visible := buckets[:0]
	for _, b := range buckets {
		if in.Project != "" && slugs[b.Owner] != in.Project {
			continue
		}
		err := s.deps.Accounts.Authorize(ctx, account.PrincipalFrom(ctx), account.BucketRead, account.Resource{ProjectID: b.Owner, Bucket: b.Name})
		switch errs.KindOf(err) {
		case errs.Forbidden, errs.NotFound:
			continue
		}
		if err != nil {
			return nil, err
		}
		visible = append(visible, b)
	}
	return listOf(visible, "", func(b objectstore.Bucket) Bucket { return wireBucket(b, slugs) }), nil
}

func (s *Server) createBucket(ctx context.Context, in *createBucketInput) (*body[Bucket], error) {
	auditing(ctx).Target = in.Body.Name
	if err := account.CheckBucketName(in.Body.Name, in.Body.Project); err != nil {
		return nil, err
	}
	wanted := objectstore.Bucket{Name: in.Body.Name, Owner: resourceFrom(ctx).ProjectID, ObjectLock: in.Body.ObjectLock}
	if in.Body.Versioning || in.Body.ObjectLock {
		if _, err := s.versions(); err != nil {
			return nil, err
		}
		wanted.Versioning = objectstore.VersioningEnabled
	}
	made, err := s.deps.Store.CreateBucket(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return &body[Bucket]{wireBucket(made, map[string]string{made.Owner: in.Body.Project})}, nil
}

func (s *Server) deleteBucket(ctx context.Context, in *InBucket) (*struct{}, error) {
	auditing(ctx).Target = in.Bucket
	return nil, s.deps.Store.DeleteBucket(ctx, in.Bucket)
}

// projectSlugs maps project IDs to slugs.
func (s *Server) projectSlugs(ctx context.Context) (map[string]string, error) {
	projects, err := s.deps.Accounts.AllProjects(ctx)
	if err != nil {
		return nil, err
	}
	slugs := make(map[string]string, len(projects))
	for _, p := range projects {
		slugs[p.ID] = p.Slug
	}
	return slugs, nil
}

func wireBucket(b objectstore.Bucket, slugs map[string]string) Bucket {
	return Bucket{
		Name: b.Name, CreatedAt: b.CreatedAt, ProjectID: b.Owner, ProjectSlug: slugs[b.Owner], System: account.SystemBucket(b.Name),
		Versioned: b.Versioning != objectstore.VersioningOff,
	}
}
