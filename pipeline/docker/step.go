package docker

import (
	"context"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"croft/internal/errs"
	"croft/pipeline"
)

// drainTime is how long a stopped container's last output is waited for.
const drainTime = 5 * time.Second

// Run pulls the step's image when it is missing, runs the script and follows its output. See
// [pipeline.Executor] for what it promises. Prepare must have made the run's workspace.
func (e *Executor) Run(ctx context.Context, step pipeline.StepSpec, logs pipeline.LogSink) (pipeline.StepResult, error) {
	var none pipeline.StepResult
	script, err := shellScript(step.Script)
	if err != nil {
		return none, err
	}
	out := newOutput(logs, step.Secrets, e.cfg.Now)
	if err := e.images.ensure(ctx, step.Image, out.note); err != nil {
		return none, cause(ctx, out, err)
	}
	if err := cause(ctx, out, nil); err != nil {
		return none, err
	}
	id, err := e.create(ctx, step, script)
	if err != nil {
		out.note("Docker engine: " + strings.TrimSpace(err.Error()))
		// The engine may have made it although the answer got lost.
		e.discard(ctx, containerName(step))
		return none, cause(ctx, out, translate(err, "make the step's container"))
	}
	state, err := e.execute(ctx, id, out)
	if err == nil && state.ExitCode == 127 && e.lacksShell(ctx, id) {
		err = errs.Newf(errs.Invalid, "step_no_shell",
			"The image %s has no /bin/sh, which steps need to run their script.", step.Image)
	}
	if err := cause(ctx, out, err); err != nil {
		e.discard(ctx, id)
		return none, err
	}
	return result(state), nil
}

// cause picks what ended a step early: the caller's wish, the log's failure, or err.
func cause(ctx context.Context, out *output, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if out.err != nil {
		return out.err
	}
	return err
}

// execute starts a container that was made and follows it to its end. When ctx ends, the
// container is stopped and its last output still taken.
func (e *Executor) execute(ctx context.Context, id string, out *output) (container.State, error) {
	live, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	stream, err := e.attach(live, id)
	if err != nil {
		return container.State{}, translate(err, "attach to the step's container")
	}
	defer stream.Close()
	unhook := context.AfterFunc(live, stream.Close)
	defer unhook()

	if err := e.start(live, id, out); err != nil {
		return container.State{}, err
	}
	stopped := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(stopped)
		if !e.stop(live, id) {
			release()
			return
		}
		timer := time.AfterFunc(drainTime, release)
		<-live.Done()
		timer.Stop()
	})
	state, err := e.follow(live, id, stream.Reader, out)
	release()
	if !unwatch() {
		<-stopped
	}
	return state, err
}

// attach connects to a container's output. The client cannot be interrupted while the
// engine accepts the connection, so a frozen engine is left behind here.
func (e *Executor) attach(ctx context.Context, id string) (types.HijackedResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	type answer struct {
		stream types.HijackedResponse
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		s, err := e.api.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
		got <- answer{s, err}
	}()
	select {
	case a := <-got:
		return a.stream, a.err
	case <-ctx.Done():
		go func() {
			if a := <-got; a.err == nil {
				a.stream.Close()
			}
		}()
		return types.HijackedResponse{}, ctx.Err()
	}
}

func (e *Executor) start(ctx context.Context, id string, out *output) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := e.api.ContainerStart(ctx, id, container.StartOptions{})
	if err != nil {
		out.note("Docker engine: " + strings.TrimSpace(err.Error()))
	}
	return translate(err, "start the step's container")
}

// stop ends a container: TERM, and KILL after the grace time. It reports whether it is over.
func (e *Executor) stop(ctx context.Context, id string) bool {
	grace := int(e.cfg.StopWait.Round(time.Second) / time.Second)
	ctx, cancel := context.WithTimeout(ctx, e.cfg.StopWait+drainTime)
	defer cancel()
	err := ignoreNotFound(e.api.ContainerStop(ctx, id, container.StopOptions{Timeout: &grace}))
	if err != nil {
		// Not fatal: the container is removed by force next, and again by Remove.
		e.cfg.Logger.Warn("could not stop a step's container", "container", id, "error", err)
	}
	return err == nil
}

// discard removes a container whose step will not be heard of again.
func (e *Executor) discard(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.Patience)
	defer cancel()
	if err := e.removeContainer(ctx, id); err != nil {
		e.cfg.Logger.Warn("could not remove a step's container", "container", id, "error", err)
	}
}

// lacksShell tells a missing /bin/sh from a script that ended with 127 by itself.
func (e *Executor) lacksShell(ctx context.Context, id string) bool {
	_, err := e.api.ContainerStatPath(ctx, id, "/bin/sh")
	return notFound(err)
}

func result(s container.State) pipeline.StepResult {
	parse := func(text string) time.Time {
		t, _ := time.Parse(time.RFC3339Nano, text)
		return t
	}
	r := pipeline.StepResult{
		ExitCode: s.ExitCode, OOMKilled: s.OOMKilled,
		StartedAt: parse(s.StartedAt), FinishedAt: parse(s.FinishedAt),
	}
	if r.FinishedAt.Before(r.StartedAt) { // the engine notes a short step's end before its start
		r.FinishedAt = r.StartedAt
	}
	return r
}
