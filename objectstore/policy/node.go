package policy

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// node is a value of a JSON document that remembers where it stands.
type node struct {
	offset  int
	kind    kind
	text    string // of a string, a number or a boolean
	members []member
	items   []*node
}

type kind string

const (
	isString  kind = "a text"
	isNumber  kind = "a number"
	isBoolean kind = "true or false"
	isNull    kind = "null"
	isObject  kind = "an object"
	isList    kind = "a list"
)

type member struct {
	name   string
	offset int
	value  *node
}

// maxDepth is how deep a policy goes, and then some.
const maxDepth = 10

// reader reads one document.
type reader struct {
	text    string
	purpose purpose
	decoder *json.Decoder

	mentions []mention // in the order in which they stand there
}

// document reads the text as JSON, one value and nothing behind it, in which no object
// has a member twice.
func (r *reader) document() (*node, error) {
	r.decoder = json.NewDecoder(strings.NewReader(r.text))
	r.decoder.UseNumber()
	root, err := r.value("", 0)
	if err != nil {
		return nil, r.syntax(err)
	}
	end := r.next()
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, r.place(end, "", "The policy has ended, but something follows. Remove what stands behind its last brace.")
	}
	return root, nil
}

// syntax places an error of the JSON itself.
func (r *reader) syntax(err error) error {
	var placed *Error
	if errors.As(err, &placed) {
		return err
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := int(syntax.Offset)
		// Some count the character that they name, some do not.
		if at > 0 && at <= len(r.text) && (at == len(r.text) || !strings.Contains(syntax.Error(), "'"+r.text[at:at+1]+"'")) {
			at--
		}
		return r.place(at, "", "This is not JSON: "+syntax.Error()+".")
	}
	return r.place(len(r.text), "", "This is not JSON: it ends in the middle. Check that every brace, bracket and quote is closed.")
}

// next is where the next token begins.
func (r *reader) next() int {
	at := int(r.decoder.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

func (r *reader) value(path string, depth int) (*node, error) {
	n := &node{offset: r.next()}
	if depth > maxDepth {
		return nil, r.place(n.offset, path, "No policy is nested so deeply. Remove the braces and brackets that are too many.")
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		n.kind, n.text = isString, t
	case json.Number:
		n.kind, n.text = isNumber, t.String()
	case bool:
		n.kind, n.text = isBoolean, "false"
		if t {
			n.text = "true"
		}
	case nil:
		n.kind = isNull
	case json.Delim:
		if t == '[' {
			n.kind = isList
			for r.decoder.More() {
				item, err := r.value(path, depth+1)
				if err != nil {
					return nil, err
				}
				n.items = append(n.items, item)
			}
		} else {
			n.kind = isObject
			if err := r.members(n, path, depth); err != nil {
				return nil, err
			}
		}
		_, err = r.decoder.Token()
	}
	return n, err
}

func (r *reader) members(n *node, path string, depth int) error {
	for r.decoder.More() {
		m := member{offset: r.next()}
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		m.name, _ = token.(string)
		for _, other := range n.members {
			if other.name == m.name {
				return r.place(m.offset, join(path, m.name), "This stands here twice. Put both into one.")
			}
		}
		if m.value, err = r.value(join(path, m.name), depth+1); err != nil {
			return err
		}
		n.members = append(n.members, m)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// list is a value as a list: itself, where it is one, or the one value.
func (n *node) list() []*node {
	if n.kind == isList {
		return n.items
	}
	return []*node{n}
}
