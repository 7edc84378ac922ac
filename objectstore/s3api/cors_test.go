package s3api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"croft/internal/errs"
	"croft/objectstore"
)

const corsRules = `<CORSConfiguration>
<CORSRule><ID>app</ID><AllowedOrigin>https://app.example.com</AllowedOrigin><AllowedOrigin>http://*.test</AllowedOrigin>
<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>X-Amz-*</AllowedHeader><AllowedHeader>content-type</AllowedHeader>
<ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-amz-request-id</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>
<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule>
</CORSConfiguration>`

func TestCORSPreflight(t *testing.T) {
	f := start(t).bucket("bucket").bucket("other")
	if a := f.call("PUT", "/bucket?cors", corsRules); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, c := range []struct {
		name, target, origin, method, headers string
		status                                int
		allowed, allowedHeaders               string
	}{
		{"exact origin", "/bucket/key", "https://app.example.com", "PUT", "x-amz-date, Content-Type", 200, "https://app.example.com", "x-amz-date, content-type"},
		{"the bucket itself", "/bucket", "https://app.example.com", "GET", "", 200, "https://app.example.com", ""},
		{"wildcard in the origin", "/bucket/key", "http://a.b.test", "GET", "", 200, "http://a.b.test", ""},
		{"any origin", "/bucket/key", "null", "HEAD", "", 200, "*", ""},
		{"another origin", "/bucket/key", "https://app.example.com.evil", "GET", "", 403, "", ""},
		{"another scheme", "/bucket/key", "http://app.example.com", "GET", "", 403, "", ""},
		{"another case", "/bucket/key", "https://APP.example.com", "GET", "", 403, "", ""},
		{"method of no rule", "/bucket/key", "https://app.example.com", "DELETE", "", 403, "", ""},
		{"unknown method", "/bucket/key", "https://app.example.com", "PATCH", "", 403, "", ""},
		{"header of no rule", "/bucket/key", "https://app.example.com", "PUT", "x-amz-date, x-other", 403, "", ""},
		{"header of another rule", "/bucket/key", "https://app.example.com", "HEAD", "x-amz-date", 403, "", ""},
		{"bucket without rules", "/other/key", "https://app.example.com", "GET", "", 403, "", ""},
		{"no bucket", "/none/key", "https://app.example.com", "GET", "", 403, "", ""},
		{"no origin", "/bucket/key", "", "GET", "", 400, "", ""},
		{"no method", "/bucket/key", "https://app.example.com", "", "", 400, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := f.of(t)
			r := f.request("OPTIONS", c.target, "")
			for name, value := range map[string]string{"Origin": c.origin, requestedMethod: c.method, requestedHeaders: c.headers} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			a := f.do(r)
			if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != c.allowed || a.header.Get("Access-Control-Allow-Headers") != c.allowedHeaders {
				t.Errorf("%d %v %s", a.status, a.header, a.body)
			}
			if want := map[int]string{200: "", 400: "BadRequest", 403: "AccessForbidden"}[c.status]; a.code() != want {
				t.Errorf("code %q in %s", a.code(), a.body)
			}
			if c.allowed == "https://app.example.com" {
				for name, want := range map[string]string{
					"Access-Control-Allow-Methods": "GET, PUT", "Access-Control-Expose-Headers": "ETag, x-amz-request-id", "Access-Control-Max-Age": "600",
					"Access-Control-Allow-Credentials": "true", "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
				} {
					if got := a.header.Get(name); got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			}
			if c.allowed == "*" && a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials with any origin")
			}
		})
	}
}

// TestCORSOfAnswers: a page sees what it may, refusals too, and nothing more.
func TestCORSOfAnswers(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "x")
	const page = "https://app.example.com"
	if a := f.call("GET", "/bucket/key", "", "Origin", page); a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Vary") != "" {
		t.Errorf("without rules: %v", a.header)
	}
	f.call("PUT", "/bucket?cors", corsRules)
	for name, c := range map[string]struct {
		make   func() *http.Request
		status int
		origin string
	}{
		"signed get":  {func() *http.Request { return f.sign(f.request("GET", "/bucket/key", "", "Origin", page), "") }, 200, page},
		"signed put":  {func() *http.Request { return f.sign(f.request("PUT", "/bucket/new", "y", "Origin", page), "y") }, 200, page},
		"missing key": {func() *http.Request { return f.sign(f.request("GET", "/bucket/none", "", "Origin", page), "") }, 404, page},
		"unsigned":    {func() *http.Request { return f.request("GET", "/bucket/key", "", "Origin", page) }, 403, page},
		"wrong signature": {func() *http.Request {
			return signAs(f.request("GET", "/bucket/key", "", "Origin", page), "", testKey, "guess", f.now())
		}, 403, page},
		"another page":    {func() *http.Request { return f.sign(f.request("GET", "/bucket/key", "", "Origin", "https://evil"), "") }, 200, ""},
		"method of none":  {func() *http.Request { return f.sign(f.request("DELETE", "/bucket/none", "", "Origin", page), "") }, 204, ""},
		"head by anybody": {func() *http.Request { return f.sign(f.request("HEAD", "/bucket/key", "", "Origin", "https://x"), "") }, 200, "*"},
		"no page":         {func() *http.Request { return f.sign(f.request("GET", "/bucket/key", ""), "") }, 200, ""},
		"not modified": {func() *http.Request {
			return f.sign(f.request("GET", "/bucket/key", "", "Origin", page, "If-None-Match", "*"), "")
		}, 304, page},
		"claims to be PUT": {func() *http.Request {
			return f.sign(f.request("GET", "/bucket/key", "", "Origin", "https://x", requestedMethod, "HEAD"), "")
		}, 200, "*"},
	} {
		a := f.do(c.make())
		if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != c.origin {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		if c.origin == page && (a.header.Get("Access-Control-Expose-Headers") == "" || a.header.Get("Vary") == "") {
			t.Errorf("%s: %v", name, a.header)
		}
	}
	// A change counts from the next request on.
	f.call("PUT", "/bucket?cors", strings.ReplaceAll(corsRules, page, "https://new.example.com"))
	if a := f.call("GET", "/bucket/key", "", "Origin", page); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("after a change: %v", a.header)
	}
	if a := f.call("GET", "/bucket/key", "", "Origin", "https://new.example.com"); a.header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("after a change: %v", a.header)
	}
	f.call("DELETE", "/bucket?cors", "")
	if a := f.call("GET", "/bucket/key", "", "Origin", "https://new.example.com"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("after deleting: %v", a.header)
	}
}

