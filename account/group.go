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

// Group is a set of users who hold the same policies. It says nothing of projects.
type Group struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

type groupRow struct {
	ID        string
	Name      string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (groupRow) TableName() string { return "iam_groups" }

func (r groupRow) toApp() Group { return Group{r.ID, r.Name, fromMillis(r.CreatedAt)} }

// maxHeld bounds the groups of a user, and the policies of one holder.
const maxHeld = 100

// CreateGroup makes a group.
func (s *Service) CreateGroup(ctx context.Context, name string) (Group, error) {
	if err := checkIAMName("group", name); err != nil {
		return Group{}, err
	}
	row := groupRow{ID: ids.New(), Name: name, CreatedAt: millis(s.now())}
	err := s.change(ctx, func(tx *gorm.DB) error {
		err := tx.Create(&row).Error
		if store.Duplicate(err) {
			return errs.Newf(errs.Conflict, "iam_exists", "There is a group %s already.", name)
		}
		return err
	})
	return row.toApp(), err
}

// Group returns one group by its name.
func (s *Service) Group(ctx context.Context, name string) (Group, error) {
	return findGroup(s.db.Read(ctx), name)
}

// ListGroups returns all groups in order of name.
func (s *Service) ListGroups(ctx context.Context) ([]Group, error) {
	return listGroups(s.db.Read(ctx))
}

// GroupsOf returns the groups of a user in order of name.
func (s *Service) GroupsOf(ctx context.Context, userID string) ([]Group, error) {
	return listGroups(s.db.Read(ctx).Where("id IN (SELECT group_id FROM iam_group_members WHERE user_id = ?)", userID))
}

func listGroups(db *gorm.DB) ([]Group, error) {
	var rows []groupRow
	if err := db.Order("name").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	groups := make([]Group, len(rows))
	for i, row := range rows {
		groups[i] = row.toApp()
	}
	return groups, nil
}

// GroupMembers returns the users of a group in order of name.
func (s *Service) GroupMembers(ctx context.Context, name string) ([]User, error) {
	group, err := s.Group(ctx, name)
	if err != nil {
		return nil, err
	}
	var rows []userRow
	err = s.db.Read(ctx).Where("id IN (SELECT user_id FROM iam_group_members WHERE group_id = ?)", group.ID).Order("name").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list group: %w", err)
	}
	users := make([]User, len(rows))
	for i, row := range rows {
		users[i] = row.toApp()
	}
	return users, nil
}

// DeleteGroup removes a group that has no users and no policies any more.
func (s *Service) DeleteGroup(ctx context.Context, name string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		group, err := findGroup(tx, name)
		if err != nil {
			return err
		}
		var members int64
		if err := tx.Raw("SELECT count(*) FROM iam_group_members WHERE group_id = ?", group.ID).Scan(&members).Error; err != nil {
			return err
		}
		if members > 0 {
			return errs.New(errs.Conflict, "iam_in_use", "The group has users. Remove them from it first.")
		}
		if err := holdsNothing(tx, Holder{GroupHolder, group.ID}); err != nil {
			return err
		}
		return tx.Where("id = ?", group.ID).Delete(&groupRow{}).Error
	})
}

// AddToGroup puts a user into a group. One who is in it already stays.
func (s *Service) AddToGroup(ctx context.Context, name, userID string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		group, err := findGroup(tx, name)
		if err != nil {
			return err
		}
		if _, err := findUser(tx, "id = ?", userID); err != nil {
			return err
		}
		var groups int64
		if err := tx.Raw("SELECT count(*) FROM iam_group_members WHERE user_id = ?", userID).Scan(&groups).Error; err != nil {
			return err
		}
		if groups >= maxHeld {
			return errs.Newf(errs.Conflict, "iam_limit", "A user is in at most %d groups.", maxHeld)
		}
		return tx.Exec("INSERT INTO iam_group_members (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING", group.ID, userID).Error
	})
}

// RemoveFromGroup takes a user out of a group.
func (s *Service) RemoveFromGroup(ctx context.Context, name, userID string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		group, err := findGroup(tx, name)
		if err != nil {
			return err
		}
		done := tx.Exec("DELETE FROM iam_group_members WHERE group_id = ? AND user_id = ?", group.ID, userID)
		if done.Error == nil && done.RowsAffected == 0 {
			return errs.New(errs.NotFound, "iam_not_found", "The user is not in this group.")
		}
		return done.Error
	})
}

func findGroup(db *gorm.DB, name string) (Group, error) {
	var row groupRow
	err := db.Where("name = ?", name).Take(&row).Error
	if store.NotFound(err) {
		return Group{}, errs.Newf(errs.NotFound, "iam_not_found", "The group with name %s cannot be found.", cut(name, maxIAMName))
	}
	return row.toApp(), err
}
