package pipeline

import (
	"time"

	"croft/internal/errs"
)

// RunState is where a run stands.
type RunState string

// The states of a run. Queued and Running lead to exactly one of the others.
const (
	RunQueued   RunState = "queued"
	RunRunning  RunState = "running"
	RunSuccess  RunState = "success"
	RunFailed   RunState = "failed"   // a step failed, or time ran out
	RunCanceled RunState = "canceled" // somebody wanted it so
	RunError    RunState = "error"    // Croft or the engine could not run it
)

// Final reports whether the state never changes again.
func (s RunState) Final() bool { return s != RunQueued && s != RunRunning }

// unfinished are the states that are not final.
var unfinished = []RunState{RunQueued, RunRunning}

// StepState is where a step or a stage stands.
type StepState string

// The states of steps and stages.
const (
	StepPending  StepState = "pending"
	StepRunning  StepState = "running"
	StepSuccess  StepState = "success"
	StepFailed   StepState = "failed"
	StepCanceled StepState = "canceled"
	StepSkipped  StepState = "skipped"
	StepError    StepState = "error"
)

// Final reports whether the state never changes again.
func (s StepState) Final() bool { return s != StepPending && s != StepRunning }

// TriggerKind says what started a run.
type TriggerKind string

// What starts runs.
const (
	TriggerManual  TriggerKind = "manual" // a person in the console
	TriggerAPI     TriggerKind = "api"    // a token
	TriggerWebhook TriggerKind = "webhook"
	TriggerEvent   TriggerKind = "event" // of a bucket
)

// Run is one execution of a pipeline for one commit.
type Run struct {
	ID            string
	ProjectID     string
	RepositoryID  string
	Repository    string // its name
	Number        int64  // counts within the repository, from 1
	State         RunState
	Trigger       TriggerKind
	TriggeredBy   string // a user's ID, or empty
	Branch        string
	Commit        string // empty until the commit is known
	CommitMessage string
	Author        string // of the commit
	Error         string // what went wrong, for people; may have several lines
	Revision      int64  // rises with every change
	CreatedAt     time.Time
	StartedAt     time.Time // zero: not yet
	FinishedAt    time.Time // zero: not yet

	Stages    []Stage    // nil in lists
	Artifacts []Artifact // nil in lists
}

// Stage is a group of steps that start together.
type Stage struct {
	Name  string
	State StepState
	Steps []Step
}

// Step is one script in one container.
type Step struct {
	ID         string
	Name       string
	Image      string
	State      StepState
	ExitCode   *int // nil: the script did not end by itself
	Error      string
	StartedAt  time.Time // zero: not yet
	FinishedAt time.Time // zero: not yet
}

// Artifact is a file of the workspace that was kept as an object.
type Artifact struct {
	Path   string // relative to the workspace
	Size   int64
	Bucket string
	Key    string
}

var (
	errRunNotFound  = errs.New(errs.NotFound, "run_not_found", "There is no such run in this repository.")
	errStepNotFound = errs.New(errs.NotFound, "step_not_found", "There is no such step in this run.")
)
