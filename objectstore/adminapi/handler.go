package adminapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/s3api"
)

// Gate answers who may do what. Its errors are *errs.Error. Methods are called
// concurrently.
type Gate interface {
	// Allow returns nil when c may do what MinIO calls by this name: "admin:ServerInfo".
	Allow(ctx context.Context, c s3api.Credential, permission string) error
	// AllowOwn returns nil when c may do it with what is their own at least. Accounts is
	// asked again, about what it is done with.
	AllowOwn(ctx context.Context, c s3api.Credential, permission string) error
	// AllowBucket returns nil when c may besides see, or change, the settings of a bucket.
	AllowBucket(ctx context.Context, c s3api.Credential, change bool, bucket string) error
	// Credential returns the credential of an access key, for tokens that are signed with
	// its secret.
	Credential(ctx context.Context, accessKey string) (s3api.Credential, error)
	// Audit is told of what was changed, and of what was refused, after it is known how it
	// ended.
	Audit(ctx context.Context, c s3api.Credential, e Event)
}

// Event is an attempt to change something.
type Event struct {
	Call      string // "service", "set-bucket-quota" …
	Target    string // what it is about, empty for all of Croft
	Detail    string
	Outcome   string // "ok" or the code of the error
	RequestID string
	Address   string // the client's, host:port
}

// Power is what stops this process and starts it again. Both return at once; what is
// under way finishes first.
type Power interface {
	// CanRestart returns why Restart would not work, as an *errs.Error.
	CanRestart() error
	Restart()
	Stop()
}

// Config is what New needs.
type Config struct {
	Store         objectstore.Store
	Gate          Gate
	Accounts      Accounts
	Power         Power
	Version       string
	Region        string
	Deployment    string // names the store for ever
	ReducedParity int    // of large objects of reduced redundancy
	// Traffic returns the requests to a bucket since the start; nil: nobody counts them.
	Traffic func(bucket string) BucketTraffic
	Log     *slog.Logger
	Now     func() time.Time // nil is time.Now
}

// Handler is the admin protocol as a guest of S3, and looks on at its requests for those
// who trace them.
type Handler struct {
	config  Config
	now     func() time.Time
	began   time.Time
	calls   map[string][]*call // by the first part of their paths
	traffic *traffic
	viewers viewers
	ending  atomic.Bool // it was asked to stop or to restart
	turns   turns

	closing func()
	closed  <-chan struct{} // streams end
}

var (
	_ s3api.Guest   = (*Handler)(nil)
	_ s3api.Porter  = (*Handler)(nil)
	_ s3api.Watcher = (*Handler)(nil)
)

// New returns the admin protocol. It starts nothing.
func New(c Config) *Handler {
	h := &Handler{config: c, now: c.Now, calls: make(map[string][]*call), traffic: newTraffic(), turns: newTurns()}
	if h.now == nil {
		h.now = time.Now
	}
	h.began = h.now()
	for i := range table {
		first, _, _ := strings.Cut(table[i].path, "/")
		h.calls[first] = append(h.calls[first], &table[i])
	}
	closed := make(chan struct{})
	h.closed, h.closing = closed, sync.OnceFunc(func() { close(closed) })
	return h
}

// CloseStreams ends traces, which would otherwise go on for as long as somebody looks.
func (h *Handler) CloseStreams() { h.closing() }

const (
	adminPrefix = "/minio/admin/"
	kmsPrefix   = "/minio/kms/"
)

// Claims implements s3api.Guest. Objects of a bucket that is called "minio" are reached
// by its host name; Croft makes no such bucket.
func (h *Handler) Claims(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, adminPrefix) || strings.HasPrefix(r.URL.Path, kmsPrefix) || h.Opens(r)
}

// Services implements s3api.Guest: mc signs as for S3.
func (h *Handler) Services() []string { return []string{"s3"} }

// MaxBody implements s3api.Guest.
func (h *Handler) MaxBody() int64 { return 1 << 20 }

// Opens implements s3api.Porter.
func (h *Handler) Opens(r *http.Request) bool {
	return probes[r.URL.Path] != nil || isMetrics(r.URL.Path)
}

// request is one call on its way.
type request struct {
	w     http.ResponseWriter
	r     *http.Request
	visit s3api.Visit
	query url.Values
	body  []byte // whole, and as it was signed
	rest  string // of the path, behind the call's
	event Event
	turns *turns
	place *place // in the line of those who derive keys, once it has one
}

func (q *request) ctx() context.Context { return q.r.Context() }

// Serve implements s3api.Guest.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, v s3api.Visit) {
	if probe := probes[r.URL.Path]; probe != nil {
		probe(h, w, r)
		return
	}
	q := &request{w: w, r: r, visit: v, turns: &h.turns}
	defer q.leave()
	q.event = Event{RequestID: v.RequestID, Address: r.RemoteAddr}
	var err error
	if isMetrics(r.URL.Path) {
		err = h.metrics(q)
	} else {
		err = h.serve(q)
	}
	if err != nil {
		h.refuse(q, err)
	}
}

func (h *Handler) serve(q *request) error {
	if q.visit.Credential.AccessKey == "" {
		return fail("AccessDenied", http.StatusForbidden, "Access Denied. Sign the request.")
	}
	var err error
	if q.query, err = url.ParseQuery(q.r.URL.RawQuery); err != nil {
		return fail("InvalidArgument", http.StatusBadRequest, "The query cannot be read.")
	}
	c, err := h.find(q)
	if err != nil {
		return err
	}
	allow := h.config.Gate.Allow
	if c.own {
		allow = h.config.Gate.AllowOwn
	}
	if err := allow(q.ctx(), q.visit.Credential, c.permission); err != nil {
		q.event.Call, q.event.Outcome = c.name(), failureOf(err).code
		h.config.Gate.Audit(q.ctx(), q.visit.Credential, q.event)
		return err
	}
	if q.body, err = io.ReadAll(q.r.Body); err != nil {
		why := s3api.RefusalOf(q.visit.RequestID, err)
		return fail(why.Code, why.Status, why.Message)
	}
	err = c.run(h, q)
	if c.changes || (c.own && errs.KindOf(err) == errs.Forbidden) {
		q.event.Call, q.event.Outcome = c.name(), "ok"
		if err != nil {
			q.event.Outcome = failureOf(err).code
		}
		h.config.Gate.Audit(q.ctx(), q.visit.Credential, q.event)
	}
	return err
}

// find is the call that a request is, or why there is none.
func (h *Handler) find(q *request) (*call, error) {
	path := q.r.URL.Path
	if strings.HasPrefix(path, kmsPrefix) {
		return nil, refusal("kms")
	}
	version, path, _ := strings.Cut(strings.TrimPrefix(path, adminPrefix), "/")
	if version != "v3" && version != "v4" {
		return nil, fail("XMinioAdminVersionMismatch", http.StatusUpgradeRequired, "Croft speaks version 3 of the admin protocol, and what mc asks of version 4.")
	}
	first, _, _ := strings.Cut(path, "/")
	method := ""
	for _, c := range h.calls[first] {
		rest, ok := strings.CutPrefix(path, c.path)
		if !ok || (rest != "" && !strings.HasSuffix(c.path, "/")) {
			continue
		}
		if c.method == q.r.Method {
			q.rest = rest
			return c, nil
		}
		method = c.method
	}
	if method != "" {
		return nil, fail("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource. Use "+method+".")
	}
	return nil, refusal(path)
}
