package server

import (
	"context"
	"net/http"

	"croft/account"
	"croft/internal/errs"
	"croft/pipeline"
)

// Pipelines is what the console needs of pipelines. It asks no policy.
type Pipelines interface {
	ListRepositories(ctx context.Context, projectID string) ([]pipeline.Repository, error)
	Repository(ctx context.Context, projectID, name string) (pipeline.Repository, error)
	AddRepository(ctx context.Context, n pipeline.NewRepository) (r pipeline.Repository, webhookSecret string, err error)
	UpdateRepository(ctx context.Context, projectID, name string, u pipeline.RepositoryUpdate) (pipeline.Repository, error)
	RotateWebhookSecret(ctx context.Context, projectID, name string) (string, error)
	DeleteRepository(ctx context.Context, projectID, name string) error

	ListRuns(ctx context.Context, repositoryID, cursor string, limit int) (pipeline.RunPage, error)
	ListProjectRuns(ctx context.Context, projectID, cursor string, limit int) (pipeline.RunPage, error)
	RunByNumber(ctx context.Context, repositoryID string, number int64) (pipeline.Run, error)
	AwaitRun(ctx context.Context, runID string, revision int64) (pipeline.Run, error)
	Trigger(ctx context.Context, repositoryID string, req pipeline.TriggerRequest) (pipeline.Run, error)
	Cancel(ctx context.Context, runID string) (pipeline.Run, error)
	OpenLog(ctx context.Context, runID, stepID string, offset int64, follow bool) (*pipeline.LogReader, error)
	HandleWebhook(ctx context.Context, repositoryID string, hook pipeline.Webhook, body []byte) (*pipeline.Run, error)
}

var _ Pipelines = (*pipeline.Service)(nil)

// CreateRepositoryRequest is a repository to add.
type CreateRepositoryRequest struct {
	Name     string `json:"name" maxLength:"64" example:"website"`
	CloneURL string `json:"cloneUrl" maxLength:"2000" example:"https://github.com/acme/website.git"`
	Branch   string `json:"branch,omitempty" maxLength:"200" doc:"Built when a trigger names none; main when empty"`
	Username string `json:"username,omitempty" maxLength:"200" doc:"May be empty with a token"`
	Password string `json:"password,omitempty" maxLength:"4096" doc:"Or a token. Kept encrypted, never shown."`
}

// UpdateRepositoryRequest changes what it names. A user name or password replaces
// both; two empty ones take the credential away.
type UpdateRepositoryRequest struct {
	CloneURL *string `json:"cloneUrl,omitempty" maxLength:"2000"`
	Branch   *string `json:"branch,omitempty" maxLength:"200"`
	Username *string `json:"username,omitempty" maxLength:"200"`
	Password *string `json:"password,omitempty" maxLength:"4096"`
}

// StartRunRequest says what to run.
type StartRunRequest struct {
	Branch    string            `json:"branch,omitempty" maxLength:"200" doc:"The repository's when empty"`
	Commit    string            `json:"commit,omitempty" maxLength:"40" doc:"Its full ID; the branch's newest when empty"`
	Variables map[string]string `json:"variables,omitempty" doc:"Environment variables of every step"`
	Secrets   map[string]string `json:"secrets,omitempty" doc:"Variables whose values are hidden in logs"`
}

// InRepository is the path of everything in a repository.
type InRepository struct {
	InProject
	Name string `path:"name" doc:"The repository's name in the project"`
}

// InRun is the path of everything in a run.
type InRun struct {
	InRepository
	Number int64 `path:"number" minimum:"1"`
}

// Page asks for a part of a list.
type Page struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type (
	createRepositoryInput struct {
		InProject
		Body CreateRepositoryRequest
	}
	updateRepositoryInput struct {
		InRepository
		Body UpdateRepositoryRequest
	}
	startRunInput struct {
		InRepository
		Body StartRunRequest
	}
	listProjectRunsInput struct {
		InProject
		Page
	}
	listRunsInput struct {
		InRepository
		Page
	}
)

