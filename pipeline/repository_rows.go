package pipeline

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/store"
)

type repositoryRow struct {
	ID            string `gorm:"primaryKey"`
	ProjectID     string
	Name          string
	CloneURL      string
	Branch        string
	Credential    []byte
	WebhookSecret []byte
	LastNumber    int64
	DeletedAt     int64
	CreatedAt     int64
}

// TableName implements gorm's schema.Tabler.
func (repositoryRow) TableName() string { return "repositories" }

func (r repositoryRow) toApp() Repository {
	return Repository{
		ID: r.ID, ProjectID: r.ProjectID, Name: r.Name, CloneURL: r.CloneURL, Branch: r.Branch,
		HasCredential: len(r.Credential) > 0, CreatedAt: fromMillis(r.CreatedAt),
	}
}

// findRepository reads a repository that is not being removed.
func findRepository(tx *gorm.DB, where string, args ...any) (repositoryRow, error) {
	var row repositoryRow
	err := tx.Where("deleted_at = 0").Where(where, args...).Take(&row).Error
	if store.NotFound(err) {
		return row, errRepositoryNotFound
	}
	if err != nil {
		return row, fmt.Errorf("read repository: %w", err)
	}
	return row, nil
}

func credentialPurpose(repositoryID string) string {
	return "repository/" + repositoryID + "/credential"
}
func webhookPurpose(repositoryID string) string { return "repository/" + repositoryID + "/webhook" }
func variablesPurpose(runID string) string      { return "run/" + runID + "/variables" }

func (s *Service) sealCredential(repositoryID string, c Credential) ([]byte, error) {
	if c == (Credential{}) {
		return nil, nil
	}
	return s.sealJSON(credentialPurpose(repositoryID), c)
}

func (s *Service) openCredential(row repositoryRow) (c Credential, err error) {
	err = s.openJSON(credentialPurpose(row.ID), row.Credential, &c)
	return c, err
}

func (s *Service) sealJSON(purpose string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	sealed, err := s.sealer.Seal(purpose, plain)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	return sealed, nil
}

// openJSON leaves value alone when nothing is sealed.
func (s *Service) openJSON(purpose string, sealed []byte, value any) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := s.sealer.Open(purpose, sealed)
	if err != nil {
		return errs.Wrap(err, errs.Internal, "secret_unreadable",
			"A secret cannot be decrypted with this instance's key. Was the state folder restored without its keys?")
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("open %s: %w", purpose, err)
	}
	return nil
}

func nowMillis() int64 { return time.Now().UnixMilli() }

// fromMillis is the zero time for 0.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
