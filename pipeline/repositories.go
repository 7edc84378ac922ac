package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/store"
)

// AddRepository checks that the repository can be reached and has the branch,
// and adds it. The webhook's secret is shown this once.
func (s *Service) AddRepository(ctx context.Context, n NewRepository) (_ Repository, webhookSecret string, err error) {
	if n.Branch == "" {
		n.Branch = "main"
	}
	for _, err := range []error{checkRepositoryName(n.Name), checkCloneURL(n.CloneURL), checkBranch(n.Branch)} {
		if err != nil {
			return Repository{}, "", err
		}
	}
	if _, err := s.Repository(ctx, n.ProjectID, n.Name); err == nil {
		return Repository{}, "", errRepositoryExists
	}
	if err := s.checkRemote(ctx, Remote{n.CloneURL, n.Credential}, n.Branch); err != nil {
		return Repository{}, "", err
	}
	row := repositoryRow{ID: ids.New(), ProjectID: n.ProjectID, Name: n.Name, CloneURL: n.CloneURL, Branch: n.Branch, CreatedAt: nowMillis()}
	if row.Credential, err = s.sealCredential(row.ID, n.Credential); err != nil {
		return Repository{}, "", err
	}
	webhookSecret, row.WebhookSecret, err = s.newWebhookSecret(row.ID)
	if err != nil {
		return Repository{}, "", err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		// Where the name was used before, its artifacts are still there.
		err := tx.Raw("SELECT coalesce(max(last_number), 0) FROM former_repositories WHERE project_id = ? AND name = ?", row.ProjectID, row.Name).
			Scan(&row.LastNumber).Error
		if err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if store.Duplicate(err) {
		return Repository{}, "", errRepositoryExists
	}
	if err != nil {
		return Repository{}, "", fmt.Errorf("add repository: %w", err)
	}
	return row.toApp(), webhookSecret, nil
}

func (s *Service) checkRemote(ctx context.Context, remote Remote, branch string) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.CheckTimeout)
	defer cancel()
	return s.source.Check(ctx, remote, branch)
}

func (s *Service) newWebhookSecret(repositoryID string) (plain string, sealed []byte, err error) {
	random := make([]byte, 24)
	rand.Read(random) // never fails
	plain = hex.EncodeToString(random)
	sealed, err = s.sealer.Seal(webhookPurpose(repositoryID), []byte(plain))
	if err != nil {
		return "", nil, fmt.Errorf("seal webhook secret: %w", err)
	}
	return plain, sealed, nil
}

// Repository finds a project's repository by name.
func (s *Service) Repository(ctx context.Context, projectID, name string) (Repository, error) {
	row, err := findRepository(s.db.Read(ctx), "project_id = ? AND name = ?", projectID, name)
	if err != nil {
		return Repository{}, err
	}
	list, err := s.withLastRuns(ctx, []repositoryRow{row})
	if err != nil {
		return Repository{}, err
	}
	return list[0], nil
}

// ListRepositories lists a project's repositories by name.
func (s *Service) ListRepositories(ctx context.Context, projectID string) ([]Repository, error) {
	var rows []repositoryRow
	err := s.db.Read(ctx).Where("project_id = ? AND deleted_at = 0", projectID).Order("name").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list repositories: %w", err)
	}
	return s.withLastRuns(ctx, rows)
}

func (s *Service) withLastRuns(ctx context.Context, rows []repositoryRow) ([]Repository, error) {
	list := make([]Repository, 0, len(rows))
	for _, row := range rows {
		r := row.toApp()
		var last []runRow
		if row.LastNumber > 0 {
			err := s.db.Read(ctx).Where("repository_id = ?", row.ID).Order("seq DESC").Limit(1).Find(&last).Error
			if err != nil {
				return nil, fmt.Errorf("read last run: %w", err)
			}
		}
		if len(last) > 0 {
			run := last[0].toApp(row.Name)
			r.LastRun = &run
		}
		list = append(list, r)
	}
	return list, nil
}

// UpdateRepository changes where a repository is and how it is opened, after
// checking that it can be reached that way.
func (s *Service) UpdateRepository(ctx context.Context, projectID, name string, u RepositoryUpdate) (Repository, error) {
	row, err := findRepository(s.db.Read(ctx), "project_id = ? AND name = ?", projectID, name)
	if err != nil {
		return Repository{}, err
	}
	credential, err := s.applyUpdate(&row, u)
	if err != nil {
		return Repository{}, err
	}
	if err := s.checkRemote(ctx, Remote{row.CloneURL, credential}, row.Branch); err != nil {
		return Repository{}, err
	}
	if row.Credential, err = s.sealCredential(row.ID, credential); err != nil {
		return Repository{}, err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if _, err := findRepository(tx, "id = ?", row.ID); err != nil {
			return err
		}
		return tx.Model(&repositoryRow{}).Where("id = ?", row.ID).Select("clone_url", "branch", "credential").Updates(&row).Error
	})
	if err != nil {
		return Repository{}, fmt.Errorf("update repository: %w", err)
	}
	return s.Repository(ctx, projectID, name)
}

