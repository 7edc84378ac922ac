package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
)

// Share is a link by which people without an account reach an object or a folder. It is
// worth what its maker may do when it is used, and no more.
type Share struct {
	ID            string
	UserID        string
	UserName      string
	Bucket        string
	BucketCreated time.Time // a bucket that was made anew is another
	Key           string    // of the object or, for a folder, what its keys begin with
	Folder        bool
	Uploads       bool // people may add objects to the folder, never replace any
	Protected     bool // it asks for a password
	CreatedAt     time.Time
	ExpiresAt     time.Time // zero: never
	LastUsedAt    time.Time // zero: never
	Uses          int64     // how often it was opened

	passwordHash string
}

// NewShare says what a link is to be.
type NewShare struct {
	Bucket        string
	BucketCreated time.Time
	Key           string
	Folder        bool
	Uploads       bool
	Password      string    // empty: none
	ExpiresAt     time.Time // zero: never
	TokenID       string    // of the API token it is made with, which it ends with, and not after; empty: none
}

type shareRow struct {
	ID            string
	UserID        string
	Bucket        string
	BucketCreated int64
	Key           string `gorm:"column:object_key"`
	Folder        bool
	Uploads       bool
	TokenHash     []byte
	PasswordHash  string
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	ExpiresAt     int64
	LastUsedAt    int64
	Uses          int64
	TokenID       *string // it goes with the token's row
}

func (shareRow) TableName() string { return "shares" }

// namedShareRow is a share with who made it.
type namedShareRow struct {
	Share    shareRow `gorm:"embedded"`
	UserName string
	Admin    bool
	Disabled bool
	ByID     bool
}

func (n namedShareRow) toApp() Share {
	r := n.Share
	return Share{
		ID: r.ID, UserID: r.UserID, UserName: n.UserName, Bucket: r.Bucket, BucketCreated: fromMillis(r.BucketCreated), Key: r.Key, Folder: r.Folder,
		Uploads: r.Uploads, Protected: r.PasswordHash != "", CreatedAt: fromMillis(r.CreatedAt), ExpiresAt: fromMillis(r.ExpiresAt),
		LastUsedAt: fromMillis(r.LastUsedAt), Uses: r.Uses, passwordHash: r.PasswordHash,
	}
}

const (
	maxSharesOfBucket = 1000
	minSharePassword  = 4 // guesses are limited; see UnlockShare
	sharePassLifetime = 12 * time.Hour
)

var (
	errShareGone     = errs.New(errs.NotFound, "share_gone", "This link does not work, or no longer. Ask who sent it for a new one.")
	errSharePassword = errs.New(errs.Forbidden, "share_password_wrong", "The password is not right.")
)

// CreateShare makes a link. The token is returned this once.
func (s *Service) CreateShare(ctx context.Context, userID string, n NewShare) (token string, made Share, err error) {
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(s.now()) {
		return "", Share{}, errs.New(errs.Invalid, "expiry_past", "The expiry lies in the past.")
	}
	hash := ""
	if n.Password != "" {
		if len(n.Password) < minSharePassword || len(n.Password) > maxPassword {
			return "", Share{}, errs.Newf(errs.Invalid, "share_password_short", "The link's password needs %d to %d characters.", minSharePassword, maxPassword)
		}
		if hash, err = s.hasher.hash(ctx, n.Password); err != nil {
			return "", Share{}, err
		}
	}
	token = newToken()
	row := shareRow{
		ID: ids.New(), UserID: userID, Bucket: n.Bucket, BucketCreated: millis(n.BucketCreated), Key: n.Key, Folder: n.Folder, Uploads: n.Uploads,
		TokenHash: hashToken(token), PasswordHash: hash, CreatedAt: millis(s.now()), ExpiresAt: millis(n.ExpiresAt),
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := row.bind(tx, n.TokenID); err != nil {
			return err
		}
		var have int64
		if err := tx.Model(&shareRow{}).Where(sharesThatWork, n.Bucket, millis(n.BucketCreated), millis(s.now())).Count(&have).Error; err != nil {
			return fmt.Errorf("count shares: %w", err)
		}
		if have >= maxSharesOfBucket {
			return errs.Newf(errs.Conflict, "too_many_shares", "The bucket has %d links already. End some first.", maxSharesOfBucket)
		}
		return tx.Create(&row).Error
	})
	if err != nil {
		return "", Share{}, err
	}
	made, err = s.Share(ctx, n.Bucket, row.ID)
	return token, made, err
}

// bind lets the link end with an API token, at the latest when that expires.
func (r *shareRow) bind(tx *gorm.DB, tokenID string) error {
	if tokenID == "" {
		return nil
	}
	var token tokenRow
	if err := tx.Where("id = ? AND user_id = ?", tokenID, r.UserID).Limit(1).Find(&token).Error; err != nil {
		return fmt.Errorf("find the share's token: %w", err)
	}
	if token.ID == "" {
		return errUnauthenticated
	}
	r.TokenID = &token.ID
	if ends := token.ExpiresAt; ends != 0 && (r.ExpiresAt == 0 || r.ExpiresAt > ends) {
		r.ExpiresAt = ends
	}
	return nil
}

