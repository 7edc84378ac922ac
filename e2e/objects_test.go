package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestObjectBrowser is a day with files in the console: a folder is dropped, an upload
// outlives a crash and a reload, versions, an archive, and a link for a stranger.
func TestObjectBrowser(t *testing.T) {
	browser := NewBrowser(t)
	croft := New(t, 1).WithAccount(rootName, rootPassword).Start()
	api := Login(t, croft.Console, rootName, rootPassword)
	api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": "media", "name": "Media"}, nil)
	api.Must(t, "POST", "/api/v1/buckets", map[string]any{"name": "media-files", "project": "media", "versioning": true}, nil)
	const object = "/api/v1/buckets/media-files/object?key="
	put := func(key, text string) {
		t.Helper()
		answer, err := api.Send(t.Context(), http.MethodPut, object+key, strings.NewReader(text))
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("put %s: %v %v", key, answer, err)
		}
		_ = answer.Body.Close()
	}
	get := func(key string) []byte {
		t.Helper()
		answer, err := api.Send(t.Context(), http.MethodGet, object+key, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("get %s: %v %v", key, answer, err)
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	browser.Do("openBucket", map[string]any{"base": croft.Console, "name": rootName, "password": rootPassword, "bucket": "media-files"}, nil)
	// A small file whose answer is lost is stored once, also in the place of another.
	note := filepath.Join(t.TempDir(), "note.txt")
	for versions, text := range []string{"first", "second"} {
		if err := os.WriteFile(note, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var sent int
		browser.Do("uploadLosingAnswer", map[string]any{"file": note, "replace": versions > 0}, &sent)
		var list struct{ Items []struct{ Latest bool } }
		api.Must(t, "GET", "/api/v1/buckets/media-files/versions?key=note.txt", nil, &list)
		if got := get("note.txt"); string(got) != text || sent != 1 || len(list.Items) != versions+1 {
			t.Errorf("%q was sent %d times, and %q is there in %d versions", text, sent, got, len(list.Items))
		}
	}

	browser.Do("dropFolder", map[string]any{"name": "trip", "files": map[string]any{"day one": map[string]any{"笔记.txt": "sunny"}, "plan.txt": "first plan"}}, nil)
	if got := get("trip/day%20one/%E7%AC%94%E8%AE%B0.txt"); string(got) != "sunny" {
		t.Errorf("what was dropped is %q", got)
	}

	// A large file of which one part is missing when Croft dies.
	file := filepath.Join(t.TempDir(), "film.bin")
	content := bytes.Repeat([]byte("0123456789abcdef"), 40<<20/16)
	content[20<<20] = '!'
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var first, second []int
	browser.Do("uploadWithout", map[string]any{"file": file, "part": 2}, &first)
	croft.Kill()
	croft.Start()
	browser.Do("resumeUpload", map[string]any{"file": file}, &second)
	slices.Sort(first)
	if !slices.Equal(first, []int{1, 3}) || !slices.Equal(second, []int{2}) {
		t.Errorf("parts %v were sent before the crash and %v after it", first, second)
	}
	api = Login(t, croft.Console, rootName, rootPassword)
	if sha256.Sum256(get("trip/film.bin")) != sha256.Sum256(content) {
		t.Error("the upload is not the file")
	}

	put("trip/plan.txt", "second plan")
	put("trip/plan.txt", "third plan")
	browser.Do("restoreOldest", map[string]any{"name": "plan.txt", "versions": 3}, nil)
	if got := get("trip/plan.txt"); string(got) != "first plan" {
		t.Errorf("restored is %q", got)
	}

	var archive struct{ File, Name string }
	browser.Do("zipSelection", nil, &archive)
	if names := zipNames(t, archive.File); archive.Name != "trip.zip" || !slices.Equal(names, []string{"day one/笔记.txt", "film.bin", "plan.txt"}) {
		t.Errorf("%s has %q", archive.Name, names)
	}
	var shared struct{ Text, File string }
	browser.Do("shareFolder", map[string]any{"password": "open sesame", "see": "plan.txt"}, &shared)
	if shared.Text != "first plan" || len(zipNames(t, shared.File)) != 3 {
		t.Errorf("a stranger sees %+v", shared)
	}
}

func zipNames(t *testing.T, file string) (names []string) {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}
