//go:build unix

package pipeline_test

import (
	"io/fs"
	"os"
	"testing"
)

// everything reads all that a world keeps: files of the state folder and objects.
func everything(t *testing.T, w *world) map[string]string {
	t.Helper()
	all := make(map[string]string)
	root := os.DirFS(w.state)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, path)
		all[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, data := range w.blobs.objects {
		all["object "+key] = string(data)
	}
	return all
}
