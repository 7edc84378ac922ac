package server_test

import (
	"fmt"
	"testing"
	"time"

	"croft/account"
	"croft/objectstore/accesslog"
)

func TestS3RequestsOverTheAPI(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	c.user("ada", false)
	c.project("web", "boss", map[string]account.Role{"ada": account.Owner})
	for i := range 5 {
		c.requests.Record(accesslog.Entry{
			Time: time.Date(2026, 11, 22, 10, 0, i, 0, time.UTC), RequestID: fmt.Sprint("REQUEST", i), User: "ada", AccessKey: "CROFTKEY",
			Remote: "192.0.2.1", Operation: "PutObject", Bucket: fmt.Sprint("bucket-", i%2), Key: fmt.Sprint("key", i), Status: 200, BytesIn: 7,
		})
	}
	c.requests.Record(accesslog.Entry{Time: time.Now(), RequestID: "REQUEST5", Operation: "DeleteObjects", Bucket: "bucket-9", Keys: []string{"one", "two"}, Status: 200, Error: "AccessDenied"})
	admin, owner := c.as("boss"), c.as("ada")
	const path = "/api/v1/audit/s3"
	c.run(t, []scenario{
		{name: "nobody", as: c.anonymous(), method: "GET", path: path, status: 401},
		{name: "administrators only", as: owner, method: "GET", path: path, status: 403, want: []string{`"admin_required"`}},
		{name: "everything", as: admin, method: "GET", path: path, status: 200, want: []string{
			`"requestId":"REQUEST0"`, `"user":"ada"`, `"accessKey":"CROFTKEY"`, `"address":"192.0.2.1"`, `"at":"2026-11-22T10:00:00Z"`,
			`"keys":[]`, `"keys":["one","two"]`, `"error":"AccessDenied"`, `"bytesIn":7`, `"next":""`,
		}},
		{name: "a bucket's", as: admin, method: "GET", path: path + "?bucket=bucket-1", status: 200, want: []string{"REQUEST1", "REQUEST3"}, never: []string{"REQUEST0", "REQUEST5"}},
		{name: "with a text", as: admin, method: "GET", path: path + "?contains=KEY4", status: 200, want: []string{"REQUEST4"}, never: []string{"REQUEST3"}},
		{name: "too many", as: admin, method: "GET", path: path + "?limit=501", status: 422},
		{name: "bad cursor", as: admin, method: "GET", path: path + "?before=x", status: 400, want: []string{`"cursor_invalid"`}},
	})
	first := admin.do("GET", path+"?limit=2", "").json()
	next, _ := first["next"].(string)
	second := admin.do("GET", path+"?limit=2&before="+next, "").json()
	if got := fmt.Sprint(ids(first), ids(second)); got != "[REQUEST5 REQUEST4] [REQUEST3 REQUEST2]" {
		t.Errorf("pages %s", got)
	}
}

// ids are the request IDs of a page.
func ids(page map[string]any) (list []any) {
	for _, item := range page["items"].([]any) {
		list = append(list, item.(map[string]any)["requestId"])
	}
	return list
}
