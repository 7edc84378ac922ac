package app

import (
	"context"
	"errors"
	"strconv"

	"croft/account"
	"croft/chat"
	"croft/internal/errs"
	"croft/internal/seal"
	"croft/objectstore/notification"
	"croft/pipeline"
)

// openNotification returns what tells of events, and its worker. Only drives keep what is
// to be told; elsewhere rules are refused.
func (a *App) openNotification(ctx context.Context, sealer *seal.Sealer, own ownTargets) (*notification.Service, worker, error) {
	deps := notification.Deps{DB: a.db, Sealer: sealer, Announcer: a.announcer, Own: own, Log: a.log}
	if a.drives != nil {
		deps.Store = a.drives
	}
	told := notification.New(deps, notification.Config{})
	if err := told.Open(ctx); err != nil {
		return nil, worker{}, err
	}
	return told, worker{"events", told.Run}, nil
}

// ownTargets are the pipelines and rooms that hear of what happens in the buckets of their
// projects.
type ownTargets struct {
	accounts  *account.Service
	pipelines starter
	rooms     *chat.Service
}

// starter starts pipelines.
type starter interface {
	Repository(ctx context.Context, projectID, name string) (pipeline.Repository, error)
	ListRepositories(ctx context.Context, projectID string) ([]pipeline.Repository, error)
	Trigger(ctx context.Context, repositoryID string, r pipeline.TriggerRequest) (pipeline.Run, error)
}

var _ notification.Own = ownTargets{}

var errNoProject = errs.New(errs.Invalid, "bucket_without_project", "The bucket belongs to no project.")

// Check implements notification.Own.
func (o ownTargets) Check(ctx context.Context, owner string, t notification.Target) error {
	if owner == "" {
		return errNoProject
	}
	if t.Kind == notification.Pipeline {
		_, err := o.pipelines.Repository(ctx, owner, t.Name)
		return err
	}
	_, err := o.accounts.Project(ctx, owner)
	return err
}

// Offer implements notification.Own.
func (o ownTargets) Offer(ctx context.Context, owner string) ([]notification.Target, error) {
	if owner == "" {
		return nil, nil
	}
	all := []notification.Target{{Kind: notification.Room}}
	repositories, err := o.pipelines.ListRepositories(ctx, owner)
	for _, r := range repositories {
		all = append(all, notification.Target{Kind: notification.Pipeline, Name: r.Name})
	}
	return all, err
}

// Deliver implements notification.Own.
func (o ownTargets) Deliver(ctx context.Context, owner string, t notification.Target, events []notification.Event, id string) error {
	if owner == "" {
		return errNoProject
	}
	if t.Kind == notification.Pipeline {
		return o.start(ctx, owner, t, &events[0], id)
	}
	project, err := o.accounts.Project(ctx, owner)
	if err != nil {
		return err
	}
	room, err := o.rooms.EnsureProjectRoom(ctx, project.ID, project.Name)
	if err != nil {
		return err
	}
	_, err = o.rooms.Post(ctx, chat.PostRequest{RoomID: room.ID, ClientID: "event-" + id, Text: sentences(events)})
	return err
}

// start starts a pipeline once for an event.
func (o ownTargets) start(ctx context.Context, owner string, t notification.Target, e *notification.Event, id string) error {
	repository, err := o.pipelines.Repository(ctx, owner, t.Name)
	if err != nil {
		return err
	}
	record, err := e.JSON()
	if err != nil {
		return err
	}
	_, err = o.pipelines.Trigger(ctx, repository.ID, pipeline.TriggerRequest{
		Kind: pipeline.TriggerEvent, Branch: t.Branch, DeliveryID: "event-" + id,
		Variables: []pipeline.Variable{
			{Name: "EVENT_NAME", Value: string(e.Name)}, {Name: "EVENT_BUCKET", Value: e.Bucket}, {Name: "EVENT_KEY", Value: e.Key},
			{Name: "EVENT_SIZE", Value: strconv.FormatInt(e.Size, 10)}, {Name: "EVENT_ETAG", Value: e.ETag},
			{Name: "EVENT_VERSION_ID", Value: e.VersionID}, {Name: "EVENT_TIME", Value: e.Time().Format("2006-01-02T15:04:05.000Z")},
			{Name: "EVENT_USER", Value: e.User}, {Name: "EVENT_JSON", Value: string(record)},
		},
	})
	if errors.Is(err, pipeline.ErrEventsBusy) {
		return errs.Wrap(notification.ErrBusy, errs.RateLimited, pipeline.ErrEventsBusy.Code, pipeline.ErrEventsBusy.Message)
	}
	return err
}
