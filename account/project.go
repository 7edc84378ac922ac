package account

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/ids"
	"croft/internal/store"
)

// Project is what members, repositories, buckets and a chat room belong to.
type Project struct {
	ID          string
	Slug        string // in URLs and bucket names; never changes
	Name        string
	Description string
	CreatedAt   time.Time
	Quota       int64 // of the bytes in all its buckets; 0 is no limit
	Role        Role  // of the principal who asked; empty for an administrator who is no member
}

// ArtifactBucket is the name of the bucket that holds the project's artifacts.
func (p Project) ArtifactBucket() string { return p.Slug + ArtifactBucketSuffix }

// ArtifactBucketSuffix ends the names of artifact buckets.
const ArtifactBucketSuffix = "-artifacts"

// NewProject is a project to make.
type NewProject struct {
	Slug        string
	Name        string // the slug when empty
	Description string
}

// ProjectChange changes what is not nil.
type ProjectChange struct {
	Name        *string
	Description *string
}

type projectRow struct {
	ID          string
	Slug        string
	Name        string
	Description string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	Quota       int64
}

func (projectRow) TableName() string { return "projects" }

func (r projectRow) toApp() Project {
	return Project{ID: r.ID, Slug: r.Slug, Name: r.Name, Description: r.Description, CreatedAt: fromMillis(r.CreatedAt), Quota: r.Quota}
}

const maxDescription = 2000

// CreateProject makes a project whose owner is the given user, and announces it.
func (s *Service) CreateProject(ctx context.Context, ownerID string, n NewProject) (Project, error) {
	if err := checkSlug(n.Slug); err != nil {
		return Project{}, err
	}
	name, err := cleanTitle(n.Name, n.Slug)
	if err != nil {
		return Project{}, err
	}
	description, err := cleanDescription(n.Description)
	if err != nil {
		return Project{}, err
	}
	row := projectRow{ID: ids.New(), Slug: n.Slug, Name: name, Description: description, CreatedAt: millis(s.now())}
	err = s.change(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			if store.Duplicate(err) {
				return errs.New(errs.Conflict, "project_exists", "A project with this short name exists already.")
			}
			return fmt.Errorf("create project: %w", err)
		}
		return tx.Create(&memberRow{ProjectID: row.ID, UserID: ownerID, Role: string(Owner), Since: row.CreatedAt}).Error
	})
	if err != nil {
		return Project{}, err
	}
	events.Publish(s.bus, events.ProjectCreated{ProjectID: row.ID})
	p := row.toApp()
	p.Role = Owner
	return p, nil
}

// ProjectBySlug returns a project. It asks no policy.
func (s *Service) ProjectBySlug(ctx context.Context, slug string) (Project, error) {
	return findProject(s.db.Read(ctx), "slug = ?", slug)
}

// Project returns a project by its ID. It asks no policy.
func (s *Service) Project(ctx context.Context, id string) (Project, error) {
	return findProject(s.db.Read(ctx), "id = ?", id)
}

// AllProjects returns every project in order of slug. It asks no policy; it is for
// rooms that catch up with what exists.
func (s *Service) AllProjects(ctx context.Context) ([]Project, error) {
	var rows []projectRow
	if err := s.db.Read(ctx).Order("slug").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	projects := make([]Project, len(rows))
	for i, row := range rows {
		projects[i] = row.toApp()
	}
	return projects, nil
}

// ListProjects returns the projects that a principal may see, each with their role,
// in order of slug.
func (s *Service) ListProjects(ctx context.Context, p Principal) ([]Project, error) {
	projects, err := s.AllProjects(ctx)
	if err != nil {
		return nil, err
	}
	roles, err := s.rolesOf(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	everything := p.Via == ViaSystem || p.Admin
	visible := projects[:0]
	for _, project := range projects {
		project.Role = roles[project.ID]
		if (everything || project.Role != "") && (p.ProjectID == "" || p.ProjectID == project.ID) {
			visible = append(visible, project)
		}
	}
	return visible, nil
}

// UpdateProject changes a project's texts.
func (s *Service) UpdateProject(ctx context.Context, id string, u ProjectChange) (Project, error) {
	columns := map[string]any{}
	if u.Name != nil {
		name, err := cleanTitle(*u.Name, "")
		if err != nil {
			return Project{}, err
		}
		if name == "" {
			return Project{}, errs.New(errs.Invalid, "name_invalid", "A project needs a name.")
		}
		columns["name"] = name
	}
	if u.Description != nil {
		description, err := cleanDescription(*u.Description)
		if err != nil {
			return Project{}, err
		}
		columns["description"] = description
	}
	var project Project
	err := s.change(ctx, func(tx *gorm.DB) (err error) {
		if len(columns) > 0 {
			if err := tx.Model(&projectRow{}).Where("id = ?", id).Updates(columns).Error; err != nil {
				return fmt.Errorf("update project: %w", err)
			}
		}
		project, err = findProject(tx, "id = ?", id)
		return err
	})
	return project, err
}

// DeleteProject removes a project with its members and the keys limited to it. What
// other rooms keep for it must be gone before.
func (s *Service) DeleteProject(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Where("id = ?", id).Delete(&projectRow{})
		if done.Error != nil {
			return fmt.Errorf("delete project: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return ErrProjectNotFound()
		}
		return nil
	})
}

func findProject(db *gorm.DB, where string, args ...any) (Project, error) {
	var row projectRow
	err := db.Where(where, args...).Take(&row).Error
	if store.NotFound(err) {
		return Project{}, ErrProjectNotFound()
	}
	if err != nil {
		return Project{}, fmt.Errorf("find project: %w", err)
	}
	return row.toApp(), nil
}

func cleanDescription(text string) (string, error) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > maxDescription || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", errs.Newf(errs.Invalid, "description_invalid", "A description has at most %d characters.", maxDescription)
	}
	return text, nil
}
