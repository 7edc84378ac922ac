package docker

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"croft/internal/errs"
)

// translate turns an error of the client into ours. doing ends the sentence
// "The Docker engine could not …". The engine's own text stays the cause.
func translate(err error, doing string) error {
	var ours *errs.Error
	switch {
	case err == nil, errors.As(err, &ours), errors.Is(err, context.Canceled):
		return err
	case strings.Contains(err.Error(), "no space left on device"):
		return errs.Wrap(err, errs.StorageFull, "engine_disk_full",
			"The disk of the Docker engine is full: it could not "+doing+".")
	case unreachable(err), errors.Is(err, context.DeadlineExceeded):
		return errs.Wrap(err, errs.Unavailable, "engine_unavailable",
			"The Docker engine did not answer: it could not "+doing+".")
	default:
		return errs.Wrap(err, errs.Unavailable, "engine_refused", "The Docker engine could not "+doing+".")
	}
}

// unreachable reports that the engine was not there, or went away during a call.
func unreachable(err error) bool {
	var netErr net.Error
	return client.IsErrConnectionFailed(err) || errors.As(err, &netErr) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, net.ErrClosed)
}

func notFound(err error) bool { return cerrdefs.IsNotFound(err) }
