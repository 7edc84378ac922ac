package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// SharedLink is a link to an object or a folder that needs no account.
type SharedLink struct {
	ID         string     `json:"id"`
	Key        string     `json:"key" doc:"Of the object; of a folder, what its keys begin with"`
	Folder     bool       `json:"folder"`
	Uploads    bool       `json:"uploads" doc:"People may add objects, never replace any"`
	Protected  bool       `json:"protected" doc:"It asks for a password"`
	UserID     string     `json:"userId"`
	UserName   string     `json:"userName" doc:"Who made it; it is worth what they may do"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty" doc:"Absent: never"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`
	Uses       int64      `json:"uses" doc:"How often it was opened"`
}

// NewSharedLinkRequest asks for such a link.
type NewSharedLinkRequest struct {
	Key            string `json:"key" maxLength:"1024"`
	Folder         bool   `json:"folder,omitempty"`
	Uploads        bool   `json:"uploads,omitempty"`
	Password       string `json:"password,omitempty" maxLength:"256"`
	ExpiresSeconds int64  `json:"expiresSeconds,omitempty" minimum:"0" maximum:"315360000" doc:"0: never"`
}

// NewSharedLink is the only answer with the link's address in it.
type NewSharedLink struct {
	SharedLink
	Path string `json:"path" doc:"The address, below the console's own"`
}

type (
	newSharedLinkInput struct {
		InBucket
		Body NewSharedLinkRequest
	}
	sharedLinkInput struct {
		InBucket
		Share string `path:"share" maxLength:"64"`
	}
)

func (s *Server) sharedLinkRoutes() {
	read := Need(account.BucketRead, s.bucket())
	route(s, status(op("create-shared-link", http.MethodPost, "/buckets/{bucket}/shares", "Make a link to an object or a folder", "buckets"), http.StatusCreated), read, s.createSharedLink)
	route(s, op("list-shared-links", http.MethodGet, "/buckets/{bucket}/shares", "Links that work", "buckets"), read, s.listSharedLinks)
	route(s, status(op("delete-shared-link", http.MethodDelete, "/buckets/{bucket}/shares/{share}", "End a link", "buckets"), http.StatusNoContent), read, s.deleteSharedLink)
	s.sharedRoutes()
}

