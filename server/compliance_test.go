package server_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

// attempts are what every route that changes something about buckets and projects is
// asked to do to an object under compliance: request bodies, with VERSION and ETAG for
// its own. A route with none is called without a body.
var attempts = map[string][]string{
	"update-project": {`{"name":"other"}`}, "set-project-quota": {`{"quota":1048576}`},
	"set-member": {`{"role":"owner"}`}, "remove-member": nil,
	"update-bucket": {
		`{"versioning":"suspended"}`, `{"defaultLock":{"mode":"none","days":0,"years":0}}`, `{"defaultLock":{"mode":"governance","days":1,"years":0}}`, `{"quota":1048576}`, `{"quota":0}`, `{"encryption":"store"}`,
	},
	"update-bucket-access": {`{"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":[\"arn:aws:s3:::mine-files\",\"arn:aws:s3:::mine-files/*\"]}]}"}`},
	"delete-bucket":        nil,
	"put-object":           {"other"}, "delete-object": nil,
	"delete-objects": {
		`{"keys":["secret.txt"],"versions":true}`, `{"prefix":"secret","versions":true}`, `{"all":true,"versions":true}`, `{"keys":["secret.txt"]}`, `{"all":true}`,
	},
	"existing-objects": {`{"keys":["secret.txt"]}`},
	"copy-objects": {
		`{"items":[{"from":"secret.txt","to":"moved.txt"}],"move":true,"replace":true}`, `{"prefix":{"from":"secret","to":"moved"},"move":true,"replace":true}`,
		`{"items":[{"from":"other.txt","to":"secret.txt"}],"move":true,"replace":true}`, `{"items":[{"from":"secret.txt","to":"secret.txt"}],"move":true,"replace":true}`,
	},
	"start-upload": {`{"contentType":"text/plain"}`}, "put-part": {"part"}, "complete-upload": {`{"size":4,"parts":1,"replace":true}`}, "abort-upload": nil, "abort-uploads": {`{"olderThan":0}`},
	"choose-zip": {`{"keys":["secret.txt"]}`}, "create-shared-link": {`{"key":"secret.txt"}`, `{"key":"","folder":true,"uploads":true}`}, "delete-shared-link": nil,
	"unlock-shared": {`{"password":"x"}`}, "put-shared-object": {"other"},
	"delete-version":  nil,
	"restore-version": {`{"key":"secret.txt","version":"VERSION"}`},
	"update-version": {
		`{"lock":{"mode":"none","hold":false},"bypass":true}`, `{"lock":{"mode":"compliance","until":"SOON","hold":false},"bypass":true}`,
		`{"lock":{"mode":"governance","until":"LATE","hold":false},"bypass":true}`, `{"lock":{"mode":"compliance","until":"PAST","hold":false},"bypass":true}`,
		`{"lock":{"mode":"compliance","hold":false},"bypass":true}`, `{"tags":{"a":"b"},"bypass":true}`,
	},
	"update-metadata":    {`{"etag":"ETAG","contentType":"x/y","cacheControl":"","contentDisposition":"","contentEncoding":"","contentLanguage":"","metadata":{}}`},
	"share-object":       {`{"key":"secret.txt","expiresSeconds":60}`},
	"bring-back-version": {`{"days":1}`}, "cancel-copy-from-tier": nil,
	"create-bucket": {`{"name":"mine-files","project":"mine"}`},
}

// aside are rooms whose routes set down what others do to objects later, or never touch
// any. What rules do is proven where it is done.
var aside = regexp.MustCompile(`/(web|replication|replication-targets|lifecycle|inventory|events|simulate|policy-check|repositories)(/|$)`)

// TestNobodyLoosensComplianceInTheConsole has an administrator, who owns the project,
// call every route there is about buckets, also those that will be added, to be rid of
// an object under compliance.
func TestNobodyLoosensComplianceInTheConsole(t *testing.T) {
	c := newConsole(t, (&talk{}).withChat)
	c.user("boss", true)
	mine := c.project("mine", "boss", nil)
	if _, err := c.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "mine-files", Owner: mine.ID, ObjectLock: true, Versioning: objectstore.VersioningEnabled}); err != nil {
		t.Fatal(err)
	}
	until := time.Now().UTC().AddDate(0, 0, 30).Truncate(time.Millisecond)
	kept, err := c.store.Put(t.Context(), objectstore.PutRequest{
		Bucket: "mine-files", Key: "secret.txt", Body: strings.NewReader("secret"), Size: 6,
		Attributes: objectstore.Attributes{Lock: objectstore.Lock{Mode: objectstore.LockCompliance, Until: until}},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := objectstore.VersionRef{Bucket: "mine-files", Key: "secret.txt", ID: kept.VersionID}
	boss, versions := c.as("boss"), c.store.(objectstore.Versions)
	filled := strings.NewReplacer("VERSION", kept.VersionID, "ETAG", kept.ETag,
		"SOON", time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "LATE", until.AddDate(1, 0, 0).Format(time.RFC3339), "PAST", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	called := 0
	for _, route := range c.server.Routes() {
		about := strings.HasPrefix(route.Path, "/api/v1/buckets") || strings.HasPrefix(route.Path, "/api/v1/shared/") || strings.HasPrefix(route.Path, "/api/v1/projects/")
		if !about || route.Method == http.MethodGet || route.Method == http.MethodHead || aside.MatchString(route.Path) ||
			route.Operation == "delete-project" { // of which this console has no real one
			continue
		}
		tries, known := attempts[route.Operation]
		if !known {
			t.Errorf("%s %s: the test does not know how it could harm an object", route.Method, route.Path)
		}
		if tries == nil {
			tries = []string{""}
		}
		for _, body := range tries {
			path := fill(route.Path) + "?key=secret.txt&bypass=true&force=true&version=" + kept.VersionID + "&versionId=" + kept.VersionID
			a := boss.do(route.Method, path, filled.Replace(body))
			called++
			if a.status >= 500 || a.status == http.StatusUnprocessableEntity || a.status == http.StatusUnauthorized && !strings.Contains(path, "/shared/") {
				t.Errorf("%s %s %s was not tried: %d %s", route.Method, route.Path, body, a.status, a.body)
			}
			_, content, err := versions.GetVersion(t.Context(), at, nil)
			if err != nil {
				t.Fatalf("after %s %s %s: %v", route.Method, route.Path, body, err)
			}
			text, err := io.ReadAll(content)
			_ = content.Close()
			is, headErr := versions.HeadVersion(t.Context(), at)
			if lock := is.Attributes.Lock; err != nil || headErr != nil || string(text) != "secret" || lock.Mode != objectstore.LockCompliance || lock.Until.Before(until) {
				t.Fatalf("after %s %s %s: %q, %+v, %v, %v", route.Method, route.Path, body, text, is, err, headErr)
			}
		}
	}
	if called < 40 {
		t.Errorf("only %d requests were made", called)
	}
	if p, err := c.accounts.ProjectBySlug(t.Context(), "mine"); err != nil || p.ID != mine.ID {
		t.Errorf("the project: %+v, %v", p, err)
	}
}
