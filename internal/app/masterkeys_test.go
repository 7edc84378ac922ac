package app

import (
	"errors"
	"testing"

	"croft/objectstore"
	"croft/objectstore/masterkey"
)

func TestMasterKeysBeforeTheState(t *testing.T) {
	var k masterKeys
	if _, _, err := k.Seal(t.Context(), []byte("secret")); !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
		t.Errorf("seal: %v", err)
	}
	if _, err := k.Open(t.Context(), "id", nil); !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
		t.Errorf("open: %v", err)
	}
	ring, err := masterkey.New(masterkey.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	k.ring.Store(ring)
	id, sealed, err := k.Seal(t.Context(), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := k.Open(t.Context(), id, sealed); err != nil || string(plain) != "secret" {
		t.Errorf("opened %q, %v", plain, err)
	}
}
