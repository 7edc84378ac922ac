package account

import (
	"context"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// DropGroup is DeleteGroup with its policies, and takes its users out of it. All of it
// happens, or nothing.
func (s *Service) DropGroup(ctx context.Context, name string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		group, err := findGroup(tx, name)
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM iam_group_members WHERE group_id = ?", group.ID).Error; err != nil {
			return err
		}
		if err := dropHoldings(tx, Holder{GroupHolder, group.ID}); err != nil {
			return err
		}
		return tx.Where("id = ?", group.ID).Delete(&groupRow{}).Error
	})
}

// DropIAMRole is DeleteIAMRole with its policies.
func (s *Service) DropIAMRole(ctx context.Context, name string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		row, err := findRole(tx, "name = ?", name)
		if err != nil {
			return err
		}
		if err := dropHoldings(tx, Holder{RoleHolder, row.ID}); err != nil {
			return err
		}
		return tx.Where("id = ?", row.ID).Delete(&roleRow{}).Error
	})
}

// DropPolicy is DeletePolicy with all its versions. One that somebody holds stays.
func (s *Service) DropPolicy(ctx context.Context, name string) error {
	if BuiltIn(name) {
		return errBuiltIn
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		row, err := findPolicy(tx, name)
		if err != nil {
			return err
		}
		var held int64
		if err := tx.Raw("SELECT count(*) FROM iam_attachments WHERE policy = ?", name).Scan(&held).Error; err != nil {
			return err
		}
		if held > 0 {
			return errs.Newf(errs.Conflict, "iam_in_use", "The policy is still held, %d times. Detach it first.", held)
		}
		return tx.Where("id = ?", row.ID).Delete(&policyRow{}).Error
	})
}
