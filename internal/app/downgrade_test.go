package app_test

import (
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"croft/internal/app"
	"croft/internal/errs"
	"croft/internal/store"
)

// TestOlderCroftChangesNothing starts and reindexes on a state that a newer Croft has
// written, with a catalogue that this one cannot read: it must refuse before it builds
// that anew.
func TestOlderCroftChangesNothing(t *testing.T) {
	for _, place := range []string{"beside the drives", "on the first drive"} {
		t.Run(place, func(t *testing.T) {
			dir := t.TempDir()
			c := config(dir)
			c.Pools = [][]string{c.Pools[0][:2]}
			folder := c.StateDir
			if place == "on the first drive" {
				c.StateDir, folder = "", filepath.Join(c.Pools[0][0], ".croft")
			}
			startOnce(t, c)
			writtenByNewer(t, folder)
			if err := os.WriteFile(filepath.Join(folder, "catalogue.db"), []byte("of a newer Croft"), 0o600); err != nil {
				t.Fatal(err)
			}
			before := filesOf(t, dir)
			f := func(what string, err error) {
				t.Helper()
				if code, _ := errs.Public(err); code != "newer_schema" {
					t.Errorf("%s: %v", what, err)
				}
				if !maps.Equal(before, filesOf(t, dir)) {
					t.Errorf("%s: files have changed", what)
				}
			}
			_, err := app.New(t.Context(), c)
			f("start", err)
			f("reindex", app.Reindex(t.Context(), c.StateDir, c.Pools, slog.New(slog.DiscardHandler)))
		})
	}
}

// TestOlderCroftChangesNothingElsewhere starts on such a state whose objects are in an S3
// cluster: it must refuse before it empties the spool and makes its buckets in the cluster.
func TestOlderCroftChangesNothingElsewhere(t *testing.T) {
	drives := config(t.TempDir())
	drives.RootUser, drives.RootPassword = rootUser, rootPassword
	cluster := start(t, drives)
	_, address := cluster.addresses()
	dir := t.TempDir()
	c := withStore(dir, address)
	startOnce(t, c)
	writtenByNewer(t, c.StateDir)
	if err := os.WriteFile(filepath.Join(c.StateDir, "spool", "body-1"), []byte("on its way"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Store.URL += "-others" // where no Croft has been
	before, had := filesOf(t, dir), bucketsOf(t, cluster)
	_, err := app.New(t.Context(), c)
	if code, _ := errs.Public(err); code != "newer_schema" {
		t.Errorf("start: %v", err)
	}
	if !maps.Equal(before, filesOf(t, dir)) {
		t.Error("files have changed")
	}
	if has := bucketsOf(t, cluster); !slices.Equal(had, has) {
		t.Errorf("buckets of the cluster: %v, were %v", has, had)
	}
}

// bucketsOf is the names of a Croft's buckets.
func bucketsOf(t *testing.T, r running) (names []string) {
	t.Helper()
	buckets, err := rootClient(t, r).ListBuckets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range buckets {
		names = append(names, b.Name)
	}
	return names
}

// writtenByNewer makes a state folder that of a newer Croft.
func writtenByNewer(t *testing.T, folder string) {
	t.Helper()
	database := filepath.Join(folder, store.FileName)
	content, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	content[60+1]++ // PRAGMA user_version, 65536 later
	if err := os.WriteFile(database, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// filesOf is what a folder holds, by path.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			all[path] = "" // a folder
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
