package s3api

import (
	"context"
	"strings"
	"testing"

	"croft/objectstore"
)

// batchStore deletes many keys at once and notes how it was asked. It refuses to
// delete "locked".
type batchStore struct {
	objectstore.Store
	asked [][]string
}

func (s *batchStore) DeleteAll(ctx context.Context, bucket string, keys []string) []error {
	s.asked = append(s.asked, keys)
	failures := make([]error, len(keys))
	for i, key := range keys {
		if key == "locked" {
			failures[i] = objectstore.ErrWriteQuorum
			continue
		}
		_, failures[i] = s.Delete(ctx, bucket, key)
	}
	return failures
}

// A store that deletes many keys at once is asked once, for what may be deleted, and
// each key's own end is told in the answer.
func TestDeleteObjectsInOneBatch(t *testing.T) {
	many := &batchStore{}
	f := start(t, func(c *Config) { many.Store = c.Store; c.Store = many }).bucket("bucket")
	f.put("bucket", "a", "x")
	f.put("bucket", "b", "x")
	f.put("bucket", "kept", "x")
	a := f.call("POST", "/bucket?delete", "<Delete><Object><Key>a</Key></Object><Object><Key>kept</Key><VersionId>7</VersionId></Object>"+
		"<Object><Key>locked</Key></Object><Object><Key>b</Key></Object><Object><Key>"+strings.Repeat("k", 1025)+"</Key></Object><Object><Key>c</Key></Object></Delete>")
	if a.status != 200 || len(many.asked) != 1 || strings.Join(many.asked[0], " ") != "a locked b c" {
		t.Fatalf("%d, asked %q: %s", a.status, many.asked, a.body)
	}
	for _, want := range []string{
		"<Deleted><Key>a</Key></Deleted><Deleted><Key>b</Key></Deleted><Deleted><Key>c</Key></Deleted><Error>",
		"<Error><Key>kept</Key><VersionId>7</VersionId><Code>NotImplemented</Code>", "<Error><Key>locked</Key><Code>SlowDown</Code>", "k</Key><Code>KeyTooLongError</Code>",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if keys := f.keys("bucket"); len(keys) != 1 || keys[0] != "kept" {
		t.Errorf("left: %q", keys)
	}
	if a := f.call("POST", "/bucket?delete", "<Delete>"+strings.Repeat("<Object><Key>a</Key></Object>", maxDelete+1)+"</Delete>"); a.code() != "MalformedXML" {
		t.Errorf("too many keys: %d %s", a.status, a.body)
	}
}
