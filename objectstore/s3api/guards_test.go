package s3api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
)

// request makes one request for an operation.
func (o *operation) request() (target, body string, header []string) {
	switch o.level {
	case onBucket:
		target = "/bucket"
	case onObject:
		target = "/bucket/key"
	default:
		target = "/"
	}
	if o.query != "" {
		target += "?" + o.query + "="
		if o.query == "list-type" {
			target += "2"
		}
		if o.query == "uploadId" {
			target += "x&partNumber=1"
		}
	}
	if o.header != "" {
		header = append(header, o.header, "/bucket/key")
	}
	switch o.name {
	case "DeleteObjects":
		body = "<Delete><Object><Key>key</Key></Object></Delete>"
	case completeMultipartUpload:
		body = completeBody("x")
	case "PutObject", "UploadPart":
		body = "new"
	case "PutBucketCors":
		body = corsRules
	case "ListTagsForResource", "TagResource", "UntagResource":
		target, body, header = controlPath+bucketARN+"bucket", controlTags, inAccount
	case "PutBucketWebsite":
		body = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"
	case "PutBucketLogging":
		body = "<BucketLoggingStatus/>"
	case "PutBucketTagging":
		body = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
	}
	return target, body, header
}

// TestEveryRouteIsGuarded asks for every operation unsigned, with a wrong
// secret, with an unknown key and without permission. Each is refused, and the
// store is as it was.
func TestEveryRouteIsGuarded(t *testing.T) {
	f := start(t).bucket("bucket")
	before := f.put("bucket", "key", "old")
	f.guard.refuse = func(Credential, Ask) error { return errs.New(errs.Forbidden, "forbidden", "No.") }
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			f := f.of(t)
			target, body, header := op.request()
			if op.name == "CreateBucket" {
				target = "/other"
			}
			for name, c := range map[string]struct {
				make func() *http.Request
				code string
			}{
				"anonymous": {func() *http.Request { return f.request(op.method, target, body, header...) }, "AccessDenied"},
				"unknown key": {func() *http.Request {
					return signAs(f.request(op.method, target, body, header...), body, "nobody", testSecret, f.now())
				}, "InvalidAccessKeyId"},
				"wrong secret": {func() *http.Request {
					return signAs(f.request(op.method, target, body, header...), body, testKey, "guess", f.now())
				}, "SignatureDoesNotMatch"},
				"not allowed": {func() *http.Request {
					return f.sign(f.request(op.method, target, body, header...), body)
				}, "AccessDenied"},
			} {
				a := f.do(c.make())
				if a.status != http.StatusForbidden || (op.method != http.MethodHead && a.code() != c.code) {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
			}
			if o, err := f.store.Head(t.Context(), "bucket", "key"); err != nil || !o.ModifiedAt.Equal(before.ModifiedAt) {
				t.Errorf("the object changed: %+v, %v", o, err)
			}
			if buckets, err := f.store.ListBuckets(t.Context()); err != nil || len(buckets) != 1 {
				t.Errorf("the buckets changed: %v, %v", buckets, err)
			}
		})
	}
}

func TestReaderMayNotWrite(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "old")
	for _, op := range operations() {
		target, body, header := op.request()
		a := f.do(signAs(f.request(op.method, target, body, header...), body, "reader", testSecret, f.now()))
		if denied := a.status == http.StatusForbidden; denied != op.changes() {
			t.Errorf("%s: %d", op.name, a.status)
		}
	}
}

