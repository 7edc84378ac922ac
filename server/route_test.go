package server

import (
	"strings"
	"testing"
)

// TestNoRouteBesideTheList looks for routes that somebody gave the router directly.
func TestNoRouteBesideTheList(t *testing.T) {
	s := New(Deps{}, Config{})
	declared := make(map[string]bool)
	for _, r := range s.Routes() {
		declared[r.Method+" "+ginPath(r.Path)] = true
		if r.Rule.public == "" && r.Rule.body == nil && r.Rule.scope.Resolve == nil {
			t.Errorf("%s %s has the empty rule", r.Method, r.Path)
		}
		if _, why, public := strings.Cut(r.Rule.String(), "public: "); public && why == "" {
			t.Errorf("%s %s is public and does not say why", r.Method, r.Path)
		}
	}
	for _, r := range s.engine.Routes() {
		if !declared[r.Method+" "+r.Path] {
			t.Errorf("%s %s has no rule", r.Method, r.Path)
		}
	}
}
