//go:build unix

package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/pipeline"
)

const longStep = `
stages:
  - name: a
    steps:
      - { name: quick, image: i, script: echo quick }
      - { name: long, image: i, script: "echo before; sleep 600; echo after" }
  - name: b
    steps:
      - { name: never, image: i, script: echo never }
`

// going waits until the quick step is done and the long one has written its line.
func (r *room) going(run pipeline.Run) pipeline.Run {
	r.w.t.Helper()
	run = r.await(run.ID, func(run pipeline.Run) bool {
		return len(run.Stages) > 0 && run.Stages[0].Steps[0].State == pipeline.StepSuccess
	})
	log, err := r.OpenLog(r.w.t.Context(), run.ID, run.Stages[0].Steps[1].ID, 0, true)
	if err != nil {
		r.w.t.Fatal(err)
	}
	defer log.Close()
	if line, err := log.Next(r.w.t.Context()); err != nil || line.Text != "before" {
		r.w.t.Fatalf("first line %+v, %v", line, err)
	}
	return run
}

func TestCrashEndsWhatWasGoing(t *testing.T) {
	w := newWorld(t)
	w.cfg.Concurrency = 1
	w.source.pipe(longStep)
	r := w.start()
	repo := r.add()
	going := r.going(r.trigger(repo.ID, pipeline.TriggerRequest{}))
	queued := r.trigger(repo.ID, pipeline.TriggerRequest{})
	r.crash()
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: 'true'}\n")
	if w.executor.holds()[going.ID] == 0 {
		t.Fatal("the crash should have left something on the engine")
	}

	r = w.start()
	after := r.final(going.ID)
	if got, want := show(after), "error a=error(quick=success:0 long=error) b=skipped(never=skipped)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if want := "Croft was restarted while this run was going. Start the run again."; after.Error != want || after.Stages[0].Steps[1].Error != want {
		t.Errorf("words are %q", after.Error)
	}
	if got := r.log(going.ID, after.Stages[0].Steps[1].ID); got != "before" {
		t.Errorf("partial log is %q", got)
	}
	if run := r.final(queued.ID); run.State != pipeline.RunSuccess {
		t.Errorf("the queued run is %s %q", run.State, run.Error)
	}
	r.close()
	if w.executor.removals(going.ID) == 0 || len(w.executor.holds()) > 0 {
		t.Errorf("left on the engine: %v", w.executor.holds())
	}
	if key := pipeline.LogBucket + "/logs/" + going.ID + "/" + after.Stages[0].Steps[1].ID + ".log"; !strings.Contains(string(w.blobs.objects[key]), `"before"`) {
		t.Error("the partial log is not an object")
	}
}

// TestCrashAfterCancel was asked to cancel and did not come to it.
func TestCrashAfterCancel(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(longStep)
	r := w.start()
	run := r.going(r.trigger(r.add().ID, pipeline.TriggerRequest{}))
	stuck := make(chan struct{})
	w.source.gate = stuck
	second := r.trigger(run.RepositoryID, pipeline.TriggerRequest{})
	r.await(second.ID, func(run pipeline.Run) bool { return run.State == pipeline.RunRunning })
	r.crash()
	r = w.open() // rows of running runs, nobody working on them
	for range 2 {
		if got, err := r.Cancel(t.Context(), second.ID); err != nil || got.State != pipeline.RunRunning {
			t.Fatalf("%s, %v", got.State, err)
		}
	}
	close(stuck)
	r.run()
	if got := r.final(second.ID); got.State != pipeline.RunCanceled {
		t.Errorf("the canceled run is %s %q", got.State, got.Error)
	}
	if got := r.final(run.ID); got.State != pipeline.RunError {
		t.Errorf("the other run is %s", got.State)
	}
}

func TestEngineAwayAtStartIsCleanedLater(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(longStep)
	r := w.start()
	run := r.going(r.trigger(r.add().ID, pipeline.TriggerRequest{}))
	r.crash()
	w.executor.setAway(true)
	r = w.start()
	if got := r.final(run.ID); got.State != pipeline.RunError {
		t.Fatalf("the run is %s", got.State)
	}
	if len(w.executor.holds()) == 0 {
		t.Fatal("nothing should have been removed yet")
	}
	w.executor.setAway(false)
	r.close() // the last pass, if none came before
	if len(w.executor.holds()) > 0 {
		t.Errorf("left on the engine: %v", w.executor.holds())
	}
}

