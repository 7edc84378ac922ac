package objectstore

import (
	"fmt"

	"croft/internal/errs"
)

// Encryption says whose key bodies are encrypted with on the drives. It is always
// AES-256-GCM, with a key of each object's own that is sealed under that key.
type Encryption string

// The ways of encryption, beside those under the names that NamedKey makes. What a bucket
// has by default is any but EncryptionCustomer.
const (
	EncryptionNone     Encryption = ""
	EncryptionStore    Encryption = "store"    // the store's master key
	EncryptionCustomer Encryption = "customer" // a key that comes with each request
)

// CustomerKey is a key that callers bring with each request that writes or reads a
// body. The store never keeps it: who loses it has lost what was encrypted with it.
type CustomerKey [32]byte

// Format implements fmt.Formatter and shows nothing of the key.
func (CustomerKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("customer key")) }

// What stores that encrypt refuse with.
var (
	ErrCustomerKeyMissing = errs.New(errs.Invalid, "customer_key_missing",
		"This object is encrypted with a key of yours, and the request has to bring it.")
	ErrCustomerKeyWrong = errs.New(errs.Forbidden, "customer_key_wrong",
		"This object is encrypted with another key than the one that the request brings.")
	ErrCustomerKeyUnexpected = errs.New(errs.Invalid, "customer_key_unexpected",
		"This object is not encrypted with a key of yours, so the request must not bring one.")
	ErrEncryptionUnavailable = errs.New(errs.Unavailable, "encryption_unavailable",
		"Nothing can be encrypted or decrypted, for the store has no master key.")
	ErrBodyAltered = errs.New(errs.Internal, "body_altered",
		"What the drives hold of this object was altered, or its key was. It cannot be read.")
)
