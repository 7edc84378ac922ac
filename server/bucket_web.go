package server

import (
	"context"
	"net/http"
	"strings"

	"croft/account"
	"croft/objectstore"
)

// Web reads and sets what web applications may do with a bucket, as S3 keeps it. What
// is set is held to what S3 allows: an error says what is wrong.
type Web interface {
	// CORS returns the rules for pages of other origins.
	CORS(b *objectstore.Bucket) ([]CORSRule, error)
	// SetCORS sets them; none removes them.
	SetCORS(b *objectstore.Bucket, rules []CORSRule) error
	// Website returns how the bucket is shown, nil where it is no website.
	Website(b *objectstore.Bucket) (*Website, error)
	// SetWebsite sets it; nil ends it.
	SetWebsite(b *objectstore.Bucket, w *Website) error
	// WebDAV reports whether file managers may use the bucket as a folder.
	WebDAV(b *objectstore.Bucket) bool
	// SetWebDAV says whether they may.
	SetWebDAV(b *objectstore.Bucket, on bool)
	// WebDAVPath is where that is, at the address of S3.
	WebDAVPath(bucket string) string
	// Addresses are where a bucket that is a website is served; none where no domain
	// is set up for websites.
	Addresses(bucket string) []string
}

// BucketWeb is what web applications may do with a bucket.
type BucketWeb struct {
	CORS       []CORSRule `json:"cors" doc:"Which pages of other origins may use the bucket"`
	Website    *Website   `json:"website,omitempty" doc:"Absent: the bucket is no website"`
	Addresses  []string   `json:"addresses" doc:"Where it is served as a website; none where no domain is set up"`
	WebDAV     bool       `json:"webdav" doc:"Whether file managers may use the bucket as a folder, at webdavPath of the address of S3"`
	WebDAVPath string     `json:"webdavPath" example:"/_dav/photos/"`
	Changeable bool       `json:"changeable" doc:"Whether the store can keep this"`
}

// CORSRule says which pages may do what. One * in an origin or a header stands for any
// text.
type CORSRule struct {
	ID      string   `json:"id,omitempty" maxLength:"255"`
	Origins []string `json:"origins" minItems:"1" maxItems:"100" example:"https://app.example.com"`
	Methods []string `json:"methods" minItems:"1" maxItems:"5" enum:"GET,HEAD,PUT,POST,DELETE"`
	Headers []string `json:"headers" maxItems:"100" doc:"That requests may have" example:"*"`
	Expose  []string `json:"expose" maxItems:"100" doc:"Of answers, that pages may see" example:"ETag"`
	MaxAge  *int     `json:"maxAge,omitempty" minimum:"0" maximum:"2147483647" doc:"Seconds for which a browser need not ask again"`
}

// Website is how a bucket is shown: by its own pages, or redirected to a host.
type Website struct {
	Index        string `json:"index" maxLength:"1024" doc:"The page of a folder; empty with a redirect" example:"index.html"`
	Error        string `json:"error" maxLength:"1024" doc:"The page of errors; empty: one of Croft's" example:"error.html"`
	RedirectHost string `json:"redirectHost" maxLength:"253" doc:"Where all requests are sent; empty: nowhere"`
	RedirectTo   string `json:"redirectProtocol" enum:",http,https" doc:"Empty: as it was asked for"`
	RoutingRules int    `json:"routingRules,omitempty" readOnly:"true" doc:"How many there are, which are set over S3 and stay"`
}

// UpdateBucketWebRequest changes what it names.
type UpdateBucketWebRequest struct {
	CORS       *[]CORSRule `json:"cors,omitempty" maxItems:"100"`
	Website    *Website    `json:"website,omitempty"`
	WebDAV     *bool       `json:"webdav,omitempty" doc:"Let file managers use the bucket as a folder"`
	EndWebsite bool        `json:"endWebsite,omitempty" doc:"Make the bucket no website"`
}

type updateBucketWebInput struct {
	InBucket
	Body UpdateBucketWebRequest
}

func (s *Server) bucketWebRoutes() {
	route(s, op("get-bucket-web", http.MethodGet, "/buckets/{bucket}/web", "What web applications may do with a bucket", "buckets"),
		Need(account.BucketRead, s.bucket()), s.getBucketWeb)
	route(s, op("update-bucket-web", http.MethodPatch, "/buckets/{bucket}/web", "Change what web applications may do with a bucket", "buckets"),
		Need(account.BucketWrite, s.bucket()), s.updateBucketWeb)
}

func (s *Server) getBucketWeb(ctx context.Context, in *InBucket) (*body[BucketWeb], error) {
	found, err := s.deps.Store.Bucket(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	return s.bucketWeb(&found)
}

func (s *Server) bucketWeb(b *objectstore.Bucket) (*body[BucketWeb], error) {
	rules, err := s.deps.Web.CORS(b)
	if err != nil {
		return nil, err
	}
	site, err := s.deps.Web.Website(b)
	if err != nil {
		return nil, err
	}
	_, err = s.versions()
	return &body[BucketWeb]{BucketWeb{
		CORS: append([]CORSRule{}, rules...), Website: site, Addresses: append([]string{}, s.deps.Web.Addresses(b.Name)...), Changeable: err == nil,
		WebDAV: s.deps.Web.WebDAV(b), WebDAVPath: s.deps.Web.WebDAVPath(b.Name),
	}}, nil
}

func (s *Server) updateBucketWeb(ctx context.Context, in *updateBucketWebInput) (*body[BucketWeb], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, in.Body.describe()
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	changed, err := store.UpdateBucket(ctx, in.Bucket, func(b *objectstore.Bucket) error {
		if r := in.Body.CORS; r != nil {
			if err := s.deps.Web.SetCORS(b, *r); err != nil {
				return err
			}
		}
		if on := in.Body.WebDAV; on != nil {
			s.deps.Web.SetWebDAV(b, *on)
		}
		if in.Body.Website != nil || in.Body.EndWebsite {
			return s.deps.Web.SetWebsite(b, in.Body.Website)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.bucketWeb(&changed)
}

// describe says for the audit log what is changed.
func (r *UpdateBucketWebRequest) describe() string {
	var parts []string
	if r.CORS != nil {
		parts = append(parts, "CORS rules")
	}
	if r.WebDAV != nil {
		parts = append(parts, map[bool]string{true: "WebDAV", false: "no WebDAV"}[*r.WebDAV])
	}
	switch w := r.Website; {
	case w != nil && w.RedirectHost != "":
		parts = append(parts, "website redirected to "+w.RedirectHost)
	case w != nil:
		parts = append(parts, "website")
	case r.EndWebsite:
		parts = append(parts, "no website")
	}
	return strings.Join(parts, "; ")
}
