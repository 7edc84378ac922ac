package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestConsoleIsNotUnderTheNameOfASite(t *testing.T) {
	reached := false
	console := notOnSites{
		console: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }),
		isSite:  func(host string) bool { return strings.HasSuffix(host, ".web.example.com:9001") },
	}
	for host, want := range map[string]int{"shop.web.example.com:9001": http.StatusMisdirectedRequest, "console.example.com:9001": http.StatusOK} {
		reached = false
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		r.Host = host
		console.ServeHTTP(w, r)
		if w.Code != want || reached != (want == http.StatusOK) || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d, reached %v", host, w.Code, reached)
		}
	}
}
