package greeting

import "testing"

func TestFor(t *testing.T) {
	for name, want := range map[string]string{
		"":     "Hello, world!",
		"  ":   "Hello, world!",
		"Ada":  "Hello, Ada!",
		" 小明 ": "Hello, 小明!",
	} {
		if got := For(name); got != want {
			t.Errorf("For(%q) = %q, want %q", name, got, want)
		}
	}
}
