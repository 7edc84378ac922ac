package server

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"sort"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// Object is an object without its bytes.
type Object struct {
	Key         string    `json:"key"`
	Size        int64     `json:"size"`
	ETag        string    `json:"etag"`
	ContentType string    `json:"contentType"`
	ModifiedAt  time.Time `json:"modifiedAt"`
	Class       string    `json:"class" doc:"The storage class"`
	Tier        string    `json:"tier,omitempty" doc:"The tier that keeps the content; empty where the drives do"`
}

// ObjectList is one page of a folder, as the delimiter makes it one.
type ObjectList struct {
	Items    []Object `json:"items"`
	Prefixes []string `json:"prefixes" doc:"Folders, each with its trailing delimiter"`
	Next     string   `json:"next" doc:"The cursor of the next page; empty on the last one"`
}

// DeleteObjectsRequest names keys, or a prefix whose objects all go.
type DeleteObjectsRequest struct {
	Keys     []string `json:"keys,omitempty" maxItems:"1000"`
	Prefix   string   `json:"prefix,omitempty" maxLength:"1024"`
	All      bool     `json:"all,omitempty" doc:"Everything in the bucket, without a prefix"`
	Versions bool     `json:"versions,omitempty" doc:"Delete all their versions, for ever"`
	Limit    int      `json:"limit,omitempty" minimum:"0" maximum:"10000" doc:"Of a prefix, stop behind about as many and answer where to go on; 0 deletes all"`
	Cursor   string   `json:"cursor,omitempty" doc:"Where to go on in the prefix"`
}

// DeleteObjectsResult counts what was there and is gone.
type DeleteObjectsResult struct {
	Deleted int    `json:"deleted" doc:"Objects, or versions where those were asked for"`
	Next    string `json:"next" doc:"The cursor to go on with; empty when nothing is left"`
}

type (
	listObjectsInput struct {
		InBucket
		Prefix    string `query:"prefix"`
		Delimiter string `query:"delimiter" example:"/"`
		Cursor    string `query:"cursor"`
		Until     string `query:"until" doc:"A cursor that the page ends at, so that a part of a listing can be read again"`
		Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	}
	deleteObjectInput struct {
		InBucket
		Key string `query:"key" required:"true"`
	}
	deleteObjectsInput struct {
		InBucket
		Body DeleteObjectsRequest
	}
)

func (s *Server) objectRoutes() {
	read, write := Need(account.BucketRead, s.bucket()), Need(account.ObjectWrite, s.bucket())
	route(s, op("list-objects", http.MethodGet, "/buckets/{bucket}/objects", "Objects and folders", "buckets"), read.Heeding("s3:ListBucket"), s.listObjects)
	raw(s, bytesOp("get-object", http.MethodGet, "The object's bytes"), read.Heeding("s3:GetObject"), s.getObject)
	raw(s, bytesOp("head-object", http.MethodHead, "The object's headers"), read.Heeding("s3:GetObject"), s.getObject)
	raw(s, uploadOp("put-object", "Store the request's body as an object"), write.Heeding("s3:PutObject"), s.putObject)
	route(s, status(op("delete-object", http.MethodDelete, "/buckets/{bucket}/object", "Delete an object", "buckets"), http.StatusNoContent), write.Heeding("s3:DeleteObject"), s.deleteObject)
	route(s, op("delete-objects", http.MethodPost, "/buckets/{bucket}/delete", "Delete objects by key or prefix", "buckets"), write, s.deleteObjects)
	s.bulkRoutes()
	s.partRoutes()
	s.unfinishedRoutes()
	s.zipRoutes()
	s.sharedLinkRoutes()
	s.versionRoutes()
	s.editRoutes()
	route(s, op("share-object", http.MethodPost, "/buckets/{bucket}/share", "A link that downloads without a login", "buckets"), read, s.shareObject)
}