// sharesThatWork leaves out those of an earlier bucket of the same name, which are none of
// this one's business, and those that have expired.
const sharesThatWork = `bucket = ? AND bucket_created = ? AND (expires_at = 0 OR expires_at > ?)`

const selectShares = `SELECT s.*, u.name AS user_name, u.admin, u.disabled, u.by_id FROM shares s JOIN users u ON u.id = s.user_id `

// Shares returns the links that have not expired of the bucket that was created then, the
// newest first.
func (s *Service) Shares(ctx context.Context, bucket string, created time.Time) ([]Share, error) {
	s.shareUses.saving.RLock()
	defer s.shareUses.saving.RUnlock()
	var rows []namedShareRow
	err := s.db.Read(ctx).Raw(selectShares+`WHERE `+sharesThatWork+` ORDER BY s.created_at DESC, s.id`,
		bucket, millis(created), millis(s.now())).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list shares: %w", err)
	}
	all := make([]Share, len(rows))
	for i, row := range rows {
		all[i] = s.shareUses.with(row.toApp())
	}
	return all, nil
}

// Share returns one of a bucket's links.
func (s *Service) Share(ctx context.Context, bucket, id string) (Share, error) {
	s.shareUses.saving.RLock()
	defer s.shareUses.saving.RUnlock()
	row, err := s.findShare(ctx, `WHERE s.bucket = ? AND s.id = ?`, bucket, id)
	return s.shareUses.with(row.toApp()), err
}

func (s *Service) findShare(ctx context.Context, where string, args ...any) (row namedShareRow, err error) {
	if err := s.db.Read(ctx).Raw(selectShares+where, args...).Scan(&row).Error; err != nil {
		return row, fmt.Errorf("find share: %w", err)
	}
	if row.Share.ID == "" {
		return row, errShareGone
	}
	return row, nil
}

// DeleteShare ends a link at once.
func (s *Service) DeleteShare(ctx context.Context, bucket, id string) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		done := tx.Where("bucket = ? AND id = ?", bucket, id).Delete(&shareRow{})
		if done.Error == nil && done.RowsAffected == 0 {
			return errShareGone
		}
		return done.Error
	})
}

// OpenShare returns the link of a token, and as whom it acts: its maker, reading only
// unless people may add. One that expired or whose maker is disabled is not found.
// The link's password is asked for by PassesShare.
func (s *Service) OpenShare(ctx context.Context, token string) (Share, Principal, error) {
	row, err := s.findShare(ctx, `WHERE s.token_hash = ?`, hashToken(token))
	if err != nil {
		return Share{}, Principal{}, err
	}
	if row.Disabled || row.Share.ExpiresAt != 0 && !s.now().Before(fromMillis(row.Share.ExpiresAt)) {
		return Share{}, Principal{}, errShareGone
	}
	return row.toApp(), Principal{
		UserID: row.Share.UserID, Name: row.UserName, Admin: row.Admin, Via: ViaShare, CredentialID: row.Share.ID, ReadOnly: !row.Share.Uploads,
		ByID: row.ByID,
	}, nil
}

// UnlockShare takes a link's password and returns what proves that it was given, for some
// hours or until the password is another. Guesses are limited by link and by address.
func (s *Service) UnlockShare(ctx context.Context, token, password, address string) (pass string, until time.Time, err error) {
	share, _, err := s.OpenShare(ctx, token)
	if err != nil {
		return "", time.Time{}, err
	}
	limits := []limit{addressLimit(address), {"share " + share.ID, 20, 5 * time.Second}}
	if err := s.reserve(ctx, limits...); err != nil {
		return "", time.Time{}, err
	}
	if share.passwordHash != "" {
		ok, _, err := s.hasher.verify(ctx, cut(password, maxPassword+1), share.passwordHash)
		if err != nil {
			return "", time.Time{}, err
		}
		if !ok {
			return "", time.Time{}, errSharePassword
		}
	}
	if err := s.db.Write(ctx, func(tx *gorm.DB) error { return release(tx, limits...) }); err != nil {
		return "", time.Time{}, err
	}
	until = s.now().Add(sharePassLifetime).Truncate(time.Second)
	return share.pass(until), until, nil
}

// PassesShare reports whether pass is what UnlockShare returned, or none is needed.
func (s *Service) PassesShare(share Share, pass string) bool {
	if share.passwordHash == "" {
		return true
	}
	seconds, _, _ := strings.Cut(pass, ".")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || !s.now().Before(time.Unix(unix, 0)) {
		return false
	}
	return hmac.Equal([]byte(pass), []byte(share.pass(time.Unix(unix, 0))))
}

// pass is made of the hash, which nobody outside has, so that another password ends it.
func (s Share) pass(until time.Time) string {
	seconds := strconv.FormatInt(until.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.passwordHash))
	_, _ = fmt.Fprintf(mac, "share\n%s\n%s", s.ID, seconds) // a hash takes everything
	return seconds + "." + hex.EncodeToString(mac.Sum(nil))
}
