package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/pipeline"
)

func TestCheck(t *testing.T) {
	e := newExecutor(t)
	if s := e.Check(patient(t)); !s.Available || s.Version == "" || s.Message != "" {
		t.Errorf("got %+v", s)
	}
}

func TestWithoutEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	e, err := New(Config{InstanceID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if s := e.Check(patient(t)); s.Available || !strings.Contains(s.Message, "/nonexistent/docker.sock") || !strings.Contains(s.Message, "DOCKER_HOST") {
		t.Errorf("Check: %+v", s)
	}
	step := pipeline.StepSpec{RunID: "run", StepID: "step", Image: "anything"}
	_, runErr := e.Run(patient(t), step, newRecorder())
	_, listErr := e.Leftovers(patient(t))
	_, collectErr := e.Collect(patient(t), "run", "x", nil)
	for _, err := range []error{runErr, listErr, collectErr, e.Remove(patient(t), "run"), e.Prepare(patient(t), "run", "", tarOf(t, nil))} {
		if code, _ := errs.Public(err); code != "engine_unavailable" || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("got %v", err)
		}
	}
}

func TestAbsenceSaysWhatToDo(t *testing.T) {
	f := func(host string, err error, fragment string) {
		t.Helper()
		e, newErr := New(Config{InstanceID: "test", Host: host})
		if newErr != nil {
			t.Fatal(newErr)
		}
		if got := e.absence(err); !strings.Contains(got, fragment) {
			t.Errorf("%q, %v: %q", host, err, got)
		}
	}
	gone := &net.OpError{Op: "dial", Err: os.ErrNotExist}
	f("unix:///var/run/docker.sock", &net.OpError{Op: "dial", Err: os.ErrPermission}, "docker group")
	f("tcp://10.0.0.1:2375", gone, "check DOCKER_HOST and that the engine runs there")
	t.Setenv("DOCKER_HOST", "")
	f("", gone, "install")
}

func TestNewRefusesANonsensicalAddress(t *testing.T) {
	t.Setenv("DOCKER_HOST", "nonsense")
	_, err := New(Config{InstanceID: "test"})
	if code, _ := errs.Public(err); code != "engine_address_invalid" {
		t.Errorf("got %v", err)
	}
}

