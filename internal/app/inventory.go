package app

import (
	"croft/objectstore/inventory"
	"croft/objectstore/s3api"
)

// openInventory returns what has reports made of what is in buckets, and its worker. Only
// stores on drives keep configurations; elsewhere all are refused.
func (a *App) openInventory(copies s3api.Replication) (*inventory.Service, worker) {
	deps := inventory.Deps{Log: a.log}
	if a.drives != nil {
		deps.Store = a.drives
	}
	if copies != nil {
		deps.Standing = copies.Standing
	}
	reports := inventory.New(deps, inventory.Config{})
	return reports, worker{"inventory reports", reports.Run}
}
