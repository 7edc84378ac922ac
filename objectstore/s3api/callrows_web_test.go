package s3api

import (
	"fmt"
	"strings"
	"time"
)

// webRows are the calls that browsers and web applications need of a bucket.
func webRows() []row {
	page := []string{"Origin", "https://app.example.com", requestedMethod, "PUT"}
	const site = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>"
	return []row{
		{calls: "PutBucketCors, GetBucketCors, DeleteBucketCors", remark: "up to 100 rules, one `*` in an origin or header; 64 KiB", samples: []sample{
			{ask: "GET /{b}?cors", want: "404 NoSuchCORSConfiguration", when: "there is none"},
			{ask: "PUT /{b}?cors", body: corsRules, want: "200"},
			{ask: "GET /{b}?cors", want: "200", has: "<AllowedOrigin>https://app.example.com</AllowedOrigin>"},
			{ask: "DELETE /{b}?cors", want: "204"},
			{ask: "PUT /{b}?cors", body: "<CORSConfiguration/>", want: "400 MalformedXML", when: "another document"},
			{ask: "PUT /{b}?cors", body: strings.Replace(corsRules, "<AllowedMethod>GET<", "<AllowedMethod>PATCH<", 1), want: "400 InvalidRequest", when: "a method that CORS in S3 does not have"},
		}},
		{about: "CORS preflight (OPTIONS)", remark: "unsigned; the headers are on every answer to a page that a rule allows, refusals too", samples: []sample{
			{ask: "OPTIONS /{b}/key", header: page, send: unsigned, want: "403 AccessForbidden", when: "no rule matches, or there is none"},
			{ask: "PUT /{b}?cors", body: corsRules, want: "200"},
			{ask: "OPTIONS /{b}/key", header: page, send: unsigned, want: "200", has: "access-control-allow-origin: https://app.example.com"},
			{ask: "GET /{b}/none", header: page[:2], want: "404 NoSuchKey", has: "access-control-allow-origin: https://app.example.com"},
			{ask: "OPTIONS /{b}/key", header: page[:2], send: unsigned, want: "400 BadRequest", when: "without Origin or the method"},
		}},
		{about: "POST of a form (browser uploads)", remark: "Signature Version 4 over the policy, every condition, `${filename}`, `success_action_status` and `success_action_redirect`; 64 KiB before the file, which comes last; size held to while it streams", samples: []sample{
			{ask: "POST /{b}", body: "hello", send: sendForm(`["starts-with","$key",""]`, field{"key", "photos/${filename}"}), want: "204", has: "location: "},
			{ask: "GET /{b}/photos/photo.jpg", want: "200", has: "hello"},
			{ask: "POST /{b}", body: "hello", send: sendForm(``, field{"key", "k"}), want: "403 AccessDenied", when: "a field of no condition, a condition that does not hold, a policy that is over"},
			{ask: "POST /{b}", body: "hello", send: sendForm(`["starts-with","$key",""],["content-length-range",6,9]`, field{"key", "k"}), want: "400 EntityTooSmall", when: "a file smaller than the policy allows"},
			{ask: "POST /{b}", body: "hello", send: sendForm(`["starts-with","$key",""],["content-length-range",0,4]`, field{"key", "k"}), want: "400 EntityTooLarge", when: "a larger one"},
			{ask: "POST /{b}", body: "hello", send: sendForm(`["starts-with","$key",""],{}`, field{"key", "k"}), want: "400 InvalidPolicyDocument", when: "a policy that cannot be read"},
		}},
		{calls: "PutBucketWebsite, GetBucketWebsite, DeleteBucketWebsite", remark: "index and error document, RedirectAllRequestsTo, up to 50 routing rules. Served under `--s3-website-domain`, see below", samples: []sample{
			{ask: "GET /{b}?website", want: "404 NoSuchWebsiteConfiguration", when: "there is none"},
			{ask: "PUT /{b}?website", body: site, want: "200"},
			{ask: "GET /{b}?website", want: "200", has: "<Suffix>index.html</Suffix>"},
			{ask: "DELETE /{b}?website", want: "204"},
			{ask: "PUT /{b}?website", body: "<WebsiteConfiguration>", want: "400 MalformedXML", when: "another document"},
		}},
	}
}

// unsigned sends a request as a browser does that knows no key.
func unsigned(f *fixture, method, target, body string, header ...string) answer {
	f.t.Helper()
	return f.do(f.request(method, target, body, header...))
}

// sendForm sends a form with a signed policy of these conditions and the bucket's.
func sendForm(conditions string, fields ...field) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, _, target, body string, _ ...string) answer {
		f.t.Helper()
		at := f.now().UTC()
		sig := signatureOf(testKey, at)
		all := conditions
		if all != "" {
			all += ","
		}
		policy := fmt.Sprintf(`{"expiration":%q,"conditions":[%s{"bucket":%q},["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""]]}`,
			at.Add(time.Hour).Format("2006-01-02T15:04:05Z"), all, strings.Trim(target, "/"))
		return f.post(target, signPolicy(policy, testSecret, sig, at, fields...), body)
	}
}