func bytesOp(id, method, summary string) huma.Operation {
	o := op(id, method, "/buckets/{bucket}/object", summary, "buckets")
	o.Parameters = []*huma.Param{
		query("key", "", true), query("version", "The latest without it", false), query("download", "1: never show it inline", false),
	}
	o.Responses = map[string]*huma.Response{"200": {Description: "The bytes", Content: map[string]*huma.MediaType{"application/octet-stream": {}}}}
	return o
}

func (s *Server) listObjects(ctx context.Context, in *listObjectsInput) (*body[ObjectList], error) {
	after, err := keyOfCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	until, err := keyOfCursor(in.Until)
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Store.List(ctx, objectstore.ListRequest{
		Bucket: in.Bucket, Prefix: in.Prefix, Delimiter: in.Delimiter, After: after, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	if until != "" {
		endAt(&page, until)
	}
	return &body[ObjectList]{wireList(page)}, nil
}

// keyOfCursor is the entry of a listing that a cursor stands behind.
func keyOfCursor(cursor string) (string, error) {
	key, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", errCursor
	}
	return string(key), nil
}

// endAt cuts off what is behind an entry, and with it the pages that follow.
func endAt(page *objectstore.ListPage, last string) {
	objects, prefixes := len(page.Objects), len(page.Prefixes)
	page.Objects = page.Objects[:sort.Search(objects, func(i int) bool { return page.Objects[i].Key > last })]
	page.Prefixes = page.Prefixes[:sort.Search(prefixes, func(i int) bool { return page.Prefixes[i] > last })]
	if page.Next >= last || len(page.Objects) < objects || len(page.Prefixes) < prefixes {
		page.Truncated, page.Next = false, ""
	}
}

func wireList(page objectstore.ListPage) ObjectList {
	out := ObjectList{Items: make([]Object, 0, len(page.Objects)), Prefixes: append([]string{}, page.Prefixes...)}
	for _, o := range page.Objects {
		out.Items = append(out.Items, wireObject(o))
	}
	if page.Truncated {
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(page.Next))
	}
	return out
}

var errObjectChanged = errs.New(errs.Unavailable, "object_changed", "The object was replaced while it was being read. Try again.")

func (s *Server) getObject(w http.ResponseWriter, r *http.Request, p Params) error {
	bucket, key := p.Param("bucket"), p.Query("key")
	if version := p.Query("version"); version != "" {
		return s.serveVersion(w, r, objectstore.VersionRef{Bucket: bucket, Key: key, ID: version}, p.Query("download") == "1")
	}
	return s.serveObject(w, r, bucket, key, p.Query("download") == "1")
}

// serveObject answers with the bytes of what a key holds.
func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, bucket, key string, download bool) error {
	object, err := s.deps.Store.Head(r.Context(), bucket, key)
	if err != nil {
		return err
	}
	return s.serveFile(w, r, File{
		Name: key, ContentType: object.Attributes.ContentType, Size: object.Size, ETag: object.ETag, ModifiedAt: object.ModifiedAt,
		Download: download,
		Open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			// The headers speak of the object that Head saw, so the bytes must be its.
			opened, content, err := s.deps.Store.Get(ctx, bucket, key, partOf(object, offset, length))
			if err == nil && opened.ETag != object.ETag {
				content.Close()
				err = errObjectChanged
			}
			return content, err
		},
	})
}

// partOf is nil when it is the whole object.
func partOf(o objectstore.Object, offset, length int64) *objectstore.Range {
	if length >= o.Size {
		return nil
	}
	return &objectstore.Range{Offset: offset, Length: length}
}

func (s *Server) deleteObject(ctx context.Context, in *deleteObjectInput) (*struct{}, error) {
	auditing(ctx).Target = in.Bucket + "/" + in.Key
	existed, err := s.deps.Store.Delete(ctx, in.Bucket, in.Key)
	if err == nil && !existed {
		err = objectstore.ErrObjectNotFound
	}
	return nil, err
}

