package app

import (
	"context"
	"sync/atomic"

	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/masterkey"
)

// masterKeys gives the engine the keys of the state folder, which is known only
// after the drives are open: it may be on one.
type masterKeys struct {
	ring atomic.Pointer[masterkey.Ring]
}

var _ erasure.Keys = (*masterKeys)(nil)

// Seal implements erasure.Keys.
func (k *masterKeys) Seal(ctx context.Context, plain []byte) (string, []byte, error) {
	if ring := k.ring.Load(); ring != nil {
		return ring.Seal(ctx, plain)
	}
	return "", nil, objectstore.ErrEncryptionUnavailable
}

// Open implements erasure.Keys.
func (k *masterKeys) Open(ctx context.Context, keyID string, sealed []byte) ([]byte, error) {
	if ring := k.ring.Load(); ring != nil {
		return ring.Open(ctx, keyID, sealed)
	}
	return nil, objectstore.ErrEncryptionUnavailable
}
