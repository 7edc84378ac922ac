package chat_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"croft/chat"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/store"
	"croft/migrations"
)

func TestMain(m *testing.M) {
	// gorm's statement cache never ends its goroutine.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

// blobs is an object store in memory.
type blobs struct {
	mu      sync.Mutex // guards the following 2 fields
	objects map[string][]byte
	failing error
}

func (b *blobs) Put(_ context.Context, bucket, key, _ string, _ int64, body io.Reader) error {
	data, err := io.ReadAll(body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		err = b.failing
	}
	if err != nil {
		return err
	}
	b.objects[bucket+"/"+key] = data
	return nil
}

func (b *blobs) Open(_ context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.objects[bucket+"/"+key]
	if !ok {
		return nil, errs.New(errs.NotFound, "object_not_found", "none")
	}
	data = data[offset:]
	if length >= 0 {
		data = data[:length]
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (b *blobs) Delete(_ context.Context, bucket, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.objects, bucket+"/"+key)
	return nil
}

func (b *blobs) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.objects)
}

type fixture struct {
	*chat.Service
	db    *store.DB
	bus   *events.Bus
	blobs *blobs
	dir   string
	clock time.Time
}

func open(t *testing.T, config chat.Config) *fixture {
	t.Helper()
	f := &fixture{bus: events.New(), blobs: &blobs{objects: map[string][]byte{}}, dir: t.TempDir(), clock: time.UnixMilli(1_700_000_000_000)}
	config.Now = func() time.Time { return f.clock }
	f.reopen(t, config)
	return f
}

// reopen starts chat anew on the same folder, as after a crash.
func (f *fixture) reopen(t *testing.T, config chat.Config) {
	t.Helper()
	db, err := store.Open(t.Context(), f.dir, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if config.Now == nil {
		config.Now = func() time.Time { return f.clock }
	}
	f.db, f.Service = db, chat.New(db, f.bus, f.blobs, config)
}

func (f *fixture) direct(t *testing.T, users ...string) chat.Room {
	t.Helper()
	room, err := f.DirectRoom(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

func (f *fixture) project(t *testing.T, id string) chat.Room {
	t.Helper()
	room, err := f.EnsureProjectRoom(t.Context(), id, "Project "+id)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

var clientIDs struct {
	sync.Mutex
	n int
}

func newClientID() string {
	clientIDs.Lock()
	defer clientIDs.Unlock()
	clientIDs.n++
	return fmt.Sprintf("c%d", clientIDs.n)
}

func (f *fixture) post(t *testing.T, roomID, author, text string) chat.Message {
	t.Helper()
	m, err := f.Post(t.Context(), chat.PostRequest{RoomID: roomID, AuthorID: author, ClientID: newClientID(), Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (f *fixture) allEvents(t *testing.T) []chat.Event {
	t.Helper()
	list, err := f.EventsSince(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (f *fixture) state(t *testing.T, roomID, userID string) chat.RoomState {
	t.Helper()
	state, err := f.RoomState(t.Context(), roomID, userID)
	if err != nil {
		t.Fatal(err)
	}
	return state
}
