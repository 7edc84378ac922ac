package server

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// ZipRequest chooses what an archive is to hold.
type ZipRequest struct {
	Base     string   `json:"base,omitempty" maxLength:"1024" doc:"What the names in the archive leave out of the keys: the folder"`
	Keys     []string `json:"keys,omitempty" maxItems:"10000"`
	Prefixes []string `json:"prefixes,omitempty" maxItems:"1000" doc:"Folders, with all that is in them"`
	Name     string   `json:"name,omitempty" maxLength:"255" doc:"Of the archive, without .zip"`
}

// ZipChoice is where the archive can be downloaded for some minutes, by who chose it.
type ZipChoice struct {
	URL     string `json:"url"`
	Objects int    `json:"objects"`
}

type zipInput struct {
	InBucket
	Body ZipRequest
}

// zipChoice is what somebody chose. It is kept in memory: a choice is made anew sooner
// than it is missed.
type zipChoice struct {
	who     string // user ID
	bucket  string
	request ZipRequest
	expires time.Time
}

const (
	zipLifetime = 10 * time.Minute
	zipChoices  = 200
	// zipLimit bounds the table of contents, which an archive ends with and which is kept
	// in memory until then.
	zipLimit = 100_000
)

var (
	errZipTooMany = errs.Newf(errs.Invalid, "zip_too_many", "An archive holds at most %d objects. Choose fewer, or copy the folder with an S3 client.", zipLimit)
	errZipGone    = errs.New(errs.NotFound, "zip_gone", "This download is no longer offered. Choose the objects again.")
)

// zips are the archives that were chosen and not yet forgotten.
type zips struct {
	mu     sync.Mutex // guards chosen
	chosen map[string]zipChoice
}

func (z *zips) keep(c zipChoice, now time.Time) string {
	z.mu.Lock()
	defer z.mu.Unlock()
	oldest := ""
	for id, other := range z.chosen {
		if now.After(other.expires) {
			delete(z.chosen, id)
		} else if oldest == "" || other.expires.Before(z.chosen[oldest].expires) {
			oldest = id
		}
	}
	if len(z.chosen) >= zipChoices {
		delete(z.chosen, oldest)
	}
	id := ids.New()
	z.chosen[id] = c
	return id
}

func (z *zips) find(id, who, bucket string, now time.Time) (zipChoice, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	c, ok := z.chosen[id]
	if !ok || c.who != who || c.bucket != bucket || now.After(c.expires) {
		return zipChoice{}, errZipGone
	}
	return c, nil
}

func (s *Server) zipRoutes() {
	read := Need(account.BucketRead, s.bucket())
	route(s, op("choose-zip", http.MethodPost, "/buckets/{bucket}/zips", "Choose objects to download as one archive", "buckets"),
		read.Unaudited("it only reads; the keys are in the body for their number"), s.chooseZip)
	o := op("get-zip", http.MethodGet, "/buckets/{bucket}/zips/{zip}", "The archive, made while it is downloaded", "buckets")
	o.Responses = map[string]*huma.Response{"200": {Description: "The archive", Content: map[string]*huma.MediaType{"application/zip": {}}}}
	raw(s, o, read, s.getZip)
}

