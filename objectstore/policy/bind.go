package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bindings say which users and roles the names in a document mean: those that were
// called so when it was put, by their IDs. A name may be somebody else's later; who is
// not in them is nobody.
type Bindings struct {
	Users map[string]string `json:"users,omitempty"` // ID by name
	Roles map[string]string `json:"roles,omitempty"`
}

// Text is how bindings are kept.
func (b *Bindings) Text() string {
	text, _ := json.Marshal(b) // of texts, which can always be written
	return string(text)
}

// ParseBindings reads what Text wrote.
func ParseBindings(text string) (*Bindings, error) {
	var b Bindings
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return nil, fmt.Errorf("read bindings of principals: %w", err)
	}
	return &b, nil
}

// mention is a user or a role that the document names, and where.
type mention struct {
	node       *node
	path       string
	user, role string // one of them
	session    string // of the role, where only that one is named
}

// id is the ID that the bindings have of it.
func (m *mention) id(b *Bindings) string {
	if m.user != "" {
		return b.Users[m.user]
	}
	return b.Roles[m.role]
}

// Mentions are the names of the users and of the roles that the policy names, sorted.
func (p *Policy) Mentions() (users, roles []string) {
	ofUsers, ofRoles := map[string]bool{}, map[string]bool{}
	for _, m := range p.mentions {
		if m.user != "" {
			ofUsers[m.user] = true
		} else {
			ofRoles[m.role] = true
		}
	}
	return slices.Sorted(maps.Keys(ofUsers)), slices.Sorted(maps.Keys(ofRoles))
}

// Strangers refuses names that the bindings do not have, as AWS does. The error is an
// *Error that says where.
func (p *Policy) Strangers(b *Bindings) error {
	r := &reader{text: p.text}
	for _, m := range p.mentions {
		switch {
		case m.id(b) != "":
		case m.user != "":
			return r.atf(m.node, m.path, "Invalid principal in policy: there is no user %q. Make the user first, or remove this.", m.user)
		default:
			return r.atf(m.node, m.path, "Invalid principal in policy: there is no role %q. Make the role first, or remove this.", m.role)
		}
	}
	return nil
}

// nobody is the ID of whom no name means.
const nobody = "-"

// Bind has the names mean whom the bindings say. It is called before the policy is used,
// if at all: without, a name means whoever has it, but for those whom only IDs do.
func (p *Policy) Bind(b *Bindings) {
	bind := func(to map[string]string, name string, ids map[string]string) {
		if to[name] = nobody; ids[name] != "" {
			to[name] = ids[name]
		}
	}
	for i := range p.statements {
		s := &p.statements[i].principals
		for name := range s.names {
			bind(s.names, name, b.Users)
		}
		for name := range s.roles {
			bind(s.roles, name, b.Roles)
		}
		for session := range s.sessions {
			role, _, _ := strings.Cut(session, "/")
			if s.sessions[session] = nobody; b.Roles[role] != "" {
				s.sessions[session] = b.Roles[role]
			}
		}
	}
}

// What IDs begin with where they stand for names. No user can be called so.
const (
	shownUser = "AIDA"
	shownRole = "AROA"
)

// Shown is the text of the document as it was put, but that those who are gone stand
// there by their IDs, also where somebody else is called so now.
func (p *Policy) Shown(bound, now *Bindings) string {
	var out strings.Builder
	from := 0
	for _, m := range p.mentions {
		id := m.id(bound)
		if id != "" && id == m.id(now) {
			continue
		}
		if id == "" {
			id = "NOBODY" // the name was nobody's when it was put
		}
		shown := shownUser + strings.ToUpper(id)
		if m.role != "" {
			shown = shownRole + strings.ToUpper(id)
		}
		if m.session != "" {
			shown += ":" + m.session
		}
		literal, _ := json.Marshal(shown) // a text, which can always be written
		out.WriteString(p.text[from:m.node.offset])
		out.Write(literal)
		from = m.node.offset + literalLength(p.text[m.node.offset:])
	}
	out.WriteString(p.text[from:])
	return out.String()
}

// literalLength is how long the string is, with its quotes, that a JSON text begins with.
func literalLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