// TestCopyNeedsTheSource forbids reading one bucket; copying out of it must fail.
func TestCopyNeedsTheSource(t *testing.T) {
	f := start(t).bucket("secret").bucket("bucket")
	f.put("secret", "key", "old")
	upload := f.begin("/bucket/big")
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.Bucket == "secret" {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	for _, target := range []string{"/bucket/copy", upload + "&partNumber=1"} {
		if a := f.call("PUT", target, "", copySource, "/secret/key"); a.code() != "AccessDenied" {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	f.empty("bucket", "copying from a secret bucket")
	if a := f.call("GET", "/", ""); strings.Contains(a.body, "secret") || !strings.Contains(a.body, "<Name>bucket</Name>") {
		t.Errorf("the listing of buckets: %s", a.body)
	}
}

func TestAudit(t *testing.T) {
	f := start(t)
	f.call("PUT", "/bucket", "")
	f.call("PUT", "/bucket/key", "x")
	f.call("GET", "/bucket/key", "")
	f.call("DELETE", "/bucket", "")
	f.do(f.request("DELETE", "/bucket", ""))
	f.call("DELETE", "/bucket/key", "")
	f.do(signAs(f.request("DELETE", "/bucket", ""), "", "reader", testSecret, f.now()))
	f.do(signAs(f.request("PUT", "/bucket/key", "x"), "x", "reader", testSecret, f.now()))
	var got []string
	f.guard.mu.Lock()
	defer f.guard.mu.Unlock()
	for _, e := range f.guard.events {
		if e.RequestID == "" || e.Address == "" {
			t.Errorf("%+v", e)
		}
		got = append(got, fmt.Sprintf("%s %s/%s %s", e.Operation, e.Bucket, e.Key, e.Outcome))
	}
	// What objects go through is recorded, not audited; what is denied is both.
	want := "CreateBucket bucket/ ok; DeleteBucket bucket/ BucketNotEmpty; DeleteBucket bucket/ AccessDenied; PutObject bucket/key AccessDenied"
	if strings.Join(got, "; ") != want {
		t.Errorf("%q", got)
	}
}

func TestDeniedReadsAreAudited(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "x")
	f.guard.refuse = func(Credential, Ask) error { return errs.New(errs.Forbidden, "forbidden", "No.") }
	f.call("GET", "/bucket/key", "")
	f.call("GET", "/bucket", "")
	if n := len(f.guard.events); n != 2 || f.guard.events[0].Operation != "GetObject" || f.guard.events[0].Outcome != "AccessDenied" {
		t.Errorf("%+v", f.guard.events)
	}
	if len(f.guard.records) > 0 {
		t.Errorf("reads are recorded: %+v", f.guard.records)
	}
}

func TestRecord(t *testing.T) {
	f := start(t).bucket("bucket")
	agent := []string{"User-Agent", "tests/1"}
	put := f.call("PUT", "/bucket/dir/key", "hello", agent...)
	f.call("GET", "/bucket/dir/key", "")
	f.call("HEAD", "/bucket/dir/key", "")
	f.call("PUT", "/bucket/copy", "", append(agent, copySource, "/bucket/dir/key")...)
	f.call("PUT", "/bucket/bad", "hello", append(agent, "X-Amz-Content-Sha256", sha256hex("other"))...)
	f.call("DELETE", "/bucket/copy", "", agent...)
	f.call("POST", "/bucket?delete", "<Delete><Quiet>true</Quiet><Object><Key>one</Key></Object><Object><Key>two</Key><VersionId>1</VersionId></Object><Object><Key>dir/key</Key></Object></Delete>", agent...)
	f.call("POST", "/bucket?delete", "<Delete>", agent...)
	upload := f.begin("/bucket/parts")
	f.call("DELETE", upload, "", agent...)
	f.call("PUT", "/other", "", agent...)
	f.do(f.request("PUT", "/bucket/unsigned", "x"))
	f.do(signAs(f.request("PUT", "/bucket/key", "x", agent...), "x", "reader", testSecret, f.now()))
	want := []string{
		"PutObject bucket/dir/key [] 200 ok 5 0",
		"CopyObject bucket/copy [] 200 ok 0 + from /bucket/dir/key",
		"PutObject bucket/bad [] 400 XAmzContentSHA256Mismatch 5 +",
		"DeleteObject bucket/copy [] 204 ok 0 0",
		"DeleteObjects bucket/ [one dir/key] 200 ok + +",
		"DeleteObjects bucket/ [two] 200 NoSuchVersion + +",
		"DeleteObjects bucket/ [] 400 MalformedXML + +",
		"CreateMultipartUpload bucket/parts [] 200 ok 0 +",
		"AbortMultipartUpload bucket/parts [] 204 ok 0 0",
		"CreateBucket other/ [] 200 ok 0 0",
		"PutObject bucket/key [] 403 AccessDenied 0 +",
	}
	some := func(n int64) string {
		if n > 5 {
			return "+"
		}
		return fmt.Sprint(n)
	}
	f.server.Close() // the last record is made after its answer
	var got []string
	for _, r := range f.guard.records {
		line := fmt.Sprintf("%s %s/%s %s %d %s %s %s", r.Operation, r.Bucket, r.Key, r.Keys, r.Status, r.Outcome, some(r.BytesIn), some(r.BytesOut))
		if r.Source != "" {
			line += " from " + r.Source
		}
		got = append(got, line)
		if r.RequestID == "" || r.Address == "" || r.Began.IsZero() || r.Took <= 0 || (r.UserAgent != "tests/1" && r.Operation != "CreateMultipartUpload") {
			t.Errorf("%+v", r)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if f.guard.records[0].RequestID != put.header.Get("x-amz-request-id") {
		t.Error("the record's request is not the answer's")
	}
}

// TestCutOff ends an upload halfway, in every mode; nothing is stored.
func TestCutOff(t *testing.T) {
	f := start(t).bucket("matrix")
	for _, m := range modes() {
		for _, half := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s half closed %v", m.name, half), func(t *testing.T) {
				f := f.of(t)
				r, body := m.make(f)
				conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				var head strings.Builder
				fmt.Fprintf(&head, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.URL.RequestURI(), r.URL.Host, len(body))
				for name, values := range r.Header {
					fmt.Fprintf(&head, "%s: %s\r\n", name, values[0])
				}
				if _, err := io.WriteString(conn, head.String()+"\r\n"+string(body[:len(body)/2])); err != nil {
					t.Fatal(err)
				}
				if half {
					if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
						t.Fatal(err)
					}
					response, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					answer, _ := io.ReadAll(response.Body)
					response.Body.Close()
					if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), "<Code>IncompleteBody</Code>") {
						t.Errorf("%d %s", response.StatusCode, answer)
					}
				} else {
					conn.Close()
					// Close waits for the handler, so what it did is done.
					f.call("HEAD", "/matrix", "")
				}
				f.empty("matrix", m.name)
			})
		}
	}
	f.server.Close()
	f.empty("matrix", "all of them")
}

