package account

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// SetProjectQuota limits how many bytes the buckets of a project may hold together;
// 0 is no limit. It holds for every write that begins after it returned. What is
// there already stays, though it be more.
func (s *Service) SetProjectQuota(ctx context.Context, id string, bytes int64) (Project, error) {
	if bytes < 0 {
		return Project{}, errs.New(errs.Invalid, "quota_negative", "A quota is a number of bytes, or 0 for no limit.")
	}
	var project Project
	err := s.change(ctx, func(tx *gorm.DB) (err error) {
		if err := tx.Model(&projectRow{}).Where("id = ?", id).Update("quota", bytes).Error; err != nil {
			return fmt.Errorf("set quota: %w", err)
		}
		project, err = findProject(tx, "id = ?", id)
		return err
	})
	return project, err
}

// ProjectQuota returns a project's quota in bytes, 0 for no limit and where there is
// no such project. Every write asks for it: it is remembered.
func (s *Service) ProjectQuota(ctx context.Context, id string) (int64, error) {
	quota, ok, age := s.known.quota(id)
	if ok {
		return quota, nil
	}
	var rows []projectRow
	if err := s.db.Read(ctx).Where("id = ?", id).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("find quota: %w", err)
	}
	if len(rows) > 0 {
		quota = rows[0].Quota
	}
	s.known.learnQuota(id, quota, age)
	return quota, nil
}
