package app

import (
	"maps"
	"net/http"
	"net/url"
	"testing"

	"croft/objectstore/grants"
	"croft/objectstore/s3api"
)

// requestFor makes a request of a call.
func requestFor(c *s3api.Call) (bucket, key string, query url.Values, body string) {
	query = url.Values{}
	if c.Service {
		return "", "", query, ""
	}
	bucket = "web-data"
	if c.Object {
		key = "key"
	}
	if c.Control {
		bucket, key = "v20180820", "tags/arn:aws:s3:::web-data"
		query.Set("x-amz-account-id", "000000000000")
	}
	if c.Query != "" {
		query.Set(c.Query, "")
	}
	if c.Named {
		query.Set("id", "x")
	}
	switch c.Query {
	case "list-type":
		query.Set(c.Query, "2")
	case "uploadId":
		query.Set(c.Query, "x")
		query.Set("partNumber", "1")
	}
	if c.Header != "" {
		query.Set("x-amz-copy-source", "/web-data/key")
	}
	switch c.Name {
	case "CreateBucket":
		bucket = "web-new"
	case "DeleteObjects":
		body = "<Delete><Object><Key>key</Key></Object></Delete>"
	case "CompleteMultipartUpload":
		body = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"
	}
	return bucket, key, query, body
}

const everything = `"Action":"s3:*","Resource":["arn:aws:s3:::web-data","arn:aws:s3:::web-data/*"]`

// TestEveryCallByEverybody makes a request of every call there is and sends it as
// nobody, with a wrong key, as who may only read, as a member of another project, and
// as an administrator whom the policy denies everything. Only what is to be answered
// is, and nothing changes.
func TestEveryCallByEverybody(t *testing.T) {
	w := newAccessWorld(t)
	before := w.put("key", "text")
	unchanged := func(call string) {
		t.Helper()
		o, err := w.engine.Head(t.Context(), "web-data", "key")
		if err != nil || !o.ModifiedAt.Equal(before.ModifiedAt) || len(o.Attributes.System)+len(o.Attributes.Tags) > 0 {
			t.Errorf("%s changed the object: %+v, %v", call, o, err)
		}
		b, err := w.engine.Bucket(t.Context(), "web-data")
		documents := maps.Clone(b.Documents)
		delete(documents, grants.PolicyDocument)
		if err != nil || len(documents) > 0 {
			t.Errorf("%s changed the bucket: %v, %v", call, documents, err)
		}
		if all, err := w.engine.ListBuckets(t.Context()); err != nil || len(all) != 2 {
			t.Errorf("%s changed the buckets: %v, %v", call, all, err)
		}
	}
	calls := s3api.Calls()
	if len(calls) < 40 {
		t.Fatalf("only %d calls", len(calls))
	}
	for i := range calls {
		c := &calls[i]
		bucket, key, query, body := requestFor(c)
		w.policy()
		w.want(c.Name, 403, "AccessDenied", "", c.Method, bucket, key, query, body)
		w.want(c.Name, 403, "SignatureDoesNotMatch", "wrong", c.Method, bucket, key, query, body)
		writes := c.Action == s3api.WriteObject || c.Action == s3api.WriteBucket || c.Action == s3api.CreateBucket || c.Action == s3api.DeleteBucket
		if writes {
			w.want(c.Name, 403, "AccessDenied", "reader", c.Method, bucket, key, query, body)
		} else if status, _, text := w.ask("reader", c.Method, bucket, key, query, body); status == 403 || status >= 500 {
			t.Errorf("%s as a reader: %d %s", c.Name, status, text)
		}
		switch c.Action {
		case s3api.ListBuckets:
		case s3api.CreateBucket: // which a stranger may do, at home
		default:
			w.want(c.Name, 403, "AccessDenied", "stranger", c.Method, bucket, key, query, body)
			w.policy(`{"Effect":"Deny","Principal":"*",` + everything + `}`)
			if aboutPolicy[c.Permission] {
				// Nobody is locked out of the policy whom it is in the hands of.
				if status, _, text := w.ask("boss", c.Method, bucket, key, query, body); status == 403 {
					t.Errorf("%s as an administrator: %d %s", c.Name, status, text)
				}
				continue
			}
			if c.Name == "DeleteObjects" {
				if _, _, text := w.ask("boss", c.Method, bucket, key, query, body); !contains(text, "<Code>AccessDenied</Code>", "<Key>key</Key>") {
					t.Errorf("DeleteObjects as one denied: %s", text)
				}
				break
			}
			w.want(c.Name, 403, "AccessDenied", "boss", c.Method, bucket, key, query, body)
			w.want(c.Name, 403, "AccessDenied", "stranger", c.Method, bucket, key, query, body)
		}
		unchanged(c.Name)
	}
}

// TestEveryCallByNobodyUnderAnOpenPolicy: a policy that allows everybody everything
// still lets nobody change what the bucket is.
func TestEveryCallByNobodyUnderAnOpenPolicy(t *testing.T) {
	w := newAccessWorld(t)
	w.put("key", "text")
	w.policy(`{"Effect":"Allow","Principal":"*",` + everything + `}`)
	calls := s3api.Calls()
	for i := range calls {
		c := &calls[i]
		bucket, key, query, body := requestFor(c)
		switch c.Action {
		case s3api.ReadBucket, s3api.WriteObject:
			w.put("key", "text")
			if status, _, text := w.ask("", c.Method, bucket, key, query, body); status == 403 && contains(text, "AccessDenied") {
				t.Errorf("%s: %d %s", c.Name, status, text)
			}
		default:
			w.want(c.Name, 403, "AccessDenied", "", c.Method, bucket, key, query, body)
		}
	}
	if _, err := w.engine.Bucket(t.Context(), "web-data"); err != nil {
		t.Error(err)
	}
	w.want("Croft's own bucket", 403, "AccessDenied", "", http.MethodGet, "croft-own", "", nil, "")
}
