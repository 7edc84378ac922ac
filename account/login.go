package account

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
)

var (
	errLogin    = errs.New(errs.Unauthenticated, "login_failed", "The name or the password is not right.")
	errDisabled = errs.New(errs.Forbidden, "account_disabled", "This account is disabled. Ask an administrator.")
)

// Login starts a session for a name and password. A session that the browser still
// holds (previous, its token, may be empty) ends, so that no token outlives a login.
// An unknown name takes as long as a wrong password and gets the same answer.
func (s *Service) Login(ctx context.Context, name, password, previous string, c Client) (token string, session Session, err error) {
	name = strings.ToLower(strings.TrimSpace(name)) // as phones' keyboards would have it
	limits := []limit{addressLimit(c.Address), nameLimit(name)}
	if err := s.reserve(ctx, limits...); err != nil {
		return "", Session{}, err
	}
	user, err := findUser(s.db.Read(ctx), "name = ?", name)
	known := err == nil
	if !known && errs.KindOf(err) != errs.NotFound {
		return "", Session{}, err
	}
	encoded := user.PasswordHash
	if !known {
		encoded = s.hasher.decoy
	}
	ok, stale, err := s.hasher.verify(ctx, cut(password, maxPassword+1), encoded)
	if err != nil {
		return "", Session{}, err
	}
	if !ok || !known {
		return "", Session{}, errLogin
	}
	if user.Disabled {
		return "", Session{}, errDisabled
	}
	fresh := ""
	if stale {
		if fresh, err = s.hasher.hash(ctx, password); err != nil {
			return "", Session{}, err
		}
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		token, session, err = s.admit(tx, user, fresh, previous, c)
		if err != nil {
			return err
		}
		return release(tx, limits...)
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, session, nil
}

// admit starts the session of a user whose password was right. It looks again at
// the row: the user may have been disabled, or the password changed, meanwhile.
func (s *Service) admit(tx *gorm.DB, seen userRow, freshHash, previous string, c Client) (string, Session, error) {
	user, err := findUser(tx, "id = ?", seen.ID)
	if err != nil {
		return "", Session{}, err
	}
	if user.Disabled || user.PasswordHash != seen.PasswordHash {
		return "", Session{}, errLogin
	}
	if freshHash != "" {
		if err := tx.Model(&userRow{}).Where("id = ?", user.ID).Update("password_hash", freshHash).Error; err != nil {
			return "", Session{}, fmt.Errorf("renew password hash: %w", err)
		}
	}
	if previous != "" {
		if err := tx.Where("token_hash = ?", hashToken(previous)).Delete(&sessionRow{}).Error; err != nil {
			return "", Session{}, fmt.Errorf("end previous session: %w", err)
		}
	}
	return s.startSession(tx, user, c)
}

// Logout ends the session of a token. A token of no session is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("token_hash = ?", hashToken(token)).Delete(&sessionRow{}).Error
	})
}

// limit is a budget of login attempts: burst at once, then one every interval. What
// is kept is the time at which all reserved attempts are paid off, so a row is one
// number, and attempts are reserved before the slow hash, so that a burst of
// parallel guesses gets no more than a slow series.
type limit struct {
	subject  string
	burst    int64
	interval time.Duration
}

// A name allows more than an address, so that one attacker runs out of budget
// before the owner of the name does.
func nameLimit(name string) limit {
	return limit{"name " + cut(name, 64), 20, 5 * time.Second}
}

// addressLimit counts an IPv6 network as one address: whoever has one has all of it.
func addressLimit(address string) limit {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Unmap().Is6() {
		if network, err := ip.Prefix(64); err == nil {
			address = network.String()
		}
	}
	return limit{"address " + cut(address, 64), 10, 10 * time.Second}
}

// limited is the error of too many attempts.
type limited struct {
	error
	after time.Duration
}

// RetryAfter says when the next attempt will be taken.
func (l limited) RetryAfter() time.Duration { return l.after }
func (l limited) Unwrap() error             { return l.error }

// reserve takes one attempt from every limit, or from none.
func (s *Service) reserve(ctx context.Context, limits ...limit) error {
	now := s.now()
	for _, l := range limits { // refusals are cheap: they write nothing
		if _, err := l.next(s.db.Read(ctx), now); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for _, l := range limits {
			free, err := l.next(tx, now)
			if err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO login_limits (subject, free_at) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET free_at = excluded.free_at",
				l.subject, millis(free)).Error; err != nil {
				return fmt.Errorf("reserve login attempt: %w", err)
			}
		}
		return nil
	})
}

// next returns the time of payment with one more attempt, or the refusal.
func (l limit) next(db *gorm.DB, now time.Time) (time.Time, error) {
	var freeAt int64
	if err := db.Raw("SELECT free_at FROM login_limits WHERE subject = ?", l.subject).Scan(&freeAt).Error; err != nil {
		return time.Time{}, fmt.Errorf("read login limit: %w", err)
	}
	free := now
	if at := fromMillis(freeAt); at.After(now) {
		free = at
	}
	free = free.Add(l.interval)
	if over := free.Sub(now.Add(time.Duration(l.burst) * l.interval)); over > 0 {
		return time.Time{}, limited{errs.Newf(errs.RateLimited, "rate_limited",
			"Too many attempts. Try again in %d seconds.", int(over.Round(time.Second).Seconds())+1), over}
	}
	return free, nil
}

// release gives back the attempt of a right password.
func release(tx *gorm.DB, limits ...limit) error {
	for _, l := range limits {
		if err := tx.Exec("UPDATE login_limits SET free_at = free_at - ? WHERE subject = ?", l.interval.Milliseconds(), l.subject).Error; err != nil {
			return fmt.Errorf("release login attempt: %w", err)
		}
	}
	return nil
}
