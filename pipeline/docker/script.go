package docker

import (
	"strings"

	"croft/internal/errs"
)

// maxScript keeps the script within what Linux takes as one argument (128 KiB).
const maxScript = 120 << 10

// shellScript makes the text /bin/sh -e runs from the items of a script. Each item
// is shown ("$ go build", further lines indented) and then run by the same shell, so
// directories and variables carry over from one to the next. The items are shown by a
// printf rather than by set -x, which would show expanded variables.
//
// The engine's init sends TERM to the whole process group; the trap lets the
// shell wait for the command that is handling it instead of dying over its head.
func shellScript(items []string) (string, error) {
	var b strings.Builder
	b.WriteString("trap 'exit 143' TERM\n")
	for _, item := range items {
		item = strings.TrimRight(strings.ReplaceAll(item, "\r\n", "\n"), " \t\n")
		if item == "" {
			continue
		}
		if strings.ContainsRune(item, 0) {
			return "", errs.New(errs.Invalid, "script_invalid", "The step's script holds a NUL character.")
		}
		b.WriteString(`printf '%s\n' ` + quote("$ "+strings.ReplaceAll(item, "\n", "\n  ")) + "\n")
		b.WriteString(item + "\n")
	}
	if b.Len() > maxScript {
		return "", errs.New(errs.Invalid, "script_too_long",
			"The step's script is longer than 120 KiB together with its echo: put it into a file of the repository and call that.")
	}
	return b.String(), nil
}

// quote makes one word of a POSIX shell from any text without NUL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
