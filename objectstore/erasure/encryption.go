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
// There may be several master keys; Seal uses the newest and says which. Both may
// take a while and are asked once for each object that is written or read. Errors
// are for the callers of the store.
type Keys interface {
	Seal(ctx context.Context, plain []byte) (keyID string, sealed []byte, err error)
	Open(ctx context.Context, keyID string, sealed []byte) (plain []byte, err error)
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
		sealed.MasterID, sealed.Key, err = s.master.Seal(ctx, key[:])
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
		if plain, err = s.master.Open(ctx, sealed.MasterID, sealed.Key); err != nil {
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
