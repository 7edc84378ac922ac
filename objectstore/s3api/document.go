package s3api

import (
	"net/http"
	"strconv"
	"sync"
	"time"
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

// appendTime writes a time as xmlTimeFormat has it.
func appendTime(out []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(out, xmlTimeFormat)
	}
	hour, minute, second := t.Clock()
	out = appendTwo(appendTwo(out, year/100), year%100)
	out = appendTwo(append(out, '-'), int(month))
	out = appendTwo(append(out, '-'), day)
	out = appendTwo(append(out, 'T'), hour)
	out = appendTwo(append(out, ':'), minute)
	out = appendTwo(append(out, ':'), second)
	milliseconds := t.Nanosecond() / 1e6
	out = append(out, '.', byte('0'+milliseconds/100))
	return append(appendTwo(out, milliseconds%100), 'Z')
}

func appendTwo(out []byte, n int) []byte { return append(out, byte('0'+n/10), byte('0'+n%10)) }

// escapes are what stands for the ASCII characters that XML does not take as they
// are; plain are those that it takes.
var (
	escapes = [utf8.RuneSelf]string{
		'"': "&#34;", '\'': "&#39;", '&': "&amp;", '<': "&lt;", '>': "&gt;", '\t': "&#x9;", '\n': "&#xA;", '\r': "&#xD;",
	}
	plain = func() (set [256]bool) {
		for c := ' '; c < utf8.RuneSelf; c++ {
			set[c] = escapes[c] == ""
		}
		return set
	}()
)

// appendEscaped writes text as encoding/xml escapes it. What XML cannot hold
// becomes the replacement character.
func appendEscaped(out []byte, text string) []byte {
	from := 0
	for i := 0; i < len(text); {
		c := text[i]
		if plain[c] {
			i++
			continue
		}
		size, with := 1, "\uFFFD"
		if c < utf8.RuneSelf {
			if escapes[c] != "" {
				with = escapes[c]
			}
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(text[i:])
			if (r != utf8.RuneError || size > 1) && r != 0xFFFE && r != 0xFFFF {
				i += size
				continue
			}
		}
		out = append(append(out, text[from:i]...), with...)
		i += size
		from = i
	}
	return append(out, text[from:]...)
}
