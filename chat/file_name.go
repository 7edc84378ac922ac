package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest file name in bytes that file systems agree on.
const maxName = 255

// cleanName makes what a client called its file a bare name: no folders, no
// control or direction-changing characters ("exe.gpj" shown backwards), no
// leading or trailing dots and spaces.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(c rune) rune {
		if unicode.Is(unicode.C, c) || c == '\u2028' || c == '\u2029' {
			return -1
		}
		return c
	}, name)
	name = strings.Trim(name, ". ")
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if name == "" {
		return "file"
	}
	return name
}
