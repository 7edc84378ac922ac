package server_test

import (
	"archive/tar"
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/pipeline"
	"croft/server"
)

// builds is a pipeline room with a Git server and an engine of the test's own.
type builds struct {
	*pipeline.Service
	engine *engine
	source *source
	stop   func()
}

// withPipelines adds the room and starts its worker.
func withPipelines(t *testing.T, b *builds) func(*console, *store.DB, *server.Deps) {
	return func(c *console, db *store.DB, deps *server.Deps) {
		b.engine, b.source = &engine{gate: make(chan struct{})}, &source{}
		b.Service = pipeline.New(pipeline.Deps{
			DB: db, Bus: events.New(), Source: b.source, Executor: b.engine, Blobs: &noBlobs{}, Sealer: seal.New([seal.KeySize]byte{2}),
			Projects: slugs{c.accounts}, Log: slog.New(slog.DiscardHandler),
		}, pipeline.Config{StateDir: t.TempDir(), RetryFirst: time.Millisecond, RetryMost: time.Millisecond})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		b.stop = sync.OnceFunc(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(b.stop)
		deps.Pipelines = b.Service
	}
}

type slugs struct{ accounts *account.Service }

func (s slugs) Slug(ctx context.Context, id string) (string, error) {
	p, err := s.accounts.Project(ctx, id)
	return p.Slug, err
}

// source is a Git server whose every repository has one pipeline of two stages.
type source struct {
	mu  sync.Mutex // guards err
	err error
}

func (s *source) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *source) Check(context.Context, pipeline.Remote, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *source) Fetch(context.Context, pipeline.Remote, pipeline.Revision) (pipeline.Checkout, error) {
	return checkout{}, nil
}

type checkout struct{}

func (checkout) Commit() pipeline.Commit {
	return pipeline.Commit{Hash: strings.Repeat("a", 40), Message: "Say hello", Author: "Ada"}
}

func (checkout) File(string, int64) ([]byte, error) {
	return []byte("stages:\n- name: build\n  steps:\n  - {name: compile, image: img, script: x}\n- name: check\n  steps:\n  - {name: fails, image: img, script: x}\n"), nil
}
func (checkout) Tar(_ context.Context, w io.Writer) error { return tar.NewWriter(w).Close() }
func (checkout) Close() error                             { return nil }

// engine says two lines a step, waits for its gate between them, and lets the step
// "fails" fail.
type engine struct {
	gate chan struct{}
	mu   sync.Mutex // guards away
	away bool
}

func (e *engine) leave(away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.away = away
}

func (e *engine) Check(context.Context) pipeline.ExecutorStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	return pipeline.ExecutorStatus{Available: !e.away, Message: "Install Docker."}
}

func (e *engine) Prepare(_ context.Context, _, _ string, files io.Reader) error {
	_, err := io.Copy(io.Discard, files)
	return err
}

func (e *engine) Run(ctx context.Context, step pipeline.StepSpec, logs pipeline.LogSink) (pipeline.StepResult, error) {
	logs.WriteLog(time.Now(), "stdout", fmt.Appendf(nil, "first of %s with %s\n", step.Name, step.Env["WHO"]))
	select {
	case <-e.gate:
	case <-ctx.Done():
		return pipeline.StepResult{}, ctx.Err()
	}
	logs.WriteLog(time.Now(), "stderr", []byte("second <&>\n"))
	if step.Name == "fails" {
		return pipeline.StepResult{ExitCode: 2}, nil
	}
	return pipeline.StepResult{}, nil
}

func (e *engine) Collect(context.Context, string, string, func(context.Context, string, int64, io.Reader) error) (int, error) {
	return 0, nil
}
func (e *engine) Remove(context.Context, string) error        { return nil }
func (e *engine) Leftovers(context.Context) ([]string, error) { return nil, nil }

// noBlobs takes no log, so that they stay where they are.
type noBlobs struct{}

func (noBlobs) EnsureBucket(context.Context, string, string) error { return nil }
func (noBlobs) Put(context.Context, string, string, string, int64, io.Reader) error {
	return errs.New(errs.Unavailable, "write_quorum", "Too few drives.")
}

func (noBlobs) Open(context.Context, string, string, int64) (io.ReadCloser, int64, error) {
	return nil, 0, errs.New(errs.NotFound, "object_not_found", "There is no such object.")
}
func (noBlobs) DeletePrefix(context.Context, string, string) error { return nil }

// team is a project "web" with somebody in each role.
func team(c *console) {
	for _, name := range []string{"boss", "maint", "dev", "view"} {
		c.user(name, name == "boss")
	}
	c.project("web", "boss", map[string]account.Role{"maint": account.Maintainer, "dev": account.Developer, "view": account.Viewer})
}