// TestContinueOfNothing: a client that waits for 100 Continue gets it although
// its body is empty, and a refused one a connection that it cannot use again.
func TestContinueOfNothing(t *testing.T) {
	f := start(t).bucket("bucket")
	for target, want := range map[string]int{"/bucket/key": http.StatusContinue, "/none/key": http.StatusContinue, "/B/key": http.StatusBadRequest} {
		r := f.sign(f.request("PUT", target, "", "Expect", "100-continue"), "")
		conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		first, err := reader.ReadString('\n')
		if err != nil || !strings.HasPrefix(first, fmt.Sprintf("HTTP/1.1 %d ", want)) {
			t.Errorf("%s: %q, %v", target, first, err)
		}
		if want == http.StatusContinue {
			continue // the connection stays open
		}
		if rest, err := io.ReadAll(reader); err != nil || !strings.Contains(string(rest), "Connection: close") {
			t.Errorf("%s: %s, %v", target, rest, err)
		}
	}
}

// broken is a store whose bodies fail after some bytes.
type broken struct {
	objectstore.Store
	after int
}

func (b *broken) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	o, body, err := b.Store.Get(ctx, bucket, key, rng)
	if err != nil {
		return o, body, err
	}
	return o, struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, int64(b.after)), failing{}), body}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) {
	return 0, fmt.Errorf("drive gone: %w", objectstore.ErrReadQuorum)
}

// TestBodyFailsHalfway: a client must never take a truncated body for whole.
func TestBodyFailsHalfway(t *testing.T) {
	store := &broken{}
	f := start(t, func(c *Config) { store.Store, c.Store = c.Store, store }).bucket("bucket")
	f.put("bucket", "key", strings.Repeat("x", 1<<20))
	store.after = 100
	if a := f.call("GET", "/bucket/key", ""); a.status != 503 || a.code() != "SlowDown" {
		t.Errorf("failing at once: %d %s", a.status, a.body)
	}
	// Near the end an error document would fill the announced length.
	for _, store.after = range []int{500_000, 1<<20 - 100} {
		response, err := f.client.Do(f.sign(f.request("GET", "/bucket/key", ""), ""))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if err == nil || n >= 1<<20 {
			t.Errorf("after %d: read %d bytes and %v", store.after, n, err)
		}
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	for slug, code := range byCode {
		if statuses[code] == 0 {
			t.Errorf("%s → %s has no status", slug, code)
		}
	}
	for kind, code := range byKind {
		if statuses[code] == 0 {
			t.Errorf("%s → %s has no status", kind, code)
		}
	}
	for _, kind := range []errs.Kind{
		errs.Invalid, errs.Unauthenticated, errs.Forbidden, errs.NotFound, errs.Conflict, errs.TooLarge,
		errs.RateLimited, errs.StorageFull, errs.Unavailable, errs.Canceled, errs.Internal,
	} {
		if byKind[kind] == "" {
			t.Errorf("%s has no code", kind)
		}
	}
	for err, want := range map[error]string{
		objectstore.ErrQuotaExceeded:         "QuotaExceeded 403",
		objectstore.ErrCustomerKeyMissing:    "InvalidRequest 400",
		objectstore.ErrCustomerKeyUnexpected: "InvalidRequest 400",
		objectstore.ErrCustomerKeyWrong:      "AccessDenied 403",
		objectstore.ErrStorageFull:           "XMinioStorageFull 507",
	} {
		if f := translate(fmt.Errorf("put: %w", err)); fmt.Sprint(f.code, " ", f.status()) != want || f.message == "" {
			t.Errorf("%v → %s %d, want %s", err, f.code, f.status(), want)
		}
	}
	if f := translate(errors.New("open /secret/path: no")); f.code != "InternalError" || strings.Contains(f.message, "secret") {
		t.Errorf("%+v", f)
	}
}
