package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/store"
)

// User is somebody who can log in.
type User struct {
	ID          string
	Name        string
	DisplayName string
	Locale      string
	Admin       bool
	Disabled    bool
	CreatedAt   time.Time
	ByID        bool // see Principal
}

// NewUser is a user to make.
type NewUser struct {
	Name        string
	DisplayName string // the name when empty
	Password    string
	Admin       bool
	NoPassword  bool // the user has access keys only, until a password is set
}

// UserChange changes what is not nil.
type UserChange struct {
	DisplayName *string
	Locale      *string
	Admin       *bool
	Disabled    *bool
	Password    *string
}

var (
	errUserNotFound = errs.New(errs.NotFound, "user_not_found", "There is no such user.")
	errUserExists   = errs.New(errs.Conflict, "user_exists", "This user name is taken.")
	errLastAdmin    = errs.New(errs.Conflict, "last_admin", "This is the last administrator. Make somebody else one first.")
)

// CreateUser makes a user.
func (s *Service) CreateUser(ctx context.Context, n NewUser) (User, error) {
	row, err := s.prepareUser(ctx, n, minPassword)
	if err != nil {
		return User{}, err
	}
	err = s.change(ctx, func(tx *gorm.DB) error { return insertUser(tx, row) })
	return row.toApp(), err
}

// prepareUser checks and hashes, so that the transaction does neither.
func (s *Service) prepareUser(ctx context.Context, n NewUser, leastPassword int) (userRow, error) {
	if err := checkName(n.Name); err != nil {
		return userRow{}, err
	}
	title, err := cleanTitle(n.DisplayName, n.Name)
	if err != nil {
		return userRow{}, err
	}
	var hash string
	if !n.NoPassword {
		if err := checkPassword(n.Password, n.Name, leastPassword); err != nil {
			return userRow{}, err
		}
		if hash, err = s.hasher.hash(ctx, n.Password); err != nil {
			return userRow{}, err
		}
	}
	return userRow{ID: ids.New(), Name: n.Name, DisplayName: title, PasswordHash: hash, Admin: n.Admin, CreatedAt: millis(s.now()), ByID: true}, nil
}

func insertUser(tx *gorm.DB, row userRow) error {
	err := tx.Create(&row).Error
	if store.Duplicate(err) {
		return errUserExists
	}
	return err
}

// User returns one user.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	row, err := findUser(s.db.Read(ctx), "id = ?", id)
	return row.toApp(), err
}

// ListUsers returns all users in order of name.
func (s *Service) ListUsers(ctx context.Context) ([]User, error) {
	var rows []userRow
	if err := s.db.Read(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	users := make([]User, len(rows))
	for i, row := range rows {
		users[i] = row.toApp()
	}
	return users, nil
}

// UpdateUser changes a user. A new password or a disabled account ends the user's
// sessions; disabling also ends tokens and keys, whose rows stay for enabling again.
func (s *Service) UpdateUser(ctx context.Context, id string, u UserChange) (User, error) {
	current, err := findUser(s.db.Read(ctx), "id = ?", id)
	if err != nil {
		return User{}, err
	}
	columns, err := s.userColumns(ctx, current, u)
	if err != nil {
		return User{}, err
	}
	var row userRow
	err = s.change(ctx, func(tx *gorm.DB) error {
		if len(columns) > 0 {
			if err := tx.Model(&userRow{}).Where("id = ?", id).Updates(columns).Error; err != nil {
				return fmt.Errorf("update user: %w", err)
			}
		}
		if u.Password != nil || u.Disabled != nil && *u.Disabled {
			if err := tx.Where("user_id = ?", id).Delete(&sessionRow{}).Error; err != nil {
				return fmt.Errorf("end sessions: %w", err)
			}
		}
		if err := keepAnAdmin(tx); err != nil {
			return err
		}
		row, err = findUser(tx, "id = ?", id)
		return err
	})
	return row.toApp(), s.announceAccess(id, err)
}

func (s *Service) userColumns(ctx context.Context, current userRow, u UserChange) (map[string]any, error) {
	columns := map[string]any{}
	if u.DisplayName != nil {
		title, err := cleanTitle(*u.DisplayName, current.Name)
		if err != nil {
			return nil, err
		}
		columns["display_name"] = title
	}
	if u.Locale != nil {
		if len(*u.Locale) > 16 || strings.Trim(*u.Locale, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return nil, errs.New(errs.Invalid, "locale_invalid", `A locale looks like "en" or "zh-CN".`)
		}
		columns["locale"] = *u.Locale
	}
	if u.Admin != nil {
		columns["admin"] = *u.Admin
	}
	if u.Disabled != nil {
		columns["disabled"] = *u.Disabled
	}
	if u.Password != nil {
		if err := checkPassword(*u.Password, current.Name, minPassword); err != nil {
			return nil, err
		}
		hash, err := s.hasher.hash(ctx, *u.Password)
		if err != nil {
			return nil, err
		}
		columns["password_hash"] = hash
	}
	return columns, nil
}

// keepAnAdmin refuses a change that would leave nobody to manage Croft.
func keepAnAdmin(tx *gorm.DB) error {
	var admins int64
	if err := tx.Model(&userRow{}).Where("admin = 1 AND disabled = 0").Count(&admins).Error; err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if admins == 0 {
		return errLastAdmin
	}
	return nil
}

func findUser(db *gorm.DB, where string, args ...any) (userRow, error) {
	var row userRow
	err := db.Where(where, args...).Take(&row).Error
	if store.NotFound(err) {
		return row, errUserNotFound
	}
	if err != nil {
		return row, fmt.Errorf("find user: %w", err)
	}
	return row, nil
}
