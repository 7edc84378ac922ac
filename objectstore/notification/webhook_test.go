package notification

import (
	"errors"
	"testing"
)

// TestTokenStaysAtItsHost: who changes an address does not get the token there.
func TestTokenStaysAtItsHost(t *testing.T) {
	w := newWorld(t)
	token := "secret"
	w.hook(NewHook{Hook: Hook{Name: "hook", URL: "https://ci.example.com/a"}, Token: &token})
	change := func(url string, token *string) error {
		return w.ChangeHook(t.Context(), "hook", NewHook{Hook: Hook{Name: "hook", URL: url}, Token: token})
	}
	for url, keeps := range map[string]bool{
		"https://ci.example.com/b?c=d":         true,
		"https://CI.example.com:443/a":         true,
		"http://ci.example.com/a":              false,
		"http://ci.example.com:443/a":          false,
		"https://ci.example.com:444/a":         false,
		"https://ci.example.com.evil.example/": false,
		"https://evil.example/ci.example.com":  false,
	} {
		if err := change(url, nil); keeps && err != nil || !keeps && !errors.Is(err, errTokenElsewhere) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := change("https://evil.example/", new("")); err != nil {
		t.Errorf("without a token: %v", err)
	}
	if err := change("https://other.example/", nil); err != nil {
		t.Errorf("there is no token to keep: %v", err)
	}
	if err := change("https://evil.example/", &token); err != nil {
		t.Errorf("with the token anew: %v", err)
	}
}
