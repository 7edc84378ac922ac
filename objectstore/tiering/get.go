package tiering

import (
	"context"
	"errors"
	"io"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

const (
	// resumes is how often in a row a read goes on that broke before it brought a byte.
	resumes = 4
	// openTime is how long a tier may take before the first byte, tries included. Who reads
	// has given up by then.
	openTime = 30 * time.Second
	// awayTime is how long nobody waits for a tier after one has waited in vain.
	awayTime = 5 * time.Second
	// firstPause is before the second of them; it doubles.
	firstPause = 100 * time.Millisecond
)

// Get implements objectstore.Tier. What breaks on the way goes on where it broke: a
// body never changes.
func (p *place) Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	if err := p.usable(); err != nil {
		return nil, err
	}
	if offset < 0 || length < 0 {
		return nil, objectstore.ErrRangeInvalid
	}
	s := &stretch{
		offset: offset, left: length,
		open: func(offset, length int64) (io.ReadCloser, error) {
			return p.openStretch(ctx, p.key(name), offset, length)
		},
		pause:   func(d time.Duration) error { return rest(ctx, d) },
		failure: func(err error) error { return p.fail(ctx, err) },
	}
	if length == 0 {
		return s, nil
	}
	body, err := s.open(offset, length)
	if err != nil {
		return nil, err
	}
	s.body = body
	return s, nil
}

// openStretch waits for the first byte of a stretch no longer than openTime, and not at
// all just after that was in vain: a cluster that swallows what it is sent would make
// all who read from it wait.
func (p *place) openStretch(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if p.reach.isAway() {
		return nil, p.fail(ctx, p.client.Late(errAway))
	}
	reading, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(p.openTime, func() { cancel(errAway) })
	body, err := p.client.Stretch(reading, p.tier.Bucket, key, offset, length)
	inTime := late.Stop()
	switch {
	case err == nil && inTime:
		return &stoppable{body, func() { cancel(nil) }}, nil
	case err == nil:
		_ = body.Close()
		err = errAway
	}
	cancel(nil)
	if errors.Is(context.Cause(reading), errAway) {
		p.reach.setAway(awayTime)
		err = p.client.Late(err)
	}
	return nil, p.readFailure(ctx, err)
}

var errAway = errors.New("no answer in time")

// stoppable is a body whose request ends when it is closed.
type stoppable struct {
	io.ReadCloser
	stop func()
}

// Close implements io.Closer.
func (s *stoppable) Close() error {
	err := s.ReadCloser.Close()
	s.stop()
	return err
}

// readFailure is fail for reads, which can find that a body is gone or another.
func (p *place) readFailure(ctx context.Context, err error) error {
	switch {
	case remote.Code(err) == "NoSuchKey":
		return errs.Wrap(err, objectstore.ErrTierBodyMissing.Kind, objectstore.ErrTierBodyMissing.Code,
			"The tier "+p.tier.Name+" does not have this object's body any more: it was deleted in the bucket "+p.tier.Bucket+" at "+p.tier.Endpoint+
				". Restore it there from a backup, or write the object anew.")
	case errors.Is(err, remote.ErrOtherBytes):
		return errs.Wrap(err, objectstore.ErrBodyAltered.Kind, objectstore.ErrBodyAltered.Code,
			"What the tier "+p.tier.Name+" has of this object is not what was written there. It cannot be read.")
	}
	return p.fail(ctx, err)
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// stretch is a part of a body on its way.
type stretch struct {
	open    func(offset, length int64) (io.ReadCloser, error)
	pause   func(time.Duration) error
	failure func(error) error

	body   io.ReadCloser // nil before the first byte is wanted of an empty stretch, and after a failure
	offset int64
	left   int64
	broke  int // in a row, without a byte between
	failed error
}

// Read implements io.Reader.
func (s *stretch) Read(b []byte) (int, error) {
	for {
		switch {
		case s.failed != nil:
			return 0, s.failed
		case s.left == 0:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		n, err := s.body.Read(b[:min(int64(len(b)), s.left)])
		if n > 0 {
			s.offset, s.left, s.broke = s.offset+int64(n), s.left-int64(n), 0
			return n, nil // an error comes again
		}
		if err != nil {
			s.failed = s.resume(err)
		}
	}
}

// resume goes on after a break, or returns why not.
func (s *stretch) resume(cause error) error {
	_ = s.body.Close()
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	s.broke++
	if s.broke > resumes {
		return s.failure(cause)
	}
	if s.broke > 1 {
		if err := s.pause(firstPause << (s.broke - 2)); err != nil {
			return err
		}
	}
	body, err := s.open(s.offset, s.left)
	if err == nil {
		s.body = body
	}
	return err
}

// Close implements io.Closer.
func (s *stretch) Close() error {
	if s.body != nil {
		_ = s.body.Close() // it was only read; what it failed with has been returned
	}
	return nil
}
