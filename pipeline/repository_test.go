//go:build unix

package pipeline_test

import (
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/pipeline"
)

func TestAddRepositoryRefuses(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	r.add()
	f := func(n pipeline.NewRepository, code, words string) {
		t.Helper()
		n.ProjectID = "p1"
		_, _, err := r.AddRepository(t.Context(), n)
		if got, message := errs.Public(err); err == nil || got != code || !strings.Contains(message, words) {
			t.Errorf("%+v: %v, want %s %q", n, err, code, words)
		}
	}
	good := "https://git.example.com/app.git"
	f(pipeline.NewRepository{Name: "app", CloneURL: good}, "repository_exists", "already")
	for _, name := range []string{"", "-x", ".x", "a/b", "a b", "a#b", strings.Repeat("x", 65)} {
		f(pipeline.NewRepository{Name: name, CloneURL: good}, "repository_name_invalid", "letters")
	}
	for address, words := range map[string]string{
		"git@github.com:a/b.git":                 "not SSH",
		"ssh://git@github.com/a/b.git":           "not SSH",
		"file:///etc":                            "own machine",
		"/srv/git/x.git":                         "own machine",
		"git://host/x.git":                       "https://host/path.git",
		"ftp://host/x":                           "https://host/path.git",
		"https:///x":                             "https://host/path.git",
		"https://host":                           "name the repository",
		"https://host/x?token=1":                 "nothing behind it",
		"":                                       "https://host/path.git",
		"ht tp://x":                              "https://host/path.git",
		`C:\repos\x`:                             "https://host/path.git",
		"https://h/" + strings.Repeat("x", 2000): "https://host/path.git",
	} {
		f(pipeline.NewRepository{Name: "new", CloneURL: address}, "clone_url_invalid", words)
	}
	f(pipeline.NewRepository{Name: "new", CloneURL: "https://me:secret@host/x.git"}, "clone_url_credentials", "fields of their own")
	for _, branch := range []string{"a b", "a..b", "-x", "x.lock", "/x", "x/", "a//b", "a~1", "@", ".x", "a\x00"} {
		f(pipeline.NewRepository{Name: "new", CloneURL: good, Branch: branch}, "branch_invalid", "not the name of a branch")
	}
	w.source.err = errs.New(errs.Invalid, "repository_unreachable", "nobody there")
	f(pipeline.NewRepository{Name: "new", CloneURL: good}, "repository_unreachable", "nobody there")
	if list, err := r.ListRepositories(t.Context(), "p1"); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestUpdateRepository(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	_, _, err := r.AddRepository(t.Context(), pipeline.NewRepository{
		ProjectID: "p1", Name: "app", CloneURL: "https://git.example.com/app.git", Credential: pipeline.Credential{Password: "pw"},
	})
	if err != nil {
		t.Fatal(err)
	}
	last := func() pipeline.Remote { return w.source.seen[len(w.source.seen)-1] }
	update := func(u pipeline.RepositoryUpdate) (pipeline.Repository, error) {
		return r.UpdateRepository(t.Context(), "p1", "app", u)
	}
	branch, moved, elsewhere := "dev", "https://git.example.com/moved.git", "https://evil.example.com/app.git"
	repo, err := update(pipeline.RepositoryUpdate{Branch: &branch, CloneURL: &moved})
	if err != nil || repo.Branch != "dev" || repo.CloneURL != moved || !repo.HasCredential || last().Credential.Password != "pw" {
		t.Errorf("%+v, %v, checked %+v", repo, err, last())
	}
	asked := len(w.source.seen)
	if _, err := update(pipeline.RepositoryUpdate{CloneURL: &elsewhere}); err == nil || len(w.source.seen) != asked {
		t.Errorf("the credential followed the address to another server: %v", err)
	}
	repo, err = update(pipeline.RepositoryUpdate{CloneURL: &elsewhere, Credential: &pipeline.Credential{}})
	if err != nil || repo.HasCredential || last().Credential != (pipeline.Credential{}) {
		t.Errorf("%+v, %v, checked %+v", repo, err, last())
	}
	w.source.err = errs.New(errs.Invalid, "repository_auth", "needs a password")
	if _, err := update(pipeline.RepositoryUpdate{CloneURL: &moved}); err == nil {
		t.Error("an address that cannot be reached was taken")
	}
	if repo, err := r.Repository(t.Context(), "p1", "app"); err != nil || repo.CloneURL != elsewhere {
		t.Errorf("%+v, %v", repo, err)
	}
	for _, name := range []string{"none", "app#x"} {
		if _, err := r.UpdateRepository(t.Context(), "p1", name, pipeline.RepositoryUpdate{}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Repository(t.Context(), "p2", "app"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another project's repository: %v", err)
	}
}

// TestDeleteRepository takes a repository away while it has runs in every state.
func TestDeleteRepository(t *testing.T) {
	w := newWorld(t)
	w.cfg.Concurrency = 1
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: echo done}\n")
	r := w.start()
	repo := r.add()
	ended := r.final(r.trigger(repo.ID, pipeline.TriggerRequest{}).ID)
	w.blobs.await(t, func(objects map[string][]byte) bool { return len(objects) > 0 })
	w.source.pipe(longStep)
	going := r.going(r.trigger(repo.ID, pipeline.TriggerRequest{}))
	queued := r.trigger(repo.ID, pipeline.TriggerRequest{})
	if err := r.DeleteRepository(t.Context(), "p1", "app"); err != nil {
		t.Fatal(err)
	}
	if err := r.DeleteRepository(t.Context(), "p1", "app"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("twice: %v", err)
	}
	if _, err := r.Trigger(t.Context(), repo.ID, pipeline.TriggerRequest{Kind: pipeline.TriggerManual}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("trigger: %v", err)
	}
	if page, err := r.ListProjectRuns(t.Context(), "p1", "", 0); err != nil || len(page.Runs) > 0 {
		t.Errorf("%+v, %v", page, err)
	}
	again := r.add() // the name is free at once
	if again.ID == repo.ID {
		t.Error("the old repository came back")
	}
	r.close()
	if len(w.blobs.objects) > 0 || len(w.executor.holds()) > 0 || exists(w.state+"/logs/"+going.ID) {
		t.Errorf("left: %v, %v", w.blobs.objects, w.executor.holds())
	}
	r = w.open()
	for _, run := range []pipeline.Run{ended, going, queued} {
		var n int64
		if err := r.db.Read(t.Context()).Table("runs").Where("id = ?", run.ID).Count(&n).Error; err != nil || n > 0 {
			t.Errorf("run %d has a row, %v", run.Number, err)
		}
	}
}

// TestARepositoryThatComesBackCountsOn keeps the artifacts of the one before it:
// they are kept by name and number.
func TestARepositoryThatComesBackCountsOn(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	defer r.close()
	for range 2 {
		repo := r.add()
		if got, err := r.ListRepositories(t.Context(), "p1"); err != nil || got[0].LastRun != nil {
			t.Fatalf("a new repository has runs: %+v, %v", got, err)
		}
		r.trigger(repo.ID, pipeline.TriggerRequest{})
		if err := r.DeleteRepository(t.Context(), "p1", "app"); err != nil {
			t.Fatal(err)
		}
	}
	if run := r.trigger(r.add().ID, pipeline.TriggerRequest{}); run.Number != 3 {
		t.Errorf("the third repository of the name starts with run %d, want 3", run.Number)
	}
	if err := r.DeleteProject(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	if run := r.trigger(r.add().ID, pipeline.TriggerRequest{}); run.Number != 1 {
		t.Errorf("after the project's end the first run is %d", run.Number)
	}
}

// TestDeletionIsFinishedAfterACrash removes at the next start what was only hidden.
func TestDeletionIsFinishedAfterACrash(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(longStep)
	r := w.start()
	changes := events.Subscribe[events.RunChanged](r.bus, 100)
	defer changes.Close()
	r.going(r.trigger(r.add().ID, pipeline.TriggerRequest{}))
	w.blobs.refusePuts(errs.New(errs.Unavailable, "write_quorum", "Too few drives."))
	if err := r.DeleteProject(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	r.crash()
	w.blobs.refusePuts(nil)
	w.start().close()
	r = w.open()
	for _, table := range []string{"repositories", "runs", "run_stages", "run_steps"} {
		var n int64
		if err := r.db.Read(t.Context()).Table(table).Count(&n).Error; err != nil || n > 0 {
			t.Errorf("%d rows of %s, %v", n, table, err)
		}
	}
	if len(w.blobs.objects) > 0 || len(w.executor.holds()) > 0 {
		t.Errorf("left: %v, %v", w.blobs.objects, w.executor.holds())
	}
}

// TestDeletionWaitsForLogsOnTheirWay deletes a repository while a log is being
// uploaded, which would otherwise arrive after the rest is gone.
func TestDeletionWaitsForLogsOnTheirWay(t *testing.T) {
	w := newWorld(t)
	w.blobs.gate = make(chan struct{})
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: echo done}\n")
	r := w.start()
	r.final(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID)
	if err := r.DeleteRepository(t.Context(), "p1", "app"); err != nil {
		t.Fatal(err)
	}
	// A second one that can go at once shows that the first was looked at.
	w.source.gate = make(chan struct{})
	second := r.trigger(r.add().ID, pipeline.TriggerRequest{})
	if err := r.DeleteRepository(t.Context(), "p1", "app"); err != nil {
		t.Fatal(err)
	}
	w.blobs.await(t, func(map[string][]byte) bool {
		return slices.Contains(w.blobs.deleted, "logs/"+second.ID+"/")
	})
	close(w.blobs.gate)
	r.close()
	if len(w.blobs.objects) > 0 {
		t.Errorf("left in the store: %v", w.blobs.objects)
	}
}

// TestDeletionWaitsForTheEngine keeps the rows that oblige to clean up as long as
// the engine is away.
func TestDeletionWaitsForTheEngine(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(longStep)
	r := w.start()
	run := r.going(r.trigger(r.add().ID, pipeline.TriggerRequest{}))
	w.executor.setAway(true)
	if err := r.DeleteProject(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	if w.executor.busy > 0 {
		t.Error("a step runs on although its project is deleted")
	}
	r.close()
	count := func() (n int64) {
		r = w.open()
		defer r.close()
		if err := r.db.Read(t.Context()).Table("runs").Where("id = ?", run.ID).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	if count() != 1 {
		t.Error("nothing obliges to clean up any more")
	}
	w.executor.setAway(false)
	w.start().close()
	if n := count(); n > 0 || len(w.executor.holds()) > 0 {
		t.Errorf("%d rows, left on the engine: %v", n, w.executor.holds())
	}
}
