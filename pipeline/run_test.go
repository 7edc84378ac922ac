//go:build unix

package pipeline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/pipeline"
)

const twoStages = `
env: { GREETING: hello, OVER: file }
stages:
  - name: build
    steps:
      - name: compile
        image: img
        env: { OVER: step }
        script:
          - mkdir -p bin
          - echo $GREETING $OVER $CROFT_PROJECT/$CROFT_REPOSITORY@$CROFT_BRANCH $CROFT_RUN_NUMBER $CI
          - echo binary > bin/app
        artifacts: [bin/app]
  - name: check
    steps:
      - { name: vet, image: img, script: cat bin/app }
      - { name: test, image: img, script: "echo $CROFT_STAGE $CROFT_STEP" }
`

func TestRunToSuccess(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(twoStages)
	r := w.start()
	repo := r.add()
	run := r.trigger(repo.ID, pipeline.TriggerRequest{})
	if run.Number != 1 || run.State != pipeline.RunQueued || run.Branch != "main" {
		t.Fatalf("triggered %+v", run)
	}
	run = r.final(run.ID)
	if got, want := show(run), "success build=success(compile=success:0) check=success(vet=success:0 test=success:0)"; got != want {
		t.Fatalf("got %s (%s), want %s", got, run.Error, want)
	}
	if run.Commit != strings.Repeat("c", 40) || run.CommitMessage != "A message" || run.Author != "Ada" ||
		run.StartedAt.IsZero() || run.FinishedAt.Before(run.StartedAt) {
		t.Errorf("run is %+v", run)
	}
	compile := run.Stages[0].Steps[0]
	if got, want := r.log(run.ID, compile.ID), "hello step slug-p1/app@main 1 true\nCroft: kept bin/app (7 bytes)"; got != want {
		t.Errorf("log is %q, want %q", got, want)
	}
	if got := r.log(run.ID, run.Stages[1].Steps[1].ID); got != "check test" {
		t.Errorf("log of test is %q", got)
	}
	want := pipeline.Artifact{Path: "bin/app", Size: 7, Bucket: "slug-p1-artifacts", Key: "app/1/bin/app"}
	if len(run.Artifacts) != 1 || run.Artifacts[0] != want {
		t.Errorf("artifacts are %+v", run.Artifacts)
	}
	r.close()
	if n := w.executor.removals(run.ID); n == 0 || len(w.executor.holds()) > 0 {
		t.Errorf("%d removals, still held %v", n, w.executor.holds())
	}
	if got := string(w.blobs.objects["slug-p1-artifacts/app/1/bin/app"]); got != "binary\n" {
		t.Errorf("artifact holds %q", got)
	}
	if w.blobs.owners["slug-p1-artifacts"] != "p1" || w.blobs.owners[pipeline.LogBucket] != "" {
		t.Errorf("owners are %v", w.blobs.owners)
	}
	if exists(w.state + "/logs/" + run.ID) {
		t.Error("local logs are still there")
	}
}

