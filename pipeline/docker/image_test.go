package docker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
)

var noTime time.Time

func TestRunPullsAMissingImageOnce(t *testing.T) {
	r := newRegistry(t)
	e := newExecutor(t)
	name := r.host + "/team/app:latest"
	removeImageLater(t, name)
	ctx := patient(t)
	lines := make(chan string, 64)
	done := make(chan error, 2)
	ensure := func() { done <- e.images.ensure(ctx, name, func(l string) { lines <- l }) }
	go ensure()
	<-r.asked
	go ensure()
	for line := range lines {
		if strings.HasPrefix(line, "Waiting for the pull of image "+name) {
			break
		}
	}
	close(r.gate)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := r.manifests.Load(); n != 1 {
		t.Errorf("pulled %d times", n)
	}
	close(lines)
	var told []string
	for l := range lines {
		told = append(told, l)
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "Pull complete") || !strings.Contains(all, "Status: Downloaded newer image") {
		t.Errorf("progress: %q", all)
	}
	if err := e.images.ensure(ctx, name, func(l string) { t.Errorf("pulled what is there: %s", l) }); err != nil {
		t.Error(err)
	}
}

func TestCancelEndsThePullUnlessAnotherWaits(t *testing.T) {
	r := newRegistry(t)
	e := newExecutor(t)
	name := r.host + "/team/app:latest"
	removeImageLater(t, name)
	first, giveUp := context.WithCancel(patient(t))
	gone, done, waiting := make(chan error, 1), make(chan error, 1), make(chan struct{})
	go func() { gone <- e.images.ensure(first, name, func(string) {}) }()
	<-r.asked
	go func() {
		announced := false
		done <- e.images.ensure(patient(t), name, func(string) {
			if !announced {
				close(waiting)
				announced = true
			}
		})
	}()
	<-waiting
	giveUp()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	close(r.gate)
	if err := <-done; err != nil {
		t.Errorf("who waited got %v", err)
	}
}

func TestCancelDuringThePull(t *testing.T) {
	r := newRegistry(t)
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	ctx, cancel := context.WithCancel(patient(t))
	go func() {
		<-r.asked
		cancel()
	}()
	step := script(t, runID, "true")
	step.Image = r.host + "/team/app:latest"
	if _, err := e.Run(ctx, step, newRecorder()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(e.images.pulls) != 0 {
		t.Error("the pull goes on")
	}
}

func TestImageThatCannotBePulled(t *testing.T) {
	r := newRegistry(t)
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	f := func(name, code, fragment string) {
		t.Helper()
		step, log := script(t, runID, "true"), newRecorder()
		step.Image = name
		_, err := e.Run(patient(t), step, log)
		if got, message := errs.Public(err); got != code || !strings.Contains(message, fragment) {
			t.Errorf("%s: got %v", name, err)
		}
		if code == "image_unavailable" && !strings.Contains(log.stderr(), "Pull failed: ") {
			t.Errorf("%s: log %q", name, log.stderr())
		}
	}
	f(r.host+"/team/app:nonesuch", "image_unavailable", "the registry does not have it")
	f("127.0.0.1:1/team/app", "image_unavailable", "cannot be reached")
	f("Not A Name", "image_invalid", "is not an image name")
}
