package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// ProjectRemover takes a project away with everything that every room keeps for it:
// it ends runs, deletes repositories, buckets and the chat room, and last the
// project itself. It may be called again after it failed halfway.
type ProjectRemover interface {
	RemoveProject(ctx context.Context, projectID string) error
}

// Project is what members, repositories, buckets and a chat room belong to.
type Project struct {
	ID             string    `json:"id"`
	Slug           string    `json:"slug" example:"website"`
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	Role           string    `json:"role" enum:"owner,maintainer,developer,viewer,admin" doc:"Mine; admin when I am none of its members"`
	CreatedAt      time.Time `json:"createdAt"`
	ArtifactBucket string    `json:"artifactBucket" example:"website-artifacts"`
}

func wireProject(p account.Project) Project {
	role := string(p.Role)
	if role == "" {
		role = "admin"
	}
	return Project{
		ID: p.ID, Slug: p.Slug, Name: p.Name, Description: p.Description, Role: role,
		CreatedAt: p.CreatedAt, ArtifactBucket: p.ArtifactBucket(),
	}
}

// CreateProjectRequest is a project to make.
type CreateProjectRequest struct {
	Slug        string `json:"slug" maxLength:"40" doc:"For URLs and bucket names; cannot be changed later"`
	Name        string `json:"name,omitempty" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"4000"`
}

// UpdateProjectRequest changes what it names.
type UpdateProjectRequest struct {
	Name        *string `json:"name,omitempty" maxLength:"200"`
	Description *string `json:"description,omitempty" maxLength:"4000"`
}

// InProject is the path parameter of everything in a project.
type InProject struct {
	Project string `path:"project" doc:"The project's short name"`
}

type (
	createProjectInput struct{ Body CreateProjectRequest }
	updateProjectInput struct {
		InProject
		Body UpdateProjectRequest
	}
)

func (s *Server) projectRoutes() {
	route(s, op("list-projects", http.MethodGet, "/projects", "Projects that I may see", "projects"), SignedIn(), s.listProjects)
	route(s, status(op("create-project", http.MethodPost, "/projects", "Make a project", "projects"), http.StatusCreated),
		Need(account.ProjectCreate, instanceScope), s.createProject)
	route(s, op("get-project", http.MethodGet, "/projects/{project}", "One project", "projects"), Need(account.ProjectRead, s.project()), s.getProject)
	route(s, op("update-project", http.MethodPatch, "/projects/{project}", "Change a project", "projects"),
		Need(account.ProjectUpdate, s.project()), s.updateProject)
	route(s, status(op("delete-project", http.MethodDelete, "/projects/{project}", "Delete a project and all it holds", "projects"), http.StatusNoContent),
		Need(account.ProjectDelete, s.project()), s.deleteProject)
	s.projectStorageRoutes()
}

func (s *Server) listProjects(ctx context.Context, _ *struct{}) (*body[List[Project]], error) {
	projects, err := s.deps.Accounts.ListProjects(ctx, account.PrincipalFrom(ctx))
	if err != nil {
		return nil, err
	}
	return listOf(projects, "", wireProject), nil
}

func (s *Server) createProject(ctx context.Context, in *createProjectInput) (*body[Project], error) {
	auditing(ctx).Target = in.Body.Slug
	project, err := s.deps.Accounts.CreateProject(ctx, account.PrincipalFrom(ctx).UserID, account.NewProject{
		Slug: in.Body.Slug, Name: in.Body.Name, Description: in.Body.Description,
	})
	if err != nil {
		return nil, err
	}
	auditing(ctx).ProjectID = project.ID
	return &body[Project]{wireProject(project)}, nil
}

func (s *Server) getProject(ctx context.Context, _ *InProject) (*body[Project], error) {
	project, err := s.deps.Accounts.Project(ctx, resourceFrom(ctx).ProjectID)
	return s.withRole(ctx, project, err)
}

func (s *Server) updateProject(ctx context.Context, in *updateProjectInput) (*body[Project], error) {
	project, err := s.deps.Accounts.UpdateProject(ctx, resourceFrom(ctx).ProjectID,
		account.ProjectChange{Name: in.Body.Name, Description: in.Body.Description})
	return s.withRole(ctx, project, err)
}

// withRole renders a project as the caller sees it.
func (s *Server) withRole(ctx context.Context, project account.Project, err error) (*body[Project], error) {
	if err != nil {
		return nil, err
	}
	if project.Role, err = s.deps.Accounts.RoleIn(ctx, project.ID, account.PrincipalFrom(ctx).UserID); err != nil {
		return nil, err
	}
	return &body[Project]{wireProject(project)}, nil
}

func (s *Server) deleteProject(ctx context.Context, in *InProject) (*struct{}, error) {
	auditing(ctx).Target = in.Project
	return nil, s.deps.Projects.RemoveProject(ctx, resourceFrom(ctx).ProjectID)
}
