package chat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm"

	"croft/chat"
	"croft/internal/store"
)

func TestDirectRoomIsOneASet(t *testing.T) {
	f := open(t, chat.Config{})
	var all sync.WaitGroup
	found := make([]string, 10)
	for i := range found {
		all.Go(func() {
			users := []string{"ann", "bob", "cat", "ann"}
			slices.Reverse(users[:1+i%3])
			room, err := f.DirectRoom(context.Background(), users)
			if err != nil {
				t.Error(err)
			}
			found[i] = room.ID
		})
	}
	all.Wait()
	if slices.Sort(found); found[0] != found[len(found)-1] {
		t.Fatalf("several rooms for one set: %v", found)
	}
	if smaller := f.direct(t, "ann", "bob"); smaller.ID == found[0] {
		t.Fatal("a subset got the same room")
	}
	room, err := f.RoomByID(t.Context(), found[0])
	if err != nil || !slices.Equal(room.Members, []string{"ann", "bob", "cat"}) || room.Kind != chat.RoomDirect {
		t.Fatalf("%+v, %v", room, err)
	}
	for _, bad := range [][]string{nil, {"ann"}, {"ann", "ann"}, {"ann", ""}, {"ann", "b,c"}, make([]string, 33)} {
		if _, err := f.DirectRoom(t.Context(), bad); !errors.Is(err, chat.ErrMembersInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTheDatabaseRefusesSecondRooms(t *testing.T) {
	f := open(t, chat.Config{})
	f.direct(t, "ann", "bob")
	f.project(t, "p")
	insert := func(kind string, project, members any) error {
		return f.db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO chat_rooms (id, kind, project_id, member_key, name, created_at) VALUES ('other', ?, ?, ?, '', 0)", kind, project, members).Error
		})
	}
	if err := insert("all", nil, nil); !store.Duplicate(err) {
		t.Errorf("a second room for all: %v", err)
	}
	if err := insert("project", "p", nil); !store.Duplicate(err) {
		t.Errorf("a second room for a project: %v", err)
	}
	if err := insert("direct", nil, "ann,bob"); !store.Duplicate(err) {
		t.Errorf("a second room for two people: %v", err)
	}
}

func TestProjectRoomIsMadeOnceAndRenamed(t *testing.T) {
	f := open(t, chat.Config{})
	first := f.project(t, "p")
	head, _ := f.Head(t.Context())
	if again := f.project(t, "p"); again.ID != first.ID {
		t.Fatal("a second room")
	}
	if now, _ := f.Head(t.Context()); now != head {
		t.Fatal("nothing changed, yet there is an event")
	}
	renamed, err := f.EnsureProjectRoom(t.Context(), "p", "Other")
	if err != nil || renamed.ID != first.ID || renamed.Name != "Other" {
		t.Fatalf("%+v, %v", renamed, err)
	}
	list := f.allEvents(t)
	if last := list[len(list)-1]; last.Kind != chat.EventRoom || last.Room.Name != "Other" {
		t.Fatalf("last event %+v", last)
	}
}

func TestVisibility(t *testing.T) {
	f := open(t, chat.Config{})
	ours, theirs := f.project(t, "ours"), f.project(t, "theirs")
	pair, group := f.direct(t, "ann", "bob"), f.direct(t, "ann", "bob", "cat")
	check := func(v chat.Viewer, want ...string) {
		t.Helper()
		visible, err := f.VisibleRooms(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := f.Rooms(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		if len(visible) != len(want) || len(snapshot.Rooms) != len(want) {
			t.Errorf("%+v sees %v and %d rooms, want %v", v, visible, len(snapshot.Rooms), want)
		}
		for _, id := range want {
			if !visible[id] || !slices.ContainsFunc(snapshot.Rooms, func(r chat.RoomState) bool { return r.ID == id }) {
				t.Errorf("%+v does not see %s", v, id)
			}
		}
	}
	check(chat.Viewer{UserID: "ann", Projects: []string{"ours"}}, chat.AllRoomID, ours.ID, pair.ID, group.ID)
	check(chat.Viewer{UserID: "cat"}, chat.AllRoomID, group.ID)
	check(chat.Viewer{UserID: "root", Projects: []string{"ours", "theirs", "gone"}}, chat.AllRoomID, ours.ID, theirs.ID)
	check(chat.Viewer{}, chat.AllRoomID)
}

func TestUnread(t *testing.T) {
	f := open(t, chat.Config{})
	check := func(user string, unread, read int64) {
		t.Helper()
		if s := f.state(t, chat.AllRoomID, user); s.Unread != unread || s.ReadSeq != read {
			t.Errorf("%s: unread %d read %d, want %d and %d", user, s.Unread, s.ReadSeq, unread, read)
		}
	}
	mark := func(user string, seq int64) {
		t.Helper()
		if err := f.MarkRead(t.Context(), chat.AllRoomID, user, seq); err != nil {
			t.Fatal(err)
		}
	}
	check("ann", 0, 0)
	f.post(t, chat.AllRoomID, "ann", "1")
	f.post(t, chat.AllRoomID, "bob", "2")
	f.post(t, chat.AllRoomID, "ann", "3")
	check("ann", 1, 0)
	check("bob", 2, 0)
	mark("bob", 1)
	check("bob", 1, 1)
	check("ann", 1, 0)
	mark("bob", 99)
	check("bob", 0, 3)
	mark("bob", 2)
	check("bob", 0, 3)
	last := f.post(t, chat.AllRoomID, "cat", "4")
	check("bob", 1, 3)
	if s := f.state(t, chat.AllRoomID, "bob"); s.Last == nil || *s.Last != last {
		t.Errorf("last message %+v", s.Last)
	}
	reads := 0
	for _, e := range f.allEvents(t) {
		if e.Kind == chat.EventRead {
			if reads++; e.UserID != "bob" || e.RoomSeq != 3 {
				t.Errorf("read event %+v", e)
			}
		}
	}
	if reads != 1 {
		t.Errorf("the log keeps %d read events of one reader and room", reads)
	}
	if err := f.MarkRead(t.Context(), "nowhere", "bob", 1); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("unknown room: %v", err)
	}
}

func TestUnreadStopsCounting(t *testing.T) {
	f := open(t, chat.Config{})
	var all sync.WaitGroup
	for i := range chat.MaxUnread + 50 {
		all.Go(func() {
			if _, err := f.Post(context.Background(), chat.PostRequest{RoomID: chat.AllRoomID, AuthorID: "ann", ClientID: fmt.Sprint(i), Text: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := f.state(t, chat.AllRoomID, "bob").Unread; n != chat.MaxUnread {
		t.Fatalf("unread %d", n)
	}
}

func TestDeletedProjectRoomTakesEverythingAlong(t *testing.T) {
	f := open(t, chat.Config{})
	doomed, kept := f.project(t, "doomed"), f.project(t, "kept")
	for _, room := range []chat.Room{doomed, kept} {
		r := fileRequest("a", "12345")
		r.RoomID = room.ID
		if _, err := f.PostFile(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		f.post(t, room.ID, "ann", "hello")
		if err := f.MarkRead(t.Context(), room.ID, "bob", 1); err != nil {
			t.Fatal(err)
		}
	}
	f.post(t, doomed.ID, "ann", "last")
	before, _ := f.Head(t.Context())
	for range 2 { // the second time there is nothing to do
		if err := f.DeleteProjectRoom(t.Context(), "doomed"); err != nil {
			t.Fatal(err)
		}
	}
	if head, _ := f.Head(t.Context()); head != before+1 {
		t.Errorf("the head moved from %d to %d", before, head)
	}
	if _, err := f.RoomByID(t.Context(), doomed.ID); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Errorf("the room: %v", err)
	}
	if n := f.blobs.count(); n != 1 {
		t.Errorf("%d objects, want the other room's", n)
	}
	for _, e := range f.allEvents(t) {
		if e.RoomID == doomed.ID {
			t.Errorf("event %+v is left", e)
		}
	}
	if s := f.state(t, kept.ID, "bob"); s.LastSeq != 2 || s.Unread != 1 {
		t.Errorf("the other room: %+v", s)
	}
	if again := f.project(t, "doomed"); again.ID == doomed.ID || again.LastSeq != 0 {
		t.Errorf("made anew: %+v", again)
	}
}

// earlyBlobs lets something happen between the upload's row and its object.
type earlyBlobs struct {
	*blobs
	first func()
}

func (b earlyBlobs) Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error {
	b.first()
	return b.blobs.Put(ctx, bucket, key, contentType, size, body)
}

func TestRoomDeletedDuringAnUploadLeavesNoObject(t *testing.T) {
	f := open(t, chat.Config{})
	slow := chat.New(f.db, f.bus, earlyBlobs{f.blobs, func() {
		if err := f.DeleteProjectRoom(context.Background(), "doomed"); err != nil {
			t.Error(err)
		}
	}}, chat.Config{})
	r := fileRequest("a", "12345")
	r.RoomID = f.project(t, "doomed").ID
	if _, err := slow.PostFile(t.Context(), r); !errors.Is(err, chat.ErrRoomNotFound) {
		t.Fatalf("got %v", err)
	}
	if n := f.blobs.count(); n != 0 {
		t.Fatalf("%d objects", n)
	}
}