func (s *Server) deleteObjects(ctx context.Context, in *deleteObjectsInput) (*body[DeleteObjectsResult], error) {
	auditing(ctx).Target = in.Bucket + "/" + in.Body.Prefix
	if len(in.Body.Keys) == 0 && in.Body.Prefix == "" && !in.Body.All {
		return nil, errs.New(errs.Invalid, "nothing_named", "Name keys or a prefix to delete.")
	}
	deleted, next, err := s.deleteNamed(ctx, in)
	auditing(ctx).Detail = describeCount(deleted)
	if in.Body.Versions {
		auditing(ctx).Detail += ", all versions"
	}
	if err != nil {
		return nil, err
	}
	return &body[DeleteObjectsResult]{DeleteObjectsResult{Deleted: deleted, Next: next}}, nil
}

func (s *Server) deleteNamed(ctx context.Context, in *deleteObjectsInput) (deleted int, next string, err error) {
	if in.Body.Versions {
		return s.deleteAllVersions(ctx, in.Bucket, in.Body)
	}
	after, err := keyOfCursor(in.Body.Cursor)
	if err != nil {
		return 0, "", err
	}
	there, err := s.existing(ctx, in.Bucket, in.Body.Keys)
	if err != nil {
		return 0, "", err
	}
	deleted, err = s.deleteKeys(ctx, in.Bucket, there)
	if err == nil && (in.Body.Prefix != "" || in.Body.All) {
		var more int
		more, next, err = s.deletePrefix(ctx, in.Bucket, in.Body.Prefix, after, in.Body.Limit)
		deleted += more
	}
	return deleted, next, err
}

// existing are those of the keys that hold an object, each once.
func (s *Server) existing(ctx context.Context, bucket string, keys []string) ([]string, error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	there := keys[:0]
	for _, key := range keys {
		_, err := s.deps.Store.Head(ctx, bucket, key)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		there = append(there, key)
	}
	return there, nil
}

// deleteKeys deletes objects that exist, together where the store can.
func (s *Server) deleteKeys(ctx context.Context, bucket string, keys []string) (deleted int, err error) {
	mine := make([]string, 0, len(keys))
	for _, key := range keys {
		if refused := s.mayDelete(ctx, bucket, key, ""); refused == nil {
			mine = append(mine, key)
		} else if err == nil {
			err = refused
		}
	}
	if len(mine) == 0 {
		return 0, err
	}
	for _, failure := range objectstore.DeleteAll(ctx, s.deps.Store, bucket, mine) {
		if failure == nil {
			deleted++
		} else if err == nil {
			err = failure
		}
	}
	return deleted, err
}

// deletePrefix deletes page by page, behind after. Each page is listed behind the last,
// so that it ends even while somebody goes on writing under the prefix. With a limit it
// stops behind the page that reaches it and returns where to go on.
func (s *Server) deletePrefix(ctx context.Context, bucket, prefix, after string, limit int) (deleted int, next string, err error) {
	for seen := 0; ; {
		page, err := s.deps.Store.List(ctx, objectstore.ListRequest{Bucket: bucket, Prefix: prefix, After: after})
		if err != nil {
			return deleted, "", err
		}
		keys := make([]string, len(page.Objects))
		for i, o := range page.Objects {
			keys[i] = o.Key
		}
		n, err := s.deleteKeys(ctx, bucket, keys)
		deleted += n
		if err != nil || !page.Truncated {
			return deleted, "", err
		}
		after = page.Next
		if seen += len(keys); limit > 0 && seen >= limit {
			return deleted, base64.RawURLEncoding.EncodeToString([]byte(after)), nil
		}
	}
}

func wireObject(o objectstore.Object) Object {
	return Object{
		Key: o.Key, Size: o.Size, ETag: o.ETag, ContentType: o.Attributes.ContentType, ModifiedAt: o.ModifiedAt, Class: o.Class.Name(), Tier: o.Tier,
	}
}
