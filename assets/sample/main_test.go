package main

import (
	"strings"
	"testing"
)

func TestGreet(t *testing.T) {
	f := func(want string, names ...string) {
		t.Helper()
		var out strings.Builder
		if greet(&out, names); out.String() != want {
			t.Errorf("greet(%q) wrote %q, want %q", names, out.String(), want)
		}
	}
	f("Hello, world!\n")
	f("Hello, Ada!\n", "Ada")
	f("Hello, Ada!\nHello, 小明!\n", "Ada", "小明")
}
