package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDrivesAreAdded starts a killed Croft with a drive more: what was acknowledged is
// there, new objects are too, and then an old or the new drive may be lost.
func TestDrivesAreAdded(t *testing.T) {
	c := New(t, 3).WithAccount(rootName, rootPassword).Start()
	api := c.login(t)
	api.Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "shelf"}, nil)
	want := map[string]string{}
	put := func(prefix string) {
		t.Helper()
		for _, n := range []int{0, 10, 5000, 3 << 20} {
			key := fmt.Sprint(prefix, n)
			want[key] = strings.Repeat(key[:1], n)
			if status, text := httpDo(t, "PUT", c.putURL(t, "shelf", key), strings.NewReader(want[key])); status != 200 {
				t.Fatalf("put %s: %d %s", key, status, text)
			}
		}
	}
	check := func(when string) {
		t.Helper()
		for key, body := range want {
			if status, text := httpDo(t, "GET", c.getURL(t, "shelf", key), nil); status != 200 || text != body {
				t.Errorf("%s: get %s: %d, %d bytes of %d", when, key, status, len(text), len(body))
			}
		}
	}
	put("before ")
	c.Kill()
	added := filepath.Join(filepath.Dir(c.Drives[0]), "added")
	if err := os.Mkdir(added, 0o755); err != nil {
		t.Fatal(err)
	}
	c.Drives = append(c.Drives, added)
	// Not while it cannot be told what the blank one is for.
	away := c.Drives[1]
	if err := os.Rename(away, away+".away"); err != nil {
		t.Fatal(err)
	}
	says(t, "a start with a drive missing", Refusal(t, c.Args()...), "set of 3", "cannot be told", "is missing", "is empty")
	if err := os.Rename(away+".away", away); err != nil {
		t.Fatal(err)
	}
	c.Start()
	check("with the drive")
	put("after ")
	c.Stop()
	for _, lost := range c.Drives[2:] {
		if err := os.Rename(lost, lost+".away"); err != nil {
			t.Fatal(err)
		}
		c.Start()
		check("without " + filepath.Base(lost))
		c.Kill()
		if err := os.Rename(lost+".away", lost); err != nil {
			t.Fatal(err)
		}
	}
}
