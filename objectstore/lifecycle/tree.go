package lifecycle

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	// maxDepth and maxElements bound what a document may make the reader keep.
	maxDepth    = 8
	maxElements = 200_000
)

// element is an element of a document, with the elements in it.
type element struct {
	name     string
	text     string // of its own, without white space around it
	children []*element
}

// readTree reads a whole document. encoding/xml expands no entities but the five of
// XML itself.
func readTree(document []byte) (*element, error) {
	in := xml.NewDecoder(bytes.NewReader(document))
	var root *element
	var open []*element
	var text []*strings.Builder
	for count := 0; ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, malformed("It cannot be read.")
		}
		switch token := token.(type) {
		case xml.StartElement:
			count++
			if len(open) == 0 && root != nil || len(open) >= maxDepth || count > maxElements {
				return nil, malformed("It has too many elements.")
			}
			if s := token.Name.Space; s != "" && s != namespace {
				return nil, malformed("%s is not an element of S3's.", clip(token.Name.Local))
			}
			e := &element{name: token.Name.Local}
			if root == nil {
				root = e
			} else {
				in := open[len(open)-1]
				in.children = append(in.children, e)
			}
			open, text = append(open, e), append(text, new(strings.Builder))
		case xml.EndElement:
			e := open[len(open)-1]
			e.text = text[len(text)-1].String()
			if len(e.children) > 0 {
				e.text = strings.TrimSpace(e.text)
			}
			open, text = open[:len(open)-1], text[:len(text)-1]
		case xml.CharData:
			if len(open) > 0 {
				text[len(text)-1].Write(token)
			} else if len(bytes.TrimSpace(token)) > 0 {
				return nil, malformed("There is text outside of its elements.")
			}
		case xml.Directive:
			return nil, malformed("It must not declare a document type.")
		}
	}
}

// clip shortens what somebody sent, so that it can be repeated to them.
func clip(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
