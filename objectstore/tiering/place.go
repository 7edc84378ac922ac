package tiering

import (
	"context"
	"errors"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// place is a tier as the store uses it. Another one of the same name takes its place
// when its keys change.
type place struct {
	tier     Tier
	client   *remote.Client // nil when unusable
	unusable error          // why there is no client
	folder   string         // what keys of bodies begin with
	partSize int64
	parts    int64 // how many a body has at most; more would be larger than partSize
	openTime time.Duration
	traffic  *traffic
	reach    *reach
}

var _ objectstore.Tier = (*place)(nil)

// key is where a body is.
func (p *place) key(name string) string { return p.folder + name }

// fail says of an error what to do at the tier. The caller's own end stays what it is.
func (p *place) fail(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		err = p.client.Late(err) // of a connection
	}
	switch code := remote.Code(err); code {
	case "NoSuchBucket":
		return p.unavailable(err, "There is no bucket "+p.tier.Bucket+" at "+p.tier.Endpoint+" any more. Make it there again.")
	case "InvalidObjectState":
		return p.unavailable(err, p.tier.Endpoint+" has it in an archive. Restore it there, and turn off what moves objects of the bucket "+p.tier.Bucket+" to archives.")
	}
	var told *errs.Error
	if explained := p.client.Explain(err); errors.As(explained, &told) {
		return p.unavailable(err, told.Message)
	}
	if code := remote.Code(err); code != "" {
		return p.unavailable(err, p.tier.Endpoint+" refuses it: "+code+".")
	}
	return p.unavailable(err, p.tier.Endpoint+" gave no answer that can be understood.")
}

// unavailable is what may go better another time.
func (p *place) unavailable(cause error, sentence string) error {
	return errs.Wrap(cause, objectstore.ErrTierUnavailable.Kind, objectstore.ErrTierUnavailable.Code,
		"The tier "+p.tier.Name+" cannot be used now. "+sentence)
}

// usable refuses a place that has no client.
func (p *place) usable() error {
	if p.unusable == nil {
		return nil
	}
	_, message := errs.Public(p.unusable)
	return p.unavailable(p.unusable, message)
}

// traffic is which bodies are on their way to a tier.
type traffic struct {
	mu     sync.Mutex // guards the following 2 fields
	keys   map[string]bool
	closed bool
}

func newTraffic() *traffic { return &traffic{keys: map[string]bool{}} }

// enter says that a body is on its way, unless nothing may be any more.
func (t *traffic) enter(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return objectstore.ErrTierNotFound
	}
	t.keys[key] = true
	return nil
}

func (t *traffic) leave(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.keys, key)
}

func (t *traffic) has(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys[key]
}

// close lets no body in any more and reports whether none is on its way; if one is,
// nothing changes.
func (t *traffic) close() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.keys) > 0 {
		return false
	}
	t.closed = true
	return true
}

func (t *traffic) open() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = false
}
