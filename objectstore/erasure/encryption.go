package erasure

import (
	"context"
	"fmt"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/record"
)

// Keys seal the keys of encrypted objects, and so much is all that they see of them.
// There may be several master keys; Seal uses the newest and says which. What is sealed
// to a name opens for no other; the empty one is the store's own. Both may take a while
// and are asked once for each object that is written or read. Errors are for the callers
// of the store.
type Keys interface {
	Seal(ctx context.Context, name string, plain []byte) (keyID string, sealed []byte, err error)
	Open(ctx context.Context, keyID, name string, sealed []byte) (plain []byte, err error)
}

// boundTo is the name that the keys of objects are sealed to which are encrypted so.
func boundTo(by objectstore.Encryption) string {
	if by == objectstore.EncryptionStore {
		return ""
	}
	return string(by)
}

// checkWish refuses what a request cannot wish its body to be encrypted with.
func checkWish(by objectstore.Encryption) error {
	named, ok := by.NamedKey()
	switch {
	case ok:
		return named.Check()
	case by != objectstore.EncryptionNone && by != objectstore.EncryptionStore:
		return errs.New(errs.Invalid, "encryption_unknown", "A body is encrypted with the store's key, a named one, or a customer's.")
	}
	return nil
}

// customerPurpose separates what is sealed with a customer's key.
const customerPurpose = "object key"

// newKey makes the key of a new object and seals it as it is wished; by is not
// EncryptionNone.
func (s *Store) newKey(ctx context.Context, by objectstore.Encryption, customer *objectstore.CustomerKey) (*coat.Key, record.Sealed, error) {
	key := coat.NewKey()
	sealed, err := s.sealKey(ctx, key, by, customer)
	return key, sealed, err
}

func (s *Store) sealKey(ctx context.Context, key *coat.Key, by objectstore.Encryption, customer *objectstore.CustomerKey) (record.Sealed, error) {
	sealed := record.Sealed{By: by}
	var err error
	switch {
	case by == objectstore.EncryptionCustomer:
		sealed.Key, err = seal.New(*customer).Seal(customerPurpose, key[:])
	case s.master == nil:
		err = objectstore.ErrEncryptionUnavailable
	default:
		sealed.MasterID, sealed.Key, err = s.master.Seal(ctx, boundTo(by), key[:])
	}
	return sealed, err
}

// openKey returns an object's key, nil when it is not encrypted. customer is the key
// that the request brings.
func (s *Store) openKey(ctx context.Context, sealed record.Sealed, customer *objectstore.CustomerKey) (*coat.Key, error) {
	var plain []byte
	var err error
	switch {
	case sealed.By == objectstore.EncryptionCustomer && customer == nil:
		return nil, objectstore.ErrCustomerKeyMissing
	case sealed.By == objectstore.EncryptionCustomer:
		if plain, err = seal.New(*customer).Open(customerPurpose, sealed.Key); err != nil {
			return nil, objectstore.ErrCustomerKeyWrong
		}
	case customer != nil:
		return nil, objectstore.ErrCustomerKeyUnexpected
	case sealed.By == objectstore.EncryptionNone:
		return nil, nil
	case s.master == nil:
		return nil, objectstore.ErrEncryptionUnavailable
	default:
		if plain, err = s.master.Open(ctx, sealed.MasterID, boundTo(sealed.By), sealed.Key); err != nil {
			return nil, err
		}
	}
	if len(plain) != coat.KeyBytes {
		return nil, bodyAltered(fmt.Errorf("an object's key has %d bytes", len(plain)))
	}
	return (*coat.Key)(plain), nil
}

func bodyAltered(cause error) error {
	return errs.Wrap(cause, objectstore.ErrBodyAltered.Kind, objectstore.ErrBodyAltered.Code, objectstore.ErrBodyAltered.Message)
}
