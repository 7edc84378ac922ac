//go:build unix

package pipeline_test

import (
	"sync"
	"testing"

	"croft/internal/errs"
	"croft/pipeline"
)

func TestCancelQueued(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	run := r.trigger(r.add().ID, pipeline.TriggerRequest{})
	for range 2 {
		got, err := r.Cancel(t.Context(), run.ID)
		if err != nil || got.State != pipeline.RunCanceled || got.FinishedAt.IsZero() || got.Revision != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	r.run()
	r.close()
	if n := len(w.executor.specs); n > 0 {
		t.Errorf("%d steps of a canceled run ran", n)
	}
	r = w.open()
	if _, err := r.Cancel(t.Context(), "nobody"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("unknown run: %v", err)
	}
}

func TestCancelRunning(t *testing.T) {
	w := newWorld(t)
	w.source.pipe(longStep)
	r := w.start()
	run := r.going(r.trigger(r.add().ID, pipeline.TriggerRequest{}))
	if _, err := r.Cancel(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	run = r.final(run.ID)
	if got, want := show(run), "canceled a=canceled(quick=success:0 long=canceled) b=skipped(never=skipped)"; got != want || run.Error != "" {
		t.Fatalf("got %s %q, want %s", got, run.Error, want)
	}
	if got := r.log(run.ID, run.Stages[0].Steps[1].ID); got != "before" {
		t.Errorf("log is %q", got)
	}
}

func TestCancelWhileFetching(t *testing.T) {
	w := newWorld(t)
	w.source.gate = make(chan struct{})
	r := w.start()
	run := r.trigger(r.add().ID, pipeline.TriggerRequest{})
	r.await(run.ID, func(run pipeline.Run) bool { return run.State == pipeline.RunRunning })
	if _, err := r.Cancel(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if got := r.final(run.ID); got.State != pipeline.RunCanceled {
		t.Fatalf("got %s %q", got.State, got.Error)
	}
}

// TestCancelRaces cancels from many goroutines while runs come to their end by themselves.
func TestCancelRaces(t *testing.T) {
	w := newWorld(t)
	w.cfg.Concurrency = 4
	w.source.pipe("stages:\n- name: a\n  steps:\n  - {name: one, image: i, script: 'true'}\n")
	r := w.start()
	repo := r.add()
	var wg sync.WaitGroup
	for range 20 {
		run := r.trigger(repo.ID, pipeline.TriggerRequest{})
		for range 3 {
			wg.Go(func() {
				before, err := r.Cancel(t.Context(), run.ID)
				if err != nil {
					t.Error(err)
					return
				}
				// A cancellation that found the run going decides its end.
				after := r.final(run.ID)
				consistent(t, after)
				if before.State.Final() && before.State != after.State || !before.State.Final() && after.State != pipeline.RunCanceled {
					t.Errorf("%s at the cancellation, %s in the end", before.State, after.State)
				}
			})
		}
	}
	wg.Wait()
}
