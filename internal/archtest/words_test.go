package archtest

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// untold are codes that the console never shows, by why that is so.
var untold = map[string][]string{
	"of commands, and of a start that fails": {
		"address_unusable", "already_running", "drive_count", "drive_duplicate", "drive_foreign", "drive_format", "drive_layout", "drive_not_folder",
		"drive_old_format", "drive_order", "drive_split", "drives_away", "file_unreadable", "mirror_incomplete", "mirror_interrupted", "mirror_itself", "mirror_order", "mirror_target_bucket", "mirror_target_prefix",
		"parity_mismatch", "prefix_in_use", "records_busy", "records_lost", "records_newer", "records_of_another", "reduced_parity_invalid", "root_password_short",
		"root_user_invalid", "source_archived", "source_range", "state_not_folder", "state_of_another", "state_offline", "state_unreadable", "state_unwritable", "store_keys",
		"verify_attributes", "verify_bodies", "verify_differs", "verify_latest", "verify_missing",
	},
	"of clients of S3, IAM and mc, in their own words": {
		"access_key_invalid", "group_not_empty", "lifecycle_malformed", "notification_malformed", "policy_in_use", "secret_invalid",
	},
	"of mistakes in Croft": {
		"holder_unknown", "instance_id_missing", "not_followed", "run_id_invalid", "unknown_action",
	},
}

// TestRefusalsHaveWords demands words in the console's languages for every code of a
// refusal, for whoever does not read the server's own English; that both languages have
// the same is a test of the console.
func TestRefusalsHaveWords(t *testing.T) {
	words := make(map[string]string)
	text, err := os.ReadFile("../../ui/src/locales/en/errors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	codes := codes(t)
	if len(codes) < 300 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	reasons := make(map[string]string)
	for why, of := range untold {
		for _, code := range of {
			reasons[code] = why
			if codes[code] == "" {
				t.Errorf("%s, %s: nothing has this code", code, why)
			}
			if words[code] != "" {
				t.Errorf("%s has words, and would be %s", code, why)
			}
		}
	}
	for code, at := range codes {
		if words[code] == "" && reasons[code] == "" {
			t.Errorf("%s: the code %s has no words in ui/src/locales/*/errors.json", at, code)
		}
	}
}

// codes returns the codes that errors are made with, and where.
func codes(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".cache", "node_modules", "testdata"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if code, at := codeOf(n); code != "" {
				found[code] = set.Position(at).String()
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// codeOf returns the code that errs.New, errs.Newf or errs.Wrap is called with.
func codeOf(n ast.Node) (string, token.Pos) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", 0
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", 0
	}
	place, made := map[string]int{"New": 1, "Newf": 1, "Wrap": 2}[f.Sel.Name]
	if from, ok := f.X.(*ast.Ident); !ok || from.Name != "errs" || !made || len(call.Args) <= place {
		return "", 0
	}
	text, ok := call.Args[place].(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return "", 0
	}
	code, err := strconv.Unquote(text.Value)
	if err != nil {
		return "", 0
	}
	return code, call.Pos()
}
