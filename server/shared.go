package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/objectstore"
)

// Shared is what a link shows to whoever has it.
type Shared struct {
	Name     string  `json:"name"`
	Folder   bool    `json:"folder"`
	Uploads  bool    `json:"uploads"`
	Locked   bool    `json:"locked" doc:"It needs a password that was not given yet"`
	Object   *Object `json:"object,omitempty" doc:"What is shared, where that is one object; its key is empty"`
	FileName string  `json:"fileName" doc:"For what is downloaded"`
}

// UnlockShareRequest gives a link's password.
type UnlockShareRequest struct {
	Password string `json:"password" maxLength:"256"`
}

// InShared is the input of routes about one link. Cookies are read as they come, since
// their names differ from link to link.
type InShared struct {
	Token  string `path:"token" maxLength:"128"`
	Cookie string `header:"Cookie"`
}

type (
	unlockInput struct {
		InShared
		Body UnlockShareRequest
	}
	sharedListInput struct {
		InShared
		Prefix string `query:"prefix" maxLength:"1024" doc:"Below the shared folder"`
		Cursor string `query:"cursor"`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	}
)

func (s *Server) sharedRoutes() {
	public := Public("guarded by the link's token, its password, and what its maker may do")
	route(s, op("get-shared", http.MethodGet, "/shared/{token}", "What a link shows", "shared"), public, s.getShared)
	route(s, op("unlock-shared", http.MethodPost, "/shared/{token}/unlock", "Give a link's password", "shared"),
		public.Unaudited("guesses are limited, and strangers must not fill the log"), s.unlockShared)
	route(s, op("list-shared", http.MethodGet, "/shared/{token}/objects", "A shared folder", "shared"), public, s.listShared)
	file := func(id, method, summary string) huma.Operation {
		o := op(id, method, "/shared/{token}/object", summary, "shared")
		o.Parameters = []*huma.Param{query("key", "Below the shared folder; empty for a shared object", false), query("download", "1: never show it inline", false)}
		return o
	}
	raw(s, file("get-shared-object", http.MethodGet, "The bytes of a shared object"), public, s.getSharedObject)
	raw(s, file("head-shared-object", http.MethodHead, "The headers of a shared object"), public, s.getSharedObject)
	put := file("put-shared-object", http.MethodPut, "Add an object to a shared folder that takes uploads")
	put.MaxBodyBytes = -1
	raw(s, put, public, s.putSharedObject)
	zip := op("get-shared-zip", http.MethodGet, "/shared/{token}/zip", "A shared folder as one archive", "shared")
	zip.Parameters = []*huma.Param{query("prefix", "Below the shared folder", false)}
	raw(s, zip, public, toPage(s.getSharedZip))
}

// passOf finds what proves that the link's password was given.
func passOf(cookies, id string) string {
	r := http.Request{Header: http.Header{"Cookie": {cookies}}}
	if c, err := r.Cookie(shareCookie + id); err == nil {
		return c.Value
	}
	return ""
}

// open finds the link and asks for its password, unless locked says that it may be missing.
func (s *Server) open(ctx context.Context, in *InShared, locked bool) (*opened, error) {
	o, err := s.openShare(ctx, in.Token)
	if err == nil && !locked && !s.deps.Accounts.PassesShare(o.Share, passOf(in.Cookie, o.ID)) {
		err = errShareLocked
	}
	return o, err
}

func (s *Server) getShared(ctx context.Context, in *InShared) (*body[Shared], error) {
	o, err := s.open(ctx, in, true)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(o.Key, "/")
	if name = name[strings.LastIndexByte(name, '/')+1:]; name == "" {
		name = o.Bucket
	}
	out := Shared{Folder: o.Folder, Uploads: o.Uploads, Locked: !s.deps.Accounts.PassesShare(o.Share, passOf(in.Cookie, o.ID))}
	if out.Locked {
		return &body[Shared]{out}, nil // not even its name
	}
	out.Name, out.FileName = name, name
	if !o.Folder {
		if err := s.shareMay(o)(ctx, "s3:GetObject", o.Key); err != nil {
			return nil, goneFor(err)
		}
		object, err := s.deps.Store.Head(ctx, o.Bucket, o.Key)
		if err != nil {
			return nil, goneFor(err)
		}
		shown := o.wire(object)
		out.Object = &shown
	}
	s.deps.Accounts.ShareUsed(ctx, o.ID)
	return &body[Shared]{out}, nil
}

