package app

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/account"
	"croft/account/iamapi"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/objectstore"
	"croft/objectstore/adminapi"
	"croft/objectstore/s3api"
	"croft/objectstore/webdav"
)

// caller is somebody who stands at a door with something that is no key to it.
type caller struct {
	name  string
	key   [2]string // access key and secret; none: nobody
	token string    // of a session
	ago   time.Duration
	other string // the service that is signed for, where it is not the door's
	as    string // the value of Authorization, instead of a signature
	// code is what it is refused with at the doors of S3, IAM and the admin protocol. Who is
	// known, and may not, is told AccessDenied at each.
	code [3]string
	// known says that the caller is who it says, and may not; reads, that it may see the
	// bucket all the same.
	known, reads bool
}

// callers are everybody who must not get in.
func (w *accessWorld) callers() []caller {
	w.t.Helper()
	ctx := w.t.Context()
	madeBy := func(by *account.Service, name string) (id string, key [2]string) {
		u, err := by.CreateUser(ctx, account.NewUser{Name: name, NoPassword: true, Admin: true})
		w.ok(err)
		secret, k, err := by.AddKey(ctx, u.ID, account.NewKey{Name: "k"})
		w.ok(err)
		return u.ID, [2]string{k.AccessKey, secret}
	}
	administrator := func(name string) (id string, key [2]string) { return madeBy(w.accounts, name) }
	principal := func(key [2]string) account.Principal {
		_, p, err := w.accounts.KeyCredential(ctx, key[0])
		w.ok(err)
		return p
	}
	session := func(from *account.Service, key [2]string, policy string) (of [2]string, token string) {
		made, err := from.AssumeRole(ctx, principal(key), "", account.SessionRequest{Policy: policy, Lasts: 15 * time.Minute})
		w.ok(err)
		return [2]string{made.AccessKey, made.Secret}, made.Token
	}
	boss := w.keys["boss"]
	id, off := administrator("off")
	w.ok(w.accounts.UpdateKey(ctx, id, off[0], account.KeyChange{Disabled: ptr(true)}))
	id, ended := administrator("ended")
	sessionOfEnded, tokenOfEnded := session(w.accounts, ended, "")
	w.ok(w.accounts.DeleteKey(ctx, id, ended[0]))
	id, dismissed := administrator("dismissed")
	sessionOfDismissed, tokenOfDismissed := session(w.accounts, dismissed, "")
	_, err := w.accounts.UpdateUser(ctx, id, account.UserChange{Disabled: ptr(true)})
	w.ok(err)
	id, removed := administrator("removed")
	sessionOfRemoved, tokenOfRemoved := session(w.accounts, removed, "")
	_, err = w.accounts.UpdateUser(ctx, id, account.UserChange{Admin: ptr(false)}) // whoever is one is not deleted
	w.ok(err)
	w.ok(w.accounts.DropUser(ctx, id))
	id, revoked := administrator("revoked")
	sessionRevoked, tokenRevoked := session(w.accounts, revoked, "")
	w.ok(w.accounts.EndSessions(ctx, account.Holder{Kind: account.UserHolder, ID: id}))
	past := account.Defaults()
	past.Policies, past.Now = policies{}, func() time.Time { return time.Now().Add(-time.Hour) }
	anHourAgo := account.New(w.db, seal.New([seal.KeySize]byte{1}), events.New(), past)
	_, old := madeBy(anHourAgo, "old")
	sessionOver, tokenOver := session(anHourAgo, old, "")
	good, token := session(w.accounts, boss, "")
	_, another := session(w.accounts, boss, "")
	elsewhere := allowing("Allow", "*", "arn:aws:s3:::elsewhere/*")
	narrowed, tokenOfNarrowed := session(w.accounts, boss, elsewhere)
	secret, narrow, err := w.accounts.AddKey(ctx, w.users["boss"], account.NewKey{Name: "narrow", Policy: elsewhere})
	w.ok(err)
	links, linksSecret, err := w.accounts.ShareKey(ctx, w.users["boss"])
	w.ok(err)

	const unknown, mismatch, denied = "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"
	gone := [3]string{unknown, "InvalidClientTokenId", unknown}
	badToken := [3]string{"InvalidToken", "InvalidClientTokenId", "InvalidToken"}
	over := [3]string{"ExpiredToken", "ExpiredToken", "ExpiredToken"}
	wrong := [3]string{mismatch, mismatch, mismatch}
	no := [3]string{denied, denied, denied}
	return []caller{
		{name: "nobody", code: [3]string{denied, "MissingAuthenticationToken", denied}},
		{name: "an unknown key", key: [2]string{"CROFTNOBODY", "secret"}, code: gone},
		{name: "a wrong secret", key: [2]string{boss[0], "guess"}, code: wrong},
		{name: "a key that is switched off", key: off, code: gone},
		{name: "a key that was deleted", key: ended, code: gone},
		{name: "the key of who is disabled", key: dismissed, code: gone},
		{name: "the key of who was deleted", key: removed, code: gone},
		{name: "a session without its token", key: good, code: gone},
		{name: "a session with another's token", key: good, token: another, code: badToken},
		{name: "a session with a broken token", key: good, token: token[:len(token)-8], code: badToken},
		{name: "a session with a wrong secret", key: [2]string{good[0], "guess"}, token: token, code: wrong},
		{name: "a lasting key with a token", key: boss, token: token, code: badToken},
		{name: "a session that is over", key: sessionOver, token: tokenOver, code: over},
		{name: "a session that was ended", key: sessionRevoked, token: tokenRevoked, code: over},
		{name: "the session of a key that was deleted", key: sessionOfEnded, token: tokenOfEnded, code: badToken},
		{name: "the session of who is disabled", key: sessionOfDismissed, token: tokenOfDismissed, code: badToken},
		{name: "the session of who was deleted", key: sessionOfRemoved, token: tokenOfRemoved, code: badToken},
		{name: "a signature of an hour ago", key: boss, ago: time.Hour, code: [3]string{"RequestTimeTooSkewed", mismatch, "RequestTimeTooSkewed"}},
		{name: "a signature of an hour to come", key: boss, ago: -time.Hour, code: [3]string{"RequestTimeTooSkewed", mismatch, "RequestTimeTooSkewed"}},
		{name: "a signature for another service", key: boss, other: "sqs", code: [3]string{"AuthorizationHeaderMalformed", mismatch, "AuthorizationHeaderMalformed"}},
		{name: "a bearer", as: "Bearer " + boss[1], code: [3]string{"InvalidRequest", "InvalidRequest", "InvalidRequest"}},
		{name: "a signature of version 2", as: "AWS " + boss[0] + ":AAAAAAAAAAAAAAAAAAAAAAAAAAA=", code: [3]string{"InvalidRequest", "InvalidRequest", "InvalidRequest"}},
		{name: "a stranger", key: w.keys["stranger"], code: no, known: true},
		{name: "a key of another project", key: w.keys["limited"], code: no, known: true},
		{name: "a narrow key of an administrator", key: [2]string{narrow.AccessKey, secret}, code: no, known: true},
		{name: "a narrow session of an administrator", key: narrowed, token: tokenOfNarrowed, code: no, known: true},
		{name: "a member who reads", key: w.keys["reader"], code: no, known: true, reads: true},
		{name: "the key of an administrator's links", key: [2]string{links, linksSecret}, code: no, known: true, reads: true},
	}
}

