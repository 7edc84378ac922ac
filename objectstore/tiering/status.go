package tiering

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// State is how a tier is.
type State string

// The states of a tier.
const (
	StateUnknown   State = "unknown" // it was not tried yet, which is about to happen
	StateReachable State = "reachable"
	StateFailing   State = "failing" // it cannot be used now
	// StateMissing is of a tier that the store has bodies in and that is not known here.
	StateMissing State = "missing"
)

// Status is how a tier is, and what the store has there.
type Status struct {
	Tier      // only its name, when it is missing
	Usage     objectstore.TierUsage
	State     State
	Problem   errs.Problem // none unless failing
	CheckedAt time.Time    // when it was tried last; zero when it was not
}

// checkTime is how long a tier may take to answer before it counts as away.
const checkTime = 10 * time.Second

// Statuses returns all tiers and how they are, by name. It waits for none of them: how
// they are is found out by Run, and what was found last is returned.
func (s *Service) Statuses(ctx context.Context) ([]Status, error) {
	if s.source == nil {
		return nil, ErrUnavailable
	}
	usage, err := s.source.TierUsage(ctx)
	if err != nil {
		return nil, err
	}
	var list []Status
	s.mu.RLock()
	for name, p := range s.places {
		st := p.reach.status()
		st.Tier, st.Usage = p.tier, usage[name]
		list = append(list, st)
	}
	for name, u := range usage {
		if s.places[name] == nil {
			list = append(list, Status{Tier: Tier{Name: name}, Usage: u, State: StateMissing})
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return list, nil
}

// reach is how a tier was when it was tried last.
type reach struct {
	mu      sync.Mutex // guards the following 3 fields
	problem errs.Problem
	at      time.Time
	away    time.Time // until when nobody waits for it
}

func (r *reach) isAway() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.away)
}

func (r *reach) setAway(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = time.Now().Add(d)
}

func (r *reach) status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.at.IsZero():
		return Status{State: StateUnknown}
	case r.problem != errs.Problem{}:
		return Status{State: StateFailing, Problem: r.problem, CheckedAt: r.at}
	}
	return Status{State: StateReachable, CheckedAt: r.at}
}

// due reports whether the tier is to be tried again.
func (r *reach) due(every time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at.IsZero() || time.Since(r.at) >= every
}

func (r *reach) set(problem errs.Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problem, r.at = problem, time.Now().UTC()
}

// inUse says why a tier cannot be removed.
func inUse(name, why string) error {
	return errs.New(ErrTierInUse.Kind, ErrTierInUse.Code, "The tier "+name+" cannot be removed. "+why)
}

func sayUsage(u objectstore.TierUsage) string {
	if u.Bodies == 0 {
		return fmt.Sprintf("It still has %d bodies of deleted objects that are to be removed there, which happens by itself while the tier can be reached. Try again later.", u.Removing)
	}
	return fmt.Sprintf("It keeps %d bodies of objects (%d bytes), which could not be read without it. Bring them back or delete them, then try again.", u.Bodies, u.Bytes)
}
