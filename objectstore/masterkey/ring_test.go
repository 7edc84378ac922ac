package masterkey_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"croft/internal/errs"
	"croft/objectstore/masterkey"
)

func ring(t *testing.T, cfg masterkey.Config) *masterkey.Ring {
	t.Helper()
	r, err := masterkey.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sealed(t *testing.T, r *masterkey.Ring, secret string) (id string, b []byte) {
	t.Helper()
	id, b, err := r.Seal(t.Context(), "", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	if id == "" || bytes.Contains(b, []byte(secret)) {
		t.Fatalf("sealed under %q as %q", id, b)
	}
	return id, b
}

func opens(t *testing.T, r *masterkey.Ring, id string, b []byte, want string) {
	t.Helper()
	if got, err := r.Open(t.Context(), id, "", b); err != nil || string(got) != want {
		t.Fatalf("opened %q, %v", got, err)
	}
}

func TestKeyOfTheFile(t *testing.T) {
	var log bytes.Buffer
	cfg := masterkey.Config{Folder: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	path := filepath.Join(cfg.Folder, "objects.keys")
	r := ring(t, cfg)
	if _, err := r.Open(t.Context(), "0123", "", nil); !errors.Is(err, masterkey.ErrMissing) {
		t.Fatalf("a key that is not there: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("a key was made before it was needed")
	}
	id, b := sealed(t, r, "secret")
	opens(t, r, id, b, "secret")
	opens(t, ring(t, cfg), id, b, "secret") // after a restart
	if again, _ := sealed(t, ring(t, cfg), "another"); again != id {
		t.Error("another key after a restart")
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	text, _ := os.ReadFile(path)
	if said := log.String(); strings.Count(said, "keep a copy") != 1 || strings.Contains(said, strings.Fields(string(text))[2]) {
		t.Errorf("the log says %q", said)
	}
	if entries, _ := os.ReadDir(cfg.Folder); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	for i := range b {
		altered := bytes.Clone(b)
		altered[i] ^= 4
		if _, err := r.Open(t.Context(), id, "", altered); !errors.Is(err, masterkey.ErrBroken) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
}

func TestMissingKeyComesBack(t *testing.T) {
	cfg := masterkey.Config{Folder: t.TempDir()}
	path := filepath.Join(cfg.Folder, "objects.keys")
	id, b := sealed(t, ring(t, cfg), "secret")
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(path)
	r := ring(t, cfg)
	other, c := sealed(t, r, "new secret") // a new key is made; the old one stays missing
	if _, err := r.Open(t.Context(), id, "", b); !errors.Is(err, masterkey.ErrMissing) || !strings.Contains(err.Error(), id) {
		t.Fatalf("missing key: %v", err)
	}
	if _, err := r.Open(t.Context(), other, "", b); !errors.Is(err, masterkey.ErrBroken) {
		t.Fatalf("under another key: %v", err)
	}
	now, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(kept, now...), 0o600); err != nil {
		t.Fatal(err)
	}
	opens(t, r, id, b, "secret")
	opens(t, r, other, c, "new secret")
}

func TestDamagedFileIsNotReplaced(t *testing.T) {
	cfg := masterkey.Config{Folder: t.TempDir()}
	path := filepath.Join(cfg.Folder, "objects.keys")
	sealed(t, ring(t, cfg), "secret")
	whole, _ := os.ReadFile(path)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-3] ^= 1
	for what, text := range map[string][]byte{
		"cut": whole[:len(whole)-1], "shorter": append(bytes.Clone(whole[:len(whole)-3]), '\n'), "flipped": flipped,
		"foreign": []byte("hello\n"), "kind": bytes.Replace(whole, []byte("plain"), []byte("other"), 1),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		r := ring(t, cfg)
		if _, _, err := r.Seal(t.Context(), "", nil); err == nil || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := r.Renew(t.Context()); err == nil {
			t.Errorf("%s: renewed", what)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, text) {
			t.Errorf("%s: the file was replaced", what)
		}
	}
}

func TestRenew(t *testing.T) {
	cfg := masterkey.Config{Folder: t.TempDir()}
	r := ring(t, cfg)
	id, b := sealed(t, r, "old secret")
	fresh, err := r.Renew(t.Context())
	if err != nil || fresh == id {
		t.Fatalf("renewed to %q, %v", fresh, err)
	}
	now, c := sealed(t, r, "new secret")
	if now != fresh {
		t.Fatal("sealed under the old key")
	}
	for _, r := range []*masterkey.Ring{r, ring(t, cfg)} {
		opens(t, r, id, b, "old secret")
		opens(t, r, fresh, c, "new secret")
		if again, _ := sealed(t, r, "another"); again != fresh {
			t.Error("another key")
		}
	}
}

func TestGivenKeys(t *testing.T) {
	folder := t.TempDir()
	made, b := sealed(t, ring(t, masterkey.Config{Folder: folder}), "file secret")
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{0xfb}, 32)
	r := ring(t, masterkey.Config{Folder: folder, Keys: hex.EncodeToString(one)})
	first, c := sealed(t, r, "of one")
	r = ring(t, masterkey.Config{Folder: folder, Keys: " " + base64.RawURLEncoding.EncodeToString(two) + ", " + base64.StdEncoding.EncodeToString(one) + ","})
	second, d := sealed(t, r, "second secret")
	if first == made || second == first {
		t.Fatalf("keys %s, %s, %s", made, first, second)
	}
	opens(t, r, made, b, "file secret")
	opens(t, r, first, c, "of one")
	opens(t, r, second, d, "second secret")
	if _, err := r.Renew(t.Context()); errs.KindOf(err) != errs.Conflict {
		t.Errorf("renew: %v", err)
	}
	r = ring(t, masterkey.Config{Folder: t.TempDir(), Keys: hex.EncodeToString(two)})
	if _, err := r.Open(t.Context(), first, "", c); !errors.Is(err, masterkey.ErrMissing) {
		t.Errorf("the key was taken away: %v", err)
	}
	for _, bad := range []string{"x", hex.EncodeToString(one[1:]), "secret," + hex.EncodeToString(one)} {
		if _, err := masterkey.New(masterkey.Config{Keys: bad}); errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestConcurrentFirstNeed(t *testing.T) {
	r := ring(t, masterkey.Config{Folder: t.TempDir()})
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i], _ = sealed(t, r, "another") })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("two keys were made: %v", ids)
		}
	}
}