const repos = "/api/v1/projects/web/repositories"

func TestRepositories(t *testing.T) {
	var b builds
	c := newConsole(t, withPipelines(t, &b))
	team(c)
	maint, dev, view := c.as("maint"), c.as("dev"), c.as("view")
	good := `{"name":"app","cloneUrl":"https://git.example.com/app.git","branch":"main","username":"u","password":"hunter2"}`
	c.run(t, []scenario{
		{name: "none yet", as: view, method: "GET", path: repos, status: 200, want: []string{`"items":[]`}},
		{name: "a developer adds none", as: dev, method: "POST", path: repos, body: good, status: 403, audit: "dev create-repository " + strings.TrimPrefix(repos, "/api/v1/") + " role_too_low"},
		{name: "add", as: maint, method: "POST", path: repos, body: good, status: 201,
			want:  []string{`"name":"app"`, `"hasCredential":true`, `"webhookSecret":"`, `"webhookUrl":"` + c.url + `/hooks/`},
			never: []string{"hunter2"}, audit: "maint create-repository projects/web/repositories/app ok"},
		{name: "twice", as: maint, method: "POST", path: repos, body: good, status: 409, want: []string{`"repository_exists"`}},
		{name: "credentials in the address", as: maint, method: "POST", path: repos, body: `{"name":"b","cloneUrl":"https://u:p@h/x.git"}`, status: 400, want: []string{`"clone_url_credentials"`}},
		{name: "SSH", as: maint, method: "POST", path: repos, body: `{"name":"b","cloneUrl":"git@h:x.git"}`, status: 400, want: []string{"not SSH"}},
		{name: "list", as: view, method: "GET", path: repos, status: 200, want: []string{`"name":"app"`}, never: []string{"hunter2", "webhookSecret"}},
		{name: "one", as: view, method: "GET", path: repos + "/app", status: 200, want: []string{`"cloneUrl":"https://git.example.com/app.git"`}, never: []string{"lastRun"}},
		{name: "none of that name", as: view, method: "GET", path: repos + "/other", status: 404, want: []string{`"repository_not_found"`}},
		{name: "no such project", as: view, method: "GET", path: "/api/v1/projects/none/repositories", status: 404},
		{name: "change the branch", as: maint, method: "PATCH", path: repos + "/app", body: `{"branch":"dev"}`, status: 200, want: []string{`"branch":"dev"`, `"hasCredential":true`}},
		{name: "to another server", as: maint, method: "PATCH", path: repos + "/app", body: `{"cloneUrl":"https://evil.example/app.git"}`, status: 400, want: []string{`"credential_required"`}},
		{name: "without a credential", as: maint, method: "PATCH", path: repos + "/app", body: `{"username":"","password":""}`, status: 200, want: []string{`"hasCredential":false`}},
		{name: "a viewer changes nothing", as: view, method: "PATCH", path: repos + "/app", body: `{"branch":"x"}`, status: 403},
		{name: "rotate", as: maint, method: "POST", path: repos + "/app/webhook-secret", status: 200, want: []string{`"webhookSecret":"`}, audit: "maint rotate-webhook-secret projects/web/repositories/app/webhook-secret ok"},
	})
	b.source.refuse(errs.New(errs.Invalid, "repository_auth", "The repository needs a password."))
	c.run(t, []scenario{
		{name: "needs a password", as: maint, method: "POST", path: repos, body: `{"name":"b","cloneUrl":"https://h/x.git"}`, status: 400, want: []string{`"repository_auth"`, "needs a password"}},
		{name: "delete", as: maint, method: "DELETE", path: repos + "/app", status: 204},
		{name: "gone", as: maint, method: "GET", path: repos + "/app", status: 404},
	})
}

