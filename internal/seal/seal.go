// Package seal encrypts the few secrets that Croft must be able to read again
// (S3 secret keys, clone passwords, webhook secrets) under one master key kept
// in a file beside the state database, so that a copy of the database alone
// gives none of them away.
//
// It promises that what one purpose sealed cannot be opened for another, and
// that altered bytes are refused. It does not protect against someone who can
// read the key file.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"croft/internal/errs"
)

// KeySize is the master key's length in bytes.
const KeySize = 32

// version is the first byte of everything sealed; the rest is AES-256-GCM.
const version = 1

// Sealer seals and opens under one master key. It is safe for concurrent use.
type Sealer struct{ master [KeySize]byte }

// New makes a Sealer from a key in memory.
func New(master [KeySize]byte) *Sealer { return &Sealer{master} }

// Load reads <dir>/master.key, or makes it (readable by its owner only, synced)
// when it does not exist yet.
func Load(dir string) (*Sealer, error) {
	path := filepath.Join(dir, "master.key")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeySize {
		return nil, errs.Newf(errs.Invalid, "master_key_damaged",
			"The master key file %s is damaged. Restore it from a backup: without it the stored secrets cannot be read.", path)
	}
	return New([KeySize]byte(key)), nil
}

// create writes a fresh key under another name first, so that a crash leaves
// either no key or a whole one. The caller owns the folder alone.
func create(dir, path string) (*Sealer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make key folder: %w", err)
	}
	var key [KeySize]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(dir, "new-*.key") // made with mode 0600
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	if folder, err := os.Open(dir); err == nil {
		// Not every platform can sync a folder; where it can, the name is durable.
		_ = folder.Sync()
		folder.Close()
	}
	return New(key), nil
}

// Seal encrypts plain for one purpose.
func (s *Sealer) Seal(purpose string, plain []byte) ([]byte, error) {
	aead, err := s.aead(purpose)
	if err != nil {
		return nil, err
	}
	return aead.Seal([]byte{version}, nil, plain, []byte(purpose)), nil
}

// Open decrypts what Seal made for the same purpose.
func (s *Sealer) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, errs.New(errs.Internal, "seal_unknown", "A stored secret is in a format this version of Croft does not know.")
	}
	aead, err := s.aead(purpose)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed[1:], []byte(purpose))
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "seal_broken",
			"A stored secret cannot be read with this master key. Restore keys/master.key from the backup that belongs to this state.")
	}
	return plain, nil
}

// MAC authenticates message for one purpose.
func (s *Sealer) MAC(purpose string, message []byte) []byte {
	mac := hmac.New(sha256.New, s.derive("mac "+purpose))
	mac.Write(message)
	return mac.Sum(nil)
}

func (s *Sealer) aead(purpose string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.derive("seal " + purpose))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// derive makes the key of one use; HMAC is a pseudo-random function, and the
// master key is already uniform, so nothing more is needed.
func (s *Sealer) derive(use string) []byte {
	mac := hmac.New(sha256.New, s.master[:])
	mac.Write([]byte("croft " + use))
	return mac.Sum(nil)
}
