package chat_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"croft/chat"
)

func fileRequest(name, body string) chat.PostFileRequest {
	return chat.PostFileRequest{
		RoomID: chat.AllRoomID, AuthorID: "ann", ClientID: newClientID(), Name: name, ContentType: "text/plain; charset=utf-8",
		Size: int64(len(body)), Body: strings.NewReader(body),
	}
}

func TestPostFile(t *testing.T) {
	f := open(t, chat.Config{})
	r := fileRequest("报告.txt", "hello world")
	m, err := f.PostFile(t.Context(), r)
	if err != nil || m.Kind != chat.MessageFile || m.File.Size != 11 || m.Text != "报告.txt" || m.File.RoomID != chat.AllRoomID {
		t.Fatalf("%+v, %v", m, err)
	}
	file, err := f.FileByID(t.Context(), m.File.ID)
	if err != nil || file != *m.File {
		t.Fatalf("%+v, %v, want %+v", file, err, m.File)
	}
	body, err := f.OpenFile(t.Context(), file, 6, 5)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(body)
	body.Close()
	if string(data) != "world" {
		t.Fatalf("read %q", data)
	}
	r.Body = failingReader{errors.New("must not be read")}
	if again, err := f.PostFile(t.Context(), r); err != nil || again.ID != m.ID {
		t.Fatalf("sent again: %+v, %v", again, err)
	}
	list := f.allEvents(t)
	if last := list[len(list)-1]; last.Message == nil || *last.Message.File != *m.File {
		t.Fatalf("event %+v", last)
	}
}

