package app

import (
	"context"
	"sync/atomic"

	"croft/account"
	"croft/objectstore/erasure"
)

// quotas tells the engine how much a project may hold. Accounts are known only
// after the drives are open; nothing is written before.
type quotas struct {
	accounts atomic.Pointer[account.Service]
}

var _ erasure.Quotas = (*quotas)(nil)

// OwnerQuota implements erasure.Quotas: the owner of a bucket is a project.
func (q *quotas) OwnerQuota(ctx context.Context, owner string) (int64, error) {
	accounts := q.accounts.Load()
	if accounts == nil {
		return 0, nil
	}
	return accounts.ProjectQuota(ctx, owner)
}
