package driveset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
)

// tree lists all that is below a folder: names, modes, times and contents.
func tree(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, st os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		content := ""
		if !st.IsDir() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(b)
		}
		all = append(all, strings.Join([]string{path, st.Mode().String(), st.ModTime().String(), content}, "|"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantCode(t *testing.T, err error, code string, mentions ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", code)
	}
	got, message := errs.Public(err)
	for _, m := range append([]string{""}, mentions...) {
		if got != code || !strings.Contains(message, m) {
			t.Fatalf("got %s %q (%v), want %s with %q", got, message, err, code, m)
		}
	}
}

// TestOldFormatIsRefused gives drives that the engine before this one wrote,
// alone and among others. Nothing may be changed on any of them.
func TestOldFormatIsRefused(t *testing.T) {
	for name, pick := range map[string]func(old []string, fresh string) []string{
		"whole set":          func(old []string, _ string) []string { return old },
		"one of it":          func(old []string, _ string) []string { return old[:1] },
		"beside a blank one": func(old []string, fresh string) []string { return append([]string{fresh}, old[1:]...) },
		"in a set of this one": func(old []string, fresh string) []string {
			p := []string{filepath.Join(fresh, "1"), filepath.Join(fresh, "2"), filepath.Join(fresh, "3")}
			if err := tryFolders(1, p...); err != nil {
				t.Fatal(err)
			}
			return append(p[:2], old[0])
		},
		"beside a missing one": func(old []string, fresh string) []string {
			return append([]string{filepath.Join(fresh, "missing")}, old...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS("testdata/version1")); err != nil {
				t.Fatal(err)
			}
			old := []string{filepath.Join(dir, "disk1"), filepath.Join(dir, "disk2")}
			fresh := filepath.Join(dir, "fresh")
			if err := os.Mkdir(fresh, 0o700); err != nil {
				t.Fatal(err)
			}
			given := pick(old, fresh)
			before := tree(t, dir)
			found, err := Local(given)
			if err != nil {
				t.Fatal(err)
			}
			set, err := Open(Config{Parity: -1}, found)
			if err == nil {
				set.Close()
			}
			wantCode(t, err, "drive_old_format", dir, "earlier Croft", "S3 client", "Nothing was changed")
			if after := tree(t, dir); !slices.Equal(before, after) {
				t.Fatalf("changed from\n%q\nto\n%q", before, after)
			}
		})
	}
}
