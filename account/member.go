package account

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/store"
)

// Member is a user in a project.
type Member struct {
	User  User
	Role  Role
	Since time.Time
}

type memberRow struct {
	ProjectID string
	UserID    string
	Role      string
	Since     int64
}

func (memberRow) TableName() string { return "members" }

var (
	errMemberNotFound = errs.New(errs.NotFound, "member_not_found", "This user is not a member of the project.")
	errLastOwner      = errs.New(errs.Conflict, "last_owner", "This is the project's last owner. Make somebody else owner first.")
)

// roleOf returns a user's role in a project; empty for none.
func (s *Service) roleOf(ctx context.Context, projectID, userID string) (Role, error) {
	asked := membership{projectID, userID}
	role, ok, age := s.known.role(asked)
	if ok {
		return role, nil
	}
	if err := s.db.Read(ctx).Raw("SELECT role FROM members WHERE project_id = ? AND user_id = ?", projectID, userID).Scan(&role).Error; err != nil {
		return "", fmt.Errorf("read role: %w", err)
	}
	s.known.learnRole(asked, role, age)
	return role, nil
}

// RoleIn returns the role of a user in a project; empty for none.
func (s *Service) RoleIn(ctx context.Context, projectID, userID string) (Role, error) {
	return s.roleOf(ctx, projectID, userID)
}

func (s *Service) rolesOf(ctx context.Context, userID string) (map[string]Role, error) {
	var rows []memberRow
	if err := s.db.Read(ctx).Where("user_id = ?", userID).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	roles := make(map[string]Role, len(rows))
	for _, row := range rows {
		roles[row.ProjectID] = Role(row.Role)
	}
	return roles, nil
}

// ListMembers returns a project's members in order of name.
func (s *Service) ListMembers(ctx context.Context, projectID string) ([]Member, error) {
	var rows []struct {
		Member memberRow `gorm:"embedded"`
		User   userRow   `gorm:"embedded;embeddedPrefix:user__"`
	}
	err := s.db.Read(ctx).Raw(`SELECT m.*, u.id AS user__id, u.name AS user__name, u.display_name AS user__display_name, u.locale AS user__locale,
		u.admin AS user__admin, u.disabled AS user__disabled, u.created_at AS user__created_at
		FROM members m JOIN users u ON u.id = m.user_id WHERE m.project_id = ? ORDER BY u.name`, projectID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	members := make([]Member, len(rows))
	for i, row := range rows {
		members[i] = Member{User: row.User.toApp(), Role: Role(row.Member.Role), Since: fromMillis(row.Member.Since)}
	}
	return members, nil
}

// SetMember adds a user to a project or changes their role.
func (s *Service) SetMember(ctx context.Context, projectID, userID string, role Role) (Member, error) {
	if !role.Valid() {
		return Member{}, errs.New(errs.Invalid, "role_unknown", "A role is owner, maintainer, developer or viewer.")
	}
	var member Member
	err := s.change(ctx, func(tx *gorm.DB) error {
		if _, err := findProject(tx, "id = ?", projectID); err != nil {
			return err
		}
		user, err := findUser(tx, "id = ?", userID)
		if err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO members (project_id, user_id, role, since) VALUES (?, ?, ?, ?)
			ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role`, projectID, userID, string(role), millis(s.now())).Error; err != nil {
			return fmt.Errorf("set member: %w", err)
		}
		if err := keepAnOwner(tx, projectID); err != nil {
			return err
		}
		var row memberRow
		if err := tx.Where("project_id = ? AND user_id = ?", projectID, userID).Take(&row).Error; err != nil {
			return fmt.Errorf("read member: %w", err)
		}
		member = Member{User: user.toApp(), Role: Role(row.Role), Since: fromMillis(row.Since)}
		return nil
	})
	return member, s.announceAccess(userID, err)
}

// RemoveMember takes a user out of a project, and ends their keys limited to it.
func (s *Service) RemoveMember(ctx context.Context, projectID, userID string) error {
	err := s.change(ctx, func(tx *gorm.DB) error {
		var row memberRow
		if err := tx.Where("project_id = ? AND user_id = ?", projectID, userID).Take(&row).Error; store.NotFound(err) {
			return errMemberNotFound
		} else if err != nil {
			return fmt.Errorf("find member: %w", err)
		}
		if err := tx.Where("project_id = ? AND user_id = ?", projectID, userID).Delete(&memberRow{}).Error; err != nil {
			return fmt.Errorf("remove member: %w", err)
		}
		if err := tx.Where("project_id = ? AND user_id = ?", projectID, userID).Delete(&keyRow{}).Error; err != nil {
			return fmt.Errorf("end member's keys: %w", err)
		}
		return keepAnOwner(tx, projectID)
	})
	return s.announceAccess(userID, err)
}

// announceAccess tells that a committed change concerns what a user may see. It
// passes err on, and announces nothing when there is one.
func (s *Service) announceAccess(userID string, err error) error {
	if err == nil {
		events.Publish(s.bus, events.AccessChanged{UserID: userID})
	}
	return err
}

// keepAnOwner refuses a change that would leave a project without an owner.
func keepAnOwner(tx *gorm.DB, projectID string) error {
	var owners int64
	if err := tx.Model(&memberRow{}).Where("project_id = ? AND role = ?", projectID, string(Owner)).Count(&owners).Error; err != nil {
		return fmt.Errorf("count owners: %w", err)
	}
	if owners == 0 {
		return errLastOwner
	}
	return nil
}
