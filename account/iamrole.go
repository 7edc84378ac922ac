package account

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/store"
)

// IAMRole is a set of policies that somebody can put on for a while, as IAM has them.
// It has nothing to do with the roles of members in projects.
type IAMRole struct {
	ID          string
	Name        string
	Description string
	Trust       string        // the policy that says who may assume it
	MaxSession  time.Duration // of a session that assumes it
	CreatedAt   time.Time
}

// NewIAMRole is a role to make.
type NewIAMRole struct {
	Name        string
	Description string
	Trust       string
	MaxSession  time.Duration // 0: one hour
}

// IAMRoleChange changes what is not nil.
type IAMRoleChange struct {
	Description *string
	Trust       *string
	MaxSession  *time.Duration
}

// WebIdentityRole is what sessions are called that assume no role, because the token
// of whoever signed in elsewhere names policies itself.
const WebIdentityRole = "web-identity"

const maxRoleName = 64

type roleRow struct {
	ID           string
	Name         string
	Description  string
	Trust        string
	MaxSession   int64 // seconds
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	SessionsFrom int64
	ByID         bool

	TrustPrincipals string // see Names
}

func (roleRow) TableName() string { return "iam_roles" }

func (r roleRow) toApp() IAMRole {
	return IAMRole{r.ID, r.Name, r.Description, r.Trust, time.Duration(r.MaxSession) * time.Second, fromMillis(r.CreatedAt)}
}

func errRoleNotFound(name string) error {
	return errs.Newf(errs.NotFound, "iam_not_found", "The role with name %s cannot be found.", cut(name, maxIAMName))
}

// CreateIAMRole makes a role.
func (s *Service) CreateIAMRole(ctx context.Context, n NewIAMRole) (IAMRole, error) {
	if err := checkIAMName("role", n.Name); err != nil {
		return IAMRole{}, err
	}
	if len(n.Name) > maxRoleName || n.Name == WebIdentityRole {
		return IAMRole{}, errs.Newf(errs.Invalid, "iam_name_invalid", "The name of a role has at most %d characters, and is not %s.", maxRoleName, WebIdentityRole)
	}
	if n.MaxSession == 0 {
		n.MaxSession = time.Hour
	}
	columns, err := s.roleColumns(ctx, IAMRoleChange{&n.Description, &n.Trust, &n.MaxSession})
	if err != nil {
		return IAMRole{}, err
	}
	row := roleRow{
		ID: ids.New(), Name: n.Name, Description: columns["description"].(string), Trust: n.Trust,
		MaxSession: int64(n.MaxSession / time.Second), CreatedAt: millis(s.now()), ByID: true, TrustPrincipals: columns["trust_principals"].(string),
	}
	err = s.change(ctx, func(tx *gorm.DB) error {
		err := tx.Create(&row).Error
		if store.Duplicate(err) {
			return errs.Newf(errs.Conflict, "iam_exists", "Role with name %s already exists.", n.Name)
		}
		return err
	})
	return row.toApp(), err
}

func (s *Service) roleColumns(ctx context.Context, c IAMRoleChange) (map[string]any, error) {
	columns := map[string]any{}
	if c.Description != nil {
		description, err := cleanDescription(*c.Description)
		if err != nil {
			return nil, err
		}
		columns["description"] = description
	}
	if c.Trust != nil {
		bound, err := s.bindTrust(ctx, *c.Trust)
		if err != nil {
			return nil, err
		}
		columns["trust"], columns["trust_principals"] = *c.Trust, bound
	}
	if c.MaxSession != nil {
		if *c.MaxSession < time.Hour || *c.MaxSession > 12*time.Hour {
			return nil, errs.New(errs.Invalid, "iam_invalid", "A role's longest session is between 3600 and 43200 seconds.")
		}
		columns["max_session"] = int64(*c.MaxSession / time.Second)
	}
	return columns, nil
}

// IAMRole returns one role by its name.
func (s *Service) IAMRole(ctx context.Context, name string) (IAMRole, error) {
	row, err := findRole(s.db.Read(ctx), "name = ?", name)
	if err != nil {
		return IAMRole{}, err
	}
	return s.shown(ctx, row)
}

// ListIAMRoles returns all roles in order of name.
func (s *Service) ListIAMRoles(ctx context.Context) ([]IAMRole, error) {
	var rows []roleRow
	if err := s.db.Read(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	roles := make([]IAMRole, len(rows))
	for i, row := range rows {
		role, err := s.shown(ctx, row)
		if err != nil {
			return nil, err
		}
		roles[i] = role
	}
	return roles, nil
}

// UpdateIAMRole changes a role. Sessions that assumed it go on; see EndSessions.
func (s *Service) UpdateIAMRole(ctx context.Context, name string, c IAMRoleChange) error {
	columns, err := s.roleColumns(ctx, c)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		row, err := findRole(tx, "name = ?", name)
		if err != nil || len(columns) == 0 {
			return err
		}
		return tx.Model(&roleRow{}).Where("id = ?", row.ID).Updates(columns).Error
	})
}

// DeleteIAMRole removes a role that holds no policies any more. Whoever assumed it is
// nobody from then on.
func (s *Service) DeleteIAMRole(ctx context.Context, name string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		row, err := findRole(tx, "name = ?", name)
		if err != nil {
			return err
		}
		if err := holdsNothing(tx, Holder{RoleHolder, row.ID}); err != nil {
			return err
		}
		return tx.Where("id = ?", row.ID).Delete(&roleRow{}).Error
	})
}

func findRole(db *gorm.DB, where string, arg string) (roleRow, error) {
	var row roleRow
	err := db.Where(where, arg).Take(&row).Error
	if store.NotFound(err) {
		return row, errRoleNotFound(arg)
	}
	return row, err
}
