package server_test

import (
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// plainWeb keeps what it is told in documents of the bucket, one word each.
type plainWeb struct{}

func (plainWeb) CORS(b *objectstore.Bucket) ([]server.CORSRule, error) {
	if b.Documents["cors"] == "" {
		return nil, nil
	}
	return []server.CORSRule{{Origins: []string{b.Documents["cors"]}, Methods: []string{"GET"}}}, nil
}

func (plainWeb) SetCORS(b *objectstore.Bucket, rules []server.CORSRule) error {
	text := ""
	for _, r := range rules {
		if text = r.Origins[0]; text == "wrong" {
			return errs.New(errs.Invalid, "cors_invalid", "That is wrong.")
		}
	}
	b.Documents = b.WithDocument("cors", text)
	return nil
}

func (plainWeb) Website(b *objectstore.Bucket) (*server.Website, error) {
	if b.Documents["website"] == "" {
		return nil, nil
	}
	return &server.Website{Index: b.Documents["website"]}, nil
}

func (plainWeb) SetWebsite(b *objectstore.Bucket, w *server.Website) error {
	text := ""
	if w != nil {
		text = w.Index
	}
	b.Documents = b.WithDocument("website", text)
	return nil
}

func (plainWeb) WebDAV(b *objectstore.Bucket) bool { return b.Documents["webdav"] != "" }
func (plainWeb) WebDAVPath(bucket string) string   { return "/dav/" + bucket }

func (plainWeb) SetWebDAV(b *objectstore.Bucket, on bool) {
	b.Documents = b.WithDocument("webdav", map[bool]string{true: "on"}[on])
}

func (plainWeb) Addresses(bucket string) []string { return []string{"http://" + bucket + ".web.test"} }

func TestBucketWeb(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Web = plainWeb{} })
	c.user("boss", true)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.bucket("croft-runs", "")
	max, dev, eve, boss := c.as("max"), c.as("dev"), c.as("eve"), c.as("boss")
	const path = "/api/v1/buckets/web-files/web"
	rule := func(origin string) string {
		return `{"cors":[{"origins":["` + origin + `"],"methods":["GET"],"headers":[],"expose":[]}]}`
	}
	const site = `{"website":{"index":"index.html","error":"","redirectHost":"","redirectProtocol":""}}`
	c.run(t, []scenario{
		{name: "at first", as: dev, method: "GET", path: path, status: 200, want: []string{`"cors":[]`, `"addresses":["http://web-files.web.test"]`, `"changeable":true`}},
		{name: "outsiders do not see", as: eve, method: "GET", path: path, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "developers do not change", as: dev, method: "PATCH", path: path, body: rule("*"), status: 403, want: []string{`"role_too_low"`}},
		{name: "Croft's own", as: boss, method: "PATCH", path: "/api/v1/buckets/croft-runs/web", body: rule("*"), status: 403, want: []string{`"system_bucket"`}},
		{name: "a rule", as: max, method: "PATCH", path: path, body: rule("https://a.test"), status: 200, want: []string{`"origins":["https://a.test"]`}, audit: "max update-bucket-web web-files ok"},
		{name: "a wrong rule", as: max, method: "PATCH", path: path, body: rule("wrong"), status: 400, want: []string{`"cors_invalid"`}},
		{name: "a method that is none", as: max, method: "PATCH", path: path, body: `{"cors":[{"origins":["*"],"methods":["PATCH"],"headers":[],"expose":[]}]}`, status: 422},
		{name: "a website", as: max, method: "PATCH", path: path, body: site, status: 200, want: []string{`"index":"index.html"`, `"https://a.test"`}},
		{name: "no rules", as: max, method: "PATCH", path: path, body: `{"cors":[]}`, status: 200, want: []string{`"cors":[]`, `"index.html"`}},
		{name: "folders only by maintainers", as: dev, method: "PATCH", path: path, body: `{"webdav":true}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "a folder", as: max, method: "PATCH", path: path, body: `{"webdav":true}`, status: 200, want: []string{`"webdav":true`, `"webdavPath":"/dav/web-files"`, `"index.html"`}, audit: "max update-bucket-web web-files ok"},
		{name: "no folder", as: max, method: "PATCH", path: path, body: `{"webdav":false}`, status: 200, want: []string{`"webdav":false`}},
		{name: "no website", as: max, method: "PATCH", path: path, body: `{"endWebsite":true}`, status: 200},
		{name: "at last", as: dev, method: "GET", path: path, status: 200, never: []string{`"website":`}},
	})
}
