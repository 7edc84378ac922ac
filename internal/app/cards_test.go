package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"croft/account"
	"croft/chat"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/pipeline"
)

// owed is what pipelines would owe.
type owed struct {
	runs   []pipeline.Run
	marked []string
	refuse string // the run that cannot be marked
}

func (o *owed) Unannounced(context.Context, int) ([]pipeline.Run, error) { return o.runs, nil }

func (o *owed) MarkAnnounced(_ context.Context, runID string, _ int64) error {
	if runID == o.refuse {
		return errors.New("no")
	}
	o.marked = append(o.marked, runID)
	return nil
}

// TestOneCardDoesNotKeepTheOthers owes the card of a run whose project is gone, one
// that fails, and a good one.
func TestOneCardDoesNotKeepTheOthers(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	bus := events.New()
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 1}
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), bus, config)
	rooms := chat.New(db, bus, nil, chat.Config{})
	ada, err := accounts.CreateUser(t.Context(), account.NewUser{Name: "ada", Password: "correct horse battery", Admin: true})
	if err != nil {
		t.Fatal(err)
	}
	project, err := accounts.CreateProject(t.Context(), ada.ID, account.NewProject{Slug: "web"})
	if err != nil {
		t.Fatal(err)
	}
	run := func(id, projectID string) pipeline.Run {
		return pipeline.Run{ID: id, ProjectID: projectID, Repository: "site", Number: 1, State: pipeline.RunRunning, Revision: 1}
	}
	o := &owed{runs: []pipeline.Run{run("orphan", "gone"), run("stuck", project.ID), run("good", project.ID)}, refuse: "stuck"}
	c := cards{runs: o, rooms: rooms, accounts: accounts, bus: bus, log: slog.New(slog.DiscardHandler)}
	if err := c.announce(t.Context()); err == nil {
		t.Error("the card that failed is not owed any more")
	}
	if want := []string{"orphan", "good"}; !slices.Equal(o.marked, want) {
		t.Errorf("settled %q, want %q", o.marked, want)
	}
}
