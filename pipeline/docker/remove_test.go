package docker

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"croft/internal/ids"
)

func TestRemoveLeavesNothing(t *testing.T) {
	e := newExecutor(t)
	runID := ids.New()
	if err := e.Prepare(patient(t), runID, "", tarOf(t, nil)); err != nil {
		t.Fatal(err)
	}
	step := script(t, runID, "echo x >/data/x")
	step.Image = changedImage(t, "VOLUME /data") // the engine makes an unnamed volume for it
	if res, err := e.Run(patient(t), step, newRecorder()); err != nil || res.ExitCode != 0 {
		t.Fatal(res, err)
	}
	if left := remains(t, e, runID); len(left.containers) != 2 || len(left.networks) != 1 || len(left.volumes) != 1 {
		t.Errorf("before: %+v", left)
	}
	c, err := e.api.ContainerInspect(patient(t), containerName(step))
	if err != nil || len(c.Mounts) != 2 {
		t.Fatal(c.Mounts, err)
	}
	removeAndCheck(t, e, runID)
	removeAndCheck(t, e, runID)
	for _, m := range c.Mounts {
		if _, err := e.api.VolumeInspect(patient(t), m.Name); !notFound(err) {
			t.Errorf("volume of %s: %v", m.Destination, err)
		}
	}
}

func TestRemoveStopsWhatStillRuns(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	log, done := newRecorder(), make(chan error, 1)
	step := script(t, runID, "echo ready", "sleep 1000")
	go func() {
		_, err := e.Run(patient(t), step, log)
		done <- err
	}()
	log.await(t, "ready")
	// Two at once: each meets what the other is removing.
	other := make(chan error, 1)
	go func() { other <- e.Remove(patient(t), runID) }()
	removeAndCheck(t, e, runID)
	if err := <-other; err != nil {
		t.Errorf("the other Remove: %v", err)
	}
	if err := <-done; err != nil { // it may have seen the container killed, or only that it is gone
		mustBeRemoved(t, err)
	}
}

func TestCancelInPrepareLeavesNothing(t *testing.T) {
	e := newExecutor(t)
	runID := ids.New()
	ctx, cancel := context.WithCancel(patient(t))
	files, feed := io.Pipe()
	go func() {
		_, _ = io.Copy(feed, io.LimitReader(tarOf(t, map[string]string{"a": "b"}), 700))
		cancel()
		_ = feed.CloseWithError(context.Canceled)
	}()
	if err := e.Prepare(ctx, runID, "", files); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	removeAndCheck(t, e, runID)
}

func TestCancelAtAnyMomentOfRunLeavesNothing(t *testing.T) {
	for _, moment := range []string{"/images/", "/containers/create", "/attach", "/start", "/wait"} {
		t.Run(moment[1:], func(t *testing.T) {
			p := newProxy(t)
			e := newExecutor(t, func(c *Config) { c.Host = p.host() })
			runID := newRun(t, e, nil)
			step := script(t, runID, "exec >&- 2>&-; sleep 1000")
			if moment == "/wait" {
				step.Script = []string{"true"}
			}
			ctx, cancel := context.WithCancel(patient(t))
			defer cancel()
			p.onRequest(func(line string) {
				if strings.Contains(line, moment) {
					cancel()
				}
			})
			if _, err := e.Run(ctx, step, newRecorder()); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if left := remains(t, e, runID); len(left.containers) != 1 {
				t.Errorf("the step's container is still there: %+v", left.containers)
			}
		})
	}
}

func TestLeftovers(t *testing.T) {
	e, other := newExecutor(t), newExecutor(t)
	one, two := newRun(t, e, nil), newRun(t, e, nil)
	foreign := newRun(t, other, nil)
	got, err := e.Leftovers(patient(t))
	want := []string{one, two}
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if err := e.Remove(patient(t), foreign); err != nil {
		t.Error(err)
	}
	if left := remains(t, other, foreign); left.none() {
		t.Error("removed what belongs to another Croft")
	}
	for _, runID := range want {
		removeAndCheck(t, e, runID)
	}
	if got, err := e.Leftovers(patient(t)); err != nil || len(got) > 0 {
		t.Errorf("after Remove: %v, %v", got, err)
	}
}
