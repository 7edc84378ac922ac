package s3api

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// The examples of the Amazon S3 API reference, "Signature Calculations".
const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	exampleScope  = exampleKey + "/20130524/us-east-1/s3/aws4_request"
)

func TestSignatureOfTheReference(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		header               map[string]string
		payload, signed      string
		want                 string
	}{
		{
			"get object", "GET", "/test.txt", map[string]string{"Range": "bytes=0-9"}, emptySHA256,
			"host;range;x-amz-content-sha256;x-amz-date",
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
		},
		{
			"put object", "PUT", "/test$file.text",
			map[string]string{"Date": "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY"},
			"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
			"date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
		},
		{
			"get lifecycle", "GET", "/?lifecycle", nil, emptySHA256,
			"host;x-amz-content-sha256;x-amz-date",
			"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
		},
		{
			"list objects", "GET", "/?prefix=J&max-keys=2", nil, emptySHA256,
			"host;x-amz-content-sha256;x-amz-date",
			"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.target, nil)
			r.Host = "examplebucket.s3.amazonaws.com"
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			r.Header.Set("X-Amz-Date", "20130524T000000Z")
			r.Header.Set("X-Amz-Content-Sha256", c.payload)
			sig, err := parseAuthorization("AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=" + c.signed + ",Signature=" + c.want)
			if err != nil {
				t.Fatal(err)
			}
			if sig.at, err = requestTime(r.Header); err != nil {
				t.Fatal(err)
			}
			got := newSigner(exampleSecret, sig.day, sig.region).sign(r, r.URL.Query(), &sig, c.payload)
			if got.String() != c.want {
				t.Errorf("signature %s, want %s of\n%s", &got, c.want, appendCanonical(nil, r, r.URL.Query(), sig.headers, c.payload))
			}
		})
	}
}

func TestPresignOfTheReference(t *testing.T) {
	got, err := Presign(http.MethodGet, "https://examplebucket.s3.amazonaws.com", "", "test.txt", exampleKey, exampleSecret,
		"us-east-1", 24*time.Hour, nil, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	// Presign is path style: with no bucket its path has one more slash than the
	// reference's example, so only what it signs is compared, by signing that.
	r := &http.Request{Method: "GET", Host: "examplebucket.s3.amazonaws.com", URL: &url.URL{Path: "/test.txt"}}
	query, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	sig := signature{day: "20130524", region: "us-east-1", headers: []string{"host"}, at: time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)}
	value := newSigner(exampleSecret, sig.day, sig.region).sign(r, query.Query(), &sig, unsignedPayload)
	if want := "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"; value.String() != want {
		t.Errorf("signature %s, want %s", &value, want)
	}
}

func TestPresignRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		base    string
		expires time.Duration
	}{
		"no host":   {"/relative", time.Hour},
		"no time":   {"http://h", 0},
		"too long":  {"http://h", 7*24*time.Hour + time.Second},
		"not a url": {"http://h\x00", time.Hour},
	} {
		if _, err := Presign("GET", c.base, "b", "k", "a", "s", "", c.expires, nil, time.Now()); err == nil {
			t.Errorf("%s: Presign accepted it", name)
		}
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	sig := strings.Repeat("a", 64)
	for name, header := range map[string]string{
		"empty":             "",
		"version 2":         "AWS AKIA:c2ln",
		"other algorithm":   "AWS4-ECDSA-P256-SHA256 Credential=" + exampleScope + ",SignedHeaders=host,Signature=" + sig,
		"algorithm only":    "AWS4-HMAC-SHA256",
		"no credential":     "AWS4-HMAC-SHA256 SignedHeaders=host,Signature=" + sig,
		"no signed headers": "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",Signature=" + sig,
		"no signature":      "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host",
		"twice":             "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host,Signature=" + sig + ",Signature=" + sig,
		"unknown field":     "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host,Signature=" + sig + ",X=1",
		"short scope":       "AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/s3,SignedHeaders=host,Signature=" + sig,
		"other service":     "AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/ec2/aws4_request,SignedHeaders=host,Signature=" + sig,
		"bad date":          "AWS4-HMAC-SHA256 Credential=AK/20131324/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=" + sig,
		"no access key":     "AWS4-HMAC-SHA256 Credential=/20130524/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=" + sig,
		"no host":           "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=x-amz-date,Signature=" + sig,
		"upper case":        "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=Host,Signature=" + sig,
		"unsorted":          "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=x-amz-date;host,Signature=" + sig,
		"short signature":   "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host,Signature=abc",
		"not hex":           "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host,Signature=" + strings.Repeat("g", 64),
		"too long":          "AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host,Signature=" + sig + strings.Repeat(" ", maxAuthHeader),
	} {
		if _, err := parseAuthorization(header); err == nil {
			t.Errorf("%s: accepted %q", name, header)
		}
	}
}