// TestFrozenEngine uses an engine that accepts connections and never says anything.
func TestFrozenEngine(t *testing.T) {
	dir, err := os.MkdirTemp("", "croft")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	e, err := New(Config{InstanceID: "test", Host: "unix://" + filepath.Join(dir, "s")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	ctx, cancel := context.WithTimeout(patient(t), 100*time.Millisecond)
	defer cancel()
	if s := e.Check(ctx); s.Available || s.Message == "" {
		t.Errorf("Check: %+v", s)
	}
}

func TestBrokenStreamIsTakenUp(t *testing.T) {
	p := newProxy(t)
	e, direct := behind(t, p)
	runID := newRun(t, e, nil)
	log, done := newRecorder(), make(chan error, 1)
	step := script(t, runID, "printf 'one\\n\\n'; echo two; echo err >&2", wait("a"), "echo three; printf fo >&2; echo four", wait("b"), "echo ur >&2; seq 1 5000", "exit 4")
	ctx := patient(t)
	go func() {
		res, err := e.Run(ctx, step, log)
		if err == nil && res.ExitCode != 4 {
			err = fmt.Errorf("exit code %d", res.ExitCode)
		}
		done <- err
	}()
	log.await(t, "waiting for a")
	p.cut()
	let(t, direct, runID, "a")
	log.await(t, "waiting for b")
	p.cut()
	let(t, direct, runID, "b")
	if err := <-done; err != nil {
		t.Error(err)
	}
	var numbers strings.Builder
	for i := range 5000 {
		fmt.Fprintln(&numbers, i+1)
	}
	want := "one\n\ntwo\nwaiting for a\nthree\nfour\nwaiting for b\n" + numbers.String()
	if got := plain(log.stdout()); got != want {
		t.Errorf("got %.300q, want %.300q", got, want)
	}
	if got := log.stderr(); got != "err\nfour\n" {
		t.Errorf("stderr %q", got)
	}
}

func TestOutputIsWholeWhenTheStepEndsWhileTheEngineIsAway(t *testing.T) {
	p := newProxy(t)
	e, direct := behind(t, p)
	runID := newRun(t, e, nil)
	log, done := newRecorder(), make(chan error, 1)
	step := script(t, runID, "echo one", wait("a"), "echo two")
	go func() {
		_, err := e.Run(patient(t), step, log)
		done <- err
	}()
	log.await(t, "waiting for a")
	p.down()
	let(t, direct, runID, "a")
	if !direct.awaitEnd(patient(t), containerName(step)) {
		t.Error("the step does not end")
	}
	p.up()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := log.stdout(); !strings.HasSuffix(got, "$ echo two\ntwo\n") {
		t.Errorf("got %q", got)
	}
}

func TestEngineThatStaysAwayEndsTheStep(t *testing.T) {
	p := newProxy(t)
	e := newExecutor(t, func(c *Config) { c.Host, c.Patience = p.host(), time.Second })
	runID := newRun(t, e, nil)
	log, done := newRecorder(), make(chan error, 1)
	step := script(t, runID, "echo ready", "sleep 1000")
	go func() {
		_, err := e.Run(patient(t), step, log)
		done <- err
	}()
	log.await(t, "ready")
	p.down()
	err := <-done
	if code, _ := errs.Public(err); code != "engine_lost" || errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
	p.up()
}

func TestCancelWithAFrozenEngineDoesNotHang(t *testing.T) {
	p := newProxy(t)
	e, direct := behind(t, p)
	e.cfg.StopWait, e.cfg.Patience = time.Second, time.Second
	runID := newRun(t, direct, nil)
	ctx, cancel := context.WithCancel(patient(t))
	log, done := newRecorder(), make(chan error, 1)
	step := script(t, runID, "echo ready", "sleep 1000")
	go func() {
		_, err := e.Run(ctx, step, log)
		done <- err
	}()
	log.await(t, "ready")
	p.freeze()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := remains(t, direct, runID); len(left.containers) != 2 {
		t.Errorf("the frozen engine's containers: %+v", left.containers)
	}
}

func TestContainerRemovedByAnotherHand(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	log, done := newRecorder(), make(chan error, 1)
	step := script(t, runID, "echo ready", "sleep 1000")
	go func() {
		_, err := e.Run(patient(t), step, log)
		done <- err
	}()
	log.await(t, "ready")
	if err := e.removeContainer(patient(t), containerName(step)); err != nil {
		t.Fatal(err)
	}
	// Run may still have seen the container killed, or only that it is gone.
	if err := <-done; err != nil {
		mustBeRemoved(t, err)
	}
	_, _, err := e.settle(patient(t), containerName(step))
	mustBeRemoved(t, err)
}

func mustBeRemoved(t *testing.T, err error) {
	t.Helper()
	if code, _ := errs.Public(err); err == nil || code != "container_removed" {
		t.Errorf("got %v", err)
	}
}

func TestResumeWhenTheLogHasLostItsBeginning(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	log := newRecorder()
	step := script(t, runID, "echo one")
	if _, err := e.Run(patient(t), step, log); err != nil {
		t.Fatal(err)
	}
	out := newOutput(log, nil, time.Now)
	out.stdout.ends = logKept
	stream, err := e.resume(patient(t), containerName(step), out)
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Close()
	if out.stdout.skip != 0 || !strings.Contains(log.stderr(), "some lines may be missing") {
		t.Errorf("skips %d, log %q", out.stdout.skip, log.stderr())
	}
}

// wait is a script item that goes on once let has been called with the same name.
func wait(name string) string {
	return "echo waiting for " + name + "; until [ -e ../workspace/" + name + " ]; do sleep 0.1; done"
}

func let(t *testing.T, e *Executor, runID, name string) {
	t.Helper()
	err := e.fill(patient(t), runID, tarOf(t, map[string]string{name: ids.New()}))
	if err != nil {
		t.Fatal(err)
	}
}

// behind returns an executor whose calls pass the proxy and one of the same Croft whose calls do not.
func behind(t *testing.T, p *proxy) (e, direct *Executor) {
	t.Helper()
	e = newExecutor(t, func(c *Config) { c.Host = p.host() })
	direct = newExecutor(t, func(c *Config) { c.InstanceID = e.cfg.InstanceID })
	return e, direct
}
