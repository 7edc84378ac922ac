package s3api

import (
	"net/http"
	"testing"
)

// TestEveryChangeHoldsItsBody sends every call that changes something with another body
// than was signed, a longer one where there is one and any where there is none. Each is
// refused before anything was changed.
func TestEveryChangeHoldsItsBody(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "old")
	upload := f.begin("/bucket/key")
	before := f.everything()
	for _, op := range operations() {
		if !op.changes() {
			continue
		}
		target, body, header := op.request()
		switch {
		case op.name == "CreateBucket":
			target = "/other"
		case op.name == "RenameObject":
			target, header = "/bucket/to?renameObject", append(header, renameSource, "/bucket/key")
		case op.query == "uploadId":
			target = upload + "&partNumber=1"
		}
		a := send(f, f.sign(f.request(op.method, target, "", header...), body), []byte(body+" "))
		if a.status < 400 || a.status == http.StatusNotImplemented || a.status > 501 {
			t.Errorf("%s: %d %s", op.name, a.status, a.body)
		}
		if after := f.everything(); after != before {
			t.Fatalf("%s: the store was\n%s\nand is\n%s", op.name, before, after)
		}
	}
}