// TestEndings tries every way a run can end by itself.
func TestEndings(t *testing.T) {
	step := func(script, more string) string {
		return "stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: '" + script + "'" + more + "}\n  - {name: two, image: i, script: echo fine}\n" +
			"- name: b\n  steps:\n  - {name: three, image: i, script: echo never}\n"
	}
	f := func(name string, files map[string]string, want, words string, arrange ...func(*world)) {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.set(files)
			for _, a := range arrange {
				a(w)
			}
			r := w.start()
			run := r.final(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID)
			if got := show(run); got != want || !strings.Contains(run.Error, words) {
				t.Errorf("got  %s %q\nwant %s %q", got, run.Error, want, words)
			}
			r.close()
			if n := w.executor.removals(run.ID); n == 0 || len(w.executor.holds()) > 0 {
				t.Errorf("%d removals, still held %v", n, w.executor.holds())
			}
		})
	}
	pipe := func(text string) map[string]string { return map[string]string{".croft.yml": text} }
	f("no file", map[string]string{"main.go": ""}, "error", "has no file .croft.yml")
	f("bad file", pipe("stages:\n- name: a\n  steps:\n  - {name: b, imge: c, script: d}\n"), "error", `.croft.yml:4:15: unknown key "imge" (did you mean "image"?)`)
	f("exit code", pipe(step("exit 3", "")), "failed a=failed(one=failed:3 two=success:0) b=skipped(three=skipped)", `Step "one" in stage "a": The script ended with exit code 3.`)
	f("step timeout", pipe(step("sleep 600", ", timeout: 1s")), "failed a=failed(one=failed two=success:0) b=skipped(three=skipped)", `Step "one" in stage "a": It took longer than 1s and was stopped.`)
	f("run timeout", pipe("timeout: 1s\n"+step("sleep 600", "")), "failed a=failed(one=failed two=success:0) b=skipped(three=skipped)", "The run took longer than 1s and was stopped.")
	f("engine error", pipe(step("true", "")), "error a=error(one=error two=success:0) b=skipped(three=skipped)", `Step "one" in stage "a": There is no image i.`,
		func(w *world) {
			w.executor.fail("one", errs.New(errs.Invalid, "image_missing", "There is no image i."))
		})
	f("unknown error", pipe(step("true", "")), "error a=error(one=error two=success:0) b=skipped(three=skipped)", "inside Croft",
		func(w *world) { w.executor.fail("one", errors.New("token=abc")) })
	f("no artifact", pipe(step("true", ", artifacts: [\"*.bin\"]")), "failed a=failed(one=failed:0 two=success:0) b=skipped(three=skipped)", `matches the artifact path "*.bin"`)
	f("store refuses", pipe(step("echo > x", ", artifacts: [x]")), "error a=error(one=error:0 two=success:0) b=skipped(three=skipped)", "The artifacts could not be kept: Too few drives.",
		func(w *world) { w.blobs.refusePuts(errs.New(errs.Unavailable, "write_quorum", "Too few drives.")) })
	f("evil name", pipe(step("echo > x", ", artifacts: [x]")), "failed a=failed(one=failed:0 two=success:0) b=skipped(three=skipped)", `"../../x" has a name that cannot be kept`,
		func(w *world) { w.executor.evil = "../../x" })
	f("many artifacts", pipe(step("touch 1 2 3", ", artifacts: [\"[0-9]\"]")), "failed a=failed(one=failed:0 two=success:0) b=skipped(three=skipped)", "more than 2 files",
		func(w *world) { w.cfg.MaxArtifacts = 2 })
	f("foreign bucket", pipe(step("echo > x", ", artifacts: [x]")), "error a=error(one=error:0 two=success:0) b=skipped(three=skipped)", "another project",
		func(w *world) { w.blobs.owners["slug-p1-artifacts"] = "p2" })
}

func TestFetchErrorIsToldAsItIs(t *testing.T) {
	w := newWorld(t)
	r := w.start()
	repo := r.add()
	w.source.mu.Lock()
	w.source.err = errs.New(errs.Invalid, "repository_auth", "The repository needs a password.")
	w.source.mu.Unlock()
	run := r.final(r.trigger(repo.ID, pipeline.TriggerRequest{}).ID)
	if run.State != pipeline.RunError || run.Error != "The repository needs a password." {
		t.Fatalf("got %s %q", run.State, run.Error)
	}
}

func TestNoEngine(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(twoStages)
	r := w.start()
	repo := r.add()
	w.executor.setAway(true)
	_, err := r.Trigger(t.Context(), repo.ID, pipeline.TriggerRequest{Kind: pipeline.TriggerManual})
	if code, words := errs.Public(err); code != "engine_unavailable" || errs.KindOf(err) != errs.Unavailable || words != "Install Docker." {
		t.Fatalf("got %v", err)
	}
	if page, err := r.ListRuns(t.Context(), repo.ID, "", 0); err != nil || len(page.Runs) > 0 {
		t.Fatalf("runs %v, %v", page, err)
	}
}

// TestEngineGoesAwayBeforeTheRun accepts a run and then has no engine for it.
func TestEngineGoesAwayBeforeTheRun(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(twoStages)
	r := w.open()
	run := r.trigger(r.add().ID, pipeline.TriggerRequest{})
	w.executor.setAway(true)
	r.run()
	run = r.final(run.ID)
	if run.State != pipeline.RunError || run.Error != "Install Docker." {
		t.Fatalf("got %s %q", run.State, run.Error)
	}
	w.executor.setAway(false)
	r.close()
	if w.executor.removals(run.ID) == 0 {
		t.Error("nothing was removed when the engine was back")
	}
}