func TestWildcards(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"a*", "a", true}, {"*a", "ba", true}, {"a*b", "ab", true}, {"ab*ba", "aba", false}, {"ab*ba", "abba", true}, {"a", "a", true}, {"a", "ab", false},
	} {
		if matches(c.pattern, c.text) != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.text, !c.want)
		}
	}
	deep := strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth)
	if _, err := readElement([]byte(deep), "a"); err != nil {
		t.Error(err)
	}
	if _, err := readElement([]byte("<a>"+deep+"</a>"), "a"); err == nil {
		t.Error("a document that is too deep was read")
	}
}

func TestCORSThroughTheSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	if _, err := client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: bucket}); err == nil || !strings.Contains(err.Error(), "NoSuchCORSConfiguration") {
		t.Errorf("get of none: %v", err)
	}
	rule := types.CORSRule{
		ID: aws.String("one"), AllowedOrigins: []string{"http://*.example.com"}, AllowedMethods: []string{"GET", "PUT"}, AllowedHeaders: []string{"*"},
		ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(0),
	}
	_, err := client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{rule}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: bucket})
	if err != nil || len(got.CORSRules) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	kept := got.CORSRules[0]
	if *kept.ID != "one" || kept.MaxAgeSeconds == nil || *kept.MaxAgeSeconds != 0 || !slices.Equal(kept.AllowedMethods, rule.AllowedMethods) ||
		!slices.Equal(kept.AllowedHeaders, rule.AllowedHeaders) || !slices.Equal(kept.AllowedOrigins, rule.AllowedOrigins) || !slices.Equal(kept.ExposeHeaders, rule.ExposeHeaders) {
		t.Errorf("%+v", kept)
	}
	if _, err := client.DeleteBucketCors(ctx, &s3.DeleteBucketCorsInput{Bucket: bucket}); err != nil {
		t.Error(err)
	}
	if _, err := client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: bucket}); err == nil {
		t.Error("it is still there")
	}
}

