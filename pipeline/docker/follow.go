package docker

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"croft/internal/errs"
)

const (
	// settleTime is how long after the end of its output a container has to end itself
	// before the stream counts as broken.
	settleTime = time.Second
	// retryTime passes between two attempts to reach an engine that is away.
	retryTime = 250 * time.Millisecond
	// maxFailures is how often a broken stream may break again.
	maxFailures = 100
	// logKept is how much of a container's output the engine certainly still has: less
	// than all its log files, since the oldest may just have gone.
	logKept = 64 << 20
	// lineCost is what the engine's log needs for a line besides its bytes.
	lineCost = 64
)

// follow copies a started container's output until it has ended and all of it is written.
// A stream that breaks off is taken up from the engine's log; an engine that stays away for
// longer than the configured patience is an error.
func (e *Executor) follow(ctx context.Context, id string, attached io.Reader, out *output) (container.State, error) {
	stream, attachedStill := attached, true
	for failures := 0; ; {
		_, broken := stdcopy.StdCopy(out.stdout, out.stderr, stream)
		if out.err != nil {
			return container.State{}, out.err
		}
		state, smooth, err := e.settle(ctx, id)
		if err != nil {
			out.flush()
			return container.State{}, err
		}
		// An attached stream ends alike when the container ended and when the
		// connection was cut, so it counts as whole only when the end followed at once.
		if !state.Running && broken == nil && (smooth || !attachedStill) {
			out.flush()
			return state, nil
		}
		if failures > 0 {
			pause(ctx)
		}
		log, err := e.resume(ctx, id, out)
		if failures++; err != nil && (failures > maxFailures || !unreachable(err)) {
			out.flush()
			return container.State{}, translate(err, "read the step's output")
		}
		if err != nil {
			stream, attachedStill = brokenStream{err}, false
			continue
		}
		defer func() { _ = log.Close() }()
		stream, attachedStill = log, false
	}
}

// brokenStream stands for a stream that could not be taken up.
type brokenStream struct{ err error }

func (b brokenStream) Read([]byte) (int, error) { return 0, b.err }

// settle waits a moment for the container's end and returns its state. smooth says that it had
// ended in time and that the engine answered at once.
func (e *Executor) settle(ctx context.Context, id string) (state container.State, smooth bool, err error) {
	smooth = true
	for deadline := time.Now().Add(e.cfg.Patience); ; {
		smooth = e.awaitEnd(ctx, id) && smooth
		state, err := e.state(ctx, id)
		switch {
		case err == nil:
			return state, smooth, nil
		case ctx.Err() != nil:
			return state, false, ctx.Err()
		case notFound(err):
			return state, false, errs.Wrap(err, errs.Unavailable, "container_removed",
				"Somebody removed the step's container while it ran.")
		case !unreachable(err):
			return state, false, translate(err, "tell how the step ended")
		case time.Now().After(deadline):
			return state, false, errs.Wrap(err, errs.Unavailable, "engine_lost",
				"The Docker engine went away while the step ran, so its end is not known.")
		}
		smooth = false
		pause(ctx)
	}
}

func pause(ctx context.Context) {
	select {
	case <-time.After(retryTime):
	case <-ctx.Done():
	}
}

// awaitEnd waits at most settleTime for the container to stop running.
func (e *Executor) awaitEnd(ctx context.Context, id string) bool {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	ended, failed := e.api.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select { // one of them always comes, latest when ctx ends
	case <-ended:
		return true
	case err := <-failed:
		return err == nil
	}
}

func (e *Executor) state(ctx context.Context, id string) (container.State, error) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		return container.State{}, err
	}
	return *c.State, nil
}

// resume opens the engine's log of a container's output where what was received ends. When the
// log may have lost its beginning, that place cannot be counted, so it goes on from now and says so.
func (e *Executor) resume(ctx context.Context, id string, out *output) (io.ReadCloser, error) {
	opts := container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true}
	kept := out.stdout.taken + out.stderr.taken + lineCost*(out.stdout.ends+out.stderr.ends)
	if kept < logKept {
		out.stdout.skip, out.stderr.skip = out.stdout.taken, out.stderr.taken
	} else {
		out.flush()
		out.note("The connection to the Docker engine broke; some lines may be missing here.")
		opts.Since = strconv.FormatInt(e.cfg.Now().Unix(), 10)
		out.stdout.skip, out.stderr.skip = 0, 0
	}
	return e.api.ContainerLogs(ctx, id, opts)
}
