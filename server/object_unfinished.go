package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// UnfinishedUpload is an upload in parts that nobody has completed, by whichever client.
type UnfinishedUpload struct {
	ID        string    `json:"id"`
	Key       string    `json:"key"`
	StartedAt time.Time `json:"startedAt"`
	StartedBy string    `json:"startedBy,omitempty" doc:"The name of who began it; empty where it is not known"`
	Parts     int       `json:"parts" doc:"How many are stored"`
	Bytes     int64     `json:"bytes" doc:"Of the parts that are stored"`
}

// AbortUploadsRequest gives up what nobody has completed.
type AbortUploadsRequest struct {
	OlderThan int64  `json:"olderThan" minimum:"0" maximum:"3155760000" doc:"So many seconds ago, by the server's clock, they were begun at the least; 0 is all"`
	Prefix    string `json:"prefix,omitempty" maxLength:"1024"`
	Cursor    string `json:"cursor,omitempty" doc:"Where to go on"`
}

// AbortUploadsResult says what was given up and what was not.
type AbortUploadsResult struct {
	Aborted  int           `json:"aborted"`
	Bytes    int64         `json:"bytes" doc:"That their parts took"`
	Failures []CopyFailure `json:"failures"`
	Next     string        `json:"next" doc:"The cursor to go on with; empty when nothing is left"`
}

type (
	listUploadsInput struct {
		InBucket
		Prefix string `query:"prefix"`
		Cursor string `query:"cursor"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	abortUploadsInput struct {
		InBucket
		Body AbortUploadsRequest
	}
)

func (s *Server) unfinishedRoutes() {
	route(s, op("list-uploads", http.MethodGet, "/buckets/{bucket}/uploads", "Uploads in parts that nobody has completed", "buckets"),
		Need(account.BucketRead, s.bucket()).Heeding("s3:ListBucketMultipartUploads"), s.listUploads)
	route(s, op("abort-uploads", http.MethodPost, "/buckets/{bucket}/abort-uploads", "Give up the uploads that nobody completed for some time", "buckets"),
		Need(account.ObjectWrite, s.bucket()), s.abortUploads)
}

// countedParts is after how many parts a page of uploads ends, so that uploads of
// thousands of parts keep no answer waiting.
const countedParts = 20000

func (s *Server) listUploads(ctx context.Context, in *listUploadsInput) (*body[List[UnfinishedUpload]], error) {
	at, err := parseVersionCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Store.ListUploads(ctx, objectstore.ListUploadsRequest{
		Bucket: in.Bucket, Prefix: in.Prefix, AfterKey: at.Key, AfterID: at.ID, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := List[UnfinishedUpload]{Items: make([]UnfinishedUpload, 0, len(page.Uploads))}
	if page.Truncated {
		out.Next = versionCursor{page.NextKey, page.NextID}.String()
	}
	counted := 0
	for i, u := range page.Uploads {
		parts, bytes, err := s.sizeOf(ctx, u.UploadRef)
		if errs.KindOf(err) == errs.NotFound {
			continue // completed or aborted meanwhile
		}
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, UnfinishedUpload{
			ID: u.ID, Key: u.Key, StartedAt: u.StartedAt, StartedBy: u.StartedBy, Parts: parts, Bytes: bytes,
		})
		if counted += parts; counted >= countedParts && i < len(page.Uploads)-1 {
			out.Next = versionCursor{u.Key, u.ID}.String()
			break
		}
	}
	return &body[List[UnfinishedUpload]]{out}, nil
}

// sizeOf is what is stored of an upload.
func (s *Server) sizeOf(ctx context.Context, ref objectstore.UploadRef) (parts int, bytes int64, err error) {
	stored, err := s.storedParts(ctx, ref)
	for _, p := range stored {
		bytes += p.Size
	}
	return len(stored), bytes, err
}

// abortUploads gives up page by page until its time is up. What may not be given up, or
// cannot be, is told and keeps none of the others.
func (s *Server) abortUploads(ctx context.Context, in *abortUploadsInput) (*body[AbortUploadsResult], error) {
	note := auditing(ctx)
	note.Target = in.Bucket + "/" + in.Body.Prefix
	at, err := parseVersionCursor(in.Body.Cursor)
	if err != nil {
		return nil, err
	}
	// A listing is asked for as one, too: its answer tells whose uploads there are.
	ask := PolicyRequest{Permission: "s3:ListBucketMultipartUploads", Bucket: in.Bucket, Prefix: in.Body.Prefix}
	if err := s.denied(ctx, account.PrincipalFrom(ctx), ask); err != nil {
		return nil, err
	}
	out := AbortUploadsResult{Failures: []CopyFailure{}}
	age := time.Duration(in.Body.OlderThan) * time.Second
	err = s.abortOlder(ctx, in, time.Now().Add(-age), at, &out)
	note.Detail = fmt.Sprintf("%d uploads older than %s", out.Aborted, age)
	if err != nil {
		return nil, err
	}
	return &body[AbortUploadsResult]{out}, nil
}

func (s *Server) abortOlder(ctx context.Context, in *abortUploadsInput, limit time.Time, at versionCursor, out *AbortUploadsResult) error {
	for began := time.Now(); ; {
		page, err := s.deps.Store.ListUploads(ctx, objectstore.ListUploadsRequest{
			Bucket: in.Bucket, Prefix: in.Body.Prefix, AfterKey: at.Key, AfterID: at.ID, Limit: 100,
		})
		if err != nil {
			return err
		}
		for _, u := range page.Uploads {
			if u.StartedAt.After(limit) {
				continue
			}
			switch bytes, err := s.abortOne(ctx, u.UploadRef); {
			case ctx.Err() != nil:
				return ctx.Err()
			case errs.KindOf(err) == errs.NotFound: // completed or aborted meanwhile
			case err != nil:
				answer := s.toAPIError(ctx, err)
				out.Failures = append(out.Failures, CopyFailure{Key: u.Key, Code: answer.Code, Message: answer.Message})
			default:
				out.Aborted++
				out.Bytes += bytes
			}
		}
		if !page.Truncated {
			return nil
		}
		at = versionCursor{page.NextKey, page.NextID}
		if time.Since(began) > copyTime {
			out.Next = at.String()
			return nil
		}
	}
}

// abortOne returns how many bytes its parts took.
func (s *Server) abortOne(ctx context.Context, ref objectstore.UploadRef) (int64, error) {
	ask := PolicyRequest{Permission: "s3:AbortMultipartUpload", Bucket: ref.Bucket, Key: ref.Key}
	if err := s.denied(ctx, account.PrincipalFrom(ctx), ask); err != nil {
		return 0, err
	}
	_, bytes, err := s.sizeOf(ctx, ref)
	if err != nil {
		return 0, err
	}
	return bytes, s.deps.Store.AbortUpload(ctx, ref)
}