func TestState(t *testing.T) {
	folder := t.TempDir()
	r := ring(t, masterkey.Config{Folder: folder})
	is := func(want masterkey.State) {
		t.Helper()
		if want.File == "" {
			want.File = filepath.Join(folder, "objects.keys")
		}
		if st, err := r.State(); err != nil || st != want {
			t.Errorf("%+v, %v; want %+v", st, err, want)
		}
	}
	is(masterkey.State{})
	if _, err := os.Stat(filepath.Join(folder, "objects.keys")); err == nil {
		t.Error("asking made a key")
	}
	first, _ := sealed(t, r, "secret")
	is(masterkey.State{Keys: 1, Current: first})
	second, err := r.Renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	is(masterkey.State{Keys: 2, Current: second})
	given := strings.Repeat("ab", 32)
	r = ring(t, masterkey.Config{Folder: folder, Keys: given})
	third, _ := sealed(t, r, "secret")
	is(masterkey.State{Given: true, Keys: 3, Current: third})
	r = ring(t, masterkey.Config{Folder: folder, Command: "some program"})
	is(masterkey.State{Command: true, Keys: 2}) // those that it cannot have made are only opened
}

// TestNames: what is sealed to one name opens for no other, and not without.
func TestNames(t *testing.T) {
	r := ring(t, masterkey.Config{Folder: t.TempDir()})
	names := []string{"", "kms:", "kms:a", "kms:b", "kms:a e30="}
	for _, name := range names {
		id, b, err := r.Seal(t.Context(), name, []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range names {
			plain, err := r.Open(t.Context(), id, other, b)
			if other == name && (err != nil || string(plain) != "secret") || other != name && !errors.Is(err, masterkey.ErrBroken) {
				t.Errorf("sealed to %q, opened for %q: %q, %v", name, other, plain, err)
			}
		}
	}
}