// knock sends a request as a caller would, to a door where requests are signed for a
// service, or with the key as name and password, and returns what it is told.
func (w *accessWorld) knock(c *caller, service string, r *http.Request, body []byte) (status int, code, text string) {
	w.t.Helper()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	switch {
	case c.as != "":
		r.Header.Set("Authorization", c.as)
	case c.key[0] == "":
	case service == "":
		r.SetBasicAuth(c.key[0], c.key[1])
	default:
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:])
		r.Header.Set("X-Amz-Content-Sha256", hash)
		with := aws.Credentials{AccessKeyID: c.key[0], SecretAccessKey: c.key[1], SessionToken: c.token}
		w.ok(v4.NewSigner().SignHTTP(w.t.Context(), with, r, hash, cmp.Or(c.other, service), "us-east-1", time.Now().Add(-c.ago)))
	}
	response, err := w.server.Client().Do(r)
	w.ok(err)
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK && strings.HasSuffix(r.URL.Path, "/trace") {
		return response.StatusCode, "", "" // and would go on for ever
	}
	answer, err := io.ReadAll(response.Body)
	w.ok(err)
	var told struct {
		Code    string
		Wrapped string `xml:"Error>Code" json:"-"` // by IAM and S3 Control
	}
	if json.Unmarshal(answer, &told) != nil {
		_ = xml.Unmarshal(answer, &told) // there is none to HEAD, nor in WebDAV
	}
	return response.StatusCode, cmp.Or(told.Code, told.Wrapped), string(answer)
}