// createSharedLink gives nothing that its maker does not have: what they may do is asked
// for again at every use.
func (s *Server) createSharedLink(ctx context.Context, in *newSharedLinkInput) (*body[NewSharedLink], error) {
	note, r := auditing(ctx), in.Body
	note.Target = in.Bucket + "/" + r.Key
	who := account.PrincipalFrom(ctx)
	ask := PolicyRequest{Permission: "s3:GetObject", Bucket: in.Bucket, Key: r.Key}
	if r.Folder {
		ask = PolicyRequest{Permission: "s3:ListBucket", Bucket: in.Bucket, Prefix: r.Key}
	}
	if err := s.denied(ctx, who, ask); err != nil {
		return nil, err
	}
	switch {
	case !r.Folder && r.Uploads:
		return nil, errs.New(errs.Invalid, "share_uploads_folder", "Only a folder can take uploads.")
	case !r.Folder:
		if _, err := s.deps.Store.Head(ctx, in.Bucket, r.Key); err != nil {
			return nil, err
		}
	case r.Uploads:
		if err := s.deps.Accounts.Authorize(ctx, who, account.ObjectWrite, resourceFrom(ctx)); err != nil {
			return nil, err
		}
	}
	bucket, err := s.deps.Store.Bucket(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	wanted := account.NewShare{Bucket: in.Bucket, BucketCreated: bucket.CreatedAt, Key: r.Key, Folder: r.Folder, Uploads: r.Uploads, Password: r.Password}
	if who.Via == account.ViaToken {
		wanted.TokenID = who.CredentialID
	}
	if r.ExpiresSeconds > 0 {
		wanted.ExpiresAt = time.Now().Add(time.Duration(r.ExpiresSeconds) * time.Second)
	}
	token, made, err := s.deps.Accounts.CreateShare(ctx, who.UserID, wanted)
	if err != nil {
		return nil, err
	}
	note.Detail = "without an end"
	if !made.ExpiresAt.IsZero() {
		note.Detail = "until " + made.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return &body[NewSharedLink]{NewSharedLink{SharedLink: wireSharedLink(made), Path: sharePath + token}}, nil
}

func (s *Server) listSharedLinks(ctx context.Context, in *InBucket) (*body[List[SharedLink]], error) {
	bucket, err := s.deps.Store.Bucket(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Accounts.Shares(ctx, in.Bucket, bucket.CreatedAt)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", wireSharedLink), nil
}

// deleteSharedLink lets people end their own links, and maintainers everybody's.
func (s *Server) deleteSharedLink(ctx context.Context, in *sharedLinkInput) (*struct{}, error) {
	auditing(ctx).Target = in.Bucket
	found, err := s.deps.Accounts.Share(ctx, in.Bucket, in.Share)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = in.Bucket + "/" + found.Key
	if who := account.PrincipalFrom(ctx); found.UserID != who.UserID {
		if err := s.deps.Accounts.Authorize(ctx, who, account.BucketWrite, resourceFrom(ctx)); err != nil {
			return nil, err
		}
	}
	return nil, s.deps.Accounts.DeleteShare(ctx, in.Bucket, in.Share)
}

func wireSharedLink(l account.Share) SharedLink {
	return SharedLink{
		ID: l.ID, Key: l.Key, Folder: l.Folder, Uploads: l.Uploads, Protected: l.Protected, UserID: l.UserID, UserName: l.UserName,
		CreatedAt: l.CreatedAt, ExpiresAt: known(l.ExpiresAt), LastUsedAt: known(l.LastUsedAt), Uses: l.Uses,
	}
}

const (
	sharePath   = "/s/"                  // of the page that a link opens
	sharedPath  = apiPrefix + "/shared/" // of what that page asks
	shareCookie = "croft_share_"         // and the link's ID
	hiddenToken = "…"
)

// withoutToken is a path as it may be logged: who has a link's token has what it opens.
func withoutToken(path string) string {
	for _, prefix := range []string{sharePath, sharedPath} {
		if token, ok := strings.CutPrefix(path, prefix); ok {
			_, rest, more := strings.Cut(token, "/")
			if more {
				rest = "/" + rest
			}
			return prefix + hiddenToken + rest
		}
	}
	return path
}

// opened is a link in use.
type opened struct {
	account.Share
	who      account.Principal // its maker, as far as the link goes
	resource account.Resource
}

var (
	errShareLocked    = errs.New(errs.Forbidden, "share_locked", "This link needs a password.")
	errShareNoUploads = errs.New(errs.Forbidden, "share_no_uploads", "Nothing can be added through this link.")
	errShareKey       = errs.New(errs.NotFound, "object_not_found", "There is no object under this key.")
)

// openShare finds the link of a token and asks whether its maker may still read what it
// shows.
func (s *Server) openShare(ctx context.Context, token string) (*opened, error) {
	auditing(ctx).Target = "a shared link"
	share, who, err := s.deps.Accounts.OpenShare(ctx, token)
	if err != nil {
		return nil, err
	}
	bucket, err := s.deps.Store.Bucket(ctx, share.Bucket)
	if err != nil || !bucket.CreatedAt.Truncate(time.Millisecond).Equal(share.BucketCreated) {
		return nil, goneFor(err)
	}
	o := &opened{Share: share, who: who, resource: account.Resource{ProjectID: bucket.Owner, Bucket: bucket.Name}}
	if err := s.deps.Accounts.Authorize(ctx, who, account.BucketRead, o.resource); err != nil {
		return nil, goneFor(err)
	}
	auditing(ctx).Target = share.Bucket + "/" + share.Key
	return o, nil
}

// goneFor tells strangers nothing of buckets and of what others may do.
func goneFor(err error) error {
	switch errs.KindOf(err) {
	case errs.Internal, errs.Unavailable, errs.Canceled:
		if err != nil {
			return err
		}
	}
	return errs.New(errs.NotFound, "share_gone", "This link does not work, or no longer. Ask who sent it for a new one.")
}

// key is what a name in the link stands for. Names are only ever added to what the link
// shows, so nothing beside it can be named.
func (o *opened) key(name string) (string, error) {
	if !o.Folder {
		if name != "" {
			return "", errShareKey
		}
		return o.Key, nil
	}
	return o.Key + name, nil
}

// shareMay asks the policy of the bucket about the link's maker.
func (s *Server) shareMay(o *opened) func(ctx context.Context, permission, name string) error {
	return func(ctx context.Context, permission, name string) error {
		ask := PolicyRequest{Permission: permission, Bucket: o.Bucket, Key: name}
		if permission == "s3:ListBucket" {
			ask.Key, ask.Prefix = "", name
		}
		return s.denied(ctx, o.who, ask)
	}
}

// wire shows people only what is below the shared folder.
func (o *opened) wire(object objectstore.Object) Object {
	out := wireObject(object)
	out.Key = strings.TrimPrefix(out.Key, o.Key)
	return out
}
