package s3api

import (
	"encoding/xml"
	"strings"
	"unicode/utf8"
)

// deleteXML is the body of a DeleteObjects.
type deleteXML struct {
	XMLName xml.Name       `xml:"Delete"`
	Quiet   bool           `xml:"Quiet"`
	Objects []deleteObject `xml:"Object"`
}

type deleteObject struct {
	Key       string `xml:"Key"`
	VersionID string `xml:"VersionId"`
	ETag      string `xml:"ETag"`
	// Size, in bytes, and LastModified are conditions as the ETag is.
	Size         string `xml:"Size"`
	LastModified string `xml:"LastModifiedTime"`
}

// readDelete reads and verifies the body of a DeleteObjects.
func (q *request) readDelete() (deleteXML, error) {
	data, err := q.body.readAll(maxXML)
	if err != nil {
		return deleteXML{}, err
	}
	if want, ok := parseDelete(string(data)); ok {
		return want, nil
	}
	var want deleteXML
	if err := xml.Unmarshal(data, &want); err != nil {
		return deleteXML{}, errMalformedXML()
	}
	return want, nil
}

// parseDelete reads the document as clients write it, at a small part of what
// encoding/xml costs. Of anything unusual (attributes, comments, character
// references, elements it does not know) it says not ok, and means nothing by it:
// encoding/xml decides then.
func parseDelete(text string) (want deleteXML, ok bool) {
	p := simpleXML(text)
	for _, head := range []string{xmlHead[:len(xmlHead)-1], `<?xml version="1.0" encoding="utf-8"?>`, `<?xml version="1.0"?>`} {
		if p.skip(head) {
			p.space()
			break
		}
	}
	if p.skip(`<Delete xmlns="` + xmlNamespace + `">`) {
		want.XMLName.Space = xmlNamespace
	} else if !p.skip("<Delete>") {
		return want, false
	}
	want.XMLName.Local = "Delete"
	for quiet := false; ; {
		p.space()
		switch {
		case p.skip("<Object>"):
			o, ok := p.object()
			if !ok || len(want.Objects) > maxDelete {
				return want, false
			}
			want.Objects = append(want.Objects, o)
		case !quiet && p.skip("<Quiet>"):
			want.Quiet, quiet = p.skip("true</Quiet>"), true
			if !want.Quiet && !p.skip("false</Quiet>") {
				return want, false
			}
		case p.skip("</Delete>"):
			p.space()
			return want, p == ""
		default:
			return want, false
		}
	}
}

// simpleXML is what is left of a document.
type simpleXML string

func (p *simpleXML) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(string(*p), prefix)
	if ok {
		*p = simpleXML(rest)
	}
	return ok
}

func (p *simpleXML) space() { *p = simpleXML(strings.TrimLeft(string(*p), " \t\n")) }

// object reads what is inside of an Object, and its end.
func (p *simpleXML) object() (o deleteObject, ok bool) {
	var seenKey, seenVersion, seenETag bool
	for {
		p.space()
		switch {
		case !seenKey && p.skip("<Key>"):
			seenKey = true
			o.Key, ok = p.until("</Key>")
		case !seenVersion && p.skip("<VersionId>"):
			seenVersion = true
			o.VersionID, ok = p.until("</VersionId>")
		case !seenETag && p.skip("<ETag>"):
			seenETag = true
			o.ETag, ok = p.until("</ETag>")
		default:
			return o, p.skip("</Object>")
		}
		if !ok {
			return o, false
		}
	}
}

var predefined = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`, "&apos;", "'")

// until reads text up to and with an end tag.
func (p *simpleXML) until(end string) (string, bool) {
	text, rest, _ := strings.Cut(string(*p), "<")
	*p = simpleXML(rest)
	if !p.skip(end[1:]) {
		return "", false
	}
	references := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '&':
			references++
		case c < ' ' && c != '\t' && c != '\n', c >= utf8.RuneSelf, c == ']': // which may start "]]>"
			if !plainText(text) {
				return "", false
			}
		}
	}
	if references == 0 {
		return text, true
	}
	return predefined.Replace(text), references == countReferences(text)
}

// plainText reports whether XML allows every character as it stands.
func plainText(text string) bool {
	if !utf8.ValidString(text) || strings.Contains(text, "]]>") {
		return false
	}
	for _, r := range text {
		if (r < ' ' && r != '\t' && r != '\n') || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}

// countReferences counts the references that predefined replaces.
func countReferences(text string) int {
	n := 0
	for _, reference := range []string{"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"} {
		n += strings.Count(text, reference)
	}
	return n
}

func errMalformedXML() error {
	return fail("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
}
