package iamapi

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// node is an element of an answer: a name, and a text or elements within.
type node struct {
	name string
	text string
	kids []node
}

// e makes an element. A text that is empty stays, because clients look for it.
func e(name string, kids ...node) node { return node{name: name, kids: kids} }

func text(name, value string) node { return node{name: name, text: value} }

func number(name string, value int) node { return text(name, strconv.Itoa(value)) }

func truth(name string, value bool) node { return text(name, strconv.FormatBool(value)) }

func at(name string, t time.Time) node { return text(name, t.UTC().Format(time.RFC3339)) }

// document is a policy as IAM answers with it.
func document(name, policy string) node {
	return text(name, strings.ReplaceAll(url.QueryEscape(policy), "+", "%20"))
}

// list makes a list of members, each of which has these elements.
func list[T any](name string, items []T, member func(T) []node) node {
	out := node{name: name}
	for _, item := range items {
		out.kids = append(out.kids, node{name: "member", kids: member(item)})
	}
	return out
}

// names makes a list of texts.
func names(name string, items []string) node {
	out := node{name: name}
	for _, item := range items {
		out.kids = append(out.kids, text("member", item))
	}
	return out
}

// append writes an element. Names are ours; texts are escaped.
func (n *node) append(out *bytes.Buffer) {
	out.WriteString("<" + n.name + ">")
	_ = xml.EscapeText(out, []byte(n.text)) // a buffer takes everything
	for i := range n.kids {
		n.kids[i].append(out)
	}
	name, _, _ := strings.Cut(n.name, " ")
	out.WriteString("</" + name + ">")
}

func send(w http.ResponseWriter, status int, root node) {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	root.append(&out)
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the client is gone; there is nobody to tell
}
