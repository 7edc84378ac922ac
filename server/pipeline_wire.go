package server

import (
	"context"
	"fmt"
	"time"

	"croft/pipeline"
)

// Repository is a Git repository that a project builds.
type Repository struct {
	ID            string      `json:"id"`
	Name          string      `json:"name"`
	CloneURL      string      `json:"cloneUrl"`
	Branch        string      `json:"branch" doc:"Built when a trigger names none"`
	HasCredential bool        `json:"hasCredential"`
	WebhookURL    string      `json:"webhookUrl"`
	LastRun       *RunSummary `json:"lastRun,omitempty"`
	CreatedAt     time.Time   `json:"createdAt"`
}

// NewRepository is the answer to adding one: the only one with the webhook's secret.
type NewRepository struct {
	Repository
	WebhookSecret string `json:"webhookSecret"`
}

// WebhookSecret is shown once.
type WebhookSecret struct {
	WebhookSecret string `json:"webhookSecret"`
}

// RunSummary is a run without its steps.
type RunSummary struct {
	ID            string     `json:"id"`
	Number        int64      `json:"number" doc:"Counts within the repository, from 1"`
	Repository    string     `json:"repository"`
	State         string     `json:"state" enum:"queued,running,success,failed,canceled,error"`
	Trigger       string     `json:"trigger" enum:"manual,api,webhook,event"`
	Branch        string     `json:"branch"`
	Commit        string     `json:"commit" doc:"Empty until it is known"`
	CommitMessage string     `json:"commitMessage"`
	Author        string     `json:"author"`
	CreatedAt     time.Time  `json:"createdAt"`
	StartedAt     *time.Time `json:"startedAt,omitempty"`
	FinishedAt    *time.Time `json:"finishedAt,omitempty"`
	Error         string     `json:"error,omitempty" doc:"What went wrong, for people; may have several lines"`
}

// Run is one execution of a pipeline.
type Run struct {
	RunSummary
	Revision  int64      `json:"revision" doc:"Rises with every change"`
	Stages    []Stage    `json:"stages"`
	Artifacts []Artifact `json:"artifacts"`
}

// Stage is a group of steps that start together.
type Stage struct {
	Name  string `json:"name"`
	State string `json:"state" enum:"pending,running,success,failed,canceled,skipped,error"`
	Steps []Step `json:"steps"`
}

// Step is one script in one container.
type Step struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Image      string     `json:"image"`
	State      string     `json:"state" enum:"pending,running,success,failed,canceled,skipped,error"`
	ExitCode   *int       `json:"exitCode,omitempty" doc:"Missing when the script did not end by itself"`
	StartedAt  *time.Time `json:"startedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Error      string     `json:"error,omitempty"`
}

// Artifact is a file of the workspace that was kept as an object.
type Artifact struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

// LogLine is one line of a step's log.
type LogLine struct {
	At     time.Time `json:"t"`
	Stream string    `json:"s" enum:"stdout,stderr"`
	Text   string    `json:"line"`
}

func (p pipelineAPI) wireRepository(ctx context.Context, r pipeline.Repository) Repository {
	out := Repository{
		ID: r.ID, Name: r.Name, CloneURL: r.CloneURL, Branch: r.Branch, HasCredential: r.HasCredential,
		WebhookURL: consoleURL(ctx) + "/hooks/" + r.ID, CreatedAt: r.CreatedAt,
	}
	if r.LastRun != nil {
		last := wireRunSummary(*r.LastRun)
		out.LastRun = &last
	}
	return out
}

// consoleURL is the console's address as this request's client knows it.
func consoleURL(ctx context.Context) string {
	from := admissionFrom(ctx).from
	if from.https {
		return "https://" + from.host
	}
	return "http://" + from.host
}

func wireRunSummary(r pipeline.Run) RunSummary {
	return RunSummary{
		ID: r.ID, Number: r.Number, Repository: r.Repository, State: string(r.State), Trigger: string(r.Trigger),
		Branch: r.Branch, Commit: r.Commit, CommitMessage: r.CommitMessage, Author: r.Author,
		CreatedAt: r.CreatedAt, StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt), Error: r.Error,
	}
}

func wireRun(r pipeline.Run) Run {
	out := Run{
		RunSummary: wireRunSummary(r), Revision: r.Revision,
		Stages: make([]Stage, 0, len(r.Stages)), Artifacts: make([]Artifact, 0, len(r.Artifacts)),
	}
	for _, stage := range r.Stages {
		wired := Stage{Name: stage.Name, State: string(stage.State), Steps: make([]Step, 0, len(stage.Steps))}
		for _, step := range stage.Steps {
			wired.Steps = append(wired.Steps, Step{
				ID: step.ID, Name: step.Name, Image: step.Image, State: string(step.State), ExitCode: step.ExitCode,
				StartedAt: moment(step.StartedAt), FinishedAt: moment(step.FinishedAt), Error: step.Error,
			})
		}
		out.Stages = append(out.Stages, wired)
	}
	for _, a := range r.Artifacts {
		out.Artifacts = append(out.Artifacts, Artifact{Path: a.Path, Size: a.Size, Bucket: a.Bucket, Key: a.Key})
	}
	return out
}

// moment leaves out what has not happened yet.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func runTarget(project string, run pipeline.Run) string {
	return fmt.Sprintf("projects/%s/repositories/%s/runs/%d", project, run.Repository, run.Number)
}
