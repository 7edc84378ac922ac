package chat_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"croft/chat"
)

func TestCardChangesInPlace(t *testing.T) {
	f := open(t, chat.Config{})
	room := f.project(t, "p")
	started := time.UnixMilli(1_700_000_001_234).UTC()
	card := chat.CardRequest{
		RoomID: room.ID, Key: "run:1", Revision: 1, Text: "Run 1 is running",
		Run: chat.RunCard{
			ProjectSlug: "p", Repository: "app", Number: 1, State: "running", Branch: "main", Commit: "abc", CommitMessage: "fix",
			Author: "ann", URL: "/projects/p/app/1", Stages: []chat.CardStage{{Name: "build", State: "running"}}, StartedAt: started,
		},
	}
	first, err := f.UpsertCard(t.Context(), card)
	if err != nil || first.Kind != chat.MessageCard || first.AuthorID != "" || !reflect.DeepEqual(*first.Card, card.Run) {
		t.Fatalf("%+v, %v", first, err)
	}
	f.post(t, room.ID, "ann", "between")
	card.Revision, card.Run.State, card.Text = 5, "success", "Run 1 succeeded"
	second, err := f.UpsertCard(t.Context(), card)
	if err != nil || second.ID != first.ID || second.RoomSeq != first.RoomSeq || second.Revision != 2 || second.EditedAt.IsZero() {
		t.Fatalf("%+v, %v", second, err)
	}
	head, _ := f.Head(t.Context())
	for _, stale := range []int64{5, 4, 1} {
		card.Revision, card.Run.State = stale, "running"
		if m, err := f.UpsertCard(t.Context(), card); err != nil || !reflect.DeepEqual(m, second) {
			t.Fatalf("revision %d: %+v, %v", stale, m, err)
		}
	}
	if now, _ := f.Head(t.Context()); now != head {
		t.Fatal("a stale revision left an event")
	}
	list := f.allEvents(t)
	last := list[len(list)-1]
	if last.Kind != chat.EventMessageChanged || last.Message.ID != first.ID || last.Message.Card.State != "success" || last.RoomSeq != first.RoomSeq {
		t.Fatalf("last event %+v", last)
	}
	card.RoomID = f.project(t, "q").ID
	if other, err := f.UpsertCard(t.Context(), card); err != nil || other.ID == first.ID {
		t.Fatalf("the same key in another room: %+v, %v", other, err)
	}
}

func TestCardRevisionsInAnyOrderEndWithTheNewest(t *testing.T) {
	f := open(t, chat.Config{})
	var all sync.WaitGroup
	const newest = 40
	for _, i := range rand.Perm(newest) {
		all.Go(func() {
			_, err := f.UpsertCard(context.Background(), chat.CardRequest{
				RoomID: chat.AllRoomID, Key: "run:1", Revision: int64(i + 1), Run: chat.RunCard{Number: int64(i + 1)}, Text: "run",
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := f.state(t, chat.AllRoomID, "ann")
	if s.LastSeq != 1 || s.Last.Card.Number != newest || s.Unread != 1 {
		t.Fatalf("%d messages, card of revision %d", s.LastSeq, s.Last.Card.Number)
	}
	var revision int64
	for _, e := range f.allEvents(t)[1:] {
		if e.Message.Revision < revision {
			t.Fatalf("revision %d after %d", e.Message.Revision, revision)
		}
		revision = e.Message.Revision
	}
}
