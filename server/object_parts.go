package server

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// StartUploadRequest announces an object that will come in parts.
type StartUploadRequest struct {
	ContentType string `json:"contentType,omitempty" maxLength:"255"`
}

// UploadState is an unfinished upload, with what has arrived of it. It outlives pages,
// sessions and restarts.
type UploadState struct {
	ID    string       `json:"id"`
	Parts []UploadPart `json:"parts"`
}

// UploadPart is a part that is stored.
type UploadPart struct {
	Number int    `json:"number"`
	Size   int64  `json:"size"`
	ETag   string `json:"etag" doc:"The MD5 of its bytes"`
}

// CompleteUploadRequest makes the object of the parts that are stored.
type CompleteUploadRequest struct {
	Size    int64 `json:"size" minimum:"0" doc:"Of the whole object; the parts must add up to it"`
	Parts   int   `json:"parts" minimum:"1" maximum:"10000" doc:"How many; they are numbered from 1"`
	Replace bool  `json:"replace,omitempty" doc:"Also when the key holds an object"`
}

// InUpload is the input of routes about one unfinished upload.
type InUpload struct {
	InBucket
	Upload string `path:"upload" maxLength:"256"`
	Key    string `query:"key" required:"true" maxLength:"1024"`
}

type (
	startUploadInput struct {
		InBucket
		Key  string `query:"key" required:"true" maxLength:"1024"`
		Body StartUploadRequest
	}
	completeUploadInput struct {
		InUpload
		Body CompleteUploadRequest
	}
)

func (s *Server) partRoutes() {
	write := Need(account.ObjectWrite, s.bucket()).Heeding("s3:PutObject")
	const completed = "the upload is once it is complete"
	route(s, op("start-upload", http.MethodPost, "/buckets/{bucket}/uploads", "Begin an upload in parts", "buckets"), write.Unaudited(completed), s.startUpload)
	route(s, op("get-upload", http.MethodGet, "/buckets/{bucket}/uploads/{upload}", "Which parts have arrived", "buckets"), write, s.getUpload)
	raw(s, partOp(), write.Unaudited(completed), s.putPart)
	route(s, op("complete-upload", http.MethodPost, "/buckets/{bucket}/uploads/{upload}/complete", "Make the object of its parts", "buckets"), write, s.completeUpload)
	route(s, status(op("abort-upload", http.MethodDelete, "/buckets/{bucket}/uploads/{upload}", "Give an upload up and forget its parts", "buckets"), http.StatusNoContent),
		Need(account.ObjectWrite, s.bucket()).Heeding("s3:AbortMultipartUpload"), s.abortUpload)
}

func partOp() huma.Operation {
	o := op("put-part", http.MethodPut, "/buckets/{bucket}/uploads/{upload}/parts/{number}", "Store the request's body as a part", "buckets")
	o.MaxBodyBytes = -1
	o.Parameters = []*huma.Param{query("key", "", true)}
	o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {}}}
	o.Responses = map[string]*huma.Response{"200": {
		Description: "Stored",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/UploadPart"}}},
	}}
	return o
}

func (s *Server) startUpload(ctx context.Context, in *startUploadInput) (*body[UploadState], error) {
	begun, err := s.deps.Store.CreateUpload(ctx, objectstore.CreateUploadRequest{
		Bucket: in.Bucket, Key: in.Key, Attributes: objectstore.Attributes{ContentType: in.Body.ContentType},
	})
	if err != nil {
		return nil, err
	}
	return &body[UploadState]{UploadState{ID: begun.ID, Parts: []UploadPart{}}}, nil
}

func (in *InUpload) ref() objectstore.UploadRef {
	return objectstore.UploadRef{Bucket: in.Bucket, Key: in.Key, ID: in.Upload}
}

func (s *Server) getUpload(ctx context.Context, in *InUpload) (*body[UploadState], error) {
	parts, err := s.storedParts(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	out := UploadState{ID: in.Upload, Parts: make([]UploadPart, 0, len(parts))}
	for _, p := range parts {
		out.Parts = append(out.Parts, wirePart(p))
	}
	return &body[UploadState]{out}, nil
}

func (s *Server) storedParts(ctx context.Context, ref objectstore.UploadRef) (all []objectstore.Part, err error) {
	for after := 0; ; {
		page, err := s.deps.Store.ListParts(ctx, objectstore.ListPartsRequest{Upload: ref, After: after})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Parts...)
		if !page.Truncated {
			return all, nil
		}
		after = page.Next
	}
}

// putPart streams the body into the store. A body that ends early stores nothing.
func (s *Server) putPart(w http.ResponseWriter, r *http.Request, p Params) error {
	number, err := strconv.Atoi(p.Param("number"))
	if err != nil {
		return objectstore.ErrPartInvalid
	}
	stored, err := s.deps.Store.PutPart(r.Context(), objectstore.WithPartSum(s.deps.Store, objectstore.PutPartRequest{
		Upload: objectstore.UploadRef{Bucket: p.Param("bucket"), Key: p.Query("key"), ID: p.Param("upload")}, Number: number,
		Size: r.ContentLength, Body: s.patient(w, r),
	}))
	if err != nil {
		return uploadError(err)
	}
	return writeJSON(w, http.StatusOK, wirePart(stored))
}

var errPartsMissing = errs.New(errs.Conflict, "parts_missing", "Some of the upload has not arrived. Send what is missing and try again.")

// completeUpload takes the parts as they are stored, if they are the whole object.
func (s *Server) completeUpload(ctx context.Context, in *completeUploadInput) (*body[Object], error) {
	auditing(ctx).Target = in.Bucket + "/" + in.Key
	parts, err := s.storedParts(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	choices, size := make([]objectstore.PartChoice, 0, len(parts)), int64(0)
	for i, p := range parts {
		if p.Number != i+1 {
			return nil, errPartsMissing
		}
		choices, size = append(choices, objectstore.PartChoice{Number: p.Number, ETag: p.ETag}), size+p.Size
	}
	if len(parts) != in.Body.Parts || size != in.Body.Size {
		return nil, errPartsMissing
	}
	made, err := s.deps.Store.CompleteUpload(ctx, objectstore.CompleteUploadRequest{
		Upload: in.ref(), Parts: choices, Finish: objectstore.FinishUpload, Condition: objectstore.Condition{Absent: !in.Body.Replace},
	})
	if err != nil {
		return nil, err
	}
	return &body[Object]{wireObject(made)}, nil
}

func (s *Server) abortUpload(ctx context.Context, in *InUpload) (*struct{}, error) {
	auditing(ctx).Target = in.Bucket + "/" + in.Key
	return nil, s.deps.Store.AbortUpload(ctx, in.ref())
}

func wirePart(p objectstore.Part) UploadPart {
	return UploadPart{Number: p.Number, Size: p.Size, ETag: p.ETag}
}