func TestRuns(t *testing.T) {
	var b builds
	c := newConsole(t, withPipelines(t, &b))
	team(c)
	boss, dev, view := c.as("boss"), c.as("dev"), c.as("view")
	boss.do("POST", repos, `{"name":"app","cloneUrl":"https://git.example.com/app.git"}`)
	runs := repos + "/app/runs"
	c.run(t, []scenario{
		{name: "a viewer starts none", as: view, method: "POST", path: runs, body: `{}`, status: 403},
		{name: "start", as: dev, method: "POST", path: runs, body: `{"branch":"topic","variables":{"WHO":"me"}}`, status: 201,
			want: []string{`"number":1`, `"state":"queued"`, `"trigger":"manual"`, `"branch":"topic"`, `"stages":[]`, `"artifacts":[]`}, audit: "dev start-run projects/web/repositories/app/runs/1 ok"},
		{name: "a reserved variable", as: dev, method: "POST", path: runs, body: `{"variables":{"CROFT_STEP":"x"}}`, status: 400, want: []string{`"variable_invalid"`}},
		{name: "a short commit", as: dev, method: "POST", path: runs, body: `{"commit":"abc"}`, status: 400, want: []string{`"commit_invalid"`}},
		{name: "no such run", as: view, method: "GET", path: runs + "/99", status: 404, want: []string{`"run_not_found"`}},
		{name: "no such run to watch", as: view, method: "GET", path: runs + "/99/events", status: 404},
		{name: "not a number", as: view, method: "GET", path: runs + "/x/events", status: 404},
		{name: "a viewer cancels none", as: view, method: "POST", path: runs + "/1/cancel", status: 403},
	})

	watch := follow(t, view, runs+"/1/events", "")
	first := watch.until("run", `"state":"running","steps":[{"id":"`)
	log := runs + "/1/steps/" + stepID(t, first.data, "compile") + "/log"
	tail := follow(t, view, log, "")
	line := tail.until("", "first of compile with me")
	b.engine.gate <- struct{}{}
	if got := tail.until("", "second"); !strings.Contains(got.data, `"s":"stderr"`) || !strings.HasSuffix(got.data, `"line":"second \u003c\u0026\u003e"}`) {
		t.Errorf("second line is %s", got.data)
	}
	tail.until("end", "")
	b.engine.gate <- struct{}{}
	last := watch.until("run", `"state":"failed","trigger"`)
	watch.until("end", "")
	for _, fragment := range []string{`"commit":"aaaa`, `"commitMessage":"Say hello"`, `"author":"Ada"`, `"exitCode":2`, `"error":"Step \"fails\" in stage \"check\": The script ended with exit code 2."`, `"finishedAt":"`} {
		if !strings.Contains(last.data, fragment) {
			t.Errorf("the run lacks %s\n%s", fragment, last.data)
		}
	}
	// Resumed streams go on where they were and end at once.
	follow(t, view, runs+"/1/events", last.id).exactly("end")
	follow(t, view, log, line.id).exactly("", "end")

	token, _, err := c.accounts.CreateToken(t.Context(), c.users["dev"].ID, "ci", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	c.run(t, []scenario{
		{name: "one run", as: view, method: "GET", path: runs + "/1", status: 200, want: []string{`"state":"failed"`, `"name":"compile"`, `"revision":`}},
		{name: "its log", as: view, method: "GET", path: log, status: 200, want: []string{"first of compile with me\nsecond <&>\n"}},
		{name: "a log of no step", as: view, method: "GET", path: runs + "/1/steps/none/log", status: 404, want: []string{`"step_not_found"`}},
		{name: "a log from nowhere", as: view, method: "GET", path: log, header: []string{"Accept: text/event-stream", "Last-Event-ID: 5"}, status: 400, want: []string{`"log_offset_invalid"`}},
		{name: "an ID that is no number", as: view, method: "GET", path: log, header: []string{"Accept: text/event-stream", "Last-Event-ID: x"}, status: 400, want: []string{`"last_event_id_invalid"`}},
		{name: "by token", as: c.anonymous(), method: "POST", path: runs, body: `{}`, header: []string{"Authorization: Bearer " + token}, status: 201, want: []string{`"number":2`, `"trigger":"api"`}},
		{name: "cancel", as: dev, method: "POST", path: runs + "/2/cancel", status: 200, want: []string{`"number":2`}, audit: "dev cancel-run projects/web/repositories/app/runs/2 ok"},
	})
	follow(t, view, runs+"/2/events", "").until("run", `"state":"canceled","trigger"`)
	c.run(t, []scenario{
		{name: "newest first", as: view, method: "GET", path: runs + "?limit=1", status: 200, want: []string{`"number":2`, `"next":"`}, never: []string{`"number":1`, `"stages"`}},
		{name: "of the project", as: view, method: "GET", path: "/api/v1/projects/web/runs", status: 200, want: []string{`"repository":"app"`, `"number":2`, `"number":1`}},
		{name: "the last one", as: view, method: "GET", path: repos + "/app", status: 200, want: []string{`"lastRun":{`, `"number":2`}},
		{name: "a bad cursor", as: view, method: "GET", path: runs + "?cursor=x", status: 400, want: []string{`"cursor_invalid"`}},
	})
	b.engine.leave(true)
	c.run(t, []scenario{
		{name: "no engine", as: dev, method: "POST", path: runs, body: `{}`, status: 503, want: []string{`"engine_unavailable"`, "Install Docker."}},
	})
}

func TestHooks(t *testing.T) {
	var b builds
	c := newConsole(t, withPipelines(t, &b))
	team(c)
	added := c.as("boss").do("POST", repos, `{"name":"app","cloneUrl":"https://git.example.com/app.git"}`).json()
	secret, hook := added["webhookSecret"].(string), strings.TrimPrefix(added["webhookUrl"].(string), c.url)
	github := c.anonymous()
	push := `{"ref":"refs/heads/main","after":"` + strings.Repeat("1", 40) + `"}`
	bearer := "Authorization: Bearer " + secret
	c.run(t, []scenario{
		{name: "no secret", as: github, method: "POST", path: hook, body: push, status: 401, want: []string{`"webhook_denied"`}, audit: "-"},
		{name: "a wrong secret", as: github, method: "POST", path: hook, body: push, header: []string{"X-Gitlab-Token: x"}, status: 401, audit: "-"},
		{name: "no such repository", as: github, method: "POST", path: "/hooks/none", body: push, header: []string{bearer}, status: 401},
		{name: "push", as: github, method: "POST", path: hook, body: push, header: []string{bearer, "X-GitHub-Event: push", "X-GitHub-Delivery: 1"}, status: 202, want: []string{`{"run":1}`},
			audit: "webhook receive-webhook " + strings.TrimPrefix(hook, "/") + " ok"},
		{name: "the same delivery", as: github, method: "POST", path: hook, body: push, header: []string{bearer, "X-GitHub-Event: push", "X-GitHub-Delivery: 1"}, status: 202, want: []string{`{"run":1}`}},
		{name: "GitLab", as: github, method: "POST", path: hook, body: push, header: []string{"X-Gitlab-Token: " + secret, "X-Gitlab-Event: Push Hook"}, status: 202, want: []string{`{"run":2}`}},
		{name: "Gitee", as: github, method: "POST", path: hook, body: push, header: []string{"X-Gitee-Token: " + secret, "X-Gitee-Event: Push Hook"}, status: 202, want: []string{`{"run":3}`}},
		{name: "nothing said", as: github, method: "POST", path: hook, header: []string{bearer}, status: 202, want: []string{`{"run":4}`}},
		{name: "a ping", as: github, method: "POST", path: hook, body: `{}`, header: []string{bearer, "X-GitHub-Event: ping"}, status: 204},
		{name: "too large", as: github, method: "POST", path: hook, body: strings.Repeat(" ", 1<<20+1), header: []string{bearer}, status: 413},
		{name: "from a browser elsewhere", as: github, method: "POST", path: hook, body: push, header: []string{bearer, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, status: 403},
	})
	b.engine.leave(true)
	c.run(t, []scenario{
		{name: "no engine, try again", as: github, method: "POST", path: hook, header: []string{bearer}, status: 503, want: []string{`"engine_unavailable"`}},
	})
}

// event is a server-sent event.
type event struct{ id, name, data string }

// events are a stream that is being read.
type eventStream struct {
	t     *testing.T
	lines *bufio.Scanner
}

func follow(t *testing.T, b *browser, path, lastID string) *eventStream {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%s: %d %s", path, response.StatusCode, got)
	}
	return &eventStream{t, bufio.NewScanner(response.Body)}
}

// next returns the next event, false at the end of the stream.
func (s *eventStream) next() (event, bool) {
	var e event
	for s.lines.Scan() {
		key, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch {
		case s.lines.Text() == "":
			if e != (event{}) {
				return e, true
			}
		case key == "id":
			e.id = value
		case key == "event":
			e.name = value
		case key == "data":
			e.data += value
		}
	}
	return e, false
}

// until skips to the next event of that name with that fragment.
func (s *eventStream) until(name, fragment string) event {
	s.t.Helper()
	for {
		e, ok := s.next()
		if !ok {
			s.t.Fatalf("the stream ended before %s %s", name, fragment)
		}
		if e.name == name && strings.Contains(e.data, fragment) {
			return e
		}
	}
}

// exactly asks for events of these names and then the stream's end.
func (s *eventStream) exactly(names ...string) {
	s.t.Helper()
	for _, name := range names {
		if e, ok := s.next(); !ok || e.name != name {
			s.t.Errorf("got %+v, want an event %q", e, name)
		}
	}
	if e, ok := s.next(); ok {
		s.t.Errorf("there is more: %+v", e)
	}
}

// stepID finds a step's ID in a run's JSON.
func stepID(t *testing.T, run, name string) string {
	t.Helper()
	before, _, ok := strings.Cut(run, `","name":"`+name+`"`)
	if !ok {
		t.Fatalf("no step %s in %s", name, run)
	}
	return before[strings.LastIndex(before, `"`)+1:]
}
