package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"croft/account"
	"croft/chat"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/pipeline"
)

// cards shows runs in their projects' rooms. The obligation is a row: a run whose
// revision is ahead of what was announced. The event only wakes.
type cards struct {
	runs     runAnnouncements
	rooms    *chat.Service
	accounts *account.Service
	bus      *events.Bus
	log      *slog.Logger
}

type runAnnouncements interface {
	Unannounced(ctx context.Context, limit int) ([]pipeline.Run, error)
	MarkAnnounced(ctx context.Context, runID string, revision int64) error
}

const cardBatch = 50

// Run posts what is owed, now and whenever a run changes, until ctx ends.
func (c cards) Run(ctx context.Context) error {
	return keepUp[events.RunChanged](ctx, c.bus, c.log, "run cards", c.announce)
}

// announce posts what is owed. A card that fails does not keep the others.
func (c cards) announce(ctx context.Context) error {
	for {
		runs, err := c.runs.Unannounced(ctx, cardBatch)
		if err != nil {
			return err
		}
		var failures []error
		for _, run := range runs {
			if err := c.post(ctx, run); err != nil {
				failures = append(failures, fmt.Errorf("card of run %s: %w", run.ID, err))
			}
		}
		if len(failures) > 0 || len(runs) < cardBatch {
			return errors.Join(failures...)
		}
	}
}

func (c cards) post(ctx context.Context, run pipeline.Run) error {
	project, err := c.accounts.Project(ctx, run.ProjectID)
	if errs.KindOf(err) == errs.NotFound { // the project was deleted, and its room with it
		return c.runs.MarkAnnounced(ctx, run.ID, run.Revision)
	}
	if err != nil {
		return err
	}
	room, err := c.rooms.EnsureProjectRoom(ctx, project.ID, project.Name)
	if err != nil {
		return err
	}
	card := chat.RunCard{
		ProjectSlug: project.Slug, Repository: run.Repository, Number: run.Number, State: string(run.State), Branch: run.Branch,
		Commit: run.Commit, CommitMessage: run.CommitMessage, Author: run.Author, StartedAt: run.StartedAt, FinishedAt: run.FinishedAt,
		URL: fmt.Sprintf("/projects/%s/pipelines/%s/runs/%d", project.Slug, run.Repository, run.Number),
	}
	for _, stage := range run.Stages {
		card.Stages = append(card.Stages, chat.CardStage{Name: stage.Name, State: string(stage.State)})
	}
	_, err = c.rooms.UpsertCard(ctx, chat.CardRequest{
		RoomID: room.ID, Key: "run:" + run.ID, Revision: run.Revision, Run: card,
		Text: fmt.Sprintf("%s #%d on %s: %s", run.Repository, run.Number, run.Branch, run.State),
	})
	if err != nil {
		return err
	}
	return c.runs.MarkAnnounced(ctx, run.ID, run.Revision)
}
