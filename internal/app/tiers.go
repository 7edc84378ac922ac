package app

import (
	"context"
	"sync/atomic"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/objectstore"
	"croft/objectstore/lifecycle"
	"croft/objectstore/tiering"
)

// tiers finds the tiers of the store. They are known only after the drives are open;
// nothing is moved or read before.
type tiers struct {
	service atomic.Pointer[tiering.Service]
}

var _ objectstore.Tiers = (*tiers)(nil)

// Tier implements objectstore.Tiers.
func (t *tiers) Tier(name string) (objectstore.Tier, error) {
	service := t.service.Load()
	if service == nil {
		return nil, errs.New(objectstore.ErrTierUnavailable.Kind, objectstore.ErrTierUnavailable.Code, "The tiers are not open: Croft is starting, or only its drives are. Try again later.")
	}
	return service.Tier(name)
}

// openTiers opens the tiers, which a store in an S3 cluster does not have and says so.
func (a *App) openTiers(ctx context.Context, sealer *seal.Sealer, rules *lifecycle.Service) (*tiering.Service, error) {
	service := tiering.New(tiering.Deps{DB: a.db, Sealer: sealer, Store: a.store, Named: rules.Naming, Log: a.log}, tiering.Config{Deployment: a.store.Deployment()})
	if err := service.Open(ctx); err != nil {
		return nil, err
	}
	a.tiers.service.Store(service)
	return service, nil
}
