//go:build unix

package pipeline_test

import (
	"archive/tar"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/pipeline"
)

// world is what stands around a Service and survives its restarts: the state
// folder, the object store, the engine and the Git server.
type world struct {
	t        *testing.T
	state    string
	source   *fakeSource
	executor *shell
	blobs    *blobs
	cfg      pipeline.Config

	// What takes the place of source and executor, when set.
	realSource   pipeline.Source
	realExecutor pipeline.Executor
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, state: t.TempDir(), source: &fakeSource{}, blobs: newBlobs(),
		executor: newShell(t),
		cfg: pipeline.Config{
			EngineGrace: time.Millisecond, RetryFirst: time.Millisecond, RetryMost: 20 * time.Millisecond, StopGrace: 10 * time.Second,
		},
	}
}

// room is one process: a Service on an open database.
type room struct {
	*pipeline.Service
	w    *world
	db   *store.DB
	bus  *events.Bus
	stop func() // ends Run and waits for it
	done bool
}

// open starts a process whose worker does not run yet.
func (w *world) open() *room {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), w.state, migrations.Files)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := w.cfg
	cfg.StateDir = w.state
	r := &room{w: w, db: db, bus: events.New(), stop: func() {}}
	deps := pipeline.Deps{
		DB: db, Bus: r.bus, Source: w.source, Executor: w.executor, Blobs: w.blobs,
		Sealer: seal.New([seal.KeySize]byte{1}), Projects: projects{}, Log: slog.New(slog.DiscardHandler),
	}
	if w.realSource != nil {
		deps.Source = w.realSource
	}
	if w.realExecutor != nil {
		deps.Executor = w.realExecutor
	}
	r.Service = pipeline.New(deps, cfg)
	w.t.Cleanup(r.close)
	return r
}

// start opens a process and runs its worker.
func (w *world) start() *room {
	w.t.Helper()
	r := w.open()
	r.run()
	return r
}

func (r *room) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.w.t.Errorf("Run: %v", err)
		}
	})
}

// close stops the process in good order.
func (r *room) close() {
	if r.done {
		return
	}
	r.done = true
	r.stop()
	if err := r.db.Close(); err != nil {
		r.w.t.Errorf("close: %v", err)
	}
}

// crash leaves the state folder as a killed process would: the rows are copied
// while it runs, then it is stopped without its last words being kept.
func (r *room) crash() {
	r.w.t.Helper()
	frozen := r.w.t.TempDir()
	own, err := sql.Open("sqlite", filepath.Join(r.w.state, store.FileName))
	if err != nil {
		r.w.t.Fatal(err)
	}
	defer own.Close()
	if _, err := own.ExecContext(context.Background(), "VACUUM INTO ?", filepath.Join(frozen, store.FileName)); err != nil {
		r.w.t.Fatal(err)
	}
	copyLogs(r.w.t, frozen, r.w.state)
	r.w.executor.freeze(true)
	r.close()
	r.w.executor.freeze(false)
	r.w.state = frozen
}

// copyLogs copies the logs of a process that goes on; a file that is uploaded and
// removed meanwhile is left out.
func copyLogs(t *testing.T, to, from string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(from, "logs", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(target), 0o700), os.WriteFile(target, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// add adds the repository "app" of project p1.
func (r *room) add() pipeline.Repository {
	r.w.t.Helper()
	repo, _, err := r.AddRepository(r.w.t.Context(), pipeline.NewRepository{ProjectID: "p1", Name: "app", CloneURL: "https://git.example.com/app.git"})
	if err != nil {
		r.w.t.Fatal(err)
	}
	return repo
}

func (r *room) trigger(repoID string, req pipeline.TriggerRequest) pipeline.Run {
	r.w.t.Helper()
	if req.Kind == "" {
		req.Kind = pipeline.TriggerManual
	}
	run, err := r.Trigger(r.w.t.Context(), repoID, req)
	if err != nil {
		r.w.t.Fatal(err)
	}
	return run
}

// await waits, woken by events, until the run is as ok wants it.
func (r *room) await(runID string, ok func(pipeline.Run) bool) pipeline.Run {
	r.w.t.Helper()
	ctx, cancel := context.WithTimeout(r.w.t.Context(), time.Minute) // a hung test says where it hung
	defer cancel()
	for {
		changes := events.Subscribe[events.RunChanged](r.bus, 64)
		run, err := r.RunByID(ctx, runID)
		if err != nil {
			changes.Close()
			r.w.t.Fatal(err)
		}
		if ok(run) {
			changes.Close()
			return run
		}
		select {
		case <-changes.C():
		case <-ctx.Done():
			changes.Close()
			r.w.t.Fatalf("waited in vain; the run is %s", show(run))
		}
		changes.Close()
	}
}

func (r *room) final(runID string) pipeline.Run {
	r.w.t.Helper()
	return r.await(runID, func(run pipeline.Run) bool { return run.State.Final() })
}

// show is a run's outcome in one line.
func show(run pipeline.Run) string {
	out := string(run.State)
	for _, stage := range run.Stages {
		out += fmt.Sprintf(" %s=%s(", stage.Name, stage.State)
		for i, step := range stage.Steps {
			if i > 0 {
				out += " "
			}
			out += fmt.Sprintf("%s=%s", step.Name, step.State)
			if step.ExitCode != nil {
				out += fmt.Sprintf(":%d", *step.ExitCode)
			}
		}
		out += ")"
	}
	return out
}

// log reads a step's whole log.
func (r *room) log(runID, stepID string) string {
	r.w.t.Helper()
	lines, err := r.Service.OpenLog(r.w.t.Context(), runID, stepID, 0, true)
	if err != nil {
		r.w.t.Fatal(err)
	}
	defer lines.Close()
	var out []string
	for {
		line, err := lines.Next(r.w.t.Context())
		if errors.Is(err, io.EOF) {
			return strings.Join(out, "\n")
		}
		if err != nil {
			r.w.t.Fatal(err)
		}
		out = append(out, line.Text)
	}
}

type projects struct{}

func (projects) Slug(_ context.Context, id string) (string, error) { return "slug-" + id, nil }

// fakeSource is a Git server of one repository in memory.
type fakeSource struct {
	mu    sync.Mutex
	files map[string]string
	err   error
	seen  []pipeline.Remote
	gate  chan struct{} // when set, Fetch waits for it
}

func (f *fakeSource) set(files map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files = maps.Clone(files)
}

// pipe sets the repository to one that holds only this pipeline.
func (f *fakeSource) pipe(text string) { f.set(map[string]string{".croft.yml": text}) }

func (f *fakeSource) Check(_ context.Context, remote pipeline.Remote, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, remote)
	return f.err
}

func (f *fakeSource) Fetch(ctx context.Context, remote pipeline.Remote, want pipeline.Revision) (pipeline.Checkout, error) {
	f.mu.Lock()
	gate := f.gate
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, remote)
	if want.Commit == "" {
		want.Commit = strings.Repeat("c", 40)
	}
	return &fakeCheckout{files: maps.Clone(f.files), hash: want.Commit}, f.err
}

