package app

import (
	"net/http"
	"net/url"
	"testing"
)

// To bring an object back is an action of its own: who may write need not be let, and who
// is let that alone may neither read nor write.
func TestRestoreIsAnActionOfItsOwn(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	restore, ask := url.Values{"restore": {""}}, "<RestoreRequest><Days>1</Days></RestoreRequest>"
	want := func(what string, status int, code, who string) {
		t.Helper()
		w.want(what, status, code, who, http.MethodPost, "web-data", "a", restore, ask)
	}
	want("who may write", 403, "InvalidObjectState", "writer") // it came that far
	want("who may read", 403, "AccessDenied", "reader")
	want("a stranger", 403, "AccessDenied", "stranger")
	want("nobody", 403, "AccessDenied", "")
	w.policy(`{"Effect":"Allow","Principal":{"AWS":"stranger"},"Action":"s3:RestoreObject","Resource":"arn:aws:s3:::web-data/*"}`,
		`{"Effect":"Deny","Principal":{"AWS":"writer"},"Action":"s3:RestoreObject","Resource":"arn:aws:s3:::web-data/*"}`)
	want("a stranger who is let", 403, "InvalidObjectState", "stranger")
	w.want("and no more than that", 403, "AccessDenied", "stranger", get, "web-data", "a", nil, "")
	want("a writer who is not", 403, "AccessDenied", "writer")
	w.want("but may write", 200, "", "writer", put, "web-data", "a", nil, "new")
}
