package s3api

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"croft/internal/ids"
	"croft/internal/patience"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/inventory"
	"croft/objectstore/lifecycle"
	"croft/objectstore/notification"
)

// DefaultRegion is announced where Config names none.
const DefaultRegion = "us-east-1"

// Config is what New needs.
type Config struct {
	Store    objectstore.Store
	Access   Access
	Recorder Recorder // nil: nobody wants to know
	Watcher  Watcher  // nil: nobody looks on
	Log      *slog.Logger
	// Region, when set, must be the one that requests are signed for. When empty,
	// any region is accepted and DefaultRegion announced.
	Region string
	// Domains are names under which each bucket has a host name of its own:
	// "s3.example.com" makes "photos.s3.example.com" the bucket photos.
	Domains []string
	// SiteDomains are names under which each bucket that is a website has a host name
	// of its own, where it is served as such.
	SiteDomains []string
	// SignatureV2 takes signatures of Version 2 as well, which cover less of a request
	// and rest on SHA-1.
	SignatureV2 bool
	// Console returns the URL that a browser without a signature is sent to; nil
	// sends it nowhere. It sees the request because only that knows under which
	// host name the browser reaches this machine.
	Console func(*http.Request) string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Idle is how long a connection may stand still inside a request, in either
	// direction; 0 is 2 minutes.
	Idle time.Duration
	// UploadMemory bounds, in bytes, what the bodies of requests may take in memory
	// at once; 0 is 256 MiB for each CPU. A request that finds no room waits for
	// UploadWait, 0 is 20 seconds, and is then refused with SlowDown.
	UploadMemory int64
	UploadWait   time.Duration
	// Lifecycle keeps the buckets' lifecycle rules and does what they say; without one
	// they have none, and cannot be given any.
	Lifecycle *lifecycle.Service
	// Guests are other protocols that are spoken at this address. The first that
	// claims a request has it.
	Guests []Guest
	// Notification keeps the buckets' event rules and tells of what happens; without it
	// there are none, and nobody is told.
	Notification *notification.Service
	// Inventory keeps which reports buckets have made of what is in them; nil: none.
	Inventory *inventory.Service
	// Replication copies buckets elsewhere; nil where the store cannot do it.
	Replication Replication
	// Directory knows whom the names in policies and ACLs mean; nil takes names as they are.
	Directory grants.Directory
}

// Handler serves S3. Between requests it keeps nothing but signing keys.
type Handler struct {
	store    objectstore.Store
	versions objectstore.Versions // nil where the store keeps none
	access   Access
	sessions Sessions // nil where there are none
	guests   []Guest
	recorder Recorder
	watcher  Watcher
	log      *slog.Logger
	region   string
	console  func(*http.Request) string
	now      func() time.Time
	idle     time.Duration

	operations map[resource][]*operation
	shares     *shares
	grants     grants.Reader
	directory  grants.Directory

	signatureV2 bool
	domains     domains
	sites       domains

	lifecycle   *lifecycle.Service
	replication Replication
	inventory   *inventory.Service

	notification *notification.Service

	corsReadings    readings[*corsXML]
	siteReadings    readings[*websiteXML]
	loggingReadings readings[*loggingXML]
	requestLogs     *requestLogs
	signers         signers
}

var _ http.Handler = (*Handler)(nil)