// applyUpdate returns the credential that counts afterwards. One that was given
// for a server never goes to another one unasked.
func (s *Service) applyUpdate(row *repositoryRow, u RepositoryUpdate) (Credential, error) {
	credential, err := s.openCredential(*row)
	if u.Credential != nil {
		credential, err = *u.Credential, nil
	}
	if err != nil {
		return Credential{}, err
	}
	if u.CloneURL != nil {
		if err := checkCloneURL(*u.CloneURL); err != nil {
			return Credential{}, err
		}
		if u.Credential == nil && len(row.Credential) > 0 && !sameOrigin(row.CloneURL, *u.CloneURL) {
			return Credential{}, errs.New(errs.Invalid, "credential_required",
				"The address is on another server: give the user name and password again, or take them away.")
		}
		row.CloneURL = *u.CloneURL
	}
	if u.Branch != nil {
		if err := checkBranch(*u.Branch); err != nil {
			return Credential{}, err
		}
		row.Branch = *u.Branch
	}
	return credential, nil
}

// RotateWebhookSecret replaces the secret and shows the new one this once.
func (s *Service) RotateWebhookSecret(ctx context.Context, projectID, name string) (string, error) {
	row, err := findRepository(s.db.Read(ctx), "project_id = ? AND name = ?", projectID, name)
	if err != nil {
		return "", err
	}
	secret, sealed, err := s.newWebhookSecret(row.ID)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&repositoryRow{}).Where("id = ?", row.ID).Update("webhook_secret", sealed).Error
	})
	if err != nil {
		return "", fmt.Errorf("rotate webhook secret: %w", err)
	}
	return secret, nil
}

// DeleteRepository hides the repository at once, cancels its runs and, in the
// background, removes their logs and rows. Its artifacts stay in their bucket.
func (s *Service) DeleteRepository(ctx context.Context, projectID, name string) error {
	row, err := findRepository(s.db.Read(ctx), "project_id = ? AND name = ?", projectID, name)
	if err != nil {
		return err
	}
	return s.deleteRepositories(ctx, []repositoryRow{row})
}

// DeleteProject deletes all repositories of a project and returns when no run of
// it can write an artifact any more. It is idempotent.
func (s *Service) DeleteProject(ctx context.Context, projectID string) error {
	var rows []repositoryRow
	if err := s.db.Read(ctx).Where("project_id = ? AND deleted_at = 0", projectID).Find(&rows).Error; err != nil {
		return fmt.Errorf("list repositories: %w", err)
	}
	if err := s.deleteRepositories(ctx, rows); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM former_repositories WHERE project_id = ?", projectID).Error
	})
	if err != nil {
		return fmt.Errorf("forget numbers: %w", err)
	}
	var going []*activeRun
	s.mu.Lock()
	for _, working := range s.active {
		if working.projectID == projectID {
			going = append(going, working)
		}
	}
	s.mu.Unlock()
	for _, working := range going {
		select {
		case <-working.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *Service) deleteRepositories(ctx context.Context, rows []repositoryRow) error {
	var stopped []runRow
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		for _, row := range rows {
			err := tx.Exec(`INSERT INTO former_repositories (project_id, name, last_number)
				SELECT project_id, name, last_number FROM repositories WHERE id = ? AND deleted_at = 0
				ON CONFLICT (project_id, name) DO UPDATE SET last_number = excluded.last_number`, row.ID).Error
			if err != nil {
				return err
			}
			// The name is free again at once; "#" is in no name.
			err = tx.Model(&repositoryRow{}).Where("id = ? AND deleted_at = 0", row.ID).
				Updates(map[string]any{"deleted_at": nowMillis(), "name": row.Name + "#" + row.ID, "credential": nil}).Error
			if err != nil {
				return err
			}
			var going []runRow
			if err := tx.Where("repository_id = ? AND state IN ?", row.ID, unfinished).Find(&going).Error; err != nil {
				return err
			}
			for i := range going {
				if err := cancelRow(tx, &going[i]); err != nil {
					return err
				}
			}
			stopped = append(stopped, going...)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete repository: %w", err)
	}
	for _, run := range stopped {
		s.afterCancel(run)
	}
	wake(s.remover.bell)
	return nil
}
