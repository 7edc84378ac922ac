package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHandler(t *testing.T) {
	f := func(method, target string, status int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		handler().ServeHTTP(w, httptest.NewRequest(method, target, nil))
		if w.Code != status || body != "" && w.Body.String() != body {
			t.Errorf("%s %s: got %d %q, want %d %q", method, target, w.Code, w.Body, status, body)
		}
	}
	f("GET", "/", http.StatusOK, "Hello, world!\n")
	f("GET", "/?name=Ada", http.StatusOK, "Hello, Ada!\n")
	f("POST", "/", http.StatusMethodNotAllowed, "")
	f("GET", "/elsewhere", http.StatusNotFound, "")
}
