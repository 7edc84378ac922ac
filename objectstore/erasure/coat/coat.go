package coat

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrBroken says that a stored body is not what was stored, or not with this key.
var ErrBroken = errors.New("the stored body was altered, or is read with another key")

// Sizes of chunks. They are part of the format.
const (
	EncryptedChunk  = 64 << 10
	CompressedChunk = 256 << 10
)

const (
	tagBytes    = 16
	headerBytes = 8
	entryBytes  = 8 // of the table
	rawFlag     = 1 << 31
)

// KeyBytes is the length of an object's key, SaltBytes that of a body's salt.
const (
	KeyBytes  = 32
	SaltBytes = 16
)

// ProofBytes is the length of what Vouch says.
const ProofBytes = 32

// Key is the key of an object, from which those of its bodies are made.
type Key [KeyBytes]byte

// NewKey makes a random key.
func NewKey() *Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails
	return &k
}

// Vouch is what only who has the key can say: that what is called one name now was stored
// under another.
func (k *Key) Vouch(stored, now string) (proof [ProofBytes]byte) {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte("croft name"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(stored))))
	mac.Write([]byte(stored))
	mac.Write([]byte(now))
	return [ProofBytes]byte(mac.Sum(nil))
}

// Coat says what one body wears, for as long as it is stored. The zero value is
// nothing.
type Coat struct {
	Encrypted  bool
	Compressed bool
	Salt       [SaltBytes]byte // zero unless Encrypted
}

// New is a coat for one new body.
func New(encrypted, compressed bool) Coat {
	c := Coat{Encrypted: encrypted, Compressed: compressed}
	if encrypted {
		_, _ = rand.Read(c.Salt[:]) // never fails
	}
	return c
}

// Bare reports whether a body wears nothing: it is stored as it is.
func (c Coat) Bare() bool { return !c.Encrypted && !c.Compressed }

// Form returns how the body is coded. key is the object's, nil unless it is
// encrypted, and name what the object is known by for ever.
func (c Coat) Form(key *Key, name string) (Form, error) {
	f := Form{compressed: c.Compressed}
	if !c.Encrypted {
		return f, nil
	}
	if key == nil {
		return f, fmt.Errorf("%w: no key", ErrBroken)
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("croft body"))
	mac.Write(c.Salt[:])
	mac.Write([]byte(name))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return f, err
	}
	f.aead, err = cipher.NewGCM(block)
	return f, err
}

// Form is how the chunks of one body are coded. It may be used concurrently for
// reading; only one body may be written with it.
type Form struct {
	compressed bool
	aead       cipher.AEAD // nil when the body is not encrypted
}

// chunk is the size of the body's chunks.
func (f Form) chunk() int64 {
	if f.compressed {
		return CompressedChunk
	}
	return EncryptedChunk
}

// tag is what encryption adds to a chunk.
func (f Form) tag() int {
	if f.aead == nil {
		return 0
	}
	return tagBytes
}

// most is the longest that a chunk is when it is stored.
func (f Form) most() int64 {
	n := f.chunk() + int64(f.tag())
	if f.compressed {
		n += headerBytes
	}
	return n
}

// chunks is how many chunks a body of this size has.
func (f Form) chunks(size int64) int64 { return (size + f.chunk() - 1) / f.chunk() }

// StoredSize returns how many bytes a body of this size takes, -1 when that
// depends on what is in it.
func (f Form) StoredSize(size int64) int64 {
	if f.compressed {
		return -1
	}
	return size + f.chunks(size)*int64(f.tag())
}
