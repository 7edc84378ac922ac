package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// ProjectStorage is what the buckets of a project hold.
type ProjectStorage struct {
	Quota   int64                `json:"quota" doc:"Bytes that all buckets may hold together; 0 is no limit"`
	Bytes   int64                `json:"bytes" doc:"Of all versions and of unfinished uploads, as the quota counts"`
	Objects int64                `json:"objects"`
	Counted bool                 `json:"counted" doc:"Whether the store counts; without it the figures are 0"`
	Buckets []ProjectBucketUsage `json:"buckets" doc:"The fullest first"`
}

// ProjectBucketUsage is what one bucket of a project holds.
type ProjectBucketUsage struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Quota int64  `json:"quota" doc:"The bucket's own; 0 is no limit"`
}

// SetQuotaRequest limits what a project may hold.
type SetQuotaRequest struct {
	Quota int64 `json:"quota" minimum:"0" doc:"Bytes; 0 is no limit"`
}

type setQuotaInput struct {
	InProject
	Body SetQuotaRequest
}

func (s *Server) projectStorageRoutes() {
	route(s, op("get-project-storage", http.MethodGet, "/projects/{project}/storage", "What a project's buckets hold", "projects"),
		Need(account.ProjectRead, s.project()), s.projectStorage)
	route(s, op("set-project-quota", http.MethodPut, "/projects/{project}/quota", "Limit what a project's buckets may hold", "projects"),
		Need(account.InstanceAdmin, s.project()), s.setProjectQuota)
}

func (s *Server) projectStorage(ctx context.Context, _ *InProject) (*body[ProjectStorage], error) {
	return s.storageOf(ctx, resourceFrom(ctx).ProjectID)
}

func (s *Server) setProjectQuota(ctx context.Context, in *setQuotaInput) (*body[ProjectStorage], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Project, fmt.Sprintf("%d bytes", in.Body.Quota)
	project := resourceFrom(ctx).ProjectID
	if _, err := s.deps.Accounts.SetProjectQuota(ctx, project, in.Body.Quota); err != nil {
		return nil, err
	}
	return s.storageOf(ctx, project)
}

func (s *Server) storageOf(ctx context.Context, projectID string) (*body[ProjectStorage], error) {
	project, err := s.deps.Accounts.Project(ctx, projectID)
	if err != nil {
		return nil, err
	}
	buckets, err := s.deps.Store.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	counts, counted := s.deps.Store.(objectstore.UsageReporter)
	out := ProjectStorage{Quota: project.Quota, Counted: counted, Buckets: []ProjectBucketUsage{}}
	for _, b := range buckets {
		if b.Owner != projectID {
			continue
		}
		one := ProjectBucketUsage{Name: b.Name, Quota: b.Quota}
		if counted {
			u, err := counts.Usage(ctx, b.Name)
			if errs.KindOf(err) == errs.NotFound {
				continue // deleted meanwhile
			}
			if err != nil {
				return nil, err
			}
			one.Bytes = u.Bytes + u.Unfinished
			out.Bytes += one.Bytes
			out.Objects += u.Objects
		}
		out.Buckets = append(out.Buckets, one)
	}
	slices.SortStableFunc(out.Buckets, func(a, b ProjectBucketUsage) int { return int(min(1, max(-1, b.Bytes-a.Bytes))) })
	return &body[ProjectStorage]{out}, nil
}
