package s3api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// appendCanonical writes the text that a Signature Version 4 signs: method, path,
// query, the signed headers and the payload's hash, each in one spelling only.
func appendCanonical(out []byte, r *http.Request, query url.Values, signed []string, payload string) []byte {
	out = append(append(out, r.Method...), '\n')
	out = append(appendURI(out, r.URL.Path, false), '\n')
	out = append(appendQuery(out, query), '\n')
	for _, name := range signed {
		out = append(append(out, name...), ':')
		out = append(appendHeader(out, r, name), '\n')
	}
	out = append(out, '\n')
	for i, name := range signed {
		if i > 0 {
			out = append(out, ';')
		}
		out = append(out, name...)
	}
	return append(append(out, '\n'), payload...)
}

// appendQuery encodes the query sorted by name and value, without the signature
// itself. The events that MinIO's clients listen to are signed in their order, as MinIO has it.
func appendQuery(out []byte, query url.Values) []byte {
	if len(query) == 0 {
		return out
	}
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
	slices.SortStableFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 || a.name == listenEvents {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	for i, p := range pairs {
		if i > 0 {
			out = append(out, '&')
		}
		out = append(append(append(out, p.name...), '='), p.value...)
	}
	return out
}

// appendHeader writes a header's values, trimmed, inner blanks folded, joined by
// commas. net/http moves some headers out of the map; they are put back here.
func appendHeader(out []byte, r *http.Request, name string) []byte {
	switch name {
	case "host":
		return append(out, r.Host...)
	case "content-length":
		return strconv.AppendInt(out, r.ContentLength, 10)
	case "transfer-encoding":
		return append(out, strings.Join(r.TransferEncoding, ",")...)
	}
	for i, value := range r.Header[canonicalName(name)] {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendFolded(out, value)
	}
	return out
}

// canonicalName is how net/http spells a lower-case header name.
func canonicalName(name string) string {
	if known, ok := canonicalNames[name]; ok {
		return known
	}
	return http.CanonicalHeaderKey(name)
}

// canonicalNames are the names that nearly every request has signed.
var canonicalNames = func() map[string]string {
	names := make(map[string]string)
	for _, name := range []string{
		"X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer", "X-Amz-Sdk-Checksum-Algorithm",
		"X-Amz-Checksum-Crc32", "X-Amz-Checksum-Crc64nvme", "X-Amz-Checksum-Mode", "X-Amz-User-Agent", "Content-Type", "Content-Md5",
		"Content-Encoding", "User-Agent", "Accept", "Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Date", "Range",
	} {
		names[strings.ToLower(name)] = name
	}
	return names
}()

func appendFolded(out []byte, value string) []byte {
	first := true
	for word := range strings.FieldsSeq(value) {
		if !first {
			out = append(out, ' ')
		}
		out, first = append(out, word...), false
	}
	return out
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
