package app

import (
	"cmp"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/account/oidc"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/grants"
	"croft/objectstore/notification"
	"croft/objectstore/s3api"
)

// accessWorld is S3 over real accounts and a real engine: a bucket "web-data" of the project
// web, users with different rights in it, and a key of each.
type accessWorld struct {
	t      *testing.T
	engine *erasure.Store
	server *httptest.Server
	keys   map[string][2]string // access key and secret, by user
	tokens map[string]string    // of those that are temporary

	db       *store.DB
	accounts *account.Service
	users    map[string]string // IDs by name
	access   access
}

func newAccessWorld(t *testing.T) *accessWorld {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 8}
	config.Policies = policies{}
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	w := &accessWorld{t: t, engine: testEngine(t, erasure.Config{Logger: slog.New(slog.DiscardHandler)}), keys: map[string][2]string{}, tokens: map[string]string{}, db: db, accounts: accounts}
	users := map[string]string{}
	w.users = users
	for _, name := range []string{"boss", "ada", "reader", "writer", "stranger"} {
		u, err := accounts.CreateUser(ctx, account.NewUser{Name: name, Password: "correct horse battery", Admin: name == "boss"})
		if err != nil {
			t.Fatal(err)
		}
		users[name] = u.ID
		secret, key, err := accounts.CreateKey(ctx, u.ID, "test", "")
		if err != nil {
			t.Fatal(err)
		}
		w.keys[name] = [2]string{key.AccessKey, secret}
	}
	project, err := accounts.CreateProject(ctx, users["ada"], account.NewProject{Slug: "web"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := accounts.CreateProject(ctx, users["stranger"], account.NewProject{Slug: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]account.Role{"reader": account.Viewer, "writer": account.Developer} {
		if _, err := accounts.SetMember(ctx, project.ID, users[name], role); err != nil {
			t.Fatal(err)
		}
	}
	shareKey, shareSecret, err := accounts.ShareKey(ctx, users["stranger"])
	if err != nil {
		t.Fatal(err)
	}
	w.keys["share"] = [2]string{shareKey, shareSecret}
	secret, key, err := accounts.CreateKey(ctx, users["stranger"], "limited", other.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.keys["limited"] = [2]string{key.AccessKey, secret}
	w.keys["wrong"] = [2]string{w.keys["boss"][0], "guess"}
	makeBucket(t, w.engine, objectstore.Bucket{Name: "web-data", Owner: project.ID})
	makeBucket(t, w.engine, objectstore.Bucket{Name: "croft-own"})
	w.access = access{accounts: accounts, buckets: w.engine, rules: new(grants.Reader), refusals: newRefusals(time.Now), log: slog.New(slog.DiscardHandler)}
	// As App wires it, with a proxy before it.
	a := &App{store: w.engine, drives: w.engine, log: w.access.log, power: &power{}, config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}
	a.openAdmin(w.access, bucketCounts{})
	w.server = httptest.NewServer(a.withWebDAV(s3api.New(s3api.Config{
		Store: w.engine, Log: w.access.log, Access: w.access, Directory: directory{accounts},
		Guests:       []s3api.Guest{adminGuest{a.admin}, newIAM(w.access, oidc.New(w.accounts, nil, time.Now))},
		Notification: notification.New(notification.Deps{Store: w.engine, Announcer: notification.NewAnnouncer()}, notification.Config{}),
	}), w.access))
	t.Cleanup(w.server.Close)
	return w
}

// ask sends a request as a user, "" as nobody; headers beginning with x-amz- may stand
// in the query, which is how a presigned URL carries them.
func (w *accessWorld) ask(user, method, bucket, key string, query url.Values, body string) (status int, code, text string) {
	w.t.Helper()
	address := w.server.URL + "/" + bucket
	if key != "" {
		address += "/" + url.PathEscape(key)
	}
	header := http.Header{}
	if user != "" {
		var err error
		if token := w.tokens[user]; token != "" {
			signed := url.Values{"X-Amz-Security-Token": {token}}
			for name, values := range query {
				signed[name] = values
			}
			query = signed
		}
		if address, err = s3api.Presign(method, w.server.URL, bucket, key, w.keys[user][0], w.keys[user][1], "", time.Hour, query, time.Now()); err != nil {
			w.t.Fatal(err)
		}
	} else {
		plain := url.Values{}
		for name, values := range query {
			if strings.HasPrefix(name, "x-amz-") {
				header[http.CanonicalHeaderKey(name)] = values
			} else {
				plain[name] = values
			}
		}
		address += "?" + plain.Encode()
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var failure struct {
		Code    string
		Wrapped string `xml:"Error>Code"` // by S3 Control
	}
	if response.StatusCode >= 400 {
		_ = xml.Unmarshal(answer, &failure) // HEAD has none
	}
	return response.StatusCode, cmp.Or(failure.Code, failure.Wrapped), string(answer)
}

// want asks and holds the answer to a status and S3's code.
func (w *accessWorld) want(what string, status int, code string, user, method, bucket, key string, query url.Values, body string) {
	w.t.Helper()
	if gotStatus, gotCode, text := w.ask(user, method, bucket, key, query, body); gotStatus != status || (gotCode != code && method != http.MethodHead) {
		w.t.Errorf("%s: %s %s/%s?%s as %q: %d %s, want %d %s\n%s", what, method, bucket, key, query.Encode(), user, gotStatus, gotCode, status, code, text)
	}
}

// set changes what the bucket web-data says of itself.
func (w *accessWorld) set(name, text string) {
	w.t.Helper()
	_, err := w.engine.UpdateBucket(w.t.Context(), "web-data", func(b *objectstore.Bucket) error {
		b.Documents = b.WithDocument(name, text)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *accessWorld) policy(statements ...string) {
	w.t.Helper()
	text := ""
	if len(statements) > 0 {
		text = `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	bound, err := grants.Bind(w.t.Context(), directory{w.accounts}, text, "web-data")
	w.ok(err)
	names := ""
	if bound != nil {
		names = bound.Text()
	}
	w.set(grants.PolicyDocument, text)
	w.set(grants.BindingsDocument, names)
}

func (w *accessWorld) put(key, text string) objectstore.Object {
	w.t.Helper()
	o, err := w.engine.Put(w.t.Context(), objectstore.PutRequest{Bucket: "web-data", Key: key, Body: strings.NewReader(text), Size: int64(len(text))})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}
