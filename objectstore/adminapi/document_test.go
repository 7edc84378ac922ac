package adminapi

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/mc-admin.md anew")

const document = "../../docs/mc-admin.md"

// TestDocument holds the table of docs/mc-admin.md to the calls there are.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- calls: made by make gen from objectstore/adminapi -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks of the table are gone")
	}
	want := before + begin + tables() + end + after
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Error("docs/mc-admin.md is out of date: run make gen")
	}
}

func tables() string {
	out := "\n## Answered\n\n| Command | Call | Needs | Remarks |\n| --- | --- | --- | --- |\n"
	for _, c := range table {
		out += "| " + commands(c.commands) + " | `" + c.method + " " + c.path + "` | `" + c.permission + "` | " + c.note + " |\n"
	}
	out += "\n## Refused with `NotImplemented` (501)\n\n| Command | Call | Told |\n| --- | --- | --- |\n"
	for i := 0; i < len(refused); {
		var paths []string
		r := refused[i]
		for ; i < len(refused) && refused[i].why == r.why && refused[i].commands == r.commands; i++ {
			paths = append(paths, "`"+refused[i].path+"`")
		}
		out += "| " + commands(r.commands) + " | " + strings.Join(paths, ", ") + " | " + r.why + " |\n"
	}
	return out + "\n"
}

// commands are the names of commands, each in its own code span.
func commands(text string) string {
	list := strings.Split(text, ", ")
	for i, c := range list {
		list[i] = "`" + c + "`"
	}
	return strings.Join(slices.Compact(list), ", ")
}