func (s *Server) chooseZip(ctx context.Context, in *zipInput) (*body[ZipChoice], error) {
	if len(in.Body.Keys)+len(in.Body.Prefixes) == 0 {
		return nil, errNothingNamed
	}
	a := archive{server: s, bucket: in.Bucket, ZipRequest: in.Body, may: s.mayRead(in.Bucket)}
	count, err := a.count(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	id := s.zips.keep(zipChoice{account.PrincipalFrom(ctx).UserID, in.Bucket, in.Body, now.Add(zipLifetime)}, now)
	return &body[ZipChoice]{ZipChoice{URL: apiPrefix + "/buckets/" + in.Bucket + "/zips/" + id, Objects: count}}, nil
}

func (s *Server) getZip(w http.ResponseWriter, r *http.Request, p Params) error {
	c, err := s.zips.find(p.Param("zip"), account.PrincipalFrom(r.Context()).UserID, p.Param("bucket"), time.Now())
	if err != nil {
		return err
	}
	a := archive{server: s, bucket: c.bucket, ZipRequest: c.request, may: s.mayRead(c.bucket)}
	return a.serve(w, r)
}

// mayRead asks the bucket's policy about listing and reading for the caller.
func (s *Server) mayRead(bucket string) func(ctx context.Context, permission, name string) error {
	return func(ctx context.Context, permission, name string) error {
		ask := PolicyRequest{Permission: permission, Bucket: bucket, Key: name}
		if permission == "s3:ListBucket" {
			ask.Key, ask.Prefix = "", name
		}
		return s.denied(ctx, account.PrincipalFrom(ctx), ask)
	}
}

// archive is a ZIP of objects, written as they are read. Nothing of it is kept but the
// table of contents. Each key is asked about; what is denied is left out and named.
type archive struct {
	server *Server
	bucket string
	ZipRequest
	may func(ctx context.Context, permission, name string) error

	names   zipNames
	leftOut []string
}

// count says how many objects it will have, or that they are too many.
func (a *archive) count(ctx context.Context) (int, error) {
	n := len(a.Keys)
	for _, prefix := range a.Prefixes {
		err := a.below(ctx, prefix, func(page []objectstore.Object) error {
			if n += len(page); n > zipLimit {
				return errZipTooMany
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (a *archive) below(ctx context.Context, prefix string, each func([]objectstore.Object) error) error {
	if err := a.may(ctx, "s3:ListBucket", prefix); err != nil {
		return err
	}
	for after := ""; ; {
		page, err := a.server.deps.Store.List(ctx, objectstore.ListRequest{Bucket: a.bucket, Prefix: prefix, After: after})
		if err != nil {
			return err
		}
		if err := each(page.Objects); err != nil || !page.Truncated {
			return err
		}
		after = page.Next
	}
}

// serve writes the archive. It ends as soon as the client has gone.
func (a *archive) serve(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if _, err := a.count(ctx); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", disposition(false, a.fileName()))
	h.Set("Cache-Control", "no-store")
	a.names = make(zipNames)
	z := zip.NewWriter(w)
	for _, key := range a.Keys {
		if err := a.add(ctx, z, key); err != nil {
			return err
		}
	}
	for _, prefix := range a.Prefixes {
		err := a.below(ctx, prefix, func(page []objectstore.Object) error {
			for _, o := range page {
				if err := a.add(ctx, z, o.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := a.addLeftOut(z); err != nil {
		return err
	}
	return z.Close()
}

func (a *archive) fileName() string {
	name := strings.TrimSpace(a.Name)
	if name == "" {
		name = path.Base(strings.TrimSuffix(a.Base, "/"))
	}
	if name == "." || name == "/" {
		name = a.bucket
	}
	return name + ".zip"
}

// add writes one object. What was deleted since it was listed is not there; what may not
// or cannot be read by the caller is left out; anything else ends the archive, so that
// half of one is not taken for whole.
func (a *archive) add(ctx context.Context, z *zip.Writer, key string) error {
	if err := ctx.Err(); err != nil {
		return err // not everything below asks
	}
	var content io.ReadCloser
	var object objectstore.Object
	err := a.may(ctx, "s3:GetObject", key)
	if err == nil {
		object, content, err = a.server.deps.Store.Get(ctx, a.bucket, key, nil)
	}
	switch errs.KindOf(err) {
	case errs.NotFound:
		return nil
	case errs.Forbidden, errs.Invalid:
		_, why := errs.Public(err)
		a.leftOut = append(a.leftOut, strings.TrimPrefix(key, a.Base)+"\t"+why)
		return nil
	}
	if err != nil {
		return err
	}
	defer content.Close()
	entry, err := z.CreateHeader(&zip.FileHeader{Name: a.nameOf(key), Method: zip.Store, Modified: object.ModifiedAt})
	if err != nil {
		return fmt.Errorf("archive %q: %w", key, err)
	}
	if strings.HasSuffix(key, "/") && object.Size == 0 {
		return nil
	}
	if _, err := io.Copy(entry, content); err != nil {
		return fmt.Errorf("archive %q: %w", key, err)
	}
	return nil
}

// nameOf is a key as a path that stays below where the archive is unpacked, and that no
// other entry has.
func (a *archive) nameOf(key string) string {
	return a.names.take(zipName(a.Base, key))
}

// addLeftOut names what is missing, so that nobody takes the archive for everything.
func (a *archive) addLeftOut(z *zip.Writer) error {
	if len(a.leftOut) == 0 {
		return nil
	}
	entry, err := z.Create(a.nameOf(a.Base + "NOT INCLUDED.txt"))
	if err == nil {
		_, err = io.WriteString(entry, strings.Join(a.leftOut, "\n")+"\n")
	}
	return err
}
