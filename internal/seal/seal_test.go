package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"croft/internal/errs"
	"croft/internal/seal"
)

func load(t *testing.T, dir string) *seal.Sealer {
	t.Helper()
	s, err := seal.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpensAfterReloadOnlyForItsPurpose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	sealed, err := load(t, dir).Seal("s3 key", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("secret")) {
		t.Fatal("sealed bytes show the secret")
	}
	again := load(t, dir)
	plain, err := again.Open("s3 key", sealed)
	if err != nil || string(plain) != "secret" {
		t.Fatalf("open: %q, %v", plain, err)
	}
	if _, err := again.Open("clone password", sealed); err == nil {
		t.Fatal("another purpose opened it")
	}
	if bytes.Equal(again.MAC("a", nil), again.MAC("b", nil)) {
		t.Fatal("two purposes share a MAC key")
	}
}

func TestRefusesAlteredBytesAndForeignKeys(t *testing.T) {
	s := load(t, t.TempDir())
	sealed, err := s.Seal("p", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := s.Open("p", altered); err == nil {
			t.Fatalf("byte %d altered and opened", i)
		}
	}
	for n := range sealed {
		if _, err := s.Open("p", sealed[:n]); err == nil {
			t.Fatalf("opened when cut to %d bytes", n)
		}
	}
	if _, err := load(t, t.TempDir()).Open("p", sealed); errs.KindOf(err) != errs.Internal {
		t.Fatalf("another master key: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	load(t, dir)
	path := filepath.Join(dir, "master.key")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if err := os.WriteFile(path, []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Load(dir); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("damaged key: %v", err)
	}
	if kept, _ := os.ReadFile(path); string(kept) != "abcd" {
		t.Fatal("a damaged key was overwritten")
	}
}
