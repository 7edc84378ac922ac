package s3api

import "net/http"

// first returns a header's first value. The name is spelled as net/http spells it:
// http.Header.Get would find that spelling anew each time.
func first(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// The values that every answer has.
var (
	server  = []string{"Croft"}
	nosniff = []string{"nosniff"}
	ranges  = []string{"bytes"}
)

// setHeader sets a header of the answer. The name is spelled as net/http spells it.
func (q *request) setHeader(header http.Header, name, value string) {
	if q.set == len(q.headers) {
		header[name] = []string{value}
		return
	}
	q.headers[q.set] = value
	q.set++
	header[name] = q.headers[q.set-1 : q.set : q.set]
}
