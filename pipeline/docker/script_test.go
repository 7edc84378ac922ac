package docker

import (
	"os/exec"
	"strings"
	"testing"

	"croft/internal/errs"
)

func TestShellScript(t *testing.T) {
	f := func(name, wantOut string, wantCode int, items ...string) {
		t.Run(name, func(t *testing.T) {
			text, err := shellScript(items)
			if err != nil {
				t.Fatal(err)
			}
			sh, err := exec.LookPath("sh")
			if err != nil {
				t.Skip("skipped: no sh")
			}
			cmd := exec.CommandContext(t.Context(), sh, "-e", "-c", text)
			out, _ := cmd.Output()
			if string(out) != wantOut || cmd.ProcessState.ExitCode() != wantCode {
				t.Errorf("got %q, %d, want %q, %d", out, cmd.ProcessState.ExitCode(), wantOut, wantCode)
			}
		})
	}
	f("items share a shell", "$ cd /\n$ x=1\n$ echo $x $PWD\n1 /\n", 0, "cd /", "x=1", "echo $x $PWD")
	f("stops at the first failure", "$ false\n", 1, "false", "echo never")
	f("exit code", "$ exit 7\n", 7, "exit 7")
	f("quotes", "$ echo 'a'\\''b' \"c\" %s \\\\\na'b c %s \\\n", 0, `echo 'a'\''b' "c" %s \\`)
	f("block", "$ if true; then\n    echo in\n  fi\nin\n", 0, "if true; then\n  echo in\nfi\n")
	f("here document", "$ cat <<EOF\n  text\n  EOF\ntext\n$ echo next\nnext\n", 0, "cat <<EOF\ntext\nEOF", "echo next")
	f("crlf and empty items", "$ echo a\n  echo b\na\nb\n", 0, "", "echo a\r\necho b\r\n", " \n")
	f("comment at the end", "$ echo a # why\na\n$ echo b\nb\n", 0, "echo a # why", "echo b")
}

func TestShellScriptRefuses(t *testing.T) {
	f := func(item, code string) {
		t.Helper()
		_, err := shellScript([]string{item})
		if got, _ := errs.Public(err); err == nil || got != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	f("echo a\x00b", "script_invalid")
	f(strings.Repeat("echo long\n", 20_000), "script_too_long")
}
