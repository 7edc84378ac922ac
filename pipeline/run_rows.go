package pipeline

import (
	"fmt"

	"gorm.io/gorm"
)

type runRow struct {
	ID                string `gorm:"primaryKey"`
	Seq               int64
	RepositoryID      string
	ProjectID         string
	Number            int64
	State             RunState
	TriggerKind       TriggerKind // TriggerAPI also when ByEvent
	ByEvent           bool
	TriggeredBy       string
	Branch            string
	CommitHash        string
	CommitMessage     string
	Author            string
	Variables         []byte
	Error             string
	CancelRequested   bool
	CleanupOwed       bool
	Revision          int64
	AnnouncedRevision int64
	CreatedAt         int64
	StartedAt         int64
	FinishedAt        int64
}

// TableName implements gorm's schema.Tabler.
func (runRow) TableName() string { return "runs" }

func (r runRow) toApp(repository string) Run {
	kind := r.TriggerKind
	if r.ByEvent {
		kind = TriggerEvent
	}
	return Run{
		ID: r.ID, ProjectID: r.ProjectID, RepositoryID: r.RepositoryID, Repository: repository,
		Number: r.Number, State: r.State, Trigger: kind, TriggeredBy: r.TriggeredBy,
		Branch: r.Branch, Commit: r.CommitHash, CommitMessage: r.CommitMessage, Author: r.Author,
		Error: r.Error, Revision: r.Revision, CreatedAt: fromMillis(r.CreatedAt),
		StartedAt: fromMillis(r.StartedAt), FinishedAt: fromMillis(r.FinishedAt),
	}
}

type stageRow struct {
	RunID    string `gorm:"primaryKey"`
	Position int    `gorm:"primaryKey"`
	Name     string
	State    StepState
}

// TableName implements gorm's schema.Tabler.
func (stageRow) TableName() string { return "run_stages" }

// Where a step's log is.
const (
	logNone   = "none"
	logLocal  = "local"
	logStored = "stored"
)

type stepRow struct {
	ID         string `gorm:"primaryKey"`
	RunID      string
	Stage      int
	Position   int
	Name       string
	Image      string
	State      StepState
	ExitCode   *int
	Error      string
	Log        string
	LogSize    int64
	StartedAt  int64
	FinishedAt int64
}

// TableName implements gorm's schema.Tabler.
func (stepRow) TableName() string { return "run_steps" }

func (r stepRow) toApp() Step {
	return Step{
		ID: r.ID, Name: r.Name, Image: r.Image, State: r.State, ExitCode: r.ExitCode, Error: r.Error,
		StartedAt: fromMillis(r.StartedAt), FinishedAt: fromMillis(r.FinishedAt),
	}
}

type artifactRow struct {
	RunID     string `gorm:"primaryKey"`
	Path      string `gorm:"primaryKey"`
	StepID    string
	Size      int64
	Bucket    string
	ObjectKey string
}

// TableName implements gorm's schema.Tabler.
func (artifactRow) TableName() string { return "run_artifacts" }

type deliveryRow struct {
	RepositoryID string `gorm:"primaryKey"`
	DeliveryID   string `gorm:"primaryKey"`
	RunID        string
	CreatedAt    int64
}

// TableName implements gorm's schema.Tabler.
func (deliveryRow) TableName() string { return "webhook_deliveries" }

// loadWhole adds a run's stages, steps and artifacts. tx must be a transaction,
// so that they belong to the run's revision.
func loadWhole(tx *gorm.DB, run *Run) error {
	var stages []stageRow
	var steps []stepRow
	var artifacts []artifactRow
	for _, load := range []error{
		tx.Where("run_id = ?", run.ID).Order("position").Find(&stages).Error,
		tx.Where("run_id = ?", run.ID).Order("stage, position").Find(&steps).Error,
		tx.Where("run_id = ?", run.ID).Order("path").Find(&artifacts).Error,
	} {
		if load != nil {
			return fmt.Errorf("read run %s: %w", run.ID, load)
		}
	}
	run.Stages = make([]Stage, len(stages))
	for i, stage := range stages {
		run.Stages[i] = Stage{Name: stage.Name, State: stage.State}
	}
	for _, step := range steps {
		if step.Stage < len(run.Stages) {
			run.Stages[step.Stage].Steps = append(run.Stages[step.Stage].Steps, step.toApp())
		}
	}
	run.Artifacts = make([]Artifact, 0, len(artifacts))
	for _, a := range artifacts {
		run.Artifacts = append(run.Artifacts, Artifact{Path: a.Path, Size: a.Size, Bucket: a.Bucket, Key: a.ObjectKey})
	}
	return nil
}
