package s3api

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
)

// field is a field of a form; a form is a list of them, in their order.
type field struct{ name, value string }

// encodeForm writes a form as a browser does, with the file last.
func encodeForm(fields []field, filename, content string) (contentType string, body string) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, one := range fields {
		_ = w.WriteField(one.name, one.value)
	}
	file, _ := w.CreateFormFile("file", filename)
	_, _ = io.WriteString(file, content)
	_ = w.Close()
	return w.FormDataContentType(), out.String()
}

// post sends a form.
func (f *fixture) post(target string, fields []field, content string) answer {
	f.t.Helper()
	kind, body := encodeForm(fields, "photo.jpg", content)
	return f.do(f.request("POST", target, body, "Content-Type", kind))
}

// signedForm adds a policy with these conditions, and its signature, to the fields.
func (f *fixture) signedForm(conditions string, fields ...field) []field {
	at := f.now().UTC()
	expiration := at.Add(time.Hour).Format("2006-01-02T15:04:05.000Z")
	if conditions != "" {
		conditions = "," + conditions
	}
	sig := signature{accessKey: testKey, day: at.Format(dayFormat), region: DefaultRegion}
	credential := testKey + "/" + sig.scope()
	policy := fmt.Sprintf(`{"expiration":%q,"conditions":[{"bucket":"bucket"},{"x-amz-algorithm":%q},{"x-amz-credential":%q},{"x-amz-date":%q}%s]}`,
		expiration, algorithmV4, credential, at.Format(timeFormat), conditions)
	return signPolicy(policy, testSecret, sig, at, fields...)
}

func signatureOf(accessKey string, at time.Time) signature {
	return signature{accessKey: accessKey, day: at.Format(dayFormat), region: DefaultRegion}
}

func signPolicy(policy, secret string, sig signature, at time.Time, fields ...field) []field {
	encoded := base64.StdEncoding.EncodeToString([]byte(policy))
	value := newSigner(secret, sig.day, sig.region).sum([]byte(encoded))
	return append(fields, field{"policy", encoded}, field{"x-amz-algorithm", algorithmV4}, field{"x-amz-credential", sig.accessKey + "/" + sig.scope()},
		field{"x-amz-date", at.Format(timeFormat)}, field{"x-amz-signature", value.String()})
}