// New returns the S3 protocol over c.Store.
func New(c Config) *Handler {
	h := &Handler{
		store: c.Store, access: c.Access, recorder: c.Recorder, log: c.Log, region: c.Region, console: c.Console,
		now: c.Now, idle: c.Idle, operations: byResource(operations()), shares: newShares(c.UploadMemory, c.UploadWait, c.Log),
	}
	h.versions, _ = c.Store.(objectstore.Versions)
	h.sessions, _ = c.Access.(Sessions)
	h.guests, h.directory = c.Guests, c.Directory
	h.watcher = c.Watcher
	h.signatureV2, h.replication = c.SignatureV2, c.Replication
	h.domains, h.sites = newDomains(c.Domains), newDomains(c.SiteDomains)
	if h.inventory = c.Inventory; h.inventory == nil {
		h.inventory = inventory.New(inventory.Deps{}, inventory.Config{}) // which refuses
	}
	if h.lifecycle = c.Lifecycle; h.lifecycle == nil {
		h.lifecycle = lifecycle.New(lifecycle.Deps{}, lifecycle.Config{}) // which refuses
	}
	if h.notification = c.Notification; h.notification == nil {
		h.notification = notification.New(notification.Deps{}, notification.Config{}) // which refuses
	}
	if h.now == nil {
		h.now = time.Now
	}
	h.requestLogs = newRequestLogs(h.store, h.log, h.now)
	if h.idle == 0 {
		h.idle = patience.Default
	}
	return h
}

// request is one request on its way through the handler.
type request struct {
	w      http.ResponseWriter // answer
	r      *http.Request
	answer patientWriter
	source patience.Body // what the request's body is read from
	began  time.Time
	id     string
	query  url.Values
	// bucket and key as the path names them, decoded; either may be empty.
	bucket, key string

	op      *operation // nil until the request is authenticated and routed
	cred    Credential
	denied  bool     // the policy said no
	site    bool     // to a bucket's website
	control bool     // of S3 Control
	guest   Guest    // whose request it is; nil for S3's own
	bypass  bool     // governance is bypassed
	posted  bool     // a form, with a policy that q.cred signed
	cors    *corsXML // of the bucket, where a page asks and it has one
	sig     signature
	signer  *signer // that verified the request
	payload string  // the payload hash that was signed
	body    *body
	outcome string   // "ok" or the S3 error code
	deleted []ending // of a DeleteObjects
	facts   facts    // of what permission is asked for
	given   *givenTags
	setting *givenSetting
	acl     grants.ACL // that comes with an object that is written; nil, none
	origin  objectstore.Origin

	// What follows is memory, held here so that a request is one allocation.
	asked       http.Request // with a body of ours: net/http looks at its own's after a refusal
	payloadBody body
	headers     [12]string // backs the answer's headers
	set         int        // of headers
}

// operation is what the request is called in the log.
func (q *request) operation() string {
	if q.op == nil {
		return "Unknown"
	}
	return q.op.name
}

// ServeHTTP authenticates, finds the operation, authorises, and only then acts.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{asked: *r, began: time.Now(), id: strings.ToUpper(ids.New()), outcome: "ok"}
	q.r = &q.asked
	control := http.NewResponseController(w)
	q.answer = patientWriter{Writer: patience.Writer{ResponseWriter: w, Control: control, Idle: h.idle}, timed: h.watched()}
	q.source = patience.Body{ReadCloser: r.Body, Control: control, Idle: h.idle}
	q.w, q.r.Body = &q.answer, &q.source
	if q.bucket, q.key, q.site = h.target(r); !q.site {
		if bucket, ok := controlled(r); ok {
			q.bucket, q.key, q.control = bucket, "", true
		}
	}
	header := w.Header()
	header["Server"] = server
	header["X-Content-Type-Options"] = nosniff
	q.setHeader(header, "X-Amz-Request-Id", q.id)
	header["X-Amz-Id-2"] = header["X-Amz-Request-Id"]
	if q.guest = h.guestOf(r); q.guest != nil {
		h.receive(q) //nolint:contextcheck // the request carries it
		return
	}
	if first(r.Header, "Origin") != "" {
		q.cors = h.cors(r.Context(), q.bucket)
		q.allowOrigin()
	}
	if q.site {
		if err := h.serveSite(q); err != nil { //nolint:contextcheck // the request carries it
			h.refuseSite(q, err)
		}
	} else if err := h.serve(q); err != nil {
		h.refuse(q, err)
	}
	h.record(q)
	h.show(q)
	h.logRequest(r.Context(), q)
}

