package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// Version is a version of an object, or a delete marker.
type Version struct {
	Object
	VersionID  string            `json:"versionId" doc:"\"null\" for what was written without versioning; empty where the bucket never kept versions"`
	Latest     bool              `json:"latest"`
	Marker     bool              `json:"marker" doc:"A delete marker: it has no content, and what is below it can be restored"`
	Encryption string            `json:"encryption" enum:"none,store,named,customer"`
	KeyID      string            `json:"keyId" doc:"The name of a named key (S3's aws:kms); empty is the one that goes without saying"`
	Compressed bool              `json:"compressed"`
	StoredSize int64             `json:"storedSize" doc:"Bytes on the drives without redundancy"`
	Metadata   map[string]string `json:"metadata" doc:"The writer's own"`
	Headers    map[string]string `json:"headers" doc:"Content-Encoding and the like, where they are set"`
	Tags       map[string]string `json:"tags"`
	Lock       VersionLock       `json:"lock"`
	Restore    *VersionCopy      `json:"restore,omitempty" doc:"The copy on the drives of what a tier keeps; nothing where there is none and none could not be made"`
}

// VersionLock keeps a version from being deleted.
type VersionLock struct {
	Mode  string     `json:"mode" enum:"none,governance,compliance"`
	Until *time.Time `json:"until,omitempty"`
	Hold  bool       `json:"hold" doc:"A legal hold, whatever the mode"`
}

// VersionList is one page of versions, the newest of a key first.
type VersionList struct {
	Items    []Version `json:"items"`
	Prefixes []string  `json:"prefixes"`
	Next     string    `json:"next" doc:"The cursor of the next page; empty on the last one"`
}

// RestoreVersionRequest names the version to put on top.
type RestoreVersionRequest struct {
	Key     string `json:"key" maxLength:"1024"`
	Version string `json:"version" minLength:"1" maxLength:"64"`
}

type (
	listVersionsInput struct {
		InBucket
		Key       string `query:"key" doc:"Only the versions of this object"`
		Prefix    string `query:"prefix"`
		Delimiter string `query:"delimiter" example:"/"`
		Deleted   bool   `query:"deleted" doc:"Only delete markers that are the latest: what was deleted and can be restored"`
		Cursor    string `query:"cursor"`
		Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	}
	versionInput struct {
		InBucket
		Key     string `query:"key" required:"true"`
		Version string `query:"version" doc:"Empty for the latest"`
	}
	deleteVersionInput struct {
		InBucket
		Key     string `query:"key" required:"true"`
		Version string `query:"version" required:"true"`
		Bypass  bool   `query:"bypass" doc:"Also what governance keeps; needs the right to change the bucket"`
	}
	restoreVersionInput struct {
		InBucket
		Body RestoreVersionRequest
	}
)

func (s *Server) versionRoutes() {
	read, write := Need(account.BucketRead, s.bucket()), Need(account.ObjectWrite, s.bucket())
	route(s, op("list-versions", http.MethodGet, "/buckets/{bucket}/versions", "Versions and delete markers", "buckets"), read.Heeding("s3:ListBucketVersions"), s.listVersions)
	route(s, op("get-version", http.MethodGet, "/buckets/{bucket}/version", "What is known of a version, without its bytes", "buckets"), read.Heeding("s3:GetObject"), s.getVersion)
	route(s, status(op("delete-version", http.MethodDelete, "/buckets/{bucket}/version", "Delete a version for ever", "buckets"), http.StatusNoContent),
		write.Heeding("s3:DeleteObject"), s.deleteVersion)
	route(s, op("restore-version", http.MethodPost, "/buckets/{bucket}/restore", "Make a copy of an older version the latest", "buckets"), write, s.restoreVersion)
	route(s, op("bring-back-version", http.MethodPost, "/buckets/{bucket}/copy-from-tier", "Keep a copy on the drives of what a tier has of a version", "buckets"), write.Heeding("s3:RestoreObject"), s.bringBack)
	route(s, op("cancel-copy-from-tier", http.MethodDelete, "/buckets/{bucket}/copy-from-tier", "Take back that a copy is kept on the drives of what a tier has of a version", "buckets"), write.Heeding("s3:RestoreObject"), s.cancelCopy)
}

// versionCursor is where a page of versions begins.
type versionCursor struct {
	Key string `json:"k"`
	ID  string `json:"i,omitempty"`
}

var errCursor = errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one of ours.")