func TestParsePresignedRefuses(t *testing.T) {
	good := url.Values{
		"X-Amz-Algorithm": {algorithmV4}, "X-Amz-Credential": {exampleScope}, "X-Amz-Date": {"20130524T000000Z"},
		"X-Amz-Expires": {"604800"}, "X-Amz-SignedHeaders": {"host"}, "X-Amz-Signature": {strings.Repeat("a", 64)},
	}
	if _, err := parsePresigned(good); err != nil {
		t.Fatal(err)
	}
	for name, values := range map[string][]string{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA1", ""},
		"X-Amz-Credential":    {"AK/20130524/us-east-1/s3", "/20130524/us-east-1/s3/aws4_request", ""},
		"X-Amz-Date":          {"20130524", "Fri, 24 May 2013 00:00:00 GMT", ""},
		"X-Amz-Expires":       {"604801", "-1", "1.5", "x", "99999999999999999999", ""},
		"X-Amz-SignedHeaders": {"x-amz-date", "Host", ""},
		"X-Amz-Signature":     {"abc", ""},
	} {
		for _, value := range values {
			query := maps.Clone(good)
			query.Set(name, value)
			if _, err := parsePresigned(query); err == nil {
				t.Errorf("%s=%s: accepted", name, value)
			}
		}
		query := maps.Clone(good)
		query[name] = append(slices.Clone(query[name]), query[name]...)
		if _, err := parsePresigned(query); err == nil {
			t.Errorf("%s twice: accepted", name)
		}
	}
}

func TestParseAuthorizationAccessKeyWithSlash(t *testing.T) {
	sig, err := parseAuthorization("AWS4-HMAC-SHA256 Credential=a/b/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("a", 64))
	if err != nil || sig.accessKey != "a/b" || sig.region != "us-east-1" {
		t.Fatalf("%+v, %v", sig, err)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=" + exampleScope + ",SignedHeaders=host;x-amz-date,Signature=" + strings.Repeat("a", 64))
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/20130524/r/s3/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64))
	f.Add("AWS4-HMAC-SHA256 Credential=,,,")
	f.Add("AWS AKIA:c2ln")
	f.Fuzz(func(t *testing.T, header string) {
		sig, err := parseAuthorization(header)
		if err != nil {
			if translate(err).status() == 0 {
				t.Fatalf("no status for %v", err)
			}
			return
		}
		if sig.accessKey == "" || sig.region == "" || !isHex(sig.value, 32) || !sig.covers("host") {
			t.Fatalf("accepted %q as %+v", header, sig)
		}
		// One spelling only: what was parsed, written again, is parsed to the same.
		again, err := parseAuthorization("AWS4-HMAC-SHA256 Credential=" + sig.accessKey + "/" + sig.scope() +
			",SignedHeaders=" + strings.Join(sig.headers, ";") + ",Signature=" + sig.value)
		if err != nil || again.accessKey != sig.accessKey || again.scope() != sig.scope() || again.value != sig.value {
			t.Fatalf("%+v became %+v, %v", sig, again, err)
		}
	})
}

func FuzzParsePresigned(f *testing.F) {
	f.Add("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + url.QueryEscape(exampleScope) +
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=" + strings.Repeat("a", 64))
	f.Add("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=-1")
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		sig, err := parsePresigned(query)
		if err != nil {
			return
		}
		if !sig.presigned || sig.expires < 0 || sig.expires > maxExpires || !sig.covers("host") || sig.accessKey == "" {
			t.Fatalf("accepted %q as %+v", raw, sig)
		}
	})
}
