package notification

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

// quickDir returns a folder in memory where there is one.
func quickDir(tb testing.TB) string {
	tb.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "croft"); err == nil {
		tb.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return tb.TempDir()
}

// world is a store that tells of what happens in "bucket", and what it tells of.
type world struct {
	*testing.T
	folder    string
	store     *erasure.Store
	db        *store.DB
	announcer *Announcer
	*Service
	own  *own
	stop func()
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, folder: quickDir(t), own: &own{}}
	w.open()
	if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket", Owner: "project"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// open opens store and room; nothing is delivered before run.
func (w *world) open() {
	w.Helper()
	w.announcer = NewAnnouncer()
	var err error
	w.store, err = erasure.Open(w.Context(), erasure.Config{
		Drives: []string{w.folder + "/a", w.folder + "/b"}, Parity: -1, Catalogue: w.folder + "/catalogue.db", Announcer: w.announcer,
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = w.store.Close() })
	if w.db == nil {
		if w.db, err = store.Open(w.Context(), w.folder, migrations.Files); err != nil {
			w.Fatal(err)
		}
		w.Cleanup(func() { _ = w.db.Close() })
	}
	w.Service = New(Deps{
		DB: w.db, Sealer: seal.New([32]byte{1}), Store: w.store, Announcer: w.announcer, Own: w.own, Log: slog.New(slog.NewTextHandler(w.Output(), nil)),
	}, Config{FirstPause: 5 * time.Millisecond, LastPause: 20 * time.Millisecond, Gather: time.Millisecond, BusyPause: time.Millisecond})
	if err := w.Open(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// run delivers until stop.
func (w *world) run() {
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Service.Run(ctx)
	}()
	w.stop = sync.OnceFunc(func() { cancel(); <-ended })
	w.Cleanup(w.stop)
}

// rule gives the bucket one rule.
func (w *world) rule(arn string, events ...string) {
	w.Helper()
	w.rules(Rule{ID: "rule", ARN: arn, Events: events})
}

func (w *world) rules(rules ...Rule) {
	w.Helper()
	if err := w.Set(w.Context(), "bucket", rules); err != nil {
		w.Fatal(err)
	}
}

func (w *world) put(key, body string) {
	w.Helper()
	w.putAs(w.Context(), key, body)
}

func (w *world) putAs(ctx context.Context, key, body string) {
	w.Helper()
	_, err := w.store.Put(ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: strings.NewReader(body), Size: int64(len(body))})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) remove(key string) {
	w.Helper()
	if _, err := w.store.Delete(w.Context(), "bucket", key); err != nil {
		w.Fatal(err)
	}
}

func (w *world) hook(n NewHook) {
	w.Helper()
	if err := w.AddHook(w.Context(), n); err != nil {
		w.Fatal(err)
	}
}

// status is how the one target is.
func (w *world) status() Status {
	w.Helper()
	all, err := w.Statuses(w.Context(), "bucket")
	if err != nil || len(all) != 1 {
		w.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}

// receiver is a webhook's other end on loopback.
type receiver struct {
	*httptest.Server
	got chan struct{} // holds something after each request

	mu     sync.Mutex // guards what follows
	bodies []string
	answer func(r *http.Request, body string) int // nil is 200
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{got: make(chan struct{}, 1)}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP notes what it takes.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(q, string(body))
	}
	if status == http.StatusOK {
		r.bodies = append(r.bodies, string(body))
	}
	r.mu.Unlock()
	w.WriteHeader(status)
	select {
	case r.got <- struct{}{}:
	default:
	}
}

func (r *receiver) answers(f func(*http.Request, string) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

// said is what was taken, test events left out, as "Put key".
func (r *receiver) said() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.bodies {
		var e struct {
			EventName, Key string
			Records        []record
		}
		if json.Unmarshal([]byte(b), &e) == nil && len(e.Records) == 1 {
			all = append(all, strings.TrimPrefix(e.EventName, "s3:")+" "+strings.TrimPrefix(e.Key, "bucket/"))
		}
	}
	return all
}

// awaits waits until it has taken so many different events.
func (r *receiver) awaits(t *testing.T, count int) []string {
	t.Helper()
	for {
		if said := r.said(); len(said) >= count {
			return said
		}
		select {
		case <-r.got:
		case <-t.Context().Done():
			t.Fatal("ended")
		}
	}
}

// own are Croft's own targets.
type own struct {
	mu   sync.Mutex // guards what follows
	got  []string
	ids  map[string]int // how many events came under each
	fail error
	took chan struct{}
}

// Check implements Own.
func (o *own) Check(_ context.Context, owner string, t Target) error {
	if owner != "project" || t.Kind == Pipeline && t.Name != "shop" {
		return errs.New(errs.NotFound, "nothing", "There is no such repository.")
	}
	return nil
}

// Offer implements Own.
func (o *own) Offer(context.Context, string) ([]Target, error) {
	return []Target{{Kind: Room}, {Kind: Pipeline, Name: "shop"}}, nil
}

// Deliver implements Own.
func (o *own) Deliver(_ context.Context, owner string, t Target, events []Event, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	var keys []string
	for _, e := range events {
		keys = append(keys, e.Key)
	}
	o.got = append(o.got, owner+" "+string(t.Kind)+" "+t.Name+t.Branch+" "+strings.Join(keys, " "))
	if o.ids == nil {
		o.ids = map[string]int{}
	}
	o.ids[id] += len(events)
	if o.took != nil {
		o.took <- struct{}{}
	}
	return nil
}

func wantCode(t *testing.T, err, want error, part string) {
	t.Helper()
	code, message := errs.Public(err)
	wanted, _ := errs.Public(want)
	if code != wanted || !strings.Contains(message, part) {
		t.Fatalf("%v, want %s with %q", err, wanted, part)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