// TestUnknownLeftovers removes what the engine holds of runs that no row knows,
// such as after a restored backup.
func TestUnknownLeftovers(t *testing.T) {
	w := newWorld(t)
	if err := w.executor.Prepare(t.Context(), "stranger", "i", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	w.start().close()
	if w.executor.removals("stranger") == 0 {
		t.Error("the leftover is still there")
	}
}

func TestStopEndsRunsAndKeepsTheQueue(t *testing.T) {
	w := newWorld(t)
	w.cfg.Concurrency = 1
	w.source.pipe(longStep)
	r := w.start()
	repo := r.add()
	run := r.going(r.trigger(repo.ID, pipeline.TriggerRequest{}))
	queued := r.trigger(repo.ID, pipeline.TriggerRequest{})
	r.close()
	if len(w.executor.holds()) > 0 {
		t.Errorf("left on the engine: %v", w.executor.holds())
	}
	r = w.open()
	got, err := r.RunByID(t.Context(), run.ID)
	if want := "error a=error(quick=success:0 long=error) b=skipped(never=skipped)"; err != nil || show(got) != want || !strings.Contains(got.Error, "stopped") {
		t.Errorf("got %s %q, want %s (%v)", show(got), got.Error, want, err)
	}
	if got, err := r.RunByID(t.Context(), queued.ID); err != nil || got.State != pipeline.RunQueued {
		t.Errorf("the queued run is %s, %v", got.State, err)
	}
}

// TestWhateverHappens drives random sequences of triggers, cancellations,
// failures, engines that go away and crashes. In the end every run is in one
// final state, which it has had since it was first seen in it, and the engine is empty.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			w := newWorld(t)
			r := w.start()
			repo := r.add()
			var ids []string
			ended := map[string]pipeline.RunState{}
			observe := func() {
				for _, id := range ids {
					run, err := r.RunByID(t.Context(), id)
					if err != nil {
						t.Fatal(err)
					}
					if before, ok := ended[id]; ok && before != run.State {
						t.Errorf("run %d went from %s to %s", run.Number, before, run.State)
					}
					if run.State.Final() {
						ended[id] = run.State
						consistent(t, run)
					}
				}
			}
			scripts := []string{"'true'", "exit 1", "sleep 600", "echo > file"}
			for range 40 {
				switch random.IntN(10) {
				case 0, 1, 2, 3:
					w.source.pipe(fmt.Sprintf("timeout: 5m\nstages:\n- name: a\n  steps:\n  - {name: one, image: i, script: %s, artifacts: [file*]}\n  - {name: two, image: i, script: %s}\n",
						scripts[random.IntN(len(scripts))], scripts[random.IntN(len(scripts))]))
					run, err := r.Trigger(t.Context(), repo.ID, pipeline.TriggerRequest{Kind: pipeline.TriggerAPI})
					if err == nil {
						ids = append(ids, run.ID)
					} else if errs.KindOf(err) != errs.Unavailable {
						t.Fatal(err)
					}
				case 4, 5, 6:
					if len(ids) > 0 {
						if _, err := r.Cancel(t.Context(), ids[random.IntN(len(ids))]); err != nil {
							t.Fatal(err)
						}
					}
				case 7:
					w.executor.setAway(random.IntN(2) == 0)
				case 8:
					observe()
				case 9:
					observe()
					if random.IntN(3) == 0 {
						r.close()
					} else {
						r.crash()
					}
					r = w.start()
				}
			}
			w.executor.setAway(false)
			for _, id := range ids {
				if _, err := r.Cancel(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
			for _, id := range ids {
				r.final(id)
			}
			observe()
			r.close()
			if held := w.executor.holds(); len(held) > 0 {
				t.Errorf("left on the engine: %v", held)
			}
		})
	}
}

// consistent checks what a final run must look like.
func consistent(t *testing.T, run pipeline.Run) {
	t.Helper()
	if run.FinishedAt.IsZero() {
		t.Errorf("run %d has no end", run.Number)
	}
	for _, stage := range run.Stages {
		if !stage.State.Final() {
			t.Errorf("run %d is %s, its stage %s", run.Number, run.State, stage.State)
		}
		for _, step := range stage.Steps {
			if !step.State.Final() {
				t.Errorf("run %d is %s, its step %s", run.Number, run.State, step.State)
			}
			if run.State == pipeline.RunSuccess && step.State != pipeline.StepSuccess {
				t.Errorf("run %d is a success with step %s", run.Number, step.State)
			}
		}
	}
}
