package s3api

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is how deep the documents go that set something, and then some.
const maxDepth = 16

// element is one element of a document that is read strictly: what is not known is
// refused, never skipped.
type element struct {
	name     string
	text     string // without the blanks around it; empty where there are children
	asIs     string // with them
	children []*element
}

// readElement reads a document whose root has this name. It takes S3's namespace or
// none, no document type and so no entities but the five of XML itself.
func readElement(data []byte, root string) (*element, error) {
	return readElementOf(data, root, xmlNamespace)
}

// readElementOf is readElement for another namespace than S3's.
func readElementOf(data []byte, root, namespace string) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var open []*element
	var texts [][]byte // of the open elements
	var top *element
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && top != nil && len(open) == 0 {
			return top, nil
		}
		if err != nil {
			return nil, errMalformedXML()
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local}
			if (t.Name.Space != "" && t.Name.Space != namespace) || len(open) == maxDepth {
				return nil, errMalformedXML()
			}
			if len(open) > 0 {
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			} else if top != nil || e.name != root {
				return nil, errMalformedXML()
			} else {
				top = e
			}
			open, texts = append(open, e), append(texts, nil)
		case xml.EndElement:
			last := len(open) - 1
			text := strings.TrimSpace(string(texts[last]))
			if text != "" && len(open[last].children) > 0 {
				return nil, errMalformedXML()
			}
			open[last].text, open[last].asIs = text, string(texts[last])
			open, texts = open[:last], texts[:last]
		case xml.CharData:
			if len(open) > 0 {
				texts[len(open)-1] = append(texts[len(open)-1], t...)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errMalformedXML()
			}
		case xml.Directive:
			return nil, errMalformedXML()
		}
	}
}

// fields calls the function that is named for each child. A child that none is named
// for is refused.
func (e *element) fields(known map[string]func(*element) error) error {
	if e.text != "" {
		return errMalformedXML()
	}
	for _, child := range e.children {
		read := known[child.name]
		if read == nil {
			return errMalformedXML()
		}
		if err := read(child); err != nil {
			return err
		}
	}
	return nil
}

// once reads the text of an element that may stand once and has no children.
func once(into *string) func(*element) error {
	seen := false
	return func(e *element) error {
		if seen || len(e.children) > 0 {
			return errMalformedXML()
		}
		seen, *into = true, e.text
		return nil
	}
}

// onceAsIs is once with the blanks around the text.
func onceAsIs(into *string) func(*element) error {
	var trimmed string
	read := once(&trimmed)
	return func(e *element) error {
		*into = e.asIs
		return read(e)
	}
}

// each collects the texts of an element that may stand several times.
func each(into *[]string) func(*element) error {
	return func(e *element) error {
		if len(e.children) > 0 {
			return errMalformedXML()
		}
		*into = append(*into, e.text)
		return nil
	}
}

// alone reads an element that may stand once, into a value of its own.
func alone[T any](into **T, fields func(*T) map[string]func(*element) error) func(*element) error {
	return func(e *element) error {
		if *into != nil {
			return errMalformedXML()
		}
		*into = new(T)
		return e.fields(fields(*into))
	}
}
