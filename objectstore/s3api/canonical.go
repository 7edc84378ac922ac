package s3api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest is the text that a Signature Version 4 signs: method, path,
// query, the signed headers and the payload's hash, each in one spelling only.
func canonicalRequest(r *http.Request, query url.Values, signed []string, payload string) string {
	var b strings.Builder
	b.WriteString(r.Method)
	b.WriteByte('\n')
	b.WriteString(uriEncode(r.URL.Path, false))
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(query))
	b.WriteByte('\n')
	for _, name := range signed {
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(canonicalHeader(r, name))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(signed, ";"))
	b.WriteByte('\n')
	b.WriteString(payload)
	return b.String()
}

// canonicalQuery encodes the query sorted by name and value, without the
// signature itself.
func canonicalQuery(query url.Values) string {
	type pair struct{ name, value string }
	pairs := make([]pair, 0, len(query))
	for name, values := range query {
		if name == "X-Amz-Signature" {
			continue
		}
		for _, value := range values {
			pairs = append(pairs, pair{uriEncode(name, true), uriEncode(value, true)})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// canonicalHeader is a header's values, trimmed, inner blanks folded, joined by
// commas. net/http moves some headers out of the map; they are put back here.
func canonicalHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := r.Header.Values(name)
	folded := make([]string, len(values))
	for i, value := range values {
		folded[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(folded, ",")
}

// uriEncode percent-encodes as Signature Version 4 wants it: everything but the
// unreserved characters, and the slash only in queries.
func uriEncode(s string, slash bool) string { return string(appendURI(nil, s, slash)) }

func appendURI(out []byte, s string, slash bool) []byte {
	const upper = "0123456789ABCDEF"
	from := 0
	for i := range len(s) {
		c := s[i]
		if unreserved[c] || c == '/' && !slash {
			continue
		}
		out = append(append(out, s[from:i]...), '%', upper[c>>4], upper[c&15])
		from = i + 1
	}
	return append(out, s[from:]...)
}

// unreserved are the characters that stand for themselves everywhere.
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		set[c] = true
	}
	return set
}()
