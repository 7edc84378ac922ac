package account

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
)

// Session is a browser that is logged in.
type Session struct {
	ID         string
	User       User
	CSRF       string // must come with every mutation by this session
	UserAgent  string
	Address    string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

// Client is where a login comes from.
type Client struct {
	Address   string
	UserAgent string
}

// SessionPrincipal returns who a session's token stands for. Unauthenticated means
// that there is no such session, that it has expired, or that the user is disabled.
func (s *Service) SessionPrincipal(ctx context.Context, token string) (Principal, Session, error) {
	var row struct {
		Session sessionRow `gorm:"embedded"`
		User    userRow    `gorm:"embedded;embeddedPrefix:user__"`
	}
	err := s.db.Read(ctx).Raw(`SELECT s.*, u.id AS user__id, u.name AS user__name, u.display_name AS user__display_name, u.locale AS user__locale,
		u.admin AS user__admin, u.disabled AS user__disabled, u.created_at AS user__created_at, u.by_id AS user__by_id
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?`, hashToken(token)).Scan(&row).Error
	if err != nil {
		return Principal{}, Session{}, fmt.Errorf("find session: %w", err)
	}
	live := row.Session
	now := s.now()
	idleSince := now.Add(-s.config.SessionIdle)
	if live.ID == "" || row.User.Disabled || live.ExpiresAt <= millis(now) || live.LastSeenAt <= millis(idleSince) {
		return Principal{}, Session{}, errUnauthenticated
	}
	if s.touchDue(live.ID, fromMillis(live.LastSeenAt)) {
		// Only for show and for idle expiry: a full disk must not keep anybody out
		// who could make room.
		_ = s.db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Model(&sessionRow{}).Where("id = ?", live.ID).Update("last_seen_at", millis(now)).Error
		})
		live.LastSeenAt = millis(now)
	}
	return row.User.principal(ViaSession, live.ID), s.session(live, row.User), nil
}

// ListSessions returns a user's live sessions, the last used first.
func (s *Service) ListSessions(ctx context.Context, userID string) ([]Session, error) {
	now := s.now()
	var rows []sessionRow
	err := s.db.Read(ctx).Where("user_id = ? AND expires_at > ? AND last_seen_at > ?", userID, millis(now), millis(now.Add(-s.config.SessionIdle))).
		Order("last_seen_at DESC, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	sessions := make([]Session, len(rows))
	for i, row := range rows {
		sessions[i] = s.session(row, userRow{})
	}
	return sessions, nil
}

// EndSession ends one of a user's sessions.
func (s *Service) EndSession(ctx context.Context, userID, sessionID string) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		done := tx.Where("id = ? AND user_id = ?", sessionID, userID).Delete(&sessionRow{})
		if done.Error != nil {
			return fmt.Errorf("end session: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return errs.New(errs.NotFound, "session_not_found", "There is no such session.")
		}
		return nil
	})
}

// ChangePassword sets a new password for a user who knows the current one. It ends
// the user's other sessions and gives this one a new token, which it returns; the
// session's ID and CSRF token stay. Wrong guesses count as login attempts.
func (s *Service) ChangePassword(ctx context.Context, p Principal, current, fresh string) (token string, err error) {
	user, err := findUser(s.db.Read(ctx), "id = ?", p.UserID)
	if err != nil {
		return "", err
	}
	if err := checkPassword(fresh, user.Name, minPassword); err != nil {
		return "", err
	}
	limit := nameLimit(user.Name)
	if err := s.reserve(ctx, limit); err != nil {
		return "", err
	}
	ok, _, err := s.hasher.verify(ctx, current, user.PasswordHash)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errs.New(errs.Invalid, "password_wrong", "The current password is not right.")
	}
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return "", err
	}
	token = newToken()
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := release(tx, limit); err != nil {
			return err
		}
		if err := tx.Model(&userRow{}).Where("id = ?", user.ID).Update("password_hash", hash).Error; err != nil {
			return fmt.Errorf("change password: %w", err)
		}
		if err := tx.Where("user_id = ? AND id <> ?", user.ID, p.CredentialID).Delete(&sessionRow{}).Error; err != nil {
			return fmt.Errorf("end other sessions: %w", err)
		}
		return tx.Model(&sessionRow{}).Where("id = ?", p.CredentialID).Update("token_hash", hashToken(token)).Error
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// startSession adds a session's row and returns its token.
func (s *Service) startSession(tx *gorm.DB, user userRow, c Client) (string, Session, error) {
	now := s.now()
	token := newToken()
	row := sessionRow{
		ID: ids.New(), UserID: user.ID, TokenHash: hashToken(token), UserAgent: cut(c.UserAgent, 300), Address: cut(c.Address, 64),
		CreatedAt: millis(now), LastSeenAt: millis(now), ExpiresAt: millis(now.Add(s.config.SessionLifetime)),
	}
	if err := tx.Create(&row).Error; err != nil {
		return "", Session{}, fmt.Errorf("start session: %w", err)
	}
	return token, s.session(row, user), nil
}

func (s *Service) session(row sessionRow, user userRow) Session {
	csrf := s.sealer.MAC("session csrf", []byte(row.ID))
	return Session{
		ID: row.ID, User: user.toApp(), CSRF: base64.RawURLEncoding.EncodeToString(csrf), UserAgent: row.UserAgent, Address: row.Address,
		CreatedAt: fromMillis(row.CreatedAt), LastSeenAt: fromMillis(row.LastSeenAt), ExpiresAt: fromMillis(row.ExpiresAt),
	}
}

// cut shortens text that a client sent to n bytes.
func cut(text string, n int) string {
	if len(text) > n {
		return text[:n]
	}
	return text
}
