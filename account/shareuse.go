package account

import (
	"context"
	"sync"
	"time"

	"gorm.io/gorm"
)

// maxShareUses bounds the links whose uses are gathered. One more has them written at once.
const maxShareUses = 4096

// shareUses gathers how often links were opened, so that no visitor waits for a write.
// Run saves them.
type shareUses struct {
	// saving is held while uses move to the database, and shared by whoever adds up what is
	// there and what is not yet: they see each use once. It comes before mu.
	saving sync.RWMutex
	mu     sync.Mutex // guards of
	of     map[string]shareUse
}

// shareUse is what is not saved yet of a link.
type shareUse struct {
	times int64
	last  time.Time
}

// add notes uses of a link. It reports whether there is room for them.
func (u *shareUses) add(id string, more shareUse) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	have, known := u.of[id]
	if !known && len(u.of) >= maxShareUses {
		return false
	}
	have.times += more.times
	if more.last.After(have.last) {
		have.last = more.last
	}
	if u.of == nil {
		u.of = make(map[string]shareUse)
	}
	u.of[id] = have
	return true
}

// take returns what was gathered and begins anew.
func (u *shareUses) take() map[string]shareUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	gathered := u.of
	u.of = nil
	return gathered
}

// with adds what is not saved yet. The caller holds saving.
func (u *shareUses) with(l Share) Share {
	u.mu.Lock()
	defer u.mu.Unlock()
	more := u.of[l.ID]
	l.Uses += more.times
	if more.last.After(l.LastUsedAt) {
		l.LastUsedAt = more.last
	}
	return l
}

// ShareUsed counts that a link was opened. Run saves the counts once a minute and when it
// ends; the uses of the last minute are lost when the process is killed, which loses no
// right and no object. Lists of links show them at once.
func (s *Service) ShareUsed(ctx context.Context, id string) {
	use := shareUse{1, s.now()}
	if s.shareUses.add(id, use) {
		return
	}
	_ = s.saveShareUses(context.WithoutCancel(ctx))
	_ = s.shareUses.add(id, use) // there is room, unless nothing can be written
}

// saveShareUses writes down how often links were opened. What cannot be written is kept
// for the next time.
func (s *Service) saveShareUses(ctx context.Context) error {
	s.shareUses.saving.Lock()
	defer s.shareUses.saving.Unlock()
	gathered := s.shareUses.take()
	if len(gathered) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		for id, use := range gathered {
			err := tx.Exec("UPDATE shares SET uses = uses + ?, last_used_at = max(last_used_at, ?) WHERE id = ?", use.times, millis(use.last), id).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for id, use := range gathered {
			s.shareUses.add(id, use)
		}
	}
	return err
}