func TestUnknownSizeIsMeasured(t *testing.T) {
	f := open(t, chat.Config{})
	r := fileRequest("a", "12345")
	r.Size = -1
	if m, err := f.PostFile(t.Context(), r); err != nil || m.File.Size != 5 {
		t.Fatalf("%+v, %v", m.File, err)
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestFailedUploadLeavesNothing(t *testing.T) {
	f := open(t, chat.Config{MaxFile: 10})
	cut := errors.New("connection cut")
	check := func(name string, want error, change func(*chat.PostFileRequest)) {
		t.Helper()
		r := fileRequest("a", "12345")
		change(&r)
		if _, err := f.PostFile(t.Context(), r); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	check("announced too large", chat.ErrFileTooLarge, func(r *chat.PostFileRequest) { r.Size = 11 })
	check("too large", chat.ErrFileTooLarge, func(r *chat.PostFileRequest) { r.Size, r.Body = -1, strings.NewReader("12345678901") })
	check("short", chat.ErrFileIncomplete, func(r *chat.PostFileRequest) { r.Size = 6 })
	check("cut off", cut, func(r *chat.PostFileRequest) { r.Body = io.MultiReader(strings.NewReader("12"), failingReader{cut}) })
	check("room", chat.ErrRoomNotFound, func(r *chat.PostFileRequest) { r.RoomID = "nowhere" })
	full := errors.New("drives are full")
	f.blobs.failing = full
	check("full", full, func(*chat.PostFileRequest) {})
	if n := f.blobs.count(); n != 0 {
		t.Errorf("%d objects are left", n)
	}
	if n := f.state(t, chat.AllRoomID, "bob").LastSeq; n != 0 {
		t.Errorf("%d messages", n)
	}
}

// endless is a body without an end; read counts what was taken of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 1<<20 {
		return 0, errors.New("enough")
	}
	e.read += len(p)
	return len(p), nil
}

func TestEndlessBodyIsCutOff(t *testing.T) {
	f := open(t, chat.Config{MaxFile: 10})
	body := &endless{}
	r := fileRequest("a", "")
	r.Size, r.Body = -1, body
	if _, err := f.PostFile(t.Context(), r); !errors.Is(err, chat.ErrFileTooLarge) {
		t.Fatalf("got %v", err)
	}
	if body.read > 64<<10 {
		t.Fatalf("%d bytes were read", body.read)
	}
}

// crashingBlobs stores the object and then stops the world, as a kill would.
type crashingBlobs struct {
	*blobs
	crash func()
}

func (b crashingBlobs) Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error {
	err := b.blobs.Put(ctx, bucket, key, contentType, size, body)
	b.crash()
	return err
}

func (b crashingBlobs) Delete(context.Context, string, string) error { return errors.New("dead") }

func TestSweepRemovesWhatACrashLeft(t *testing.T) {
	f := open(t, chat.Config{})
	kept, err := f.PostFile(t.Context(), fileRequest("kept", "kept"))
	if err != nil {
		t.Fatal(err)
	}
	dying := chat.New(f.db, f.bus, crashingBlobs{f.blobs, func() { f.db.Close() }}, chat.Config{Now: func() time.Time { return f.clock }})
	if _, err := dying.PostFile(t.Context(), fileRequest("lost", "lost")); err == nil {
		t.Fatal("the commit survived a closed database")
	}
	f.reopen(t, chat.Config{OrphanAge: time.Hour})
	sweep := func() {
		t.Helper()
		if err := chat.SweepForTest(t.Context(), f.Service); err != nil {
			t.Fatal(err)
		}
	}
	f.clock = f.clock.Add(59 * time.Minute)
	if sweep(); f.blobs.count() != 2 {
		t.Fatal("a young upload was swept")
	}
	f.clock = f.clock.Add(2 * time.Minute)
	if sweep(); f.blobs.count() != 1 {
		t.Fatalf("%d objects, want the kept one", f.blobs.count())
	}
	if _, err := f.OpenFile(t.Context(), *kept.File, 0, -1); err != nil {
		t.Fatal(err)
	}
}

// lateBlobs lets something happen between the object and the message.
type lateBlobs struct {
	*blobs
	then func()
}

func (b lateBlobs) Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error {
	defer b.then()
	return b.blobs.Put(ctx, bucket, key, contentType, size, body)
}

func TestSweptUploadBecomesNoMessage(t *testing.T) {
	f := open(t, chat.Config{OrphanAge: time.Hour})
	slow := chat.New(f.db, f.bus, lateBlobs{f.blobs, func() {
		f.clock = f.clock.Add(2 * time.Hour)
		if err := chat.SweepForTest(t.Context(), f.Service); err != nil {
			t.Error(err)
		}
	}}, chat.Config{Now: func() time.Time { return f.clock }})
	if _, err := slow.PostFile(t.Context(), fileRequest("slow", "slow")); !errors.Is(err, chat.ErrUploadExpired) {
		t.Fatalf("got %v", err)
	}
	if n := f.state(t, chat.AllRoomID, "bob").LastSeq; n != 0 || f.blobs.count() != 0 {
		t.Fatalf("%d messages, %d objects", n, f.blobs.count())
	}
}

// deletingBlobs lets something happen before the first deletion.
type deletingBlobs struct {
	*blobs
	first func()
}

func (b *deletingBlobs) Delete(ctx context.Context, bucket, key string) error {
	if first := b.first; first != nil {
		b.first = nil
		first()
	}
	return b.blobs.Delete(ctx, bucket, key)
}

func TestFilePostedDuringASweepStays(t *testing.T) {
	f := open(t, chat.Config{})
	err := f.db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO chat_files (id, room_id, room_seq, name, content_type, size, created_at) VALUES ('orphan', 'all', 0, 'a', '', 0, 1)").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	stored, finish, posted := make(chan struct{}), make(chan struct{}), make(chan error)
	upload := chat.New(f.db, f.bus, lateBlobs{f.blobs, func() { close(stored); <-finish }}, chat.Config{Now: func() time.Time { return f.clock }})
	go func() {
		_, err := upload.PostFile(context.Background(), fileRequest("slow", "slow"))
		posted <- err
	}()
	<-stored
	sweeper := chat.New(f.db, f.bus, &deletingBlobs{f.blobs, func() {
		close(finish)
		if err := <-posted; err != nil {
			t.Error(err)
		}
	}}, chat.Config{Now: func() time.Time { return f.clock.Add(48 * time.Hour) }})
	if err := chat.SweepForTest(t.Context(), sweeper); err != nil {
		t.Fatal(err)
	}
	last := f.state(t, chat.AllRoomID, "bob").Last
	if last == nil || f.blobs.count() != 1 {
		t.Fatalf("message %+v, %d objects", last, f.blobs.count())
	}
	if _, err := f.FileByID(t.Context(), last.File.ID); err != nil {
		t.Fatal(err)
	}
}

func TestRunReturnsWhenStopped(t *testing.T) {
	f := open(t, chat.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx); err != nil {
		t.Fatal(err)
	}
}
