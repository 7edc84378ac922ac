package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"croft/account"
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

// TestBodyRuleOfAnotherInputStaysShut declares routes with a rule that cannot read
// their body: nobody may pass, as the policy was not asked.
func TestBodyRuleOfAnotherInputStaysShut(t *testing.T) {
	type mine struct{}
	type another struct{}
	s := New(Deps{}, Config{})
	misfit := Rule{public: "to come as far as the rule", body: func(context.Context, *another) (account.Resource, error) {
		return account.Resource{}, nil
	}}
	reached := false
	route(s, op("misfit", http.MethodGet, "/misfit", "A test", "test"), misfit, func(context.Context, *mine) (*struct{}, error) {
		reached = true
		return nil, nil
	})
	raw(s, op("raw-misfit", http.MethodGet, "/raw-misfit", "A test", "test"), misfit, func(http.ResponseWriter, *http.Request, Params) error {
		reached = true
		return nil
	})
	for _, path := range []string{"/api/v1/misfit", "/api/v1/raw-misfit"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != http.StatusInternalServerError || reached {
			t.Errorf("%s answered %d, handler reached: %v", path, w.Code, reached)
		}
	}
}