func TestCORSIsReadStrictly(t *testing.T) {
	rule := func(inside string) string {
		return "<CORSConfiguration><CORSRule>" + inside + "</CORSRule></CORSConfiguration>"
	}
	const least = "<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
	f := start(t).bucket("bucket")
	for name, c := range map[string]struct{ body, code string }{
		"nothing":              {"", "MalformedXML"},
		"no rule":              {"<CORSConfiguration/>", "MalformedXML"},
		"another root":         {"<Other/>", "MalformedXML"},
		"another namespace":    {`<CORSConfiguration xmlns="urn:x"><CORSRule>` + least + "</CORSRule></CORSConfiguration>", "MalformedXML"},
		"two documents":        {rule(least) + rule(least), "MalformedXML"},
		"text behind":          {rule(least) + "x", "MalformedXML"},
		"text beside elements": {rule(least + "x"), "MalformedXML"},
		"unknown element":      {rule(least + "<Other>x</Other>"), "MalformedXML"},
		"no origin":            {rule("<AllowedMethod>GET</AllowedMethod>"), "MalformedXML"},
		"no method":            {rule("<AllowedOrigin>*</AllowedOrigin>"), "MalformedXML"},
		"element in a value":   {rule(least + "<ID><b>x</b></ID>"), "MalformedXML"},
		"two ages":             {rule(least + "<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>2</MaxAgeSeconds>"), "MalformedXML"},
		"age of no number":     {rule(least + "<MaxAgeSeconds>soon</MaxAgeSeconds>"), "MalformedXML"},
		"negative age":         {rule(least + "<MaxAgeSeconds>-1</MaxAgeSeconds>"), "MalformedXML"},
		"entity":               {`<!DOCTYPE x [<!ENTITY a "aaaa">]>` + rule(least+"<ID>&a;</ID>"), "MalformedXML"},
		"unknown method":       {rule("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod>"), "InvalidRequest"},
		"two wildcards":        {rule("<AllowedOrigin>http://*.*.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"), "InvalidRequest"},
		"two in a header":      {rule(least + "<AllowedHeader>*-*</AllowedHeader>"), "InvalidRequest"},
		"exposed wildcard":     {rule(least + "<ExposeHeader>*</ExposeHeader>"), "InvalidRequest"},
		"line end":             {rule(least + "<ExposeHeader>a&#10;b: c</ExposeHeader>"), "InvalidRequest"},
		"empty origin":         {rule(least + "<AllowedOrigin></AllowedOrigin>"), "InvalidRequest"},
		"long ID":              {rule(least + "<ID>" + strings.Repeat("x", 256) + "</ID>"), "InvalidArgument"},
		"too many":             {"<CORSConfiguration>" + strings.Repeat("<CORSRule>"+least+"</CORSRule>", 101) + "</CORSConfiguration>", "InvalidRequest"},
		"too long":             {rule(least + strings.Repeat(" ", maxSetting)), "MaxMessageLengthExceeded"},
		"too deep":             {strings.Repeat("<CORSConfiguration>", 100), "MalformedXML"},
	} {
		if a := f.call("PUT", "/bucket?cors", c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := f.call("GET", "/bucket?cors", ""); a.code() != "NoSuchCORSConfiguration" {
		t.Errorf("something was kept: %s", a.body)
	}
	if a := f.call("PUT", "/bucket?cors", "<CORSConfiguration>"+strings.Repeat("<CORSRule>"+least+"</CORSRule>", 100)+"</CORSConfiguration>"); a.status != 200 {
		t.Errorf("a hundred rules: %d %s", a.status, a.body)
	}
	if a := f.call("PUT", "/none?cors", rule(least)); a.code() != "NoSuchBucket" {
		t.Errorf("no bucket: %d %s", a.status, a.body)
	}
}

// plainStore is a store that keeps no documents of buckets.
type plainStore struct{ objectstore.Store }

func TestSettingsNeedAStoreThatKeepsThem(t *testing.T) {
	f := start(t, func(c *Config) { c.Store = plainStore{c.Store} }).bucket("bucket")
	for _, op := range webOperations {
		if op.action != WriteBucket {
			continue
		}
		target, body, header := op.request()
		if a := f.call(op.method, target, body, header...); a.code() != "NotImplemented" {
			t.Errorf("%s: %d %s", op.name, a.status, a.body)
		}
	}
}

func FuzzReadCORS(f *testing.F) {
	f.Add([]byte(corsRules))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "aaaa">]><CORSConfiguration>&a;</CORSConfiguration>`))
	f.Add([]byte(strings.Repeat("<CORSConfiguration>", 50)))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := readCORS(data)
		if err != nil {
			if translate(err).status() != http.StatusBadRequest {
				t.Fatalf("%v", err)
			}
			return
		}
		text, err := canonicalXML(config)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readCORS([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if fmt.Sprint(config.Rules) == "" || len(again.Rules) != len(config.Rules) {
			t.Fatalf("%+v became %+v", config, again)
		}
	})
}

// TestReadingsAreReadAnewWhenTheyChange: nothing is parsed twice, and nothing old is used.
func TestReadingsAreReadAnewWhenTheyChange(t *testing.T) {
	var r readings[string]
	parsed := 0
	parse := func(text []byte) (string, error) {
		parsed++
		if len(text) == 0 {
			return "", errs.New(errs.Invalid, "x", "x")
		}
		return string(text), nil
	}
	for i := range 2 * maxReadings {
		name := fmt.Sprint("bucket", i)
		for _, text := range []string{"a", "a", "b", "b", "", ""} {
			if got, err := r.of(name, text, parse); got != text || (err != nil) != (text == "") {
				t.Fatalf("%q: %q, %v", text, got, err)
			}
		}
	}
	if parsed != 3*2*maxReadings || len(r.known) > maxReadings {
		t.Errorf("parsed %d times, remembered %d", parsed, len(r.known))
	}
}

// TestReadingsAreBoundedInBytes: few buckets with large settings take no more room.
func TestReadingsAreBoundedInBytes(t *testing.T) {
	var r readings[int]
	parse := func(text []byte) (int, error) { return len(text), nil }
	large := strings.Repeat("x", maxSetting)
	for i := range 3 * maxReadingBytes / maxSetting {
		for _, text := range []string{"small", large, "small"[:i%5], large} {
			if _, err := r.of(fmt.Sprint("bucket", i%300), text, parse); err != nil {
				t.Fatal(err)
			}
		}
		held := 0
		for _, known := range r.known {
			held += len(known.text)
		}
		if held != r.bytes || held > maxReadingBytes || held == 0 {
			t.Fatalf("%d bytes are held and %d counted", held, r.bytes)
		}
	}
}
