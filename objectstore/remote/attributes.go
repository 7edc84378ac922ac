package remote

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"croft/objectstore"
)

const (
	metaPrefix = "X-Amz-Meta-"
	// ownPrefix begins the names of metadata that are Croft's and not the writer's.
	ownPrefix   = "croft"
	ownExtra    = metaPrefix + "Croft"       // what no header carries
	ownLate     = metaPrefix + "Croft-Late"  // the object's late record
	ownWrite    = metaPrefix + "Croft-Write" // of which write the object is
	maxMetadata = 2 << 10                    // what S3 takes of metadata, names and values
	// ownRoom is kept free of it for the two short headers.
	ownRoom = 128

	contentType = "Content-Type"
)

// extra are attributes that S3's headers do not carry as they are.
type extra struct {
	// Headers are standard headers with what is no plain text, and those that would
	// come back as something else than nothing.
	Headers map[string][]byte `json:"h,omitempty"`
	// User is metadata whose name or value is no plain text.
	User      [][2][]byte       `json:"u,omitempty"`
	Checksums map[string]string `json:"c,omitempty"`
	Tags      map[string]string `json:"t,omitempty"`
	System    map[string]string `json:"s,omitempty"`
}

// standard are the attributes with a header of their own.
var standard = []struct {
	header string
	of     func(*objectstore.Attributes) *string
}{
	{contentType, func(a *objectstore.Attributes) *string { return &a.ContentType }},
	{"Content-Encoding", func(a *objectstore.Attributes) *string { return &a.ContentEncoding }},
	{"Content-Disposition", func(a *objectstore.Attributes) *string { return &a.ContentDisposition }},
	{"Content-Language", func(a *objectstore.Attributes) *string { return &a.ContentLanguage }},
	{"Cache-Control", func(a *objectstore.Attributes) *string { return &a.CacheControl }},
	{"Expires", func(a *objectstore.Attributes) *string { return &a.Expires }},
}

// encodeAttributes returns attributes as headers. What others can read goes as it
// is; the rest in one header of ours. whole is false when that does not fit: then
// the object needs a late record.
func encodeAttributes(a objectstore.Attributes) (headers map[string]string, whole bool) {
	headers = map[string]string{}
	rest := extra{Checksums: a.Checksums, Tags: a.Tags, System: a.System}
	for _, one := range standard {
		value := *one.of(&a)
		switch {
		case value == "" && one.header != contentType:
		case travels(value) && (one.header != "Expires" || isTime(value)):
			headers[one.header] = value
		default:
			if rest.Headers == nil {
				rest.Headers = map[string][]byte{}
			}
			rest.Headers[one.header] = []byte(value)
		}
	}
	size := ownRoom
	for key, value := range a.User {
		if travelsAsName(key) && travels(value) {
			headers[metaPrefix+key] = value
			size += len(key) + len(value)
		} else {
			rest.User = append(rest.User, [2][]byte{[]byte(key), []byte(value)})
		}
	}
	if size > maxMetadata {
		for key := range a.User {
			delete(headers, metaPrefix+key)
		}
		return headers, false
	}
	if len(rest.Headers)+len(rest.User)+len(rest.Checksums)+len(rest.Tags)+len(rest.System) == 0 {
		return headers, true
	}
	text, err := json.Marshal(rest)
	if value := base64.RawURLEncoding.EncodeToString(text); err == nil && size+len("croft")+len(value) <= maxMetadata {
		headers[ownExtra] = value
		return headers, true
	}
	return headers, false
}

// travels reports whether a header carries the text through any server and proxy.
func travels(text string) bool {
	if text == "" || text != strings.TrimSpace(text) || strings.Contains(text, "  ") || strings.HasPrefix(text, "=?") {
		return false
	}
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' })
}

// travelsAsName reports whether a name comes back as it is and is not one of ours.
func travelsAsName(name string) bool {
	return name != "" && !strings.HasPrefix(name, ownPrefix) && !strings.ContainsFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
	})
}

func isTime(text string) bool {
	_, err := http.ParseTime(text)
	return err == nil
}

// decodeAttributes reads attributes out of the headers of an object, whoever wrote it.
func decodeAttributes(header http.Header) objectstore.Attributes {
	var a objectstore.Attributes
	for _, one := range standard {
		*one.of(&a) = header.Get(one.header)
	}
	a.ContentEncoding = WithoutChunked(a.ContentEncoding)
	for name, values := range header {
		key, ok := strings.CutPrefix(http.CanonicalHeaderKey(name), metaPrefix)
		if key = strings.ToLower(key); !ok || key == "" || len(values) == 0 || strings.HasPrefix(key, ownPrefix) {
			continue
		}
		setUser(&a, key, values[0])
	}
	var rest extra
	text, err := base64.RawURLEncoding.DecodeString(header.Get(ownExtra))
	if err != nil || len(text) == 0 || json.Unmarshal(text, &rest) != nil {
		return a
	}
	for _, one := range standard {
		if value, ok := rest.Headers[one.header]; ok {
			*one.of(&a) = string(value)
		}
	}
	for _, pair := range rest.User {
		setUser(&a, string(pair[0]), string(pair[1]))
	}
	a.Checksums, a.Tags, a.System = rest.Checksums, rest.Tags, rest.System
	return a
}

func setUser(a *objectstore.Attributes, key, value string) {
	if a.User == nil {
		a.User = map[string]string{}
	}
	a.User[key] = value
}

// WithoutChunked drops aws-chunked, which describes a request and which some
// clusters keep.
func WithoutChunked(encoding string) string {
	if !strings.Contains(encoding, "aws-chunked") {
		return encoding
	}
	var kept []string
	for one := range strings.SplitSeq(encoding, ",") {
		if one = strings.TrimSpace(one); one != "" && one != "aws-chunked" {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, ",")
}

// plain is attributes without a lock, as a record in JSON keeps them: texts that
// are not UTF-8 survive as bytes.
type plain struct {
	Headers   map[string][]byte `json:"headers,omitempty"`
	User      [][2][]byte       `json:"user,omitempty"`
	Checksums map[string]string `json:"checksums,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	System    map[string]string `json:"system,omitempty"`
}

func plainOf(a objectstore.Attributes) plain {
	p := plain{Checksums: a.Checksums, Tags: a.Tags, System: a.System}
	for _, one := range standard {
		if value := *one.of(&a); value != "" {
			if p.Headers == nil {
				p.Headers = map[string][]byte{}
			}
			p.Headers[one.header] = []byte(value)
		}
	}
	for key, value := range a.User {
		p.User = append(p.User, [2][]byte{[]byte(key), []byte(value)})
	}
	return p
}

func (p plain) attributes() objectstore.Attributes {
	a := objectstore.Attributes{Checksums: p.Checksums, Tags: p.Tags, System: p.System}
	for _, one := range standard {
		*one.of(&a) = string(p.Headers[one.header])
	}
	for _, pair := range p.User {
		setUser(&a, string(pair[0]), string(pair[1]))
	}
	return a
}

// checkAttributes refuses attributes that would not be kept.
func checkAttributes(a objectstore.Attributes) error {
	if a.Lock != (objectstore.Lock{}) {
		return objectstore.ErrObjectLockMissing
	}
	for _, texts := range []map[string]string{a.Checksums, a.Tags, a.System} {
		for name, value := range texts {
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				return Unsupported("A checksum, tag or grant that is not UTF-8")
			}
		}
	}
	return nil
}
