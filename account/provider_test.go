package account_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
)

// TestUpgradeKeepsWhatCounted: an upgrade ends nobody's way to sign in and no right that a
// document gives by name; what comes after it is asked.
func TestUpgradeKeepsWhatCounted(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	before := fstest.MapFS{}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.Contains(name, "provider_policy_claim") {
			break
		}
		text, err := migrations.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = &fstest.MapFile{Data: text}
	}
	db, err := store.Open(ctx, dir, before)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("INSERT INTO users (id, name, display_name, created_at, locale, password_hash) VALUES ('1', 'old', 'old', 1, '', '')").Error; err != nil {
			return err
		}
		return tx.Exec("INSERT INTO oidc_providers (id, url, clients, thumbprints, created_at) VALUES ('1', 'https://old.example.com', 'croft', '', 1)").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = store.Open(ctx, dir, migrations.Files); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), account.Defaults())
	if _, err := accounts.CreateProvider(ctx, account.NewProvider{URL: "https://new.example.com", Clients: []string{"croft"}}); err != nil {
		t.Fatal(err)
	}
	all, err := accounts.ListProviders(ctx)
	if err != nil || len(all) != 2 || all[0].PolicyClaim || !all[1].PolicyClaim {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := accounts.CreateUser(ctx, account.NewUser{Name: "new", NoPassword: true}); err != nil {
		t.Fatal(err)
	}
	users, err := accounts.ListUsers(ctx)
	if err != nil || len(users) != 2 || !users[0].ByID || users[1].ByID {
		t.Errorf("%+v, %v", users, err)
	}
}
