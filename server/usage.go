package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
	"croft/objectstore/usage"
)

// Usage tells how much buckets held and how often they were asked for.
type Usage interface {
	// Counts reports whether the store counts what buckets hold.
	Counts() bool
	Bucket(ctx context.Context, name string, r usage.Range) (usage.History, error)
	Whole(ctx context.Context, r usage.Range) (usage.History, error)
	Top(ctx context.Context, r usage.Range, by usage.Order, limit int) ([]usage.Standing, error)
}

// UsageHistory is how much was held and how often it was asked for, step by step.
type UsageHistory struct {
	Counted bool         `json:"counted" doc:"Whether the store counts what buckets hold; otherwise the figures of that are 0"`
	Step    int64        `json:"step" doc:"Seconds between two points"`
	Since   time.Time    `json:"since" doc:"When counting began: of what was before nothing is known"`
	Quota   int64        `json:"quota" doc:"Bytes that a bucket may hold, unfinished uploads included; 0 is no limit"`
	Now     BucketUsage  `json:"now"`
	Points  []UsagePoint `json:"points" doc:"The oldest first, without gaps; the last one is not over"`
}

// UsagePoint is the requests of S3 within a step, and what was there at its end.
type UsagePoint struct {
	At time.Time `json:"at" doc:"When the step begins"`
	BucketUsage
	Reads    int64 `json:"reads" doc:"Requests for an object or what is known of it, websites included"`
	Writes   int64 `json:"writes" doc:"Of objects and their parts"`
	Lists    int64 `json:"lists"`
	Deletes  int64 `json:"deletes"`
	Others   int64 `json:"others" doc:"Settings, tags, and requests that were refused before it was known what they are"`
	Refused  int64 `json:"refused" doc:"Of all these, answered with 4xx"`
	Failed   int64 `json:"failed" doc:"Of all these, answered with 5xx"`
	Received int64 `json:"received" doc:"Bytes of bodies"`
	Sent     int64 `json:"sent" doc:"Bytes of bodies"`
}

// BucketStanding is how a bucket compares with others.
type BucketStanding struct {
	Name        string `json:"name"`
	ProjectSlug string `json:"projectSlug,omitempty"`
	Bytes       int64  `json:"bytes" doc:"Of all versions and of unfinished uploads"`
	Objects     int64  `json:"objects"`
	Quota       int64  `json:"quota" doc:"0 is no limit"`
	Growth      int64  `json:"growth" doc:"Bytes more than at the beginning of the range, or than when counting began"`
	Requests    int64  `json:"requests" doc:"In the range"`
}

// InUsageRange is how far back a history goes.
type InUsageRange struct {
	Range string `query:"range" enum:"day,week,month,year" default:"day" doc:"A day has a point for every five minutes, a week for every hour, a month for every four hours, a year for every day"`
}

type (
	bucketHistoryInput struct {
		InBucket
		InUsageRange
	}
	topBucketsInput struct {
		InUsageRange
		By    string `query:"by" enum:"size,growth,requests" default:"size"`
		Limit int    `query:"limit" minimum:"1" maximum:"100" default:"10"`
	}
)

func (s *Server) usageRoutes() {
	all := Need(account.InstanceAdmin, instanceScope)
	route(s, op("get-bucket-usage", http.MethodGet, "/buckets/{bucket}/usage", "How much a bucket held and how often it was asked for, over time", "buckets"),
		Need(account.BucketRead, s.bucket()), s.bucketHistory)
	route(s, op("get-usage", http.MethodGet, "/usage", "How much all buckets held and how often they were asked for, over time", "operations"), all, s.wholeHistory)
	route(s, op("list-top-buckets", http.MethodGet, "/usage/buckets", "The buckets that hold, grow or are asked for the most", "operations"), all, s.topBuckets)
}

func (s *Server) bucketHistory(ctx context.Context, in *bucketHistoryInput) (*body[UsageHistory], error) {
	b, err := s.deps.Store.Bucket(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	h, err := s.deps.Usage.Bucket(ctx, in.Bucket, usage.Range(in.Range))
	if err != nil {
		return nil, err
	}
	out := s.wireHistory(&h)
	out.Quota = b.Quota
	return &body[UsageHistory]{out}, nil
}

func (s *Server) wholeHistory(ctx context.Context, in *InUsageRange) (*body[UsageHistory], error) {
	h, err := s.deps.Usage.Whole(ctx, usage.Range(in.Range))
	if err != nil {
		return nil, err
	}
	return &body[UsageHistory]{s.wireHistory(&h)}, nil
}

func (s *Server) topBuckets(ctx context.Context, in *topBucketsInput) (*body[List[BucketStanding]], error) {
	slugs, err := s.projectSlugs(ctx)
	if err != nil {
		return nil, err
	}
	top, err := s.deps.Usage.Top(ctx, usage.Range(in.Range), usage.Order(in.By), in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(top, "", func(b usage.Standing) BucketStanding {
		return BucketStanding{
			Name: b.Bucket.Name, ProjectSlug: slugs[b.Bucket.Owner], Bytes: b.Bytes + b.Unfinished, Objects: b.Objects, Quota: b.Bucket.Quota,
			Growth: b.Growth, Requests: b.Requests,
		}
	}), nil
}

func (s *Server) wireHistory(h *usage.History) UsageHistory {
	out := UsageHistory{
		Counted: s.deps.Usage.Counts(), Step: int64(h.Step / time.Second), Since: h.Since,
		Now: wireUsage(h.Now), Points: make([]UsagePoint, len(h.Points)),
	}
	for i := range h.Points {
		p := &h.Points[i]
		out.Points[i] = UsagePoint{
			At: p.At, BucketUsage: wireUsage(p.Usage), Reads: p.Reads, Writes: p.Writes, Lists: p.Lists, Deletes: p.Deletes, Others: p.Others,
			Refused: p.Refused, Failed: p.Failed, Received: p.Received, Sent: p.Sent,
		}
	}
	return out
}