func TestSecretsStayOut(t *testing.T) {
	w := newWorld(t)
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: 'echo $TOKEN; echo $PLAIN; echo hunter2'}\n")
	r := w.start()
	repo, _, err := r.AddRepository(t.Context(), pipeline.NewRepository{
		ProjectID: "p1", Name: "app", CloneURL: "https://git.example.com/app.git", Credential: pipeline.Credential{Username: "u", Password: "hunter2"},
	})
	if err != nil || !repo.HasCredential {
		t.Fatal(repo, err)
	}
	run := r.final(r.trigger(repo.ID, pipeline.TriggerRequest{Variables: []pipeline.Variable{
		{Name: "TOKEN", Value: "s3cr3t-value", Secret: true}, {Name: "PLAIN", Value: "plain-value"},
	}}).ID)
	if got := r.log(run.ID, run.Stages[0].Steps[0].ID); got != "***\nplain-value\n***" {
		t.Errorf("log is %q", got)
	}
	if w.source.seen[1].Credential.Password != "hunter2" {
		t.Error("the credential did not reach the source")
	}
	var kept int64
	if err := r.db.Read(t.Context()).Table("runs").Where("variables IS NOT NULL").Count(&kept).Error; err != nil || kept > 0 {
		t.Errorf("%d ended runs keep their variables, %v", kept, err)
	}
	r.close()
	for _, secret := range []string{"hunter2", "s3cr3t-value", "plain-value"} {
		for where, data := range everything(t, w) {
			if strings.Contains(data, secret) && !(secret == "plain-value" && strings.Contains(where, "logs/")) {
				t.Errorf("%q is in %s", secret, where)
			}
		}
	}
}

// TestQueueOrder lets one run at a time through and asks for the order of triggers.
func TestQueueOrder(t *testing.T) {
	w := newWorld(t)
	w.cfg.Concurrency = 1
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: 'true'}\n")
	r := w.open()
	repo := r.add()
	var ids []string
	for i := range 6 {
		run := r.trigger(repo.ID, pipeline.TriggerRequest{})
		if run.Number != int64(i+1) {
			t.Fatalf("number %d, want %d", run.Number, i+1)
		}
		ids = append(ids, run.ID)
	}
	r.run()
	for _, id := range ids {
		if run := r.final(id); run.State != pipeline.RunSuccess {
			t.Fatalf("%s %s", show(run), run.Error)
		}
	}
	var order []string
	for _, spec := range w.executor.specs {
		order = append(order, spec.RunID)
	}
	if strings.Join(order, " ") != strings.Join(ids, " ") {
		t.Errorf("ran %v, want %v", order, ids)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	w := newWorld(t)
	w.cfg.Concurrency = 2
	w.source.gate = make(chan struct{})
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: 'true'}\n")
	r := w.start()
	repo := r.add()
	var ids []string
	for range 4 {
		ids = append(ids, r.trigger(repo.ID, pipeline.TriggerRequest{}).ID)
	}
	for _, id := range ids[:2] {
		r.await(id, func(run pipeline.Run) bool { return run.State == pipeline.RunRunning })
	}
	for _, id := range ids[2:] {
		if run, err := r.RunByID(t.Context(), id); err != nil || run.State != pipeline.RunQueued {
			t.Errorf("third run is %s, %v", run.State, err)
		}
	}
	close(w.source.gate)
	for _, id := range ids {
		r.final(id)
	}
}

func TestQueueIsBounded(t *testing.T) {
	w := newWorld(t)
	w.cfg.MaxQueued = 3
	r := w.open()
	repo := r.add()
	for range 3 {
		r.trigger(repo.ID, pipeline.TriggerRequest{})
	}
	_, err := r.Trigger(t.Context(), repo.ID, pipeline.TriggerRequest{Kind: pipeline.TriggerManual})
	if errs.KindOf(err) != errs.RateLimited {
		t.Fatalf("got %v", err)
	}
}