func parseVersionCursor(text string) (c versionCursor, err error) {
	if text == "" {
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil {
		return c, errCursor
	}
	return c, nil
}

func (c versionCursor) String() string {
	b, _ := json.Marshal(c) // strings cannot fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// deletedPages is how many pages are looked through for what was deleted before an
// answer that has nothing on it yet is given with a cursor.
const deletedPages = 10

func (s *Server) listVersions(ctx context.Context, in *listVersionsInput) (*body[VersionList], error) {
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	at, err := parseVersionCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	ask := objectstore.ListVersionsRequest{
		Bucket: in.Bucket, Prefix: in.Prefix, Delimiter: in.Delimiter, AfterKey: at.Key, AfterID: at.ID, Limit: in.Limit,
	}
	if in.Key != "" {
		ask.Prefix, ask.Delimiter = in.Key, ""
	}
	out := VersionList{Items: []Version{}, Prefixes: []string{}}
	for range deletedPages {
		page, err := store.ListVersions(ctx, ask)
		if err != nil {
			return nil, err
		}
		out.Prefixes = append(out.Prefixes, page.Prefixes...)
		for _, v := range page.Versions {
			if in.Key != "" && v.Key != in.Key {
				return &body[VersionList]{out}, nil // in order of key, the object's own come first
			}
			if !in.Deleted || v.Marker && v.Latest {
				out.Items = append(out.Items, wireVersion(v))
			}
		}
		if !page.Truncated {
			out.Next = ""
			break
		}
		out.Next = versionCursor{page.NextKey, page.NextID}.String()
		if !in.Deleted || len(out.Items) >= in.Limit {
			break
		}
		ask.AfterKey, ask.AfterID = page.NextKey, page.NextID
	}
	return &body[VersionList]{out}, nil
}

// getVersion describes the latest version also where the store keeps none.
func (s *Server) getVersion(ctx context.Context, in *versionInput) (*body[Version], error) {
	if in.Version == "" {
		found, err := s.deps.Store.Head(ctx, in.Bucket, in.Key)
		if err != nil {
			return nil, err
		}
		found.Latest = true
		return &body[Version]{wireVersion(found)}, nil
	}
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	found, err := store.HeadVersion(ctx, objectstore.VersionRef{Bucket: in.Bucket, Key: in.Key, ID: in.Version})
	if err != nil {
		return nil, err
	}
	return &body[Version]{wireVersion(found)}, nil
}

func (s *Server) deleteVersion(ctx context.Context, in *deleteVersionInput) (*struct{}, error) {
	note := auditing(ctx)
	note.Target, note.Detail = in.Bucket+"/"+in.Key, "version "+in.Version
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	if in.Bypass {
		note.Detail += ", whatever governance keeps"
		if err := s.mayBypass(ctx, in.Bucket, in.Key, in.Version); err != nil {
			return nil, err
		}
	}
	gone, err := store.DeleteVersion(ctx, objectstore.DeleteRequest{
		VersionRef: objectstore.VersionRef{Bucket: in.Bucket, Key: in.Key, ID: in.Version}, Bypass: in.Bypass,
	})
	if err == nil && !gone.Existed {
		err = objectstore.ErrVersionNotFound
	}
	return nil, err
}

func (s *Server) restoreVersion(ctx context.Context, in *restoreVersionInput) (*body[Object], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket+"/"+in.Body.Key, "version "+in.Body.Version
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	for permission, version := range map[string]string{"s3:GetObject": in.Body.Version, "s3:PutObject": ""} {
		err := s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: permission, Bucket: in.Bucket, Key: in.Body.Key, Version: version})
		if err != nil {
			return nil, err
		}
	}
	was, err := store.HeadVersion(ctx, objectstore.VersionRef{Bucket: in.Bucket, Key: in.Body.Key, ID: in.Body.Version})
	if err != nil {
		return nil, err
	}
	made, err := s.deps.Store.Copy(ctx, objectstore.CopyRequest{
		FromBucket: in.Bucket, FromKey: in.Body.Key, FromVersion: in.Body.Version, Bucket: in.Bucket, Key: in.Body.Key,
		Encrypt: sameEncryption(&was),
	})
	if err != nil {
		return nil, err
	}
	return &body[Object]{wireObject(made)}, nil
}

