package app

import (
	"croft/objectstore/lifecycle"
)

// openLifecycle returns what keeps lifecycle rules and does what they say, and its
// worker. Only stores on drives keep rules; elsewhere all are refused.
func (a *App) openLifecycle() (*lifecycle.Service, worker) {
	deps := lifecycle.Deps{Log: a.log}
	if a.drives != nil {
		deps.Store, deps.Tiers = a.drives, &a.tiers
	}
	rules := lifecycle.New(deps, lifecycle.Config{})
	return rules, worker{"lifecycle rules", rules.Run}
}