type fakeCheckout struct {
	files map[string]string
	hash  string
}

func (c *fakeCheckout) Commit() pipeline.Commit {
	return pipeline.Commit{Hash: c.hash, Message: "A message\n\nbody", Author: "Ada"}
}
func (c *fakeCheckout) Close() error { return nil }
func (c *fakeCheckout) File(name string, _ int64) ([]byte, error) {
	if text, ok := c.files[name]; ok {
		return []byte(text), nil
	}
	return nil, errs.New(errs.NotFound, "file_not_found", "no such file")
}

func (c *fakeCheckout) Tar(_ context.Context, w io.Writer) error {
	out := tar.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(c.files[name]))}); err != nil {
			return err
		}
		if _, err := io.WriteString(out, c.files[name]); err != nil {
			return err
		}
	}
	return out.Close()
}

// shell is an engine that runs scripts with this machine's /bin/sh and keeps
// count of what runs hold.
type shell struct {
	t    *testing.T
	root string

	mu      sync.Mutex // guards the following fields
	away    bool
	frozen  bool           // a killed process stops nothing and removes nothing
	held    map[string]int // run → Prepare calls not yet removed
	removed map[string]int // run → Remove calls
	broken  map[string]error
	specs   []pipeline.StepSpec
	busy    int    // Run calls that have not returned
	evil    string // what Collect says a file is called
}

func newShell(t *testing.T) *shell {
	return &shell{t: t, root: t.TempDir(), held: map[string]int{}, removed: map[string]int{}, broken: map[string]error{}}
}

func (e *shell) freeze(on bool)  { e.mu.Lock(); defer e.mu.Unlock(); e.frozen = on }
func (e *shell) setAway(on bool) { e.mu.Lock(); defer e.mu.Unlock(); e.away = on }

// fail makes the steps of that name end with err.
func (e *shell) fail(step string, err error) { e.mu.Lock(); defer e.mu.Unlock(); e.broken[step] = err }

func (e *shell) holds() map[string]int { e.mu.Lock(); defer e.mu.Unlock(); return maps.Clone(e.held) }
func (e *shell) removals(run string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.removed[run]
}

func (e *shell) gone() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.away || e.frozen {
		return errs.New(errs.Unavailable, "engine_unavailable", "no engine")
	}
	return nil
}

func (e *shell) Check(context.Context) pipeline.ExecutorStatus {
	if e.gone() != nil {
		return pipeline.ExecutorStatus{Message: "Install Docker."}
	}
	return pipeline.ExecutorStatus{Available: true, Version: "1"}
}

func (e *shell) dir(runID string) string { return filepath.Join(e.root, runID) }

func (e *shell) Prepare(_ context.Context, runID, _ string, files io.Reader) error {
	e.mu.Lock()
	e.held[runID]++
	e.mu.Unlock()
	if err := e.gone(); err != nil {
		return err
	}
	if err := os.MkdirAll(e.dir(runID), 0o755); err != nil {
		return err
	}
	for in := tar.NewReader(files); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(in)
		if err == nil {
			err = os.WriteFile(filepath.Join(e.dir(runID), h.Name), data, 0o755)
		}
		if err != nil {
			return err
		}
	}
}