// serveVersion answers with the bytes of a named version, which never change.
func (s *Server) serveVersion(w http.ResponseWriter, r *http.Request, ref objectstore.VersionRef, download bool) error {
	store, err := s.versions()
	if err != nil {
		return err
	}
	object, err := store.HeadVersion(r.Context(), ref)
	if err != nil {
		return err
	}
	return s.serveFile(w, r, File{
		Name: ref.Key, ContentType: object.Attributes.ContentType, Size: object.Size, ETag: object.ETag, ModifiedAt: object.ModifiedAt, Download: download,
		Open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			opened, content, err := store.GetVersion(ctx, ref, partOf(object, offset, length))
			if err == nil && opened.ETag != object.ETag { // the null version can be replaced
				content.Close()
				err = errObjectChanged
			}
			return content, err
		},
	})
}

// deleteAllVersions deletes every version of the keys, and of what is below the
// prefix. The first that cannot be deleted ends it. With a limit it stops within the
// prefix and returns where to go on.
func (s *Server) deleteAllVersions(ctx context.Context, bucket string, r DeleteObjectsRequest) (deleted int, next string, err error) {
	for _, key := range r.Keys {
		n, _, err := s.deleteVersionsOf(ctx, objectstore.ListVersionsRequest{Bucket: bucket, Prefix: key}, 0, func(v objectstore.Object) bool { return v.Key == key })
		deleted += n
		if err != nil {
			return deleted, "", err
		}
	}
	if r.Prefix == "" && !r.All {
		return deleted, "", nil
	}
	at, err := parseVersionCursor(r.Cursor)
	if err != nil {
		return deleted, "", err
	}
	ask := objectstore.ListVersionsRequest{Bucket: bucket, Prefix: r.Prefix, AfterKey: at.Key}
	n, next, err := s.deleteVersionsOf(ctx, ask, r.Limit, func(objectstore.Object) bool { return true })
	return deleted + n, next, err
}

// deleteVersionsOf deletes what is asked for, in order of key, as long as chosen says so.
func (s *Server) deleteVersionsOf(ctx context.Context, ask objectstore.ListVersionsRequest, limit int, chosen func(objectstore.Object) bool) (deleted int, next string, err error) {
	store, err := s.versions()
	if err != nil {
		return 0, "", err
	}
	for {
		page, err := store.ListVersions(ctx, ask)
		if err != nil {
			return deleted, "", err
		}
		for _, v := range page.Versions {
			if !chosen(v) {
				return deleted, "", nil
			}
			if err := s.mayDelete(ctx, ask.Bucket, v.Key, v.VersionID); err != nil {
				return deleted, "", err
			}
			gone, err := store.DeleteVersion(ctx, objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: ask.Bucket, Key: v.Key, ID: v.VersionID}})
			if err != nil {
				return deleted, "", err
			}
			if gone.Existed {
				deleted++
			}
		}
		if !page.Truncated {
			return deleted, "", nil
		}
		// The page ended behind a version that is gone now: its key is begun again.
		for _, v := range page.Versions {
			if page.NextID == "" || v.Key < page.NextKey {
				ask.AfterKey = v.Key
			}
		}
		if limit > 0 && deleted >= limit {
			return deleted, versionCursor{Key: ask.AfterKey}.String(), nil
		}
	}
}

func wireVersion(o objectstore.Object) Version {
	encryption, keyID := wireEncryption(o.Encryption)
	out := Version{
		Object: wireObject(o), VersionID: o.VersionID, Latest: o.Latest, Marker: o.Marker, Encryption: encryption, KeyID: keyID,
		Compressed: o.Compressed, StoredSize: o.StoredSize, Metadata: map[string]string{}, Headers: map[string]string{}, Tags: map[string]string{},
		Lock: VersionLock{Mode: noneFor(string(o.Attributes.Lock.Mode)), Until: known(o.Attributes.Lock.Until), Hold: o.Attributes.Lock.Hold},
	}
	out.Restore = wireCopy(o.Restore)
	a := o.Attributes
	for k, v := range a.User {
		out.Metadata[k] = v
	}
	for k, v := range a.Tags {
		out.Tags[k] = v
	}
	for k, v := range map[string]string{
		"Content-Encoding": a.ContentEncoding, "Content-Disposition": a.ContentDisposition, "Content-Language": a.ContentLanguage,
		"Cache-Control": a.CacheControl, "Expires": a.Expires,
	} {
		if v = strings.TrimSpace(v); v != "" {
			out.Headers[k] = v
		}
	}
	return out
}
