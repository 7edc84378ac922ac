package account

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"gorm.io/gorm"
)

// maxKnown bounds the keys, the roles and the quotas that are remembered, and
// maxKnownBytes what there is of those that clients make as large as they like. Beyond
// either all of a kind are forgotten and read again as they are asked for.
const (
	maxKnown      = 10_000
	maxKnownBytes = 16 << 20
)

// kept is what is remembered of one kind.
type kept[K comparable, V any] struct {
	all   map[K]V
	bytes int // of those whose size counts
}

// put remembers v. A size of 0 does not count.
func (k *kept[K, V]) put(key K, v V, size int) {
	if _, ok := k.all[key]; ok {
		return // which somebody else learned meanwhile
	}
	if k.all == nil || len(k.all) >= maxKnown || k.bytes+size > maxKnownBytes {
		*k = kept[K, V]{all: make(map[K]V)}
	}
	k.all[key], k.bytes = v, k.bytes+size
}

// known remembers what every S3 request asks of the database: whose an access key
// is and which policies it is held to, which role a user has in a project, and what a
// project's quota is. A change of any forgets everything after its commit and before it returns, so that a
// key that was ended, or a role that was lowered, holds for no request that begins
// after the change was answered.
//
// Only this process is told. Where several serve one database, what carries events
// between them has to carry the forgetting as well.
type known struct {
	mu     sync.RWMutex // guards the following 6 fields
	age    uint64       // rises whenever everything is forgotten
	keys   kept[string, keyOwner]
	temps  kept[string, keyOwner] // temporary ones, whose tokens were opened
	grants kept[string, *Grants]  // of users
	roles  kept[membership, Role]
	quotas kept[string, int64] // of projects
}

// keyOwner is what an access key stands for.
type keyOwner struct {
	secret       string
	principal    Principal
	token        tokenSum  // of what has to come with it, where it is temporary
	expires      time.Time // zero: never
	sessionsFrom int64     // temporary credentials that it asked for before are ended
}

// ended reports whether the key is good for nothing any more.
func (o *keyOwner) ended(now time.Time) bool { return !o.expires.IsZero() && !now.Before(o.expires) }

type membership struct{ projectID, userID string }

// tokenSum is the SHA-256 of a token.
type tokenSum [sha256.Size]byte

// key returns what is known of a key and, for learnKey, the age of that answer.
func (k *known) key(accessKey string) (owner keyOwner, ok bool, age uint64) {
	return recall(k, &k.keys, accessKey)
}

// learnKey remembers a key that was read from the database since age, unless
// something changed meanwhile: it may have been read before the change.
func (k *known) learnKey(accessKey string, owner keyOwner, age uint64) {
	learn(k, &k.keys, accessKey, owner, 0, age)
}

// temporary and learnTemporary are the same for temporary credentials, of which the
// length of the token says how much they bring along.
func (k *known) temporary(accessKey string) (owner keyOwner, ok bool, age uint64) {
	return recall(k, &k.temps, accessKey)
}

func (k *known) learnTemporary(accessKey string, owner keyOwner, size int, age uint64) {
	learn(k, &k.temps, accessKey, owner, size, age)
}

// role and learnRole are the same for the role of a member.
func (k *known) role(m membership) (role Role, ok bool, age uint64) { return recall(k, &k.roles, m) }

func (k *known) learnRole(m membership, role Role, age uint64) { learn(k, &k.roles, m, role, 0, age) }

// quota and learnQuota are the same for the quota of a project.
func (k *known) quota(projectID string) (bytes int64, ok bool, age uint64) {
	return recall(k, &k.quotas, projectID)
}

func (k *known) learnQuota(projectID string, bytes int64, age uint64) {
	learn(k, &k.quotas, projectID, bytes, 0, age)
}

func recall[K comparable, V any](k *known, from *kept[K, V], key K) (v V, ok bool, age uint64) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	v, ok = from.all[key]
	return v, ok, k.age
}

func learn[K comparable, V any](k *known, into *kept[K, V], key K, v V, size int, age uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.age == age {
		into.put(key, v, size)
	}
}

func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.age++
	k.keys, k.temps, k.grants = kept[string, keyOwner]{}, kept[string, keyOwner]{}, kept[string, *Grants]{}
	k.roles, k.quotas = kept[membership, Role]{}, kept[string, int64]{}
}

// change is the Write of whatever a user, a key, a project or a role is made of. It
// forgets in any case: of a commit that failed nobody can say what it left behind.
func (s *Service) change(ctx context.Context, fn func(tx *gorm.DB) error) error {
	defer s.known.forget()
	return s.db.Write(ctx, fn)
}

// uses gathers when keys were last used, so that no request waits for a write that
// is only for show. Run saves them.
type uses struct {
	mu sync.Mutex // guards at
	at map[string]time.Time
}

func (u *uses) note(accessKey string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.at[accessKey] = at
}

// latest returns the later of a stored time and the one that is not stored yet.
func (u *uses) latest(accessKey string, stored time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at := u.at[accessKey]; at.After(stored) {
		return at
	}
	return stored
}

// take returns what was gathered and begins anew.
func (u *uses) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.at) == 0 {
		return nil
	}
	gathered := u.at
	u.at = make(map[string]time.Time)
	return gathered
}

// saveUses writes down when keys were last used. A full disk loses them: nothing
// depends on them.
func (s *Service) saveUses(ctx context.Context) {
	gathered := s.uses.take()
	if gathered == nil {
		return
	}
	_ = s.db.Write(ctx, func(tx *gorm.DB) error {
		for accessKey, at := range gathered {
			if err := tx.Model(&keyRow{}).Where("access_key = ?", accessKey).Update("last_used_at", millis(at)).Error; err != nil {
				return err
			}
		}
		return nil
	})
}
