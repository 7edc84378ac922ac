package chat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"croft/chat"
	"croft/internal/errs"
	"croft/internal/events"
)

func TestPostNumbersAndAnnounces(t *testing.T) {
	f := open(t, chat.Config{})
	sub := events.Subscribe[events.MessagesCommitted](f.bus, 8)
	defer sub.Close()
	direct := f.direct(t, "ann", "bob")
	first := f.post(t, chat.AllRoomID, "ann", "hello 你好 🎉")
	second := f.post(t, direct.ID, "bob", "psst")
	third := f.post(t, chat.AllRoomID, "bob", "hi")
	if first.RoomSeq != 1 || second.RoomSeq != 1 || third.RoomSeq != 2 || first.Revision != 1 {
		t.Fatalf("room sequences %d %d %d", first.RoomSeq, second.RoomSeq, third.RoomSeq)
	}
	if !(first.Seq < second.Seq && second.Seq < third.Seq) {
		t.Fatalf("global sequence %d %d %d", first.Seq, second.Seq, third.Seq)
	}
	<-sub.C() // the room
	for _, want := range []int64{first.Seq, second.Seq, third.Seq} {
		if got := (<-sub.C()).Seq; got != want {
			t.Fatalf("announced %d, want %d", got, want)
		}
	}
	history, err := f.History(t.Context(), chat.AllRoomID, 0, 10)
	if err != nil || len(history) != 2 || history[0].ID != first.ID || history[1].ID != third.ID || history[0].Text != "hello 你好 🎉" {
		t.Fatalf("history %+v, %v", history, err)
	}
}

func TestPostRefuses(t *testing.T) {
	f := open(t, chat.Config{})
	check := func(name string, want error, r chat.PostRequest) {
		t.Helper()
		if _, err := f.Post(t.Context(), r); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	good := chat.PostRequest{RoomID: chat.AllRoomID, AuthorID: "ann", ClientID: "c", Text: "x"}
	with := func(change func(*chat.PostRequest)) chat.PostRequest { r := good; change(&r); return r }
	check("empty", chat.ErrTextEmpty, with(func(r *chat.PostRequest) { r.Text = "" }))
	check("blank", chat.ErrTextEmpty, with(func(r *chat.PostRequest) { r.Text = " \n\t" }))
	check("long", chat.ErrTextTooLong, with(func(r *chat.PostRequest) { r.Text = strings.Repeat("界", 16_001) }))
	check("NUL", chat.ErrTextInvalid, with(func(r *chat.PostRequest) { r.Text = "a\x00b" }))
	check("UTF-8", chat.ErrTextInvalid, with(func(r *chat.PostRequest) { r.Text = "a\xff" }))
	check("room", chat.ErrRoomNotFound, with(func(r *chat.PostRequest) { r.RoomID = "nowhere" }))
	check("no client ID", chat.ErrClientIDInvalid, with(func(r *chat.PostRequest) { r.ClientID = "" }))
	check("long client ID", chat.ErrClientIDInvalid, with(func(r *chat.PostRequest) { r.ClientID = strings.Repeat("c", 65) }))
	check("odd client ID", chat.ErrClientIDInvalid, with(func(r *chat.PostRequest) { r.ClientID = "a b" }))
	if head, err := f.Head(t.Context()); err != nil || head != 1 {
		t.Fatalf("a refused message left events: head %d, %v", head, err)
	}
	check("longest", nil, with(func(r *chat.PostRequest) { r.Text = strings.Repeat("界", 16_000) }))
}

func TestResendIsTheSameMessage(t *testing.T) {
	f := open(t, chat.Config{})
	direct := f.direct(t, "ann", "bob")
	r := chat.PostRequest{RoomID: chat.AllRoomID, AuthorID: "ann", ClientID: "once", Text: "x"}
	const senders = 20
	got := make([]chat.Message, senders)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			var err error
			if got[i], err = f.Post(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, m := range got {
		if m != got[0] {
			t.Fatalf("%+v differs from %+v", m, got[0])
		}
	}
	if n := f.state(t, chat.AllRoomID, "bob").LastSeq; n != 1 {
		t.Fatalf("%d messages", n)
	}
	r.RoomID = direct.ID
	if _, err := f.Post(t.Context(), r); !errors.Is(err, chat.ErrClientIDReused) {
		t.Fatalf("in another room: %v", err)
	}
	r.RoomID, r.AuthorID = chat.AllRoomID, "bob"
	if m, err := f.Post(t.Context(), r); err != nil || m.ID == got[0].ID {
		t.Fatalf("another author's same client ID: %v", err)
	}
}

func TestConcurrentPostersKeepOneOrder(t *testing.T) {
	f := open(t, chat.Config{})
	rooms := []string{chat.AllRoomID, f.direct(t, "ann", "bob").ID, f.project(t, "p").ID}
	before, err := f.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const posters, each = 8, 30
	var all sync.WaitGroup
	for p := range posters {
		all.Go(func() {
			var last int64
			for i := range each {
				m, err := f.Post(context.Background(), chat.PostRequest{
					RoomID: rooms[(p+i)%len(rooms)], AuthorID: "ann", ClientID: fmt.Sprintf("%d-%d", p, i), Text: "x",
				})
				if err != nil || m.Seq <= last {
					t.Errorf("seq %d after %d: %v", m.Seq, last, err)
				}
				last = m.Seq
			}
		})
	}
	all.Wait()
	inRoom := map[string]int64{}
	for i, e := range f.allEvents(t)[before:] {
		if e.Seq != before+int64(i)+1 {
			t.Fatalf("event %d has seq %d: a gap", i, e.Seq)
		}
		inRoom[e.RoomID]++
		if e.RoomSeq != inRoom[e.RoomID] || e.Message.RoomSeq != e.RoomSeq || e.Message.Seq != e.Seq {
			t.Fatalf("event %+v, want room sequence %d", e, inRoom[e.RoomID])
		}
	}
	if total := inRoom[rooms[0]] + inRoom[rooms[1]] + inRoom[rooms[2]]; total != posters*each {
		t.Fatalf("%d messages, want %d", total, posters*each)
	}
}

func TestAcknowledgedSurvivesReopen(t *testing.T) {
	f := open(t, chat.Config{})
	kept := f.post(t, chat.AllRoomID, "ann", "kept")
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := f.Post(t.Context(), chat.PostRequest{RoomID: chat.AllRoomID, AuthorID: "ann", ClientID: "late", Text: "lost"})
	if errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("post to a closed database: %v", err)
	}
	f.reopen(t, chat.Config{})
	history, err := f.History(t.Context(), chat.AllRoomID, 0, 10)
	if err != nil || len(history) != 1 || history[0] != kept {
		t.Fatalf("history %+v, %v, want %+v", history, err, kept)
	}
	if next := f.post(t, chat.AllRoomID, "ann", "next"); next.Seq <= kept.Seq || next.RoomSeq != 2 {
		t.Fatalf("next is %+v", next)
	}
}

func TestHistoryPages(t *testing.T) {
	f := open(t, chat.Config{})
	for i := range 7 {
		f.post(t, chat.AllRoomID, "ann", fmt.Sprint(i+1))
	}
	var seen []string
	for before := int64(0); ; {
		page, err := f.History(t.Context(), chat.AllRoomID, before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for i := range page {
			seen = append(seen, page[len(page)-1-i].Text)
		}
		before = page[0].RoomSeq
	}
	if got := strings.Join(seen, ""); got != "7654321" {
		t.Fatalf("pages hold %q", got)
	}
}
