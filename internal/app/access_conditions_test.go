package app

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

// TestConditionsSeeWhatIsDone: of what a request says twice, or in a header where its body counts,
// a condition sees what the request does.
func TestConditionsSeeWhatIsDone(t *testing.T) {
	w := newAccessWorld(t)
	w.put("hidden/a", "text")
	w.put("pub/a", "text")
	if _, err := w.engine.UpdateBucket(t.Context(), "web-data", func(b *objectstore.Bucket) error {
		b.Versioning, b.ObjectLock = objectstore.VersioningEnabled, true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const bucket, objects = `"Resource":"arn:aws:s3:::web-data"`, `"Resource":"arn:aws:s3:::web-data/*"`
	one := func(name, value string) url.Values { return url.Values{name: {value}} }

	for _, who := range []string{"stranger", ""} {
		w.policy(`{"Effect":"Allow","Principal":"*","Action":["s3:ListBucket","s3:ListBucketVersions","s3:ListBucketMultipartUploads"],` + bucket + `,"Condition":{"StringEquals":{"s3:prefix":"pub/"}}}`)
		for _, kind := range []url.Values{{}, {"list-type": {"2"}}, {"versions": {""}}, {"uploads": {""}}} {
			ask := func(prefix ...string) url.Values {
				q := url.Values{"prefix": prefix}
				for name, values := range kind {
					q[name] = values
				}
				return q
			}
			w.want("a forbidden prefix", 403, "AccessDenied", who, get, "web-data", "", ask("hidden/"), "")
			w.want("a forbidden prefix before one that is not", 403, "AccessDenied", who, get, "web-data", "", ask("hidden/", "pub/"), "")
			w.want("no prefix before one", 403, "AccessDenied", who, get, "web-data", "", ask("", "pub/"), "")
			if status, code, text := w.ask(who, get, "web-data", "", ask("pub/", "zoo/"), ""); status != 200 || strings.Contains(text, "hidden/a") {
				t.Errorf("%v of %q: %d %s %s", kind, who, status, code, text)
			}
		}
		// Whether an object is there is told to who may list it, not to who says so.
		w.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket",`+bucket+`,"Condition":{"StringEquals":{"s3:prefix":"pub/"}}}`,
			`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",`+objects+`}`)
		w.want("is it there?", 403, "AccessDenied", who, get, "web-data", "hidden/b", one("prefix", "pub/"), "")
	}

	for _, f := range []struct{ header, condition, good, bad string }{
		{"x-amz-storage-class", "s3:x-amz-storage-class", "REDUCED_REDUNDANCY", "STANDARD"},
		{"x-amz-acl", "s3:x-amz-acl", "bucket-owner-full-control", "public-read"},
		{"x-amz-website-redirect-location", "s3:x-amz-website-redirect-location", "/good", "/bad"},
		{"x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold", "ON", "OFF"},
	} {
		w.policy(`{"Effect":"Deny","Principal":"*","Action":"s3:PutObject",` + objects + `,"Condition":{"StringNotEquals":{"` + f.condition + `":"` + f.good + `"}}}`)
		w.want(f.header+" as it must be", 200, "", "ada", put, "web-data", "x", one(f.header, f.good), "x")
		w.want(f.header+" as it must not be", 403, "AccessDenied", "ada", put, "web-data", "x", one(f.header, f.bad), "x")
		for _, twice := range [][]string{{f.bad, f.good}, {f.good, f.bad}, {"", f.good}} {
			w.want(f.header+" twice", 400, "InvalidArgument", "ada", put, "web-data", "x", url.Values{f.header: twice}, "x")
		}
		w.policy(`{"Effect":"Deny","Principal":"*","Action":"s3:PutObject",` + objects + `,"Condition":{"Null":{"` + f.condition + `":"true"}}}`)
		w.want(f.header+" with nothing", 403, "AccessDenied", "ada", put, "web-data", "x", one(f.header, ""), "x")
	}

	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	retention := func(mode string) string {
		return fmt.Sprintf(`<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>%s</Mode><RetainUntilDate>%s</RetainUntilDate></Retention>`, mode, until)
	}
	hold := func(status string) string { return "<LegalHold><Status>" + status + "</Status></LegalHold>" }
	ownership := func(which string) string {
		return "<OwnershipControls><Rule><ObjectOwnership>" + which + "</ObjectOwnership></Rule></OwnershipControls>"
	}
	w.policy()
	w.want("an object", 200, "", "ada", put, "web-data", "held", nil, "x")
	for _, f := range []struct {
		what, action, resource, condition, key, call, header string
		body                                                 func(string) string
		good, bad                                            string
	}{
		{"retention", "s3:PutObjectRetention", objects, "s3:object-lock-mode", "held", "retention", "x-amz-object-lock-mode", retention, "GOVERNANCE", "COMPLIANCE"},
		{"legal hold", "s3:PutObjectLegalHold", objects, "s3:object-lock-legal-hold", "held", "legal-hold", "x-amz-object-lock-legal-hold", hold, "ON", "OFF"},
		{"ownership", "s3:PutBucketOwnershipControls", bucket, "s3:x-amz-object-ownership", "", "ownershipControls", "x-amz-object-ownership", ownership, "BucketOwnerEnforced", "ObjectWriter"},
	} {
		q := url.Values{f.call: {""}}
		forged := url.Values{f.call: {""}, f.header: {f.good}}
		for _, statement := range []string{
			`{"Effect":"Deny","Principal":"*","Action":"` + f.action + `",` + f.resource + `,"Condition":{"StringNotEquals":{"` + f.condition + `":"` + f.good + `"}}}`,
			`{"Effect":"Deny","Principal":"*","Action":"` + f.action + `",` + f.resource + `,"Condition":{"StringEquals":{"` + f.condition + `":"` + f.bad + `"}}}`,
		} {
			w.policy(statement)
			w.want(f.what+" as it must not be", 403, "AccessDenied", "ada", put, "web-data", f.key, q, f.body(f.bad))
			w.want(f.what+" with a header", 403, "AccessDenied", "ada", put, "web-data", f.key, forged, f.body(f.bad))
			w.want(f.what+" as it must be", 200, "", "ada", put, "web-data", f.key, q, f.body(f.good))
		}
		w.want(f.what+" that is none", 400, "MalformedXML", "ada", put, "web-data", f.key, q, "<Other/>")
	}
}

// TestConditionsOfUploads: a policy that demands a header of what is written is satisfied by
// CreateMultipartUpload, as SDKs send it there alone; parts cannot say otherwise.
func TestConditionsOfUploads(t *testing.T) {
	w := newAccessWorld(t)
	const objects = `"Resource":"arn:aws:s3:::web-data/*"`
	for _, f := range []struct{ header, condition, good string }{
		{"x-amz-storage-class", "s3:x-amz-storage-class", "REDUCED_REDUNDANCY"},
		{"x-amz-acl", "s3:x-amz-acl", "bucket-owner-full-control"},
		{"x-amz-tagging", "s3:RequestObjectTag/team", "team=a"},
	} {
		_, value, tagged := strings.Cut(f.good, "=")
		if !tagged {
			value = f.good
		}
		w.policy()
		begin := func(query url.Values) string {
			t.Helper()
			query.Set("uploads", "")
			status, code, text := w.ask("ada", http.MethodPost, "web-data", "large", query, "")
			_, id, _ := strings.Cut(text, "<UploadId>")
			if id, _, _ = strings.Cut(id, "</UploadId>"); status != 200 || id == "" {
				t.Fatalf("%s: %d %s", f.header, status, code)
			}
			return id
		}
		without := begin(url.Values{})
		w.policy(
			`{"Effect":"Deny","Principal":"*","Action":"s3:PutObject",`+objects+`,"Condition":{"StringNotEquals":{"`+f.condition+`":"`+value+`"}}}`,
			`{"Effect":"Deny","Principal":"*","Action":"s3:PutObject",`+objects+`,"Condition":{"Null":{"`+f.condition+`":"true"}}}`,
		)
		w.want("an upload without "+f.header, 403, "AccessDenied", "ada", http.MethodPost, "web-data", "large", url.Values{"uploads": {""}}, "")
		id := begin(url.Values{f.header: {f.good}})
		part := func(id string) url.Values { return url.Values{"partNumber": {"1"}, "uploadId": {id}} }
		w.want("a part of it", 200, "", "ada", put, "web-data", "large", part(id), "hello")
		copied := part(id)
		copied.Set("x-amz-copy-source", "web-data/none")
		w.want("a part of it that is copied", 404, "NoSuchKey", "ada", put, "web-data", "large", copied, "")
		forged := part(without)
		forged.Set(f.header, f.good)
		for what, query := range map[string]url.Values{"a part of one without": part(without), "a part of one without that says it": forged, "a part of none": part("none")} {
			w.want(what, 403, "AccessDenied", "ada", put, "web-data", "large", query, "hello")
		}
		etag := `<Part><PartNumber>1</PartNumber><ETag>5d41402abc4b2a76b9719d911017c592</ETag></Part>`
		complete := "<CompleteMultipartUpload>" + etag + "</CompleteMultipartUpload>"
		w.want("the end of one without", 403, "AccessDenied", "ada", http.MethodPost, "web-data", "large", url.Values{"uploadId": {without}}, complete)
		w.want("its end", 200, "", "ada", http.MethodPost, "web-data", "large", url.Values{"uploadId": {id}}, complete)
	}
	w.policy()
	o, err := w.engine.Head(t.Context(), "web-data", "large")
	if err != nil || len(o.Attributes.Tags) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}