func (w *accessWorld) request(method, path string, query url.Values) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path+"?"+query.Encode(), nil)
	w.ok(err)
	return r
}

// contents is what is in the store, and what there is of people.
func (w *accessWorld) contents() string {
	w.t.Helper()
	var out strings.Builder
	buckets, err := w.engine.ListBuckets(w.t.Context())
	w.ok(err)
	for i := range buckets {
		b := &buckets[i]
		fmt.Fprintf(&out, "%s %s %v %v\n", b.Name, b.Owner, b.Versioning, slices.Sorted(maps.Keys(b.Documents)))
		page, err := w.engine.ListVersions(w.t.Context(), objectstore.ListVersionsRequest{Bucket: b.Name})
		w.ok(err)
		for _, v := range page.Versions {
			fmt.Fprintf(&out, "%s/%s %s %d %v %v\n", b.Name, v.Key, v.VersionID, v.Size, v.ModifiedAt, v.Attributes)
		}
		uploads, err := w.engine.ListUploads(w.t.Context(), objectstore.ListUploadsRequest{Bucket: b.Name})
		w.ok(err)
		fmt.Fprintf(&out, "%s %d uploads\n", b.Name, len(uploads.Uploads))
	}
	return out.String() + w.everything()
}

// TestEveryDoorKeepsThemOut makes every call of every protocol that is spoken at the
// address of S3 (also those that will be added) as everybody who must not. All are
// refused, each with its reason, and in the end everything is as it was.
func TestEveryDoorKeepsThemOut(t *testing.T) {
	w := newAccessWorld(t)
	w.furnish()
	callers := w.callers()
	w.put("key", "text")
	_, err := w.engine.UpdateBucket(t.Context(), "web-data", func(b *objectstore.Bucket) error { webdav.Enable(b, true); return nil })
	w.ok(err)
	before := w.contents()
	refused := 0
	// want knocks, and demands that it was refused.
	want := func(call string, c *caller, kind int, service string, r *http.Request, body []byte) {
		t.Helper()
		status, code, text := w.knock(c, service, r, body)
		if call == "DeleteObjects" && c.known && status == http.StatusOK && !strings.Contains(text, "<Deleted>") {
			status = http.StatusForbidden // which is said of each key
		}
		if refused++; status < 400 || status >= 500 || (code != c.code[kind] && r.Method != http.MethodHead) {
			t.Errorf("%s by %s: %d %s, want %s\n%s", call, c.name, status, code, c.code[kind], text)
		}
	}
	calls := s3api.Calls()
	for i := range callers {
		c := &callers[i]
		for j := range calls {
			call := &calls[j]
			writes := slices.Contains([]s3api.Action{s3api.WriteObject, s3api.WriteBucket, s3api.CreateBucket, s3api.DeleteBucket}, call.Action)
			if c.known && (call.Action == s3api.ListBuckets || call.Action == s3api.CreateBucket && !c.reads || c.reads && !writes) {
				continue // which they may, of what is theirs
			}
			bucket, key, query, body := requestFor(call)
			r := w.request(call.Method, "/"+bucket+"/"+key, query)
			for name, values := range query {
				if strings.HasPrefix(name, "x-amz-") {
					r.Header[http.CanonicalHeaderKey(name)] = values
					query.Del(name)
				}
			}
			r.URL.RawQuery = query.Encode()
			want(call.Name, c, 0, "s3", r, []byte(body))
		}
		if c.ago == 0 && c.other == "" && c.as == "" {
			r, body := w.form(c)
			want("a form", &caller{name: c.name, code: c.code}, 0, "s3", r, body)
		}
		for _, call := range iamapi.Calls() {
			if call.Service == "sts" && c.known || call.Name == "AssumeRoleWithWebIdentity" && c.key[0] == "" && c.as == "" {
				continue // which anybody may
			}
			form := iamForm()
			form.Set("Action", call.Name)
			r := w.request(http.MethodPost, "/", nil)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			want(call.Name, c, 1, call.Service, r, []byte(form.Encode()))
		}
		for _, call := range adminapi.Calls() {
			if call.Own && c.known {
				continue // what is their own; others' is asked about by the accounts
			}
			want(call.Path, c, 2, "s3", w.request(call.Method, call.Path, nil), nil)
		}
		if c.token != "" || c.ago != 0 || c.other != "" {
			continue // of which WebDAV knows nothing
		}
		for _, method := range webdav.Methods {
			if c.known && method == http.MethodOptions || c.reads && slices.Contains([]string{http.MethodGet, http.MethodHead, "PROPFIND"}, method) {
				continue
			}
			r := w.request(method, webdav.Prefix+"/web-data/key", nil)
			r.Header.Set("Depth", "0")
			r.Header.Set("Destination", w.server.URL+webdav.Prefix+"/web-data/other")
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", refused%250)) // who tries often has to wait
			r.Header.Set("X-Forwarded-Proto", "https")
			wanted := []int{http.StatusUnauthorized}
			if c.known { // who is may be told before that what is asked for makes no sense
				wanted = []int{http.StatusForbidden, http.StatusBadRequest, http.StatusMethodNotAllowed}
			}
			refused++
			if status, _, text := w.knock(c, "", r, nil); !slices.Contains(wanted, status) {
				t.Errorf("%s in WebDAV by %s: %d, want %d\n%s", method, c.name, status, wanted, text)
			}
		}
	}
	t.Logf("%d requests were refused", refused)
	if refused < 4000 {
		t.Errorf("only %d requests were refused", refused)
	}
	if after := w.contents(); after != before {
		t.Errorf("there is\n%s\nand was\n%s", after, before)
	}
}

// form is an upload by a form that the caller signed.
func (w *accessWorld) form(c *caller) (r *http.Request, body []byte) {
	w.t.Helper()
	fields := map[string]string{"key": "posted"}
	if c.key[0] != "" {
		address, err := url.Parse(w.server.URL)
		w.ok(err)
		client, err := minio.New(address.Host, &minio.Options{Creds: credentials.NewStaticV4(c.key[0], c.key[1], c.token), Region: "us-east-1"})
		w.ok(err)
		policy := minio.NewPostPolicy()
		w.ok(policy.SetBucket("web-data"))
		w.ok(policy.SetKey("posted"))
		w.ok(policy.SetExpires(time.Now().Add(time.Hour)))
		_, fields, err = client.PresignedPostPolicy(w.t.Context(), policy)
		w.ok(err)
	}
	var text bytes.Buffer
	form := multipart.NewWriter(&text)
	for name, value := range fields {
		w.ok(form.WriteField(name, value))
	}
	file, err := form.CreateFormFile("file", "file")
	w.ok(err)
	_, err = file.Write([]byte("text"))
	w.ok(err)
	w.ok(form.Close())
	r = w.request(http.MethodPost, "/web-data", nil)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r, text.Bytes()
}
