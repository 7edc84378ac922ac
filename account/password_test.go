package account_test

import (
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
)

func TestPasswordAndNameRules(t *testing.T) {
	w := newWorld(t)
	f := func(name, password, code string) {
		t.Helper()
		_, err := w.CreateUser(t.Context(), account.NewUser{Name: name, Password: password})
		if code == "" && err != nil {
			t.Errorf("%q %q: %v", name, password, err)
		}
		if got, _ := errs.Public(err); code != "" && got != code {
			t.Errorf("%q %q: %q, want %q", name, password, got, code)
		}
	}
	f("ada", "12345678", "password_short")
	f("ada", "日本語日本語日本語日", "")
	f("bob", strings.Repeat("ab", 200), "password_long")
	f("longest.name", "Longest.Name", "password_is_name")
	f("bob", "aaaaaaaaaaaa", "password_simple")
	f("bob", "valid\xff\xfe-bytes-no", "password_invalid")
	for _, bad := range []string{"", "a", "Ada", "a b", "ä", "-a", ".a", "_x", "a/b", strings.Repeat("a", 33), "a\x00b"} {
		f(bad, goodPassword, "user_name_invalid")
	}
	f("a.b_c-9", goodPassword, "")
	f("ada", goodPassword, "user_exists")
}

func TestStoredHashIsArgon2idAndFollowsTheCost(t *testing.T) {
	w := newWorld(t)
	w.user("ada", true)
	stored := func() (hash string) {
		if err := w.db.Read(t.Context()).Raw("SELECT password_hash FROM users").Scan(&hash).Error; err != nil {
			t.Fatal(err)
		}
		return hash
	}
	if !strings.HasPrefix(stored(), "$argon2id$v=19$m=8,t=1,p=1$") || strings.Contains(stored(), goodPassword) {
		t.Fatalf("stored %q", stored())
	}
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 16, Passes: 2, Lanes: 1, Parallel: 1}
	config.Now = w.clock.now
	dearer := account.New(w.db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	if _, _, err := dearer.Login(t.Context(), "ada", goodPassword, "", here); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored(), "$argon2id$v=19$m=16,t=2,p=1$") {
		t.Fatalf("the hash was not renewed: %q", stored())
	}
	if err := w.try("ada", goodPassword, here); err != nil {
		t.Fatalf("a hash of another cost is refused: %v", err)
	}
}

func TestNothingInTheDatabaseLogsIn(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", true)
	session, _ := w.login("ada")
	token, _, err := w.CreateToken(t.Context(), ada.ID, "t", w.clock.now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := w.CreateKey(t.Context(), ada.ID, "k", "")
	if err != nil {
		t.Fatal(err)
	}
	for table, column := range map[string]string{"sessions": "token_hash", "api_tokens": "token_hash", "access_keys": "sealed_secret"} {
		var stored []byte
		if err := w.db.Read(t.Context()).Raw("SELECT " + column + " FROM " + table).Row().Scan(&stored); err != nil {
			t.Fatal(err)
		}
		for _, plain := range []string{session, token, secret} {
			if strings.Contains(string(stored), plain) {
				t.Errorf("%s holds a secret", table)
			}
		}
	}
}
