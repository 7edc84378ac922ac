package s3api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// callMode is a call that changes something else than a plain PUT of an object does,
// signed in the header, with what has to be there for it.
type callMode struct {
	signedMode
	prepare func(f *fixture)
}

// callModes are such calls.
func callModes() []callMode {
	var upload, etag string
	begin := func(f *fixture) { upload = f.begin("/matrix/key") }
	part := func(f *fixture) { begin(f); etag = f.part(upload, 1, "part") }
	tagging := "<Tagging><TagSet><Tag><Key>team</Key><Value>b</Value></Tag></TagSet></Tagging>"
	nothing := func() string { return "" }
	constant := func(s string) func() string { return func() string { return s } }
	query := func(more string) func() string {
		return func() string { _, q, _ := strings.Cut(upload, "?"); return "?" + q + more }
	}
	var all []callMode
	add := func(name, method string, prepare func(*fixture), query, body func() string, header ...string) {
		m := mode{name, func(f *fixture) (*http.Request, []byte) {
			path := "/matrix/key"
			if name == "delete several" {
				path = "/matrix"
			}
			r := f.request(method, path+query(), "", append(matrixHeaders(), header...)...)
			return f.sign(r, body()), []byte(body())
		}}
		all = append(all, callMode{signedMode{m, callChanges(m)}, prepare})
	}
	none := func(*fixture) {}
	source := []string{copySource, "/matriy/third"}
	add("copy", http.MethodPut, none, nothing, nothing, append(source, "X-Amz-Metadata-Directive", "REPLACE", "X-Amz-Tagging-Directive", "REPLACE", "X-Amz-Copy-Source-If-Match", "*")...)
	add("create an upload", http.MethodPost, none, constant("?uploads="), nothing)
	add("part", http.MethodPut, begin, query("&partNumber=1"), constant(matrixBody))
	add("part that is a copy", http.MethodPut, begin, query("&partNumber=1"), nothing, append(source, "X-Amz-Copy-Source-Range", "bytes=0-1")...)
	add("complete", http.MethodPost, part, query(""), func() string { return completeBody(etag) })
	add("abort", http.MethodDelete, part, query(""), nothing)
	add("delete", http.MethodDelete, none, nothing, nothing, "If-Match", "*")
	add("delete a version", http.MethodDelete, none, constant("?versionId=null"), nothing)
	add("delete several", http.MethodPost, none, constant("?delete="), constant("<Delete><Object><Key>key</Key></Object></Delete>"))
	add("tag", http.MethodPut, none, constant("?tagging="), constant(tagging))
	add("rename", http.MethodPut, func(f *fixture) { f.put("matrix", "from", "from") }, constant("?renameObject="), nothing, renameSource, "/matrix/from", clientToken, "token")
	return all
}

// callChanges are of what a request has in its line, its headers, its query, its signature
// and its body. What some change leaves as it was is no change.
func callChanges(m mode) func(f *fixture) []change {
	return func(f *fixture) []change {
		good, body := m.make(f)
		list := slices.Concat(lineChanges(), headerChanges(good), authorizationChanges(f, good), queryChanges(good))
		if len(body) > 0 {
			list = append(list, payloadChanges(body)...)
		} else {
			list = append(list, change{"a body", "XAmzContentSHA256Mismatch|MaxMessageLengthExceeded", func(*http.Request, []byte) []byte { return []byte("x") }})
		}
		for i := range list {
			switch { // what is signed here, and refused first there
			case list[i].name == "copy source added" && good.Header.Get(copySource) != "",
				list[i].name == "authorization: a header that is not there":
				list[i].code += "|" + mismatch + "|AuthorizationHeaderMalformed"
			case list[i].name == "body of nothing":
				list[i].code += "|XAmzContentSHA256Mismatch"
			}
		}
		return slices.DeleteFunc(list, func(c change) bool {
			r, body := m.make(f)
			asked := fmt.Sprint(r.Method, r.URL, r.Host, r.Header, body)
			body = c.change(r, body)
			return fmt.Sprint(r.Method, r.URL, r.Host, r.Header, body) == asked
		})
	}
}

// queryChanges are of each parameter: another value, none, a second one, another name.
func queryChanges(good *http.Request) []change {
	var list []change
	for name, values := range good.URL.Query() {
		query := func(what string, alter func(q url.Values)) {
			list = append(list, of("query "+name+" "+what, mismatch, func(r *http.Request) {
				q := r.URL.Query()
				alter(q)
				r.URL.RawQuery = q.Encode()
			}))
		}
		query("changed", func(q url.Values) { q.Set(name, mutate("0"+values[0])) })
		query("removed", func(q url.Values) { q.Del(name) })
		query("twice", func(q url.Values) { q.Add(name, values[0]) })
		query("under another name", func(q url.Values) { q.Del(name); q.Set(mutate(name), values[0]) })
	}
	return list
}

// TestSignatureMatrixOfCalls changes one thing at a time in calls that copy, send parts,
// delete, tag and rename.
func TestSignatureMatrixOfCalls(t *testing.T) {
	f := start(t).bucket("matrix").bucket("matriy")
	f.put("matriy", "other", "old")
	f.put("matriy", "third", "old")
	cases := 0
	for _, m := range callModes() {
		t.Run(m.name, func(t *testing.T) {
			f := f.of(t)
			f.put("matrix", "key", "old")
			m.prepare(f)
			cases += f.refusesChanges(m.signedMode)
		})
	}
	if cases < 1000 {
		t.Errorf("only %d cases", cases)
	}
	t.Logf("%d cases", cases)
}
