package account

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/store"
)

// NewKey is an access key to make.
type NewKey struct {
	Name        string // what will use it
	Description string
	AccessKey   string // empty: one is made up
	Secret      string // empty: one is made up
	ProjectID   string // when not empty, the key reaches only this project's buckets
	Policy      string // all that it is good for; empty: whatever its user may
	Expires     time.Time
}

// KeyChange changes what is not nil.
type KeyChange struct {
	Name        *string
	Description *string
	Secret      *string
	Policy      *string // empty: whatever its user may
	Expires     *time.Time
	Disabled    *bool
}

var errKeyNotFound = errs.New(errs.NotFound, "key_not_found", "There is no such access key.")

// AddKey makes an access key for a user: a service account, where it has a policy or
// an end of its own. The secret is returned this once.
func (s *Service) AddKey(ctx context.Context, userID string, n NewKey) (secret string, k Key, err error) {
	secret, row, err := s.newKey(userID, n.Name, purposeUser)
	if err != nil {
		return "", Key{}, err
	}
	if n.ProjectID != "" {
		row.ProjectID = &n.ProjectID
	}
	if n.AccessKey != "" {
		if row.AccessKey = n.AccessKey; !plainKey(n.AccessKey) {
			return "", Key{}, errs.New(errs.Invalid, "access_key_invalid", "An access key has 3 to 128 letters, digits and characters out of _+=,.@-")
		}
	}
	change := KeyChange{Name: &n.Name, Description: &n.Description, Policy: &n.Policy, Expires: &n.Expires}
	if n.Secret != "" {
		secret, change.Secret = n.Secret, &n.Secret
	}
	columns, err := s.keyColumns(change)
	if err != nil {
		return "", Key{}, err
	}
	row.Name, row.Description, row.Policy, row.ExpiresAt = columns["name"].(string), columns["description"].(string), n.Policy, millis(n.Expires)
	if sealed, ok := columns["sealed_secret"].([]byte); ok {
		row.SealedSecret = sealed
	}
	err = s.change(ctx, func(tx *gorm.DB) error {
		if _, err := findUser(tx, "id = ?", userID); err != nil {
			return err
		}
		if err := roomForOne(tx, &keyRow{}, userID); err != nil {
			return err
		}
		err := tx.Create(&row).Error
		if store.Duplicate(err) {
			return errs.New(errs.Conflict, "iam_exists", "This access key is taken.")
		}
		return err
	})
	if err != nil {
		return "", Key{}, err
	}
	return secret, row.toApp(), nil
}

func plainKey(accessKey string) bool {
	return len(accessKey) >= 3 && checkIAMName("key", accessKey) == nil
}

func (s *Service) keyColumns(c KeyChange) (map[string]any, error) {
	columns := map[string]any{}
	if c.Name != nil {
		name, err := cleanTitle(*c.Name, "key")
		if err != nil {
			return nil, err
		}
		columns["name"] = name
	}
	if c.Description != nil {
		description, err := cleanDescription(*c.Description)
		if err != nil {
			return nil, err
		}
		columns["description"] = description
	}
	if c.Secret != nil {
		if len(*c.Secret) < 8 || len(*c.Secret) > 128 {
			return nil, errs.New(errs.Invalid, "secret_invalid", "A secret key has 8 to 128 characters.")
		}
		sealed, err := s.sealer.Seal(keyPurpose, []byte(*c.Secret))
		if err != nil {
			return nil, err
		}
		columns["sealed_secret"] = sealed
		columns["sessions_from"] = s.endedBefore()
	}
	if c.Policy != nil {
		if *c.Policy != "" {
			if _, err := s.CheckDocument(*c.Policy); err != nil {
				return nil, err
			}
		}
		columns["policy"] = *c.Policy
	}
	if c.Expires != nil {
		if !c.Expires.IsZero() && !c.Expires.After(s.now()) {
			return nil, errs.New(errs.Invalid, "expiry_past", "The expiry lies in the past.")
		}
		columns["expires_at"] = millis(*c.Expires)
	}
	if c.Disabled != nil {
		columns["disabled"] = *c.Disabled
	}
	return columns, nil
}

