package app

import (
	"context"
	"log/slog"

	"croft/account"
	"croft/chat"
	"croft/internal/events"
)

// projectRooms gives every project its room: at start, and when one is created.
type projectRooms struct {
	rooms    *chat.Service
	accounts *account.Service
	bus      *events.Bus
	log      *slog.Logger
}

// Run makes missing rooms until ctx ends.
func (p projectRooms) Run(ctx context.Context) error {
	return keepUp[events.ProjectCreated](ctx, p.bus, p.log, "project rooms", p.ensure)
}

func (p projectRooms) ensure(ctx context.Context) error {
	projects, err := p.accounts.AllProjects(ctx)
	if err != nil {
		return err
	}
	for _, project := range projects {
		if _, err := p.rooms.EnsureProjectRoom(ctx, project.ID, project.Name); err != nil {
			return err
		}
	}
	return nil
}

// accessWatch has sockets ask again what a user may see when that has changed. An
// event that gets lost costs only time: sockets ask by themselves now and then.
type accessWatch struct {
	bus     *events.Bus
	sockets interface{ Invalidate(userID string) }
}

// Run follows the changes until ctx ends.
func (a accessWatch) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		a.follow(ctx)
	}
	return nil
}

func (a accessWatch) follow(ctx context.Context) {
	changed := events.Subscribe[events.AccessChanged](a.bus, 256)
	defer changed.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-changed.C():
			if !ok {
				return
			}
			a.sockets.Invalidate(event.UserID)
		}
	}
}
