package account

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
)

// TokenPrefix starts every API token, so that secret scanners know one.
const TokenPrefix = "croft_pat_"

// maxCredentials bounds the tokens, and the keys, of one user.
const maxCredentials = 100

// Token is an API token without its secret.
type Token struct {
	ID         string
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
	ExpiresAt  time.Time // zero: never
}

type tokenRow struct {
	ID         string
	UserID     string
	Name       string
	TokenHash  []byte
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	LastUsedAt int64
	ExpiresAt  int64
}

func (tokenRow) TableName() string { return "api_tokens" }

func (r tokenRow) toApp() Token {
	return Token{ID: r.ID, Name: r.Name, CreatedAt: fromMillis(r.CreatedAt), LastUsedAt: fromMillis(r.LastUsedAt), ExpiresAt: fromMillis(r.ExpiresAt)}
}

// CreateToken makes an API token for a user. The secret is returned this once; a
// zero expires means never.
func (s *Service) CreateToken(ctx context.Context, userID, name string, expires time.Time) (secret string, t Token, err error) {
	name, err = cleanTitle(name, "")
	if err != nil {
		return "", Token{}, err
	}
	if name == "" {
		return "", Token{}, errs.New(errs.Invalid, "name_invalid", "Name the token after what will use it.")
	}
	if !expires.IsZero() && !expires.After(s.now()) {
		return "", Token{}, errs.New(errs.Invalid, "expiry_past", "The expiry lies in the past.")
	}
	secret = TokenPrefix + newToken()
	row := tokenRow{ID: ids.New(), UserID: userID, Name: name, TokenHash: hashToken(secret), CreatedAt: millis(s.now()), ExpiresAt: millis(expires)}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := roomForOne(tx, &tokenRow{}, userID); err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if err != nil {
		return "", Token{}, err
	}
	return secret, row.toApp(), nil
}

// roomForOne refuses the 101st credential of a kind.
func roomForOne(tx *gorm.DB, model any, userID string) error {
	var have int64
	if err := tx.Model(model).Where("user_id = ?", userID).Count(&have).Error; err != nil {
		return fmt.Errorf("count credentials: %w", err)
	}
	if have >= maxCredentials {
		return errs.Newf(errs.Conflict, "too_many_credentials", "You have %d of these already. Delete one first.", maxCredentials)
	}
	return nil
}

// ListTokens returns a user's tokens, the newest first.
func (s *Service) ListTokens(ctx context.Context, userID string) ([]Token, error) {
	var rows []tokenRow
	if err := s.db.Read(ctx).Where("user_id = ?", userID).Order("created_at DESC, id DESC").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens := make([]Token, len(rows))
	for i, row := range rows {
		tokens[i] = row.toApp()
	}
	return tokens, nil
}

// DeleteToken ends one of a user's tokens.
func (s *Service) DeleteToken(ctx context.Context, userID, id string) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		done := tx.Where("id = ? AND user_id = ?", id, userID).Delete(&tokenRow{})
		if done.Error == nil && done.RowsAffected == 0 {
			return errs.New(errs.NotFound, "token_not_found", "There is no such token.")
		}
		return done.Error
	})
}

// TokenPrincipal returns who an API token stands for. Unauthenticated means that
// there is no such token, that it has expired, or that the user is disabled.
func (s *Service) TokenPrincipal(ctx context.Context, secret string) (Principal, error) {
	var row struct {
		ID         string
		LastUsedAt int64
		ExpiresAt  int64
		UserID     string
		UserName   string
		Admin      bool
		Disabled   bool
		ByID       bool
	}
	err := s.db.Read(ctx).Raw(`SELECT t.id, t.last_used_at, t.expires_at, u.id AS user_id, u.name AS user_name, u.admin, u.disabled, u.by_id
		FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = ?`, hashToken(secret)).Scan(&row).Error
	if err != nil {
		return Principal{}, fmt.Errorf("find token: %w", err)
	}
	now := s.now()
	if row.ID == "" || row.Disabled || row.ExpiresAt != 0 && row.ExpiresAt <= millis(now) {
		return Principal{}, errUnauthenticated
	}
	if s.touchDue(row.ID, fromMillis(row.LastUsedAt)) {
		// Only for show: a full disk must not keep anybody out who could make room.
		_ = s.db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Model(&tokenRow{}).Where("id = ?", row.ID).Update("last_used_at", millis(now)).Error
		})
	}
	return Principal{UserID: row.UserID, Name: row.UserName, Admin: row.Admin, Via: ViaToken, CredentialID: row.ID, ByID: row.ByID}, nil
}