// UpdateKey changes one of a user's keys, but not that of the unattended start, which
// comes back as it was. Another secret ends the temporary credentials that were asked for
// with the one before: who has that may have asked for them.
func (s *Service) UpdateKey(ctx context.Context, userID, accessKey string, c KeyChange) error {
	columns, err := s.keyColumns(c)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		var row keyRow
		err := tx.Where("access_key = ? AND user_id = ? AND purpose <> ?", accessKey, userID, purposeShare).Take(&row).Error
		switch {
		case store.NotFound(err):
			return errKeyNotFound
		case err != nil:
			return err
		case row.Purpose == purposeRoot:
			return errs.New(errs.Conflict, "key_of_root", "This key is that of CROFT_ROOT_USER. Change it there.")
		case len(columns) == 0:
			return nil
		}
		return tx.Model(&keyRow{}).Where("access_key = ?", accessKey).Updates(columns).Error
	})
}

// Key returns an access key and its user's name; those of shared links are not found.
func (s *Service) Key(ctx context.Context, accessKey string) (Key, User, error) {
	var row keyRow
	err := s.db.Read(ctx).Where("access_key = ? AND purpose <> ?", accessKey, purposeShare).Take(&row).Error
	if store.NotFound(err) {
		return Key{}, User{}, errKeyNotFound
	}
	if err != nil {
		return Key{}, User{}, fmt.Errorf("find access key: %w", err)
	}
	user, err := s.User(ctx, row.UserID)
	k := row.toApp()
	k.LastUsedAt = s.uses.latest(k.AccessKey, k.LastUsedAt)
	return k, user, err
}

// UserByName returns one user by name.
func (s *Service) UserByName(ctx context.Context, name string) (User, error) {
	row, err := findUser(s.db.Read(ctx), "name = ?", name)
	return row.toApp(), err
}

// HasPassword reports whether a user can log in to the console.
func (s *Service) HasPassword(ctx context.Context, id string) (bool, error) {
	row, err := findUser(s.db.Read(ctx), "id = ?", id)
	return row.PasswordHash != "", err
}

// RemovePassword keeps a user who is no administrator from logging in to the console,
// and ends what is logged in. Access keys and tokens stay.
func (s *Service) RemovePassword(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		user, err := findUser(tx, "id = ?", id)
		if err != nil {
			return err
		}
		if user.Admin {
			return errs.New(errs.Conflict, "iam_in_use", "This user is an administrator, who needs a password. Take that from them first, in the console.")
		}
		if err := tx.Model(&userRow{}).Where("id = ?", id).Update("password_hash", "").Error; err != nil {
			return err
		}
		return tx.Where("user_id = ?", id).Delete(&sessionRow{}).Error
	})
}

// DeleteUser removes a user who has no access keys, groups and policies any more, with
// all else that is the user's own. An administrator and the last owner of a project
// stay. What others know of the user, such as messages, stays too.
func (s *Service) DeleteUser(ctx context.Context, id string) error {
	return s.deleteUser(ctx, id, false)
}

// DropUser is DeleteUser with keys, groups and policies.
func (s *Service) DropUser(ctx context.Context, id string) error { return s.deleteUser(ctx, id, true) }

func (s *Service) deleteUser(ctx context.Context, id string, all bool) error {
	err := s.change(ctx, func(tx *gorm.DB) error {
		user, err := findUser(tx, "id = ?", id)
		if err != nil {
			return err
		}
		if user.Admin {
			return errs.New(errs.Conflict, "iam_in_use", "This user is an administrator. Take that from them first, in the console.")
		}
		if !all {
			if err := ownsNothing(tx, id); err != nil {
				return err
			}
		}
		var projects []string
		if err := tx.Raw("SELECT project_id FROM members WHERE user_id = ?", id).Scan(&projects).Error; err != nil {
			return err
		}
		if err := dropHoldings(tx, Holder{UserHolder, id}); err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&userRow{}).Error; err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
		for _, project := range projects {
			if err := keepAnOwner(tx, project); err != nil {
				return err
			}
		}
		return nil
	})
	return s.announceAccess(id, err)
}

func ownsNothing(tx *gorm.DB, id string) error {
	var keys, groups int64
	if err := tx.Model(&keyRow{}).Where("user_id = ? AND purpose <> ?", id, purposeShare).Count(&keys).Error; err != nil {
		return err
	}
	if keys > 0 {
		return errs.New(errs.Conflict, "iam_in_use", "Cannot delete entity, must delete access keys first.")
	}
	if err := tx.Raw("SELECT count(*) FROM iam_group_members WHERE user_id = ?", id).Scan(&groups).Error; err != nil {
		return err
	}
	if groups > 0 {
		return errs.New(errs.Conflict, "iam_in_use", "Cannot delete entity, must remove users from group first.")
	}
	return holdsNothing(tx, Holder{UserHolder, id})
}
