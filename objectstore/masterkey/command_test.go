package masterkey_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"croft/objectstore/masterkey"
)

// program writes a shell script and returns the command that runs it.
func program(t *testing.T, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the programs of this test are shell scripts")
	}
	path := filepath.Join(t.TempDir(), "kms")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return "sh " + path
}

// rot turns each bit around, and notes that it ran.
const rot = `echo "$1" >>"$0.log"
if [ -e "$0.down" ]; then echo "no network" >&2; exit 1; fi
od -An -v -tu1 | tr -s ' ' '\n' | while read b; do if [ -n "$b" ]; then printf "\\$(printf %o $((255 - b)))"; fi; done
`

func TestKeyCommand(t *testing.T) {
	command := program(t, rot)
	script := strings.TrimPrefix(command, "sh ")
	cfg := masterkey.Config{Folder: t.TempDir(), Command: command}
	r := ring(t, cfg)
	id, b := sealed(t, r, "secret")
	opens(t, r, id, b, "secret")
	r = ring(t, cfg)
	for range 5 {
		opens(t, r, id, b, "secret")
		if _, err := r.Open(t.Context(), "0123", "", nil); !errors.Is(err, masterkey.ErrMissing) { // the file is read again
			t.Fatal(err)
		}
	}
	if ran, _ := os.ReadFile(script + ".log"); string(ran) != "encrypt\ndecrypt\ndecrypt\n" {
		t.Errorf("the program ran with %q", ran)
	}

	// Without the command the key cannot be had, and a new one is made for what is new.
	without := ring(t, masterkey.Config{Folder: cfg.Folder})
	if _, err := without.Open(t.Context(), id, "", b); !errors.Is(err, masterkey.ErrMissing) || !strings.Contains(err.Error(), "CROFT_KMS_COMMAND") {
		t.Errorf("without the command: %v", err)
	}
	if other, _ := sealed(t, without, "another"); other == id {
		t.Error("sealed under a key that cannot be had")
	}
	// With it, the command's key is used again, and both open.
	r = ring(t, cfg)
	if again, _ := sealed(t, r, "another"); again != id {
		t.Error("another key")
	}

	// A program that is down is said so, and not asked again at once.
	if err := os.WriteFile(script+".down", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(script + ".log")
	r = ring(t, cfg)
	for range 3 {
		_, err := r.Open(t.Context(), id, "", b)
		if !errors.Is(err, masterkey.ErrCommand) || !strings.Contains(err.Error(), "no network") {
			t.Fatalf("program down: %v", err)
		}
	}
	if ran, _ := os.ReadFile(script + ".log"); string(ran) != "decrypt\n" {
		t.Errorf("the program that is down ran with %q", ran)
	}
}

// TestBadCommands: a program that would lose the key is refused before the key is used.
func TestBadCommands(t *testing.T) {
	for what, script := range map[string]string{
		"echoes":  "cat",
		"hides":   "printf before; cat",
		"silent":  "true",
		"fails":   "cat >/dev/null; exit 3",
		"forgets": `if [ "$1" = encrypt ]; then printf wrapped; else printf 0123456789abcdef0123456789abcdef; fi`,
		"short":   `if [ "$1" = encrypt ]; then printf wrapped; else printf 0123; fi`,
		"endless": "yes",
	} {
		cfg := masterkey.Config{Folder: t.TempDir(), Command: program(t, script)}
		began := time.Now()
		if _, _, err := ring(t, cfg).Seal(t.Context(), "", []byte("x")); !errors.Is(err, masterkey.ErrCommand) {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: waited for %v", what, took)
		}
		if text, err := os.ReadFile(filepath.Join(cfg.Folder, "objects.keys")); err == nil {
			t.Errorf("%s: a key was written down: %q", what, text)
		}
	}
	cfg := masterkey.Config{Folder: t.TempDir(), Command: filepath.Join(t.TempDir(), "missing")}
	if _, _, err := ring(t, cfg).Seal(t.Context(), "", nil); !errors.Is(err, masterkey.ErrCommand) {
		t.Errorf("missing program: %v", err)
	}
}

// TestAnotherKeyFromTheCommand: a program that decrypts to something else is found out.
func TestAnotherKeyFromTheCommand(t *testing.T) {
	cfg := masterkey.Config{Folder: t.TempDir(), Command: program(t, rot)}
	id, b := sealed(t, ring(t, cfg), "secret")
	path := filepath.Join(cfg.Folder, "objects.keys")
	text, _ := os.ReadFile(path)
	at := len(text) - 2
	text[at] = map[bool]byte{true: '1', false: '0'}[text[at] == '0']
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("plain")) {
		t.Error("the key is kept in plain")
	}
	if got, err := ring(t, cfg).Open(t.Context(), id, "", b); !errors.Is(err, masterkey.ErrCommand) {
		t.Errorf("opened %q, %v", got, err)
	}
}
