package objectstore

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"croft/internal/errs"
)

// NamedKey is the store's master key under a name of the caller's. Every object's own key is
// sealed to the name, so that what is recorded as one name's never opens as another's; but
// all names are opened by the one master key, so a name divides nobody's power to read.
type NamedKey struct {
	// ID is the name; empty is the one that goes without saying.
	ID string
	// Context is a JSON object of texts in base64, as its writer sent it, or empty. The
	// object's key is sealed to it, too.
	Context string
}

// What a NamedKey may have at most, in bytes.
const (
	MaxKeyID      = 512
	MaxKeyContext = 2 << 10
)

// What a NamedKey is refused with.
var (
	ErrKeyNameInvalid = errs.Newf(errs.Invalid, "key_name_invalid",
		"The name of a key has at most %d letters, digits and characters of -_.:/@+=, and nothing else.", MaxKeyID)
	ErrKeyContextInvalid = errs.Newf(errs.Invalid, "key_context_invalid",
		"The context of an encryption is a JSON object of texts in base64, with at most %d bytes.", MaxKeyContext)
)

// namedPrefix begins every Encryption under a named key; behind it stand the ID and, behind
// a space, the context. It is kept with objects, so it is part of the store's format.
const namedPrefix = "kms:"

// Encryption returns the way of encryption that is under this key.
func (n NamedKey) Encryption() Encryption {
	if n.Context == "" {
		return Encryption(namedPrefix + n.ID)
	}
	return Encryption(namedPrefix + n.ID + " " + n.Context)
}

// NamedKey returns the named key that this is encryption under, if it is.
func (e Encryption) NamedKey() (n NamedKey, ok bool) {
	rest, ok := strings.CutPrefix(string(e), namedPrefix)
	if ok {
		n.ID, n.Context, _ = strings.Cut(rest, " ")
	}
	return n, ok
}

// UnderMasterKey reports whether objects' keys are sealed under the store's master key, with
// a name or without.
func (e Encryption) UnderMasterKey() bool {
	return e == EncryptionStore || strings.HasPrefix(string(e), namedPrefix)
}

// Check refuses a name or a context that no key can have.
func (n NamedKey) Check() error {
	if len(n.ID) > MaxKeyID || strings.ContainsFunc(n.ID, func(r rune) bool { return !ofKeyID(r) }) {
		return ErrKeyNameInvalid
	}
	if n.Context == "" {
		return nil
	}
	var texts map[string]string
	text, err := base64.StdEncoding.DecodeString(n.Context)
	if err != nil || len(n.Context) > MaxKeyContext || strings.ContainsAny(n.Context, "\r\n") || json.Unmarshal(text, &texts) != nil || texts == nil {
		return ErrKeyContextInvalid
	}
	return nil
}

func ofKeyID(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:/@+=,", r)
}
