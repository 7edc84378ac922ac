package app

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"croft/account"
	"croft/chat"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore/notification"
	"croft/pipeline"
)

// started is what pipelines were asked for. Every project has the repository "site".
type started struct {
	all  []pipeline.TriggerRequest
	busy bool
}

var errNoSite = errs.New(errs.NotFound, "repository_not_found", "There is no such repository.")

func (*started) Repository(_ context.Context, projectID, name string) (pipeline.Repository, error) {
	if name != "site" {
		return pipeline.Repository{}, errNoSite
	}
	return pipeline.Repository{ID: projectID + "/site", Name: "site"}, nil
}

func (*started) ListRepositories(context.Context, string) ([]pipeline.Repository, error) {
	return []pipeline.Repository{{Name: "site"}}, nil
}

func (s *started) Trigger(_ context.Context, id string, r pipeline.TriggerRequest) (pipeline.Run, error) {
	if s.busy {
		return pipeline.Run{}, fmt.Errorf("queue a run: %w", pipeline.ErrEventsBusy)
	}
	r.Author = id
	s.all = append(s.all, r)
	return pipeline.Run{}, nil
}

// TestEventsReachTheirOwnProject hands events to the room and a pipeline of a bucket's
// project, twice: a room says it once, and a pipeline can tell.
func TestEventsReachTheirOwnProject(t *testing.T) {
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
	var runs started
	own := ownTargets{accounts, &runs, rooms}
	room, site := notification.Target{Kind: notification.Room}, notification.Target{Kind: notification.Pipeline, Name: "site", Branch: "main"}
	for _, x := range []struct {
		owner  string
		target notification.Target
		want   error
	}{
		{project.ID, room, nil}, {project.ID, site, nil}, {"", room, errNoProject}, {"", site, errNoProject},
		{project.ID, notification.Target{Kind: notification.Pipeline, Name: "other"}, errNoSite},
	} {
		if err := own.Check(t.Context(), x.owner, x.target); !errors.Is(err, x.want) {
			t.Errorf("%s of %q: %v", x.target.ARN(), x.owner, err)
		}
	}
	if offered, err := own.Offer(t.Context(), project.ID); err != nil || len(offered) != 2 {
		t.Errorf("%+v, %v", offered, err)
	}
	e := notification.Event{Name: notification.CreatedPut, Bucket: "web-data", Key: "a/b.jpg", Size: 5, ETag: "e", User: "ada", Sequencer: "01"}
	for range 2 {
		for _, target := range []notification.Target{room, site} {
			if err := own.Deliver(t.Context(), project.ID, target, []notification.Event{e}, "0123456789abcdef"); err != nil {
				t.Fatal(err)
			}
		}
	}
	its, err := rooms.EnsureProjectRoom(t.Context(), project.ID, project.Name)
	if err != nil {
		t.Fatal(err)
	}
	said, err := rooms.History(t.Context(), its.ID, 0, 10)
	if err != nil || len(said) != 1 || said[0].Text != "New object in web-data: a/b.jpg (5 bytes), by ada" || said[0].AuthorID != "" {
		t.Fatalf("%+v, %v", said, err)
	}
	if len(runs.all) != 2 || runs.all[0].DeliveryID != "event-0123456789abcdef" || runs.all[1].DeliveryID != runs.all[0].DeliveryID || runs.all[0].Branch != "main" ||
		runs.all[0].Kind != pipeline.TriggerEvent || runs.all[0].Author != project.ID+"/site" {
		t.Fatalf("%+v", runs.all)
	}
	variables := map[string]string{}
	for _, v := range runs.all[0].Variables {
		variables[v.Name] = v.Value
	}
	if variables["EVENT_NAME"] != "s3:ObjectCreated:Put" || variables["EVENT_BUCKET"] != "web-data" || variables["EVENT_KEY"] != "a/b.jpg" || variables["EVENT_SIZE"] != "5" || variables["EVENT_USER"] != "ada" {
		t.Fatalf("%+v", variables)
	}
	if err := own.Deliver(t.Context(), "gone", room, []notification.Event{e}, "1"); err == nil {
		t.Error("an event of a project that is gone was taken")
	}
	runs.busy = true
	if err := own.Deliver(t.Context(), project.ID, site, []notification.Event{e}, "2"); !errors.Is(err, notification.ErrBusy) {
		t.Errorf("a pipeline that takes no more at once: %v", err)
	}
}

// TestManyWords: whatever is said of one event is said of several.
func TestManyWords(t *testing.T) {
	for _, n := range notification.Names {
		if said[n] == "" || many[said[n]] == "" {
			t.Errorf("%s: %q, %q", n, said[n], many[said[n]])
		}
	}
}

// TestSentences says many events in one message.
func TestSentences(t *testing.T) {
	put := func(key, user string, at int64) notification.Event {
		return notification.Event{Name: notification.CreatedPut, Bucket: "web", Key: key, Size: 10, ETag: "e", User: user, Milliseconds: at}
	}
	gone := notification.Event{Name: notification.RemovedDelete, Bucket: "web", Key: "old/x"}
	for want, events := range map[string][]notification.Event{
		"New object in web: a (10 bytes), by ada":                                     {put("a", "ada", 1)},
		"3 new objects in web/up/ (30 bytes), the latest b/2, by ada, max":            {put("up/b/1", "ada", 1), put("up/b/2", "max", 3), put("up/c", "ada", 2)},
		"2 new objects in web/ (20 bytes), the latest b, by a\nDeleted in web: old/x": {gone, put("a/a", "a", 1), put("b", "a", 2)},
		"4 new objects in web/u/ (40 bytes), the latest 4, by a, b, c and others":     {put("u/1", "a", 1), put("u/2", "b", 2), put("u/3", "c", 3), put("u/4", "d", 4)},
		"2 new objects in web/ (20 bytes), the latest ab/2":                           {put("a/1", "", 1), put("ab/2", "", 2)},
	} {
		if got := sentences(events); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
