package app

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/masterkey"
)

func TestMasterKeysBeforeTheState(t *testing.T) {
	var k masterKeys
	if _, _, err := k.Seal(t.Context(), "", []byte("secret")); !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
		t.Errorf("seal: %v", err)
	}
	if _, err := k.Open(t.Context(), "id", "", nil); !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
		t.Errorf("open: %v", err)
	}
	ring, err := masterkey.New(masterkey.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	k.ring.Store(ring)
	id, sealed, err := k.Seal(t.Context(), "", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := k.Open(t.Context(), id, "", sealed); err != nil || string(plain) != "secret" {
		t.Errorf("opened %q, %v", plain, err)
	}
}

// TestEncryptedObjectsNeedTheirKeyFile: without the file what is encrypted says which
// key it lacks, the rest is read, and nothing is lost.
func TestEncryptedObjectsNeedTheirKeyFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "objects.keys")
	var store *erasure.Store
	restart := func() {
		t.Helper()
		if store != nil {
			store.Close()
		}
		ring, err := masterkey.New(masterkey.Config{Folder: dir})
		if err != nil {
			t.Fatal(err)
		}
		var k masterKeys
		k.ring.Store(ring)
		if store, err = erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(dir, "d1")}, Parity: -1, Keys: &k}); err != nil {
			t.Fatal(err)
		}
	}
	restart()
	t.Cleanup(func() { store.Close() })
	if _, err := store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	named := objectstore.NamedKey{ID: "alias/team"}.Encryption()
	for key, encrypt := range map[string]objectstore.Encryption{"plain": objectstore.EncryptionNone, "encrypted": objectstore.EncryptionStore, "named": named} {
		_, err := store.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: strings.NewReader(key), Size: -1, Encrypt: encrypt})
		if err != nil {
			t.Fatal(err)
		}
	}
	reads := func(key string) error {
		_, body, err := store.Get(t.Context(), "bucket", key, nil)
		if err != nil {
			return err
		}
		defer body.Close()
		if got, err := io.ReadAll(body); err != nil || string(got) != key {
			t.Errorf("%s: %q, %v", key, got, err)
		}
		return nil
	}
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	restart()
	if err := reads("plain"); err != nil {
		t.Errorf("not encrypted: %v", err)
	}
	for _, key := range []string{"encrypted", "named"} {
		if err := reads(key); !errors.Is(err, masterkey.ErrMissing) {
			t.Errorf("%s without the key: %v", key, err)
		}
	}
	if err := os.Rename(file+".away", file); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"encrypted", "named"} {
		if err := reads(key); err != nil {
			t.Errorf("%s, the key is back: %v", key, err)
		}
	}
}

func TestWhereMasterKeysAre(t *testing.T) {
	dir := t.TempDir()
	drives := []string{filepath.Join(dir, "d1"), filepath.Join(dir, "d2")}
	state := func(folder string, config masterkey.Config) (source, drive string) {
		t.Helper()
		config.Folder = folder
		ring, err := masterkey.New(config)
		if err != nil {
			t.Fatal(err)
		}
		st, err := keyDesk{ring, drives}.State(t.Context())
		if err != nil || st.File != filepath.Join(folder, "objects.keys") {
			t.Fatalf("%+v, %v", st, err)
		}
		return st.Source, st.OnDrive
	}
	given := strings.Repeat("ab", 32)
	for _, c := range []struct {
		folder, source, drive string
		config                masterkey.Config
	}{
		{filepath.Join(dir, "d2", ".croft", "keys"), "file", drives[1], masterkey.Config{}},
		{filepath.Join(dir, "d2", ".croft", "keys"), "command", drives[1], masterkey.Config{Command: "kms"}},
		{filepath.Join(dir, "d2", ".croft", "keys"), "environment", "", masterkey.Config{Keys: given}},
		{filepath.Join(dir, "d22", "keys"), "file", "", masterkey.Config{}},
		{filepath.Join(dir, "keys"), "file", "", masterkey.Config{}},
	} {
		if source, drive := state(c.folder, c.config); source != c.source || drive != c.drive {
			t.Errorf("%s: %s on %q, want %s on %q", c.folder, source, drive, c.source, c.drive)
		}
	}
}
