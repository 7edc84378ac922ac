package account_test

import (
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"croft/account"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
)

// gorm's cache of prepared statements sweeps itself and cannot be closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

// clock is a time that only moves when told to.
type clock struct {
	mu sync.Mutex // guards at
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a service on a real database.
type world struct {
	*account.Service
	t     *testing.T
	db    *store.DB
	bus   *events.Bus
	clock *clock
}

const goodPassword = "correct horse battery"

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 8}
	config.Now = c.now
	bus := events.New()
	return &world{account.New(db, seal.New([seal.KeySize]byte{1}), bus, config), t, db, bus, c}
}

func (w *world) user(name string, admin bool) account.User {
	w.t.Helper()
	u, err := w.CreateUser(w.t.Context(), account.NewUser{Name: name, Password: goodPassword, Admin: admin})
	if err != nil {
		w.t.Fatalf("create user %s: %v", name, err)
	}
	return u
}

func (w *world) login(name string) (string, account.Session) {
	w.t.Helper()
	token, session, err := w.Login(w.t.Context(), name, goodPassword, "", account.Client{Address: "192.0.2.1", UserAgent: "test"})
	if err != nil {
		w.t.Fatalf("login %s: %v", name, err)
	}
	return token, session
}

func (w *world) project(slug string, owner account.User) account.Project {
	w.t.Helper()
	p, err := w.CreateProject(w.t.Context(), owner.ID, account.NewProject{Slug: slug})
	if err != nil {
		w.t.Fatalf("create project %s: %v", slug, err)
	}
	return p
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
