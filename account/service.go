package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"gorm.io/gorm"

	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
)

// Config tunes the room; Defaults suits a running instance.
type Config struct {
	Hash            HashCost
	SessionIdle     time.Duration // a session unused for this long has ended
	SessionLifetime time.Duration // and in any case after this
	Now             func() time.Time
	// Policies reads the policies of IAM; nil: there can be none.
	Policies Policies
}

// Defaults is what an instance runs with.
func Defaults() Config {
	return Config{
		Hash:            HashCost{MemoryKiB: 64 * 1024, Passes: 2, Lanes: 2, Parallel: 2},
		SessionIdle:     14 * 24 * time.Hour,
		SessionLifetime: 90 * 24 * time.Hour,
		Now:             time.Now,
	}
}

// Service is the room's face. Its methods may be called from any goroutine.
type Service struct {
	db     *store.DB // written by change, except for rows that no permission follows from
	sealer *seal.Sealer
	bus    *events.Bus
	config Config
	hasher *hasher
	known  *known
	uses   uses

	shareUses shareUses

	mu       sync.Mutex // guards the following 2 fields
	touch    map[string]time.Time
	readings kept[string, Document] // of policies, by text
}

// New makes the service. It does no I/O and starts nothing.
func New(db *store.DB, sealer *seal.Sealer, bus *events.Bus, config Config) *Service {
	return &Service{
		db: db, sealer: sealer, bus: bus, config: config, hasher: newHasher(config.Hash), known: new(known),
		uses: uses{at: make(map[string]time.Time)}, touch: make(map[string]time.Time),
	}
}

// sweepEvery is how often rows that mean nothing any more are removed.
const sweepEvery = time.Hour

// Run removes expired sessions and login limits now and then, until ctx ends. No
// answer depends on it: an expired row is refused whether or not it was removed. So
// a sweep that fails, on a full disk perhaps, is left to the next one. It also saves
// when keys were last used, and how often links were opened.
func (s *Service) Run(ctx context.Context) error {
	sweeps, saves := time.NewTicker(sweepEvery), time.NewTicker(touchEvery)
	defer sweeps.Stop()
	defer saves.Stop()
	_ = s.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			s.saveUses(context.WithoutCancel(ctx))
			_ = s.saveShareUses(context.WithoutCancel(ctx))
			return nil
		case <-sweeps.C:
			_ = s.sweep(ctx)
		case <-saves.C:
			s.saveUses(ctx)
			_ = s.saveShareUses(ctx)
		}
	}
}

func (s *Service) sweep(ctx context.Context) error {
	now := s.now()
	s.mu.Lock()
	for id, at := range s.touch {
		if now.Sub(at) > touchEvery {
			delete(s.touch, id)
		}
	}
	s.mu.Unlock()
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		idle := millis(now.Add(-s.config.SessionIdle))
		return errors.Join(
			tx.Exec("DELETE FROM sessions WHERE expires_at <= ? OR last_seen_at <= ?", millis(now), idle).Error,
			tx.Exec("DELETE FROM login_limits WHERE free_at <= ?", millis(now)).Error,
			tx.Exec("DELETE FROM shares WHERE expires_at <> 0 AND expires_at <= ?", millis(now)).Error,
		)
	})
}

// touchEvery is how precise "last seen" and "last used" are: one write a minute.
const touchEvery = time.Minute

// touchDue reports whether a credential's time of last use should be written now,
// given what its row says, and remembers that it was. What is remembered only
// saves writes; another replica would at worst write once more.
func (s *Service) touchDue(id string, last time.Time) bool {
	now := s.now()
	if now.Sub(last) < touchEvery {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.touch[id]) < touchEvery {
		return false
	}
	s.touch[id] = now
	return true
}

func (s *Service) now() time.Time { return s.config.Now().UTC().Truncate(time.Millisecond) }

// millis is how times are stored; 0 is no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