func (s *Server) unlockShared(ctx context.Context, in *unlockInput) (*cookieOnly, error) {
	o, err := s.open(ctx, &in.InShared, true)
	if err != nil {
		return nil, err
	}
	from := admissionFrom(ctx).from
	pass, until, err := s.deps.Accounts.UnlockShare(ctx, in.Token, in.Body.Password, from.address)
	if err != nil {
		return nil, err
	}
	cookie := http.Cookie{
		Name: shareCookie + o.ID, Value: pass, Path: sharedPath + in.Token, Expires: until, HttpOnly: true, Secure: from.https, SameSite: http.SameSiteStrictMode,
	}
	return &cookieOnly{cookie.String()}, nil
}

func (s *Server) listShared(ctx context.Context, in *sharedListInput) (*body[ObjectList], error) {
	o, err := s.open(ctx, &in.InShared, false)
	if err != nil {
		return nil, err
	}
	if !o.Folder {
		return nil, errShareKey
	}
	after, err := keyOfCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	if after != "" {
		below, ok := strings.CutPrefix(after, "/")
		if !ok {
			return nil, errCursor
		}
		after = o.Key + below
	}
	prefix := o.Key + in.Prefix
	if err := s.shareMay(o)(ctx, "s3:ListBucket", prefix); err != nil {
		return nil, err
	}
	page, err := s.deps.Store.List(ctx, objectstore.ListRequest{Bucket: o.Bucket, Prefix: prefix, Delimiter: "/", After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	page.Next = "/" + strings.TrimPrefix(page.Next, o.Key) // nor does the cursor tell where the folder lies
	out := wireList(page)
	for i := range out.Items {
		out.Items[i] = o.wire(page.Objects[i])
	}
	for i, p := range out.Prefixes {
		out.Prefixes[i] = strings.TrimPrefix(p, o.Key)
	}
	return &body[ObjectList]{out}, nil
}

// sharedKey opens a link for a route that is not JSON.
func (s *Server) sharedKey(r *http.Request, p Params) (*opened, string, error) {
	o, err := s.open(r.Context(), &InShared{Token: p.Param("token"), Cookie: r.Header.Get("Cookie")}, false)
	if err != nil {
		return nil, "", err
	}
	key, err := o.key(p.Query("key"))
	return o, key, err
}

func (s *Server) getSharedObject(w http.ResponseWriter, r *http.Request, p Params) error {
	o, key, err := s.sharedKey(r, p)
	if err != nil {
		return err
	}
	if err := s.shareMay(o)(r.Context(), "s3:GetObject", key); err != nil {
		return err
	}
	return s.serveObject(w, r, o.Bucket, key, p.Query("download") == "1")
}

// putSharedObject adds an object. What is there already stays: the name is taken.
func (s *Server) putSharedObject(w http.ResponseWriter, r *http.Request, p Params) error {
	ctx := r.Context()
	o, key, err := s.sharedKey(r, p)
	if err != nil {
		return err
	}
	if !o.Uploads || p.Query("key") == "" {
		return errShareNoUploads // without an actor, so that strangers do not fill the log
	}
	note := auditing(ctx)
	note.Target, note.ActorID, note.ActorName, note.ProjectID = o.Bucket+"/"+key, o.UserID, "link of "+o.UserName, o.resource.ProjectID
	note.Detail = "through shared link " + o.ID
	if err := s.deps.Accounts.Authorize(ctx, o.who, account.ObjectWrite, o.resource); err != nil {
		return errShareNoUploads
	}
	if err := s.shareMay(o)(ctx, "s3:PutObject", key); err != nil {
		return err
	}
	if err := objectstore.ValidateKey(key); err != nil {
		return err
	}
	stored, err := s.deps.Store.Put(ctx, objectstore.WithSum(s.deps.Store, objectstore.PutRequest{
		Bucket: o.Bucket, Key: key, Size: r.ContentLength, Body: s.patient(w, r), Condition: objectstore.Condition{Absent: true},
		Attributes: objectstore.Attributes{ContentType: r.Header.Get("Content-Type")},
	}))
	if err != nil {
		return uploadError(err)
	}
	return writeJSON(w, http.StatusOK, o.wire(stored))
}
