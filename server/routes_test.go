package server_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"croft/server"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a committed file, or rewrites the file with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s is out of date; run `go test ./server -update`, and look at what changed", path)
	}
}

// TestRouteList keeps the list of routes and their rules where a reviewer sees it change.
func TestRouteList(t *testing.T) {
	var b strings.Builder
	seen := make(map[string]bool)
	for _, r := range server.New(server.Deps{}, server.Config{}).Routes() {
		fmt.Fprintf(&b, "%-6s %-58s %-28s %s\n", r.Method, r.Path, r.Operation, r.Rule)
		if r.Operation == "" || seen[r.Operation] {
			t.Errorf("operation %q of %s is missing or twice", r.Operation, r.Path)
		}
		seen[r.Operation] = true
	}
	golden(t, "testdata/routes.golden", b.String())
}

// TestOpenAPI keeps the API's description, from which the UI's types are made.
func TestOpenAPI(t *testing.T) {
	description, err := server.New(server.Deps{}, server.Config{Version: "dev"}).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../ui/src/api/openapi.json", string(description))
}