func (h *Handler) serve(q *request) error {
	var err error
	if q.r.URL.RawQuery != "" {
		if q.query, err = url.ParseQuery(q.r.URL.RawQuery); err != nil {
			return fail("InvalidURI", "Couldn't parse the specified URI.")
		}
	}
	if q.r.Method == http.MethodOptions {
		return q.preflight()
	}
	if q.level() == onService && h.sendToConsole(q) {
		return nil
	}
	if q.isForm() {
		if err := h.authenticateForm(q); err != nil {
			return err
		}
	} else {
		if err := h.authenticate(q); err != nil {
			return err
		}
		if q.op, err = h.route(q); err != nil {
			return err
		}
	}
	err = h.perform(q)
	if q.denied && q.anonymous() {
		if h.sendToConsole(q) {
			return nil
		}
		return err // of strangers who are turned away there is no end
	}
	if q.denied || q.bypass || q.op.changesBucket() {
		outcome := "ok"
		if err != nil {
			outcome = translate(err).code
		}
		h.access.Audit(q.r.Context(), q.cred, Event{
			Operation: q.op.name, Action: q.op.action, Bucket: q.bucket, Key: q.key,
			Outcome: outcome, RequestID: q.id, Address: q.r.RemoteAddr,
		})
	}
	return err
}

// perform authorises the operation and runs it.
func (h *Handler) perform(q *request) error {
	if err := q.refuseRepeated(); err != nil {
		return err
	}
	if err := h.permit(q); err != nil {
		return err
	}
	if err := q.checkNames(); err != nil {
		return err
	}
	if err := q.refuseUnsupported(); err != nil {
		return err
	}
	if err := h.checkACL(q); err != nil {
		return err
	}
	if err := h.checkVersion(q); err != nil {
		return err
	}
	if err := q.checkEncryption(); err != nil {
		return err
	}
	q.tellOrigin()
	if err := q.openBody(); err != nil {
		return err
	}
	share, err := h.shares.take(q.r.Context(), q.body.size)
	if err != nil {
		return err
	}
	defer h.shares.give(share)
	if q.awaitsContinue() {
		q.w.WriteHeader(http.StatusContinue)
	}
	return h.hideMissing(q, q.op.run(h, q))
}

// openBody prepares the body to be read, unless that was done already.
func (q *request) openBody() (err error) {
	if q.body == nil {
		q.body, err = newBody(q)
	}
	return err
}

// awaitsContinue reports whether the client announced an empty body and waits for
// 100 Continue all the same. net/http then says nothing, and boto3, whose every
// upload waits, mistakes the answer to its next request on this connection.
func (q *request) awaitsContinue() bool {
	return q.r.ContentLength == 0 && q.r.ProtoMajor == 1 && strings.EqualFold(first(q.r.Header, "Expect"), "100-continue")
}

// checkNames refuses a bucket or key that cannot exist with S3's own codes.
func (q *request) checkNames() error {
	if q.bucket != "" && objectstore.ValidateBucketName(q.bucket) != nil {
		return fail("InvalidBucketName", "The specified bucket is not valid.")
	}
	if q.key == "" {
		return nil
	}
	if !utf8.ValidString(q.key) {
		return fail("InvalidURI", "Couldn't parse the specified URI. The key in it is not UTF-8.")
	}
	return checkKey(q.key)
}

func checkKey(key string) error {
	if len(key) > objectstore.MaxKeyBytes {
		return fail("KeyTooLongError", "Your key is too long.")
	}
	return objectstore.ValidateKey(key)
}

// sendToConsole redirects a browser that opens by hand what it may not see: the S3
// address itself, or an object that is not everybody's.
func (h *Handler) sendToConsole(q *request) bool {
	r := q.r
	if h.console == nil || r.Method != http.MethodGet || first(r.Header, "Authorization") != "" || claimsPresigned(q.query) ||
		!strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	if bucket, domain, ok := h.domains.bucket(r.Host); ok && bucket != "" {
		asked := *r
		asked.Host = domain + port(r.Host)
		r = &asked
	}
	to := h.console(r)
	if to == "" {
		return false
	}
	http.Redirect(q.w, q.r, to, http.StatusTemporaryRedirect)
	return true
}
