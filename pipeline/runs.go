package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/store"
)

// maxPage bounds how many runs a list returns at once.
const maxPage = 200

// RunPage is a part of a list of runs, newest first, without their stages.
type RunPage struct {
	Runs []Run
	Next string // the cursor of the next page, empty on the last
}

// ListRuns lists the runs of one repository.
func (s *Service) ListRuns(ctx context.Context, repositoryID, cursor string, limit int) (RunPage, error) {
	return s.listRuns(ctx, "runs.repository_id = ?", repositoryID, cursor, limit)
}

// ListProjectRuns lists the runs of all repositories of a project.
func (s *Service) ListProjectRuns(ctx context.Context, projectID, cursor string, limit int) (RunPage, error) {
	return s.listRuns(ctx, "runs.project_id = ?", projectID, cursor, limit)
}

type namedRunRow struct {
	Run        runRow `gorm:"embedded"`
	Repository string
}

// namedRuns selects runs of repositories that are not being removed, with their names.
func namedRuns(tx *gorm.DB) *gorm.DB {
	return tx.Table("runs").Select("runs.*, repositories.name AS repository").
		Joins("JOIN repositories ON repositories.id = runs.repository_id AND repositories.deleted_at = 0")
}

func (s *Service) listRuns(ctx context.Context, where, id, cursor string, limit int) (RunPage, error) {
	if limit <= 0 || limit > maxPage {
		limit = 50
	}
	query := namedRuns(s.db.Read(ctx)).Where(where, id).Order("runs.seq DESC").Limit(limit + 1)
	if cursor != "" {
		before, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return RunPage{}, errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one this list gave out.")
		}
		query = query.Where("runs.seq < ?", before)
	}
	var rows []namedRunRow
	if err := query.Find(&rows).Error; err != nil {
		return RunPage{}, fmt.Errorf("list runs: %w", err)
	}
	var page RunPage
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = strconv.FormatInt(rows[limit-1].Run.Seq, 10)
	}
	page.Runs = make([]Run, 0, len(rows))
	for _, row := range rows {
		page.Runs = append(page.Runs, row.Run.toApp(row.Repository))
	}
	return page, nil
}

// RunByNumber returns one run with its stages, steps and artifacts.
func (s *Service) RunByNumber(ctx context.Context, repositoryID string, number int64) (Run, error) {
	return s.wholeRun(ctx, "runs.repository_id = ? AND runs.number = ?", repositoryID, number)
}

// RunByID returns one run with its stages, steps and artifacts.
func (s *Service) RunByID(ctx context.Context, runID string) (Run, error) {
	return s.wholeRun(ctx, "runs.id = ?", runID)
}

func (s *Service) wholeRun(ctx context.Context, where string, args ...any) (run Run, err error) {
	err = s.db.Read(ctx).Transaction(func(tx *gorm.DB) error {
		var row namedRunRow
		if err := namedRuns(tx).Where(where, args...).Take(&row).Error; err != nil {
			return err
		}
		run = row.Run.toApp(row.Repository)
		return loadWhole(tx, &run)
	})
	if store.NotFound(err) {
		return Run{}, errRunNotFound
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run: %w", err)
	}
	return run, nil
}

// AwaitRun returns a run once it is newer than revision, or has ended: what a
// follower needs to be told next.
func (s *Service) AwaitRun(ctx context.Context, runID string, revision int64) (Run, error) {
	for {
		changes := events.Subscribe[events.RunChanged](s.bus, 16)
		run, err := s.RunByID(ctx, runID)
		if err != nil || run.Revision > revision || run.State.Final() {
			changes.Close()
			return run, err
		}
		err = awaitRun(ctx, changes, runID)
		changes.Close()
		if err != nil {
			return Run{}, err
		}
	}
}

// Unannounced returns runs whose revision is newer than the one announced last,
// oldest first, with their stages. Who announces them answers with MarkAnnounced.
func (s *Service) Unannounced(ctx context.Context, limit int) (runs []Run, err error) {
	err = s.db.Read(ctx).Transaction(func(tx *gorm.DB) error {
		var rows []namedRunRow
		err := namedRuns(tx).Where("runs.revision > runs.announced_revision").Order("runs.seq").Limit(limit).Find(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			run := row.Run.toApp(row.Repository)
			if err := loadWhole(tx, &run); err != nil {
				return err
			}
			runs = append(runs, run)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list unannounced runs: %w", err)
	}
	return runs, nil
}

// MarkAnnounced says that a run has been announced as of revision. An older
// revision than one marked before changes nothing; a run that is gone is no error.
func (s *Service) MarkAnnounced(ctx context.Context, runID string, revision int64) error {
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&runRow{}).Where("id = ? AND announced_revision < ?", runID, revision).
			Update("announced_revision", revision).Error
	})
	if err != nil {
		return fmt.Errorf("mark run announced: %w", err)
	}
	return nil
}
