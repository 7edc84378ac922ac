package s3api

import (
	"net/http"
	"strconv"
	"sync"
	"unicode/utf8"
)

// document is an XML answer that is written often: listings and deletions. It is
// put together byte by byte, as encoding/xml would at many times the cost.
type document struct {
	root string
	text []byte
}

const (
	// maxKept is the longest text whose memory is used again.
	maxKept = 1 << 20
	xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
)

var documents = sync.Pool{New: func() any { return new(document) }}

// newDocument begins a document of S3's namespace. The caller frees it.
func newDocument(root string) *document {
	d := documents.Get().(*document)
	d.root = root
	d.text = append(append(append(d.text[:0], xmlHead+"<"...), root...), ` xmlns="`+xmlNamespace+`">`...)
	return d
}

func (d *document) free() {
	if cap(d.text) <= maxKept {
		documents.Put(d)
	}
}

func (d *document) open(name string) {
	d.text = append(append(append(d.text, '<'), name...), '>')
}

func (d *document) close(name string) {
	d.text = append(append(append(d.text, "</"...), name...), '>')
}

// element writes a whole element.
func (d *document) element(name, value string) {
	d.open(name)
	d.text = appendEscaped(d.text, value)
	d.close(name)
}

// optional writes an element unless it would be empty.
func (d *document) optional(name, value string) {
	if value != "" {
		d.element(name, value)
	}
}

func (d *document) number(name string, value int64) {
	d.open(name)
	d.text = strconv.AppendInt(d.text, value, 10)
	d.close(name)
}

func (d *document) boolean(name string, value bool) {
	d.open(name)
	d.text = strconv.AppendBool(d.text, value)
	d.close(name)
}

// send ends the document and answers with it.
func (d *document) send(w http.ResponseWriter, status int) {
	d.close(d.root)
	sendXML(w, status, d.text)
}

// appendEscaped writes text as encoding/xml escapes it. What XML cannot hold
// becomes the replacement character.
func appendEscaped(out []byte, text string) []byte {
	from := 0
	for i := 0; i < len(text); {
		c := text[i]
		size := 1
		var with string
		switch {
		case c == '"':
			with = "&#34;"
		case c == '\'':
			with = "&#39;"
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '\t':
			with = "&#x9;"
		case c == '\n':
			with = "&#xA;"
		case c == '\r':
			with = "&#xD;"
		case c < ' ':
			with = "\uFFFD"
		case c < utf8.RuneSelf:
			i++
			continue
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(text[i:])
			if (r != utf8.RuneError || size > 1) && r != 0xFFFE && r != 0xFFFF {
				i += size
				continue
			}
			with = "\uFFFD"
		}
		out = append(append(out, text[from:i]...), with...)
		i += size
		from = i
	}
	return append(out, text[from:]...)
}