func (e *shell) Run(ctx context.Context, step pipeline.StepSpec, logs pipeline.LogSink) (pipeline.StepResult, error) {
	e.mu.Lock()
	broken := e.broken[step.Name]
	e.specs = append(e.specs, step)
	e.busy++
	e.mu.Unlock()
	defer func() { e.mu.Lock(); e.busy--; e.mu.Unlock() }()
	if broken != nil {
		return pipeline.StepResult{}, broken
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-e", "-c", strings.Join(step.Script, "\n"))
	cmd.Dir = e.dir(step.RunID)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range step.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	started := time.Now()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return pipeline.StepResult{}, err
	}
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return pipeline.StepResult{}, err
	}
	buf := make([]byte, 4096)
	var rest []byte
	for {
		n, err := out.Read(buf)
		rest = append(rest, buf[:n]...)
		if end := bytes.LastIndexByte(rest, '\n') + 1; end > 0 {
			logs.WriteLog(time.Now(), "stdout", rest[:end])
			rest = append([]byte(nil), rest[end:]...)
		}
		if err != nil {
			break
		}
	}
	logs.WriteLog(time.Now(), "stdout", rest)
	err = cmd.Wait()
	if ctx.Err() != nil {
		return pipeline.StepResult{}, ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return pipeline.StepResult{}, err
	}
	return pipeline.StepResult{ExitCode: cmd.ProcessState.ExitCode(), StartedAt: started, FinishedAt: time.Now()}, nil
}

func (e *shell) Collect(ctx context.Context, runID, pattern string, put func(context.Context, string, int64, io.Reader) error) (int, error) {
	found, err := filepath.Glob(filepath.Join(e.dir(runID), pattern))
	if err != nil {
		return 0, err
	}
	for _, path := range found {
		data, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		name, err := filepath.Rel(e.dir(runID), path)
		if err != nil {
			return 0, err
		}
		if e.evil != "" {
			name = e.evil
		}
		if err := put(ctx, filepath.ToSlash(name), int64(len(data)), bytes.NewReader(data)); err != nil {
			return 0, err
		}
	}
	return len(found), nil
}

func (e *shell) Remove(_ context.Context, runID string) error {
	if err := e.gone(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.held, runID)
	e.removed[runID]++
	return os.RemoveAll(e.dir(runID))
}

func (e *shell) Leftovers(context.Context) ([]string, error) {
	if err := e.gone(); err != nil {
		return nil, err
	}
	return slices.Collect(maps.Keys(e.holds())), nil
}

// blobs is an object store in memory.
type blobs struct {
	mu      sync.Mutex
	refuse  error         // what Put answers
	gate    chan struct{} // when set, Put waits for it
	deleted []string      // prefixes
	objects map[string][]byte
	owners  map[string]string
	changed chan struct{} // closed and replaced by every Put and Delete
}

func newBlobs() *blobs {
	return &blobs{objects: map[string][]byte{}, owners: map[string]string{}, changed: make(chan struct{})}
}

func (b *blobs) refusePuts(err error) { b.mu.Lock(); defer b.mu.Unlock(); b.refuse = err }

func (b *blobs) tell() { close(b.changed); b.changed = make(chan struct{}) }

// await waits until ok says yes to the store's content.
func (b *blobs) await(t *testing.T, ok func(objects map[string][]byte) bool) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		b.mu.Lock()
		good, changed := ok(b.objects), b.changed
		b.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatal("the object store never came to that state")
		}
	}
}

func (b *blobs) EnsureBucket(_ context.Context, bucket, project string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if owner, ok := b.owners[bucket]; ok && owner != project {
		return errs.New(errs.Conflict, "bucket_exists", "The bucket belongs to another project.")
	}
	b.owners[bucket] = project
	return nil
}

func (b *blobs) Put(_ context.Context, bucket, key, _ string, size int64, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	b.mu.Lock()
	gate := b.gate
	b.mu.Unlock()
	if gate != nil {
		<-gate
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	if _, ok := b.owners[bucket]; !ok || int64(len(data)) != size {
		return errs.New(errs.Invalid, "body_incomplete", "no bucket, or a wrong size")
	}
	b.objects[bucket+"/"+key] = data
	b.tell()
	return nil
}

func (b *blobs) Open(_ context.Context, bucket, key string, offset int64) (io.ReadCloser, int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.objects[bucket+"/"+key]
	if !ok {
		return nil, 0, errs.New(errs.NotFound, "object_not_found", "no such object")
	}
	return io.NopCloser(bytes.NewReader(data[min(offset, int64(len(data))):])), int64(len(data)), nil
}

func (b *blobs) DeletePrefix(_ context.Context, bucket, prefix string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deleted = append(b.deleted, prefix)
	maps.DeleteFunc(b.objects, func(key string, _ []byte) bool { return strings.HasPrefix(key, bucket+"/"+prefix) })
	b.tell()
	return nil
}