// pipelineAPI answers the pipeline routes.
type pipelineAPI struct {
	server    *Server
	pipelines Pipelines
}

func (s *Server) pipelineRoutes() {
	p := pipelineAPI{server: s, pipelines: s.deps.Pipelines}
	const repositories, one, runs = "/projects/{project}/repositories", "/projects/{project}/repositories/{name}", "/projects/{project}/repositories/{name}/runs"
	read, write, watch := Need(account.RepositoryRead, s.project()), Need(account.RepositoryWrite, s.project()), Need(account.RunRead, s.project())
	route(s, op("list-repositories", http.MethodGet, repositories, "Repositories of a project", "pipelines"), read, p.listRepositories)
	route(s, status(op("create-repository", http.MethodPost, repositories, "Add a repository that can be reached", "pipelines"), http.StatusCreated),
		write, p.createRepository)
	route(s, op("get-repository", http.MethodGet, one, "One repository", "pipelines"), read, p.getRepository)
	route(s, op("update-repository", http.MethodPatch, one, "Change where a repository is", "pipelines"), write, p.updateRepository)
	route(s, status(op("delete-repository", http.MethodDelete, one, "Take a repository away, with its runs and logs", "pipelines"), http.StatusNoContent),
		write, p.deleteRepository)
	route(s, op("rotate-webhook-secret", http.MethodPost, one+"/webhook-secret", "Replace the webhook's secret", "pipelines"), write, p.rotateSecret)

	route(s, op("list-project-runs", http.MethodGet, "/projects/{project}/runs", "Runs of all repositories, newest first", "pipelines"), watch, p.listProjectRuns)
	route(s, op("list-runs", http.MethodGet, runs, "Runs of a repository, newest first", "pipelines"), watch, p.listRuns)
	route(s, status(op("start-run", http.MethodPost, runs, "Start a run", "pipelines"), http.StatusCreated), Need(account.RunStart, s.project()), p.startRun)
	route(s, op("get-run", http.MethodGet, runs+"/{number}", "One run with its steps and artifacts", "pipelines"), watch, p.getRun)
	route(s, op("cancel-run", http.MethodPost, runs+"/{number}/cancel", "Cancel a run", "pipelines"), Need(account.RunCancel, s.project()), p.cancelRun)
	raw(s, eventsOp("watch-run", runs+"/{number}/events", "The run as it changes"), watch, p.watchRun)
	raw(s, logOp("get-step-log", runs+"/{number}/steps/{stepId}/log", "A step's log"), watch, p.stepLog)
	raw(s, hookOp(), Public("the webhook's own secret is asked for"), p.hook)
}

func (p pipelineAPI) repository(ctx context.Context, name string) (pipeline.Repository, error) {
	return p.pipelines.Repository(ctx, resourceFrom(ctx).ProjectID, name)
}

func (p pipelineAPI) listRepositories(ctx context.Context, _ *InProject) (*body[List[Repository]], error) {
	list, err := p.pipelines.ListRepositories(ctx, resourceFrom(ctx).ProjectID)
	if err != nil {
		return nil, err
	}
	return listOf(list, "", func(r pipeline.Repository) Repository { return p.wireRepository(ctx, r) }), nil
}

func (p pipelineAPI) createRepository(ctx context.Context, in *createRepositoryInput) (*body[NewRepository], error) {
	auditing(ctx).Target = "projects/" + in.Project + "/repositories/" + in.Body.Name
	repository, secret, err := p.pipelines.AddRepository(ctx, pipeline.NewRepository{
		ProjectID: resourceFrom(ctx).ProjectID, Name: in.Body.Name, CloneURL: in.Body.CloneURL, Branch: in.Body.Branch,
		Credential: pipeline.Credential{Username: in.Body.Username, Password: in.Body.Password},
	})
	if err != nil {
		return nil, err
	}
	return &body[NewRepository]{NewRepository{p.wireRepository(ctx, repository), secret}}, nil
}

