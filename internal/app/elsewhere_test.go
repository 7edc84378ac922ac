package app_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"croft/internal/app"
	"croft/internal/errs"
)

const (
	rootUser     = "operator"
	rootPassword = "a long enough secret"
)

// withStore keeps the objects in the S3 cluster at an address.
func withStore(dir, address string) app.Config {
	c := config(dir)
	c.Pools, c.RootUser, c.RootPassword = nil, rootUser, rootPassword
	c.Store = app.StoreConfig{URL: "s3+http://" + address + "/team", AccessKey: rootUser, SecretKey: rootPassword}
	return c
}

// rootClient talks to a Croft as its first account.
func rootClient(t *testing.T, r running) *minio.Client {
	t.Helper()
	_, address := r.addresses()
	return s3Client(t, address, app.Config{RootUser: rootUser, RootPassword: rootPassword})
}

// TestObjectsElsewhere serves from drives what another Croft, which has none, serves
// from there.
func TestObjectsElsewhere(t *testing.T) {
	drives := config(t.TempDir())
	drives.RootUser, drives.RootPassword = rootUser, rootPassword
	cluster := start(t, drives)
	_, address := cluster.addresses()
	dir := t.TempDir()
	c := withStore(dir, address)
	spooled := filepath.Join(c.StateDir, "spool", "body-1")
	bodies := map[string][]byte{"small": []byte("hello"), "large": bytes.Repeat([]byte("croft"), 5<<20)} // in parts

	first := start(t, c)
	client := rootClient(t, first)
	if err := client.MakeBucket(t.Context(), "docs", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	for key, body := range bodies {
		if _, err := client.PutObject(t.Context(), "docs", key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{PartSize: 10 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if there, err := rootClient(t, cluster).BucketExists(t.Context(), "team-docs"); err != nil || !there {
		t.Errorf("in the cluster: %v, %v", there, err)
	}
	if err := os.WriteFile(spooled, nil, 0o600); err != nil { // as a killed process leaves one
		t.Fatal(err)
	}

	client = rootClient(t, start(t, c))
	for key, body := range bodies {
		object, err := client.GetObject(t.Context(), "docs", key, minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(object); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %d bytes differ from %d (%v)", key, len(got), len(body), err)
		}
	}
	if _, err := os.Stat(spooled); err == nil {
		t.Error("what a killed process left is still there")
	}
}

func TestRefusesStoreElsewhere(t *testing.T) {
	drives := config(t.TempDir())
	drives.RootUser, drives.RootPassword = rootUser, rootPassword
	_, address := start(t, drives).addresses()
	f := func(name, code, says string, breakIt func(c *app.Config)) {
		t.Helper()
		c := withStore(t.TempDir(), address)
		breakIt(&c)
		_, err := app.New(t.Context(), c)
		if got, message := errs.Public(err); err == nil || got != code || !strings.Contains(message, says) {
			t.Errorf("%s: %s, %s (%v)", name, got, message, err)
		}
	}
	f("no keys", "store_keys", "CROFT_STORE_ACCESS_KEY is not set", func(c *app.Config) { c.Store.AccessKey = "" })
	f("two keys", "store_keys", "both", func(c *app.Config) { c.Store.SecretKeyFile = "x" })
	f("no file", "file_unreadable", "missing", func(c *app.Config) { c.Store.SecretKey, c.Store.SecretKeyFile = "", "missing" })
	f("a wrong key", "target_refused", "", func(c *app.Config) { c.Store.SecretKey = "a wrong enough secret" })
	f("no URL", "target_invalid", "s3://", func(c *app.Config) { c.Store.URL = "elsewhere" })
	f("no certificates", "file_unreadable", "missing.pem", func(c *app.Config) { c.Store.URL += "?ca=missing.pem" })
	f("TLS where there is none", "target_unavailable", "http", func(c *app.Config) { c.Store.URL = strings.Replace(c.Store.URL, "s3+http", "s3", 1) })

	other := config(t.TempDir())
	startOnce(t, other)
	f("the state of drives", "state_of_another", "--state", func(c *app.Config) { c.StateDir = other.StateDir })
}

func TestStoreKeysFromFiles(t *testing.T) {
	drives := config(t.TempDir())
	drives.RootUser, drives.RootPassword = rootUser, rootPassword
	_, address := start(t, drives).addresses()
	c := withStore(t.TempDir(), address)
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c.Store.AccessKey, c.Store.AccessKeyFile = "", file(rootUser+"\n")
	c.Store.SecretKey, c.Store.SecretKeyFile = "", file(rootPassword+"\n")
	startOnce(t, c)
	c.Store.SecretKeyFile = file("\n")
	if _, err := app.New(t.Context(), c); errs.KindOf(err) != errs.Invalid {
		t.Errorf("an empty file: %v", err)
	}
}
