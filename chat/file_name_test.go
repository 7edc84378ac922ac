package chat_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"croft/chat"
)

func TestCleanName(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt":              "a.txt",
		"报告 1.pdf":           "报告 1.pdf",
		"../../etc/passwd":   "passwd",
		`C:\Users\x\a.doc`:   "a.doc",
		"a\x00b\r\n\x7f.txt": "ab.txt",
		"evil\u202Egpj.exe":  "evilgpj.exe",
		"a\u2028b":           "ab",
		"..":                 "file",
		"":                   "file",
		"dir/":               "file",
		" .hidden. ":         "hidden",
		"\xff\xfea":          "a",
	} {
		if got := chat.CleanName(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	long := chat.CleanName(strings.Repeat("界", 200))
	if len(long) > 255 || !utf8.ValidString(long) {
		t.Errorf("long name has %d bytes", len(long))
	}
}