func (p pipelineAPI) getRepository(ctx context.Context, in *InRepository) (*body[Repository], error) {
	repository, err := p.repository(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &body[Repository]{p.wireRepository(ctx, repository)}, nil
}

func (p pipelineAPI) updateRepository(ctx context.Context, in *updateRepositoryInput) (*body[Repository], error) {
	change := pipeline.RepositoryUpdate{CloneURL: in.Body.CloneURL, Branch: in.Body.Branch}
	if in.Body.Username != nil || in.Body.Password != nil {
		change.Credential = &pipeline.Credential{Username: text(in.Body.Username), Password: text(in.Body.Password)}
	}
	repository, err := p.pipelines.UpdateRepository(ctx, resourceFrom(ctx).ProjectID, in.Name, change)
	if err != nil {
		return nil, err
	}
	return &body[Repository]{p.wireRepository(ctx, repository)}, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (p pipelineAPI) deleteRepository(ctx context.Context, in *InRepository) (*struct{}, error) {
	return nil, p.pipelines.DeleteRepository(ctx, resourceFrom(ctx).ProjectID, in.Name)
}

func (p pipelineAPI) rotateSecret(ctx context.Context, in *InRepository) (*body[WebhookSecret], error) {
	secret, err := p.pipelines.RotateWebhookSecret(ctx, resourceFrom(ctx).ProjectID, in.Name)
	if err != nil {
		return nil, err
	}
	return &body[WebhookSecret]{WebhookSecret{secret}}, nil
}

func (p pipelineAPI) listProjectRuns(ctx context.Context, in *listProjectRunsInput) (*body[List[RunSummary]], error) {
	runs, err := p.pipelines.ListProjectRuns(ctx, resourceFrom(ctx).ProjectID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(runs.Runs, runs.Next, wireRunSummary), nil
}

func (p pipelineAPI) listRuns(ctx context.Context, in *listRunsInput) (*body[List[RunSummary]], error) {
	repository, err := p.repository(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	runs, err := p.pipelines.ListRuns(ctx, repository.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(runs.Runs, runs.Next, wireRunSummary), nil
}

func (p pipelineAPI) startRun(ctx context.Context, in *startRunInput) (*body[Run], error) {
	repository, err := p.repository(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	principal := account.PrincipalFrom(ctx)
	request := pipeline.TriggerRequest{Kind: pipeline.TriggerManual, By: principal.UserID, Branch: in.Body.Branch, Commit: in.Body.Commit}
	if principal.Via == account.ViaToken {
		request.Kind = pipeline.TriggerAPI
	}
	for name, value := range in.Body.Variables {
		request.Variables = append(request.Variables, pipeline.Variable{Name: name, Value: value})
	}
	for name, value := range in.Body.Secrets {
		request.Variables = append(request.Variables, pipeline.Variable{Name: name, Value: value, Secret: true})
	}
	run, err := p.pipelines.Trigger(ctx, repository.ID, request)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = runTarget(in.Project, run)
	return &body[Run]{wireRun(run)}, nil
}

func (p pipelineAPI) run(ctx context.Context, name string, number int64) (pipeline.Run, error) {
	repository, err := p.repository(ctx, name)
	if err != nil {
		return pipeline.Run{}, err
	}
	return p.pipelines.RunByNumber(ctx, repository.ID, number)
}

func (p pipelineAPI) getRun(ctx context.Context, in *InRun) (*body[Run], error) {
	run, err := p.run(ctx, in.Name, in.Number)
	if err != nil {
		return nil, err
	}
	return &body[Run]{wireRun(run)}, nil
}

func (p pipelineAPI) cancelRun(ctx context.Context, in *InRun) (*body[Run], error) {
	run, err := p.run(ctx, in.Name, in.Number)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = runTarget(in.Project, run)
	if run, err = p.pipelines.Cancel(ctx, run.ID); err != nil {
		return nil, err
	}
	return &body[Run]{wireRun(run)}, nil
}

var errRunNumber = errs.New(errs.NotFound, "run_not_found", "There is no such run in this repository.")