func TestTriggerRefusesNonsense(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	repo := r.add()
	for code, req := range map[string]pipeline.TriggerRequest{
		"branch_invalid":   {Branch: "a..b"},
		"commit_invalid":   {Commit: "abc"},
		"variable_invalid": {Variables: []pipeline.Variable{{Name: "CROFT_RUN_ID"}}},
	} {
		req.Kind = pipeline.TriggerManual
		if got, _ := errs.Public(second(r.Trigger(t.Context(), repo.ID, req))); got != code {
			t.Errorf("got %s, want %s", got, code)
		}
	}
	if _, err := r.Trigger(t.Context(), "nobody", pipeline.TriggerRequest{}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("unknown repository: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestRevisionsRiseAndAreAnnounced follows a run by its events.
func TestRevisionsRiseAndAreAnnounced(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(twoStages)
	r := w.start()
	changes := events.Subscribe[events.RunChanged](r.bus, 1000)
	defer changes.Close()
	run := r.final(r.trigger(r.add().ID, pipeline.TriggerRequest{}).ID)
	for range run.Revision {
		if change := <-changes.C(); change.RunID != run.ID || change.ProjectID != "p1" {
			t.Fatalf("event %+v", change)
		}
	}
	list, err := r.Unannounced(t.Context(), 10)
	if err != nil || len(list) != 1 || list[0].Revision != run.Revision || len(list[0].Stages) != 2 || list[0].Repository != "app" {
		t.Fatalf("unannounced %+v, %v", list, err)
	}
	for _, revision := range []int64{run.Revision, 1} { // the older one comes late and changes nothing
		if err := r.MarkAnnounced(t.Context(), run.ID, revision); err != nil {
			t.Fatal(err)
		}
		if list, err := r.Unannounced(t.Context(), 10); err != nil || len(list) > 0 {
			t.Errorf("after %d: %d unannounced, %v", revision, len(list), err)
		}
	}
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	repo := r.add()
	other, _, err := r.AddRepository(t.Context(), pipeline.NewRepository{ProjectID: "p1", Name: "other", CloneURL: "https://git.example.com/o.git"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.trigger(repo.ID, pipeline.TriggerRequest{})
		r.trigger(other.ID, pipeline.TriggerRequest{})
	}
	var got []string
	for cursor := "start"; cursor != ""; {
		page, err := r.ListProjectRuns(t.Context(), "p1", strings.TrimPrefix(cursor, "start"), 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range page.Runs {
			got = append(got, run.Repository+string(rune('0'+run.Number)))
		}
		cursor = page.Next
	}
	if want := "other3 app3 other2 app2 other1 app1"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if page, err := r.ListRuns(t.Context(), repo.ID, "", 0); err != nil || len(page.Runs) != 3 || page.Next != "" {
		t.Errorf("%+v, %v", page, err)
	}
	list, err := r.ListRepositories(t.Context(), "p1")
	if err != nil || len(list) != 2 || list[0].LastRun.Number != 3 || list[0].Name != "app" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := r.RunByNumber(t.Context(), repo.ID, 99); errs.KindOf(err) != errs.NotFound {
		t.Errorf("run 99: %v", err)
	}
	if _, err := r.ListRuns(t.Context(), repo.ID, "x", 0); errs.KindOf(err) != errs.Invalid {
		t.Errorf("cursor x: %v", err)
	}
}

// TestEventsStartOnce has the same event trigger twice: one run, which says what it is of.
func TestEventsStartOnce(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(twoStages)
	r := w.start()
	id := r.add().ID
	for range 2 {
		run, err := r.Trigger(t.Context(), id, pipeline.TriggerRequest{Kind: pipeline.TriggerEvent, DeliveryID: "event-1", Variables: []pipeline.Variable{{Name: "EVENT_KEY", Value: "a"}}})
		if err != nil || run.Number != 1 || run.Trigger != pipeline.TriggerEvent {
			t.Fatalf("%+v, %v", run, err)
		}
	}
	if list, err := r.ListRuns(t.Context(), id, "", 10); err != nil || len(list.Runs) != 1 || list.Runs[0].Trigger != pipeline.TriggerEvent {
		t.Fatalf("%+v, %v", list, err)
	}
}

// TestFloodOfEvents: events start a few runs at once, others find room beside them, and
// what was refused is started once one of them has ended.
func TestFloodOfEvents(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(twoStages)
	r := w.open() // nothing runs
	id := r.add().ID
	trigger := func(event string) (pipeline.Run, error) {
		return r.Trigger(t.Context(), id, pipeline.TriggerRequest{Kind: pipeline.TriggerEvent, DeliveryID: event})
	}
	var first pipeline.Run
	for i := range 4 {
		run, err := trigger(fmt.Sprint("event-", i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = run
		}
	}
	if _, err := trigger("event-4"); !errors.Is(err, pipeline.ErrEventsBusy) {
		t.Fatalf("the fifth run: %v", err)
	}
	if again, err := trigger("event-3"); err != nil || again.Number != 4 {
		t.Fatalf("an event that has its run: %+v, %v", again, err)
	}
	if _, err := r.Trigger(t.Context(), id, pipeline.TriggerRequest{Kind: pipeline.TriggerAPI}); err != nil {
		t.Fatalf("a trigger beside them: %v", err)
	}
	if _, err := r.Cancel(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if run, err := trigger("event-4"); err != nil || run.Number != 6 {
		t.Fatalf("after one has ended: %+v, %v", run, err)
	}
}