func TestPostForm(t *testing.T) {
	f := start(t).bucket("bucket")
	conditions := `["starts-with","$key","photos/"],["starts-with","$Content-Type","image/"],{"x-amz-meta-colour":"blue"},["content-length-range",1,100],` +
		`["starts-with","$success_action_status",""],["starts-with","$cache-control",""],["eq","$x-amz-checksum-crc32","NhCmhg=="]`
	a := f.post("/bucket", f.signedForm(conditions, field{"Key", "photos/${filename}"}, field{"content-TYPE", "image/jpeg"}, field{"x-amz-meta-Colour", "blue"},
		field{"success_action_status", "201"}, field{"Cache-Control", "no-cache"}, field{"x-amz-checksum-crc32", "NhCmhg=="}, field{"x-ignore-me", "x"}), "hello")
	if a.status != http.StatusCreated || !strings.Contains(a.body, "<Bucket>bucket</Bucket><Key>photos/photo.jpg</Key><ETag>&#34;5d41402abc4b2a76b9719d911017c592&#34;</ETag>") ||
		!strings.Contains(a.body, "<Location>"+f.server.URL+"/bucket/photos/photo.jpg</Location>") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := f.call("GET", "/bucket/photos/photo.jpg", "", "X-Amz-Checksum-Mode", "ENABLED")
	if got.body != "hello" || got.header.Get("Content-Type") != "image/jpeg" || got.header.Get("x-amz-meta-colour") != "blue" ||
		got.header.Get("Cache-Control") != "no-cache" || got.header.Get("x-amz-checksum-crc32") != "NhCmhg==" {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
	any := `["starts-with","$key",""],["starts-with","$success_action_status",""],["starts-with","$success_action_redirect",""]`
	for status, want := range map[string]int{"": 204, "200": 200, "204": 204, "404": 204, "none": 204} {
		a := f.post("/bucket", f.signedForm(any, field{"key", "k"}, field{"success_action_status", status}), "x")
		if a.status != want || a.body != "" || a.header.Get("Etag") == "" || a.header.Get("Location") != f.server.URL+"/bucket/k" {
			t.Errorf("%q: %d %v %s", status, a.status, a.header, a.body)
		}
	}
	for to, want := range map[string]string{
		"https://app.example.com/done":     "https://app.example.com/done?bucket=bucket&key=a+b%26&etag=%229dd4e461268c8034f5c8564e155c67a6%22",
		"https://app.example.com/done?x=1": "https://app.example.com/done?x=1&bucket=bucket&key=a+b%26&etag=%229dd4e461268c8034f5c8564e155c67a6%22",
		"javascript:alert(1)":              "", "/relative": "", "://": "",
	} {
		a := f.post("/bucket/", f.signedForm(any, field{"key", "a b&"}, field{"success_action_redirect", to}), "x")
		if want == "" && a.status != 204 || want != "" && (a.status != 303 || a.header.Get("Location") != want) {
			t.Errorf("%s: %d %v %s", to, a.status, a.header, a.body)
		}
	}
}

// TestPostFormRefused: every way a form can be wrong has its code, and stores nothing.
func TestPostFormRefused(t *testing.T) {
	f := start(t).bucket("bucket").bucket("other")
	key := field{"key", "k"}
	const anyKey = `["starts-with","$key",""]`
	at := f.now().UTC()
	sig := signature{accessKey: testKey, day: at.Format(dayFormat), region: DefaultRegion}
	signature := `["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""],{"bucket":"bucket"}`
	policy := func(text string) []field { return signPolicy(text, testSecret, sig, at, key) }
	whole := func(expiration, conditions string) []field {
		return policy(fmt.Sprintf(`{"expiration":%q,"conditions":[%s]}`, expiration, conditions))
	}
	later := at.Add(time.Hour).Format("2006-01-02T15:04:05Z")
	with := func(fields []field, name, value string) []field {
		fields = append([]field{}, fields...)
		for i := range fields {
			if fields[i].name == name {
				fields[i].value = value
				return fields
			}
		}
		return append(fields, field{name, value})
	}
	without := func(fields []field, name string) (kept []field) {
		for _, one := range fields {
			if one.name != name {
				kept = append(kept, one)
			}
		}
		return kept
	}
	good := f.signedForm(anyKey, key)
	if a := f.post("/bucket", good, "x"); a.status != 204 {
		t.Fatalf("the good form: %d %s", a.status, a.body)
	}
	f.call("DELETE", "/bucket/k", "")
	aged := func(age time.Duration) []field {
		at := at.Add(-age)
		sig := signatureOf(testKey, at)
		return signPolicy(`{"expiration":"`+later+`","conditions":[`+signature+","+anyKey+`]}`, testSecret, sig, at, key)
	}
	if a := f.post("/bucket", aged(6*24*time.Hour), "x"); a.status != 204 {
		t.Errorf("a form of last week: %d %s", a.status, a.body)
	}
	f.call("DELETE", "/bucket/k", "")
	reader := sig
	reader.accessKey = "reader"
	for name, c := range map[string]struct {
		fields []field
		code   string
	}{
		"another bucket":               {f.signedForm(anyKey, key)[:0], ""}, // replaced below
		"no key":                       {f.signedForm(anyKey), "InvalidArgument"},
		"empty key":                    {f.signedForm(anyKey, field{"key", ""}), "InvalidArgument"},
		"long key":                     {f.signedForm(anyKey, field{"key", strings.Repeat("k", 1025)}), "KeyTooLongError"},
		"key not allowed":              {f.signedForm(`["eq","$key","other"]`, key), "AccessDenied"},
		"key outside the prefix":       {f.signedForm(`["starts-with","$key","user/"]`, key), "AccessDenied"},
		"no condition on the key":      {f.signedForm("", key), "AccessDenied"},
		"field of no condition":        {f.signedForm(anyKey, key, field{"x-amz-meta-a", "b"}), "AccessDenied"},
		"unknown field":                {f.signedForm(anyKey, key, field{"submit", "Upload"}), "AccessDenied"},
		"another value":                {f.signedForm(anyKey+`,{"x-amz-meta-a":"b"}`, key, field{"x-amz-meta-a", "c"}), "AccessDenied"},
		"field missing":                {f.signedForm(anyKey+`,{"x-amz-meta-a":"b"}`, key), "AccessDenied"},
		"one type of the list":         {f.signedForm(anyKey+`,["starts-with","$content-type","image/"]`, key, field{"Content-Type", "image/png, text/html"}), "AccessDenied"},
		"too large":                    {f.signedForm(anyKey+`,["content-length-range",0,4]`, key), "EntityTooLarge"},
		"too small":                    {f.signedForm(anyKey+`,["content-length-range",6,100]`, key), "EntityTooSmall"},
		"two ranges":                   {f.signedForm(anyKey+`,["content-length-range",0,4],["content-length-range",0,100]`, key), "EntityTooLarge"},
		"wrong checksum":               {f.signedForm(anyKey+`,["starts-with","$x-amz-checksum-crc32",""]`, key, field{"x-amz-checksum-crc32", "AAAAAA=="}), "BadDigest"},
		"wrong MD5":                    {f.signedForm(anyKey+`,["starts-with","$content-md5",""]`, key, field{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}), "BadDigest"},
		"unsupported ACL":              {f.signedForm(anyKey+`,["starts-with","$acl",""]`, key, field{"acl", "no-such-acl"}), ""},
		"wrong storage class":          {f.signedForm(anyKey+`,["starts-with","$x-amz-storage-class",""]`, key, field{"x-amz-storage-class", "WARM"}), "InvalidStorageClass"},
		"metadata name":                {f.signedForm(anyKey+`,["starts-with","$x-amz-meta-a b",""]`, key, field{"x-amz-meta-a b", "c"}), "InvalidArgument"},
		"metadata of two lines":        {f.signedForm(anyKey+`,["starts-with","$x-amz-meta-a",""]`, key, field{"x-amz-meta-a", "c\r\nd: e"}), "InvalidArgument"},
		"too much metadata":            {f.signedForm(anyKey+`,["starts-with","$x-amz-meta-a",""]`, key, field{"x-amz-meta-a", strings.Repeat("c", 2049)}), "MetadataTooLarge"},
		"session token":                {f.signedForm(anyKey+`,["starts-with","$x-amz-security-token",""]`, key, field{"x-amz-security-token", "c"}), "InvalidToken"},
		"field twice":                  {f.signedForm(anyKey, key, key), "InvalidArgument"},
		"fields too long":              {f.signedForm(anyKey, key, field{"x-ignore-a", strings.Repeat("x", maxFormFields)}), "MaxPostPreDataLengthExceeded"},
		"not UTF-8":                    {f.signedForm(anyKey, field{"key", "\xff"}), "MalformedPOSTRequest"},
		"wrong signature":              {with(good, "x-amz-signature", strings.Repeat("0", 64)), "SignatureDoesNotMatch"},
		"short signature":              {with(good, "x-amz-signature", "00"), "SignatureDoesNotMatch"},
		"wrong secret":                 {signPolicy(`{"expiration":"`+later+`","conditions":[`+signature+","+anyKey+`]}`, "guess", sig, at, key), "SignatureDoesNotMatch"},
		"policy changed":               {with(good, "policy", base64.StdEncoding.EncodeToString([]byte(`{"expiration":"`+later+`","conditions":[]}`))), "SignatureDoesNotMatch"},
		"reader's key":                 {signPolicy(`{"expiration":"`+later+`","conditions":[`+signature+","+anyKey+`]}`, testSecret, reader, at, key), "AccessDenied"},
		"unknown key":                  {with(good, "x-amz-credential", "nobody/"+sig.scope()), "InvalidAccessKeyId"},
		"key without a secret":         {with(good, "x-amz-credential", "hollow/"+sig.scope()), "InvalidAccessKeyId"},
		"disabled key":                 {with(good, "x-amz-credential", "disabled/"+sig.scope()), "AccessDenied"},
		"credential of no form":        {with(good, "x-amz-credential", testKey), "InvalidArgument"},
		"another algorithm":            {with(good, "x-amz-algorithm", "AWS4-ECDSA-P256-SHA256"), "InvalidArgument"},
		"signed too long ago":          {aged(8 * 24 * time.Hour), "AccessDenied"},
		"signed in the future":         {aged(-time.Hour), "AccessDenied"},
		"no date":                      {without(good, "x-amz-date"), "InvalidArgument"},
		"date of another day":          {with(good, "x-amz-date", at.AddDate(0, 0, -1).Format(timeFormat)), "InvalidArgument"},
		"no signature":                 {without(good, "x-amz-signature"), "InvalidArgument"},
		"no policy":                    {without(good, "policy"), "InvalidArgument"},
		"no credential":                {without(good, "x-amz-credential"), "InvalidArgument"},
		"signature of version 2":       {[]field{key, {"policy", "e30="}, {"AWSAccessKeyId", testKey}, {"signature", "x"}}, "InvalidRequest"},
		"policy of no base64":          {policy("")[:1], ""},
		"policy of no JSON":            {policy("conditions"), "InvalidPolicyDocument"},
		"policy without expiration":    {policy(`{"conditions":[` + signature + "," + anyKey + `]}`), "InvalidPolicyDocument"},
		"policy without conditions":    {policy(`{"expiration":"` + later + `"}`), "InvalidPolicyDocument"},
		"policy in another case":       {policy(`{"expiration":"` + later + `","CONDITIONS":[` + signature + "," + anyKey + `]}`), "InvalidPolicyDocument"},
		"conditions of no list":        {policy(`{"expiration":"` + later + `","conditions":{}}`), "InvalidPolicyDocument"},
		"expiration of no time":        {whole("tomorrow", signature+","+anyKey), "InvalidPolicyDocument"},
		"expiration of another zone":   {whole(at.Add(time.Hour).Format("2006-01-02T15:04:05+00:00"), signature+","+anyKey), "InvalidPolicyDocument"},
		"expired":                      {whole(at.Add(-time.Second).Format("2006-01-02T15:04:05Z"), signature+","+anyKey), "AccessDenied"},
		"empty condition":              {whole(later, signature+","+anyKey+",{}"), "InvalidPolicyDocument"},
		"condition of two":             {whole(later, signature+","+anyKey+`,{"a":"b","c":"d"}`), "InvalidPolicyDocument"},
		"condition of no text":         {whole(later, signature+","+anyKey+`,{"a":1}`), "InvalidPolicyDocument"},
		"condition of null":            {whole(later, signature+","+anyKey+`,null`), "InvalidPolicyDocument"},
		"condition of two values":      {whole(later, signature+","+anyKey+`,["eq","$a"]`), "InvalidPolicyDocument"},
		"condition without a dollar":   {whole(later, signature+","+anyKey+`,["eq","a","b"]`), "InvalidPolicyDocument"},
		"unknown operator":             {whole(later, signature+","+anyKey+`,["matches","$a","b"]`), "InvalidPolicyDocument"},
		"range of one number":          {whole(later, signature+","+anyKey+`,["content-length-range",0]`), "InvalidPolicyDocument"},
		"negative range":               {whole(later, signature+","+anyKey+`,["content-length-range",-1,5]`), "InvalidPolicyDocument"},
		"no condition on the bucket":   {whole(later, `["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""],`+anyKey), "AccessDenied"},
		"no condition on a date field": {whole(later, `["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],{"bucket":"bucket"},`+anyKey), "AccessDenied"},
	} {
		if c.code == "" {
			continue
		}
		if a := f.post("/bucket", c.fields, "hello"); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		f.empty("bucket", name)
	}
	if a := f.post("/other", good, "hello"); a.code() != "AccessDenied" {
		t.Errorf("another bucket: %d %s", a.status, a.body)
	}
	if a := f.post("/other", append([]field{{"bucket", "bucket"}}, good...), "hello"); a.code() != "AccessDenied" {
		t.Errorf("another bucket, and a field that says otherwise: %d %s", a.status, a.body)
	}
	f.empty("other", "a policy for another bucket")
	if a := f.post("/none", f.signedForm(anyKey, key), "hello"); a.code() != "AccessDenied" {
		t.Errorf("no bucket: %d %s", a.status, a.body)
	}
	f.guard.refuse = func(Credential, Ask) error { return errs.New(errs.Forbidden, "forbidden", "No.") }
	if a := f.post("/bucket", good, "hello"); a.code() != "AccessDenied" || len(f.guard.events) == 0 {
		t.Errorf("not allowed: %d %s", a.status, a.body)
	}
	f.empty("bucket", "all of them")
}

// TestPostFormAnonymous: who signs nothing is somebody that Access has to know of.
func TestPostFormAnonymous(t *testing.T) {
	f := start(t).bucket("bucket")
	anonymous := 0
	f.guard.refuse = func(c Credential, ask Ask) error {
		if c == (Credential{}) && ask.Action == WriteObject && ask.S3 == "s3:PutObject" && ask.Bucket == "bucket" && ask.Key == "k" && ask.Facts.Value("s3:authtype") == nil {
			anonymous++
		}
		return errs.New(errs.Unauthenticated, "anonymous", "No.")
	}
	if a := f.post("/bucket", []field{{"key", "k"}}, "x"); a.code() != "AccessDenied" || anonymous != 1 {
		t.Errorf("%d %s, asked %d times", a.status, a.body, anonymous)
	}
	f.empty("bucket", "an anonymous form")
	f.guard.refuse = func(Credential, Ask) error { return nil }
	if a := f.post("/bucket", []field{{"key", "k"}}, "x"); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestPostFormBodies sends bodies that are no whole form.
func TestPostFormBodies(t *testing.T) {
	f := start(t).bucket("bucket")
	kind, body := encodeForm(f.signedForm(`["starts-with","$key",""]`, field{"key", "k"}), `C:\photos\a/b.jpg`, strings.Repeat("hello", 1000))
	send := func(kind, body string) answer { return f.do(f.request("POST", "/bucket", body, "Content-Type", kind)) }
	for name, c := range map[string]struct{ kind, body, code string }{
		"no boundary":         {"multipart/form-data", body, "MalformedPOSTRequest"},
		"another boundary":    {"multipart/form-data; boundary=x", body, "MalformedPOSTRequest"},
		"cut in the fields":   {kind, body[:300], "IncompleteBody"},
		"cut in the file":     {kind, body[:len(body)-3000], "IncompleteBody"},
		"cut in its end":      {kind, body[:len(body)-20], "IncompleteBody"},
		"no file":             {kind, body[:strings.LastIndex(body[:len(body)-5000], "--"+kind[30:])] + "--" + kind[30:] + "--\r\n", "InvalidArgument"},
		"nothing":             {kind, "\r\n", "InvalidArgument"},
		"endless part header": {kind, body[:62] + "\r\nX: " + strings.Repeat("y", maxFormFields), "MaxPostPreDataLengthExceeded"},
	} {
		if a := send(c.kind, c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		f.empty("bucket", name)
	}
	r := f.request("POST", "/bucket", body, "Content-Type", kind)
	r.ContentLength = -1
	if a := f.do(r); a.code() != "MissingContentLength" {
		t.Errorf("no length: %d %s", a.status, a.body)
	}
	f.empty("bucket", "a body without a length")
	if a := send(kind, body+"what comes behind is ignored"); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send(kind, strings.Replace(body, "\r\n\r\nk\r\n", "\r\n\r\nup/${filename}\r\n", 1)); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if keys := f.keys("bucket"); fmt.Sprint(keys) != "[k up/b.jpg]" {
		t.Errorf("%q", keys)
	}
	// In a query of another call a form is just a body.
	if a := f.do(f.request("POST", "/bucket?delete", body, "Content-Type", kind)); a.code() != "AccessDenied" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestPostFormOfMore: what an upload by PUT may have in headers, a form has in fields.
func TestPostFormOfMore(t *testing.T) {
	f := start(t).bucket("bucket")
	const tagging = "<Tagging><TagSet><Tag><Key>team</Key><Value>a + b</Value></Tag></TagSet></Tagging>"
	any := `["starts-with","$key",""],["starts-with","$tagging",""],["starts-with","$x-amz-server-side-encryption",""],["starts-with","$x-amz-storage-class",""],["starts-with","$x-amz-checksum-algorithm",""]`
	a := f.post("/bucket", f.signedForm(any, field{"key", "k"}, field{"tagging", tagging}, field{"x-amz-server-side-encryption", "AES256"},
		field{"x-amz-storage-class", "REDUCED_REDUNDANCY"}, field{"x-amz-checksum-algorithm", "SHA256"}), "hello")
	if a.status != http.StatusNoContent || a.header.Get("x-amz-server-side-encryption") != "AES256" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	head := f.call("HEAD", "/bucket/k", "", "X-Amz-Checksum-Mode", "ENABLED")
	if head.header.Get("x-amz-server-side-encryption") != "AES256" || head.header.Get("x-amz-storage-class") != "REDUCED_REDUNDANCY" || head.header.Get("x-amz-checksum-sha256") != "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" {
		t.Errorf("%v", head.header)
	}
	if tags := f.call("GET", "/bucket/k?tagging", ""); !strings.Contains(tags.body, "<Key>team</Key><Value>a + b</Value>") {
		t.Errorf("%d %s", tags.status, tags.body)
	}
	f.call("DELETE", "/bucket/k", "")
	for name, c := range map[string]struct{ tagging, code string }{
		"no document": {"team=a", "MalformedXML"}, "entities": {"<!DOCTYPE a>" + tagging, "MalformedXML"},
		"twice": {strings.Replace(tagging, "<Tag>", "<Tag><Key>team</Key><Value/></Tag><Tag>", 1), "InvalidTag"},
	} {
		if a := f.post("/bucket", f.signedForm(any, field{"key", "k"}, field{"tagging", c.tagging}), "hello"); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	f.empty("bucket", "wrong tags")
}

// TestPostFormIsStreamed: neither the size of a file nor its end is known when it
// begins to be stored.
func TestPostFormIsStreamed(t *testing.T) {
	kind, body := encodeForm([]field{{"key", "k"}}, "a", strings.Repeat("x", 10<<20))
	head := strings.Index(body, "xxx")
	source := &countedReader{src: strings.NewReader(body)}
	form, err := readForm(source, kind)
	if err != nil || source.read > int64(head)+maxFormFields {
		t.Fatalf("read %d bytes for %d of fields: %v", source.read, head, err)
	}
	n, err := io.Copy(io.Discard, form.file)
	if err != nil || n != 10<<20 {
		t.Errorf("%d, %v", n, err)
	}
	limited := &sizedReader{src: io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(errors.New("read on"))), most: 4}
	if _, err := io.ReadAll(limited); translate(err).code != "EntityTooLarge" {
		t.Errorf("%v", err)
	}
}

type countedReader struct {
	src  io.Reader
	read int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.read += int64(n)
	return n, err
}

func TestPostFormOfMinioGo(t *testing.T) {
	f := start(t).bucket("bucket")
	policy := minio.NewPostPolicy()
	for _, err := range []error{
		policy.SetBucket("bucket"), policy.SetKeyStartsWith("up/"), policy.SetExpires(time.Now().Add(time.Hour)), policy.SetContentType("image/png"),
		policy.SetContentLengthRange(1, 1<<20), policy.SetUserMetadata("colour", "blue"), policy.SetSuccessStatusAction("201"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	u, data, err := minioClient(t, f, false).PresignedPostPolicy(t.Context(), policy)
	if err != nil {
		t.Fatal(err)
	}
	data["key"] = "up/${filename}"
	var fields []field
	for name, value := range data {
		fields = append(fields, field{name, value})
	}
	a := f.post(strings.TrimPrefix(u.String(), f.server.URL), fields, "png")
	if a.status != http.StatusCreated || !strings.Contains(a.body, "<Key>up/photo.jpg</Key>") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := f.call("GET", "/bucket/up/photo.jpg", ""); got.body != "png" || got.header.Get("Content-Type") != "image/png" || got.header.Get("x-amz-meta-colour") != "blue" {
		t.Errorf("%d %v", got.status, got.header)
	}
}

// TestPostFormIsRecorded: a form is a write like any other.
func TestPostFormIsRecorded(t *testing.T) {
	f := start(t).bucket("bucket")
	f.post("/bucket", f.signedForm(`["starts-with","$key",""]`, field{"key", "k"}), "hello")
	f.post("/bucket", f.signedForm(`["eq","$key","other"]`, field{"key", "k"}), "hello")
	f.server.Close()
	if len(f.guard.records) != 1 || f.guard.records[0].Operation != "PostObject" || f.guard.records[0].Key != "k" || f.guard.records[0].BytesIn != 5 {
		t.Errorf("%+v", f.guard.records)
	}
}

func TestBucketTagging(t *testing.T) {
	f := start(t).bucket("bucket")
	tag := func(key, value string) string { return "<Tag><Key>" + key + "</Key><Value>" + value + "</Value></Tag>" }
	set := func(inside string) string { return "<Tagging><TagSet>" + inside + "</TagSet></Tagging>" }
	many := func(n int) (out string) {
		for i := range n {
			out += tag(fmt.Sprint("key", i), "v")
		}
		return out
	}
	if a := f.call("GET", "/bucket?tagging", ""); a.code() != "NoSuchTagSet" {
		t.Errorf("%d %s", a.status, a.body)
	}
	for name, c := range map[string]struct{ body, code string }{
		"nothing":       {"", "MalformedXML"},
		"no set":        {"<Tagging/>", "MalformedXML"},
		"two sets":      {"<Tagging><TagSet/><TagSet/></Tagging>", "MalformedXML"},
		"unknown":       {set("<Other/>"), "MalformedXML"},
		"no key":        {set("<Tag><Value>x</Value></Tag>"), "InvalidTag"},
		"long key":      {set(tag(strings.Repeat("é", 129), "x")), "InvalidTag"},
		"long value":    {set(tag("a", strings.Repeat("é", 257))), "InvalidTag"},
		"reserved":      {set(tag("aws:a", "b")), "InvalidTag"},
		"twice":         {set(tag("a", "b") + tag("a", "c")), "InvalidTag"},
		"too many":      {set(many(51)), "BadRequest"},
		"document type": {"<!DOCTYPE a>" + set(tag("a", "b")), "MalformedXML"},
	} {
		if a := f.call("PUT", "/bucket?tagging", c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := f.call("PUT", "/bucket?tagging", set(many(50))); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("PUT", "/bucket?tagging", set(tag("a &amp; b", strings.Repeat("é", 256)))); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("GET", "/bucket?tagging", ""); !strings.Contains(a.body, "<TagSet><Tag><Key>a &amp; b</Key><Value>é") || strings.Contains(a.body, "key1") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("DELETE", "/bucket?tagging", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("GET", "/bucket?tagging", ""); a.code() != "NoSuchTagSet" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func FuzzReadTags(f *testing.F) {
	f.Add([]byte("<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tags, err := readTags(data, maxBucketTags)
		if err != nil {
			return
		}
		text, err := canonicalXML(tags)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readTags([]byte(text), maxBucketTags); err != nil || fmt.Sprint(again.Tags) != fmt.Sprint(tags.Tags) {
			t.Fatalf("%s: %+v, %v", text, again, err)
		}
	})
}

// FuzzPostForm holds the reader of forms to three things: it ends, it keeps within its
// bound, and a form that it takes is one that mime/multipart takes whole.
func FuzzPostForm(f *testing.F) {
	_, body := encodeForm([]field{{"key", "k"}, {"policy", "e30="}}, "a.txt", "hello")
	boundary := body[2:strings.Index(body, "\r\n")]
	f.Add([]byte(body), boundary)
	f.Add([]byte(body[:len(body)-10]), boundary)
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=file\r\n\r\nz\r\n--x--"), "x")
	f.Fuzz(func(t *testing.T, data []byte, boundary string) {
		source := &countedReader{src: bytes.NewReader(data)}
		form, err := readForm(source, `multipart/form-data; boundary="`+boundary+`"`)
		if source.read > maxFormFields {
			t.Fatalf("read %d bytes for the fields", source.read)
		}
		if err != nil {
			if translate(err).status() != http.StatusBadRequest {
				t.Fatal(err)
			}
			return
		}
		_, err = io.Copy(io.Discard, form.file)
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(data))
		r.Header.Set("Content-Type", `multipart/form-data; boundary="`+boundary+`"`)
		reader, other := r.MultipartReader()
		for other == nil {
			var part *multipart.Part
			if part, other = reader.NextRawPart(); other == nil && strings.EqualFold(part.FormName(), "file") {
				_, other = io.Copy(io.Discard, part)
				if (err == nil) != (other == nil) {
					t.Fatalf("%v, but %v", err, other)
				}
				return
			}
		}
		t.Fatalf("%v", other)
	})
}

func FuzzReadPolicy(f *testing.F) {
	f.Add(`{"expiration":"2030-01-01T00:00:00Z","conditions":[{"bucket":"b"},["starts-with","$key",""],["content-length-range",1,"5"]]}`, "key", "value")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		p, err := readPolicy(base64.StdEncoding.EncodeToString([]byte(text)))
		if err != nil {
			return
		}
		fields := map[string]string{strings.ToLower(name): value}
		if p.check(fields, p.expires) == nil {
			t.Fatal("an expired policy allows")
		}
		if p.check(fields, p.expires.Add(-1)) != nil {
			return
		}
		named := exempt(strings.ToLower(name))
		for _, c := range p.conditions {
			named = named || c.field == strings.ToLower(name)
		}
		if !named {
			t.Fatalf("%q allows the field %q", text, name)
		}
	})
}
