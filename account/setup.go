package account

import (
	"context"
	"crypto/subtle"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/errs"
)

var errSetup = errs.New(errs.Forbidden, "setup_token_invalid",
	"This set-up link is not valid any more. Use the newest one from Croft's output, or log in if set-up is done.")

// SetupRequired reports whether there is nobody yet.
func (s *Service) SetupRequired(ctx context.Context) (bool, error) { return nobodyYet(s.db.Read(ctx)) }

// SetupToken makes the token of a new set-up link, which replaces an earlier one.
// It is empty when there are users already.
func (s *Service) SetupToken(ctx context.Context) (string, error) {
	token := newToken()
	err := s.change(ctx, func(tx *gorm.DB) error {
		required, err := nobodyYet(tx)
		if err != nil {
			return err
		}
		if !required {
			token = ""
			return forgetSetup(tx)
		}
		return tx.Exec("INSERT INTO setup (id, token_hash) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash", hashToken(token)).Error
	})
	return token, err
}

// CompleteSetup makes the first user, an administrator, and logs them in. The token
// works once, and never when there are users.
func (s *Service) CompleteSetup(ctx context.Context, setupToken string, n NewUser, c Client) (token string, session Session, err error) {
	if err := checkSetup(s.db.Read(ctx), setupToken); err != nil {
		return "", Session{}, err // before the slow hash
	}
	n.Admin = true
	user, err := s.prepareUser(ctx, n, minPassword)
	if err != nil {
		return "", Session{}, err
	}
	err = s.change(ctx, func(tx *gorm.DB) error {
		if err := checkSetup(tx, setupToken); err != nil {
			return err
		}
		if err := forgetSetup(tx); err != nil {
			return err
		}
		if err := insertUser(tx, user); err != nil {
			return err
		}
		token, session, err = s.startSession(tx, user, c)
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, session, nil
}

// EnsureRoot makes, or brings up to date, the account of an unattended start: an
// administrator with this name and password, whose S3 access key is the name and
// whose secret key is the password. A key of an earlier such name ends. It does
// nothing when all is as it should be.
func (s *Service) EnsureRoot(ctx context.Context, name, password string) error {
	if len(name) < 3 || checkName(name) != nil {
		return errs.New(errs.Invalid, "root_user_invalid",
			"CROFT_ROOT_USER has 3 to 32 lower-case letters, digits, dots, hyphens and underscores, and starts with a letter or digit: it is a user name and an S3 access key.")
	}
	if len(password) < minRootPassword {
		return errs.Newf(errs.Invalid, "root_password_short", "CROFT_ROOT_PASSWORD needs at least %d characters: it is also an S3 secret key.", minRootPassword)
	}
	fresh, err := s.rootUser(ctx, name, password)
	if err != nil {
		return err
	}
	sealed, err := s.sealer.Seal(keyPurpose, []byte(password))
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := forgetSetup(tx); err != nil {
			return err
		}
		user, err := findUser(tx, "name = ?", name)
		switch {
		case errs.KindOf(err) == errs.NotFound:
			user = fresh
			err = insertUser(tx, fresh)
		case err == nil && (fresh.PasswordHash != user.PasswordHash || !user.Admin || user.Disabled):
			err = restoreRoot(tx, user.ID, fresh.PasswordHash)
		}
		if err != nil {
			return fmt.Errorf("root account: %w", err)
		}
		return s.putRootKey(tx, user, password, sealed)
	})
}

// rootUser returns the root account's row as it should be. The stored hash is kept
// when it is the password's, so that a restart ends no session.
func (s *Service) rootUser(ctx context.Context, name, password string) (userRow, error) {
	current, err := findUser(s.db.Read(ctx), "name = ?", name)
	if errs.KindOf(err) == errs.NotFound {
		return s.prepareUser(ctx, NewUser{Name: name, Password: password, Admin: true}, minRootPassword)
	}
	if err != nil {
		return userRow{}, err
	}
	same, stale, err := s.hasher.verify(ctx, password, current.PasswordHash)
	if err != nil {
		return userRow{}, err
	}
	if same && !stale {
		return current, nil
	}
	return s.prepareUser(ctx, NewUser{Name: name, Password: password, Admin: true}, minRootPassword)
}

func restoreRoot(tx *gorm.DB, userID, hash string) error {
	columns := map[string]any{"password_hash": hash, "admin": true, "disabled": false}
	if err := tx.Model(&userRow{}).Where("id = ?", userID).Updates(columns).Error; err != nil {
		return err
	}
	return tx.Where("user_id = ?", userID).Delete(&sessionRow{}).Error
}

func (s *Service) putRootKey(tx *gorm.DB, user userRow, secret string, sealed []byte) error {
	if err := tx.Where("purpose = ? AND access_key <> ?", purposeRoot, user.Name).Delete(&keyRow{}).Error; err != nil {
		return fmt.Errorf("end earlier root key: %w", err)
	}
	row := keyRow{AccessKey: user.Name, UserID: user.ID, Name: "root", Purpose: purposeRoot, SealedSecret: sealed, CreatedAt: millis(s.now())}
	var before keyRow
	if err := tx.Where("access_key = ?", user.Name).Limit(1).Find(&before).Error; err != nil {
		return fmt.Errorf("find root key: %w", err)
	}
	row.SessionsFrom = before.SessionsFrom
	if plain, err := s.sealer.Open(keyPurpose, before.SealedSecret); err != nil || string(plain) != secret {
		row.SessionsFrom = s.endedBefore() // as with any key that gets another secret
	}
	err := tx.Exec(`INSERT INTO access_keys (access_key, user_id, name, purpose, sealed_secret, created_at, sessions_from) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (access_key) DO UPDATE SET user_id = excluded.user_id, purpose = excluded.purpose, sealed_secret = excluded.sealed_secret,
			project_id = NULL, policy = '', disabled = 0, expires_at = 0, sessions_from = excluded.sessions_from`,
		row.AccessKey, row.UserID, row.Name, row.Purpose, row.SealedSecret, row.CreatedAt, row.SessionsFrom).Error
	if err != nil {
		return fmt.Errorf("store root key: %w", err)
	}
	return nil
}

func nobodyYet(db *gorm.DB) (bool, error) {
	var some []string
	if err := db.Raw("SELECT id FROM users LIMIT 1").Scan(&some).Error; err != nil {
		return false, fmt.Errorf("look for users: %w", err)
	}
	return len(some) == 0, nil
}

func checkSetup(db *gorm.DB, token string) error {
	required, err := nobodyYet(db)
	if err != nil {
		return err
	}
	var stored []byte
	if err := db.Raw("SELECT token_hash FROM setup WHERE id = 1").Row().Scan(&stored); err != nil || !required {
		return errSetup
	}
	if subtle.ConstantTimeCompare(stored, hashToken(token)) != 1 {
		return errSetup
	}
	return nil
}

func forgetSetup(tx *gorm.DB) error { return tx.Exec("DELETE FROM setup").Error }
