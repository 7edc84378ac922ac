package webdav

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/webdav"
)

// longestLock is how long a lock lasts that is not refreshed, whatever its client wants.
const longestLock = time.Hour

// longestTurn is how long a request waits for another that writes at the same place.
const longestTurn = 10 * time.Second

// locks are those of clients, which end, and those that package webdav makes for the time
// of one request that writes: of these the next waits its turn, instead of being refused.
type locks struct {
	webdav.LockSystem
	mu    sync.Mutex               // guards the following 2 fields, and what they say of the locks
	turns map[string]chan struct{} // by place; closed when the request's lock is gone
	names map[string]string        // places of requests' locks, by token
}

func newLocks() *locks {
	return &locks{LockSystem: webdav.NewMemLS(), turns: make(map[string]chan struct{}), names: make(map[string]string)}
}

func (l *locks) Create(now time.Time, details webdav.LockDetails) (string, error) {
	details.Duration = short(details.Duration)
	return l.LockSystem.Create(now, details)
}

// ofRequest reports whether a lock is one that package webdav makes for one request.
// Clients' have an end, for their requests are given one.
func ofRequest(d webdav.LockDetails) bool { return d.Duration < 0 && d.ZeroDepth && d.OwnerXML == "" }

// try makes a request's lock, or says when another request's that is in the way is gone;
// nil, a client's is.
func (l *locks) try(now time.Time, details webdav.LockDetails) (token string, gone <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if token, err = l.Create(now, details); err != nil {
		return "", l.turns[details.Root], err
	}
	l.turns[details.Root], l.names[token] = make(chan struct{}), details.Root
	return token, nil, nil
}

// Unlock implements webdav.LockSystem.
func (l *locks) Unlock(now time.Time, token string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.LockSystem.Unlock(now, token)
	if name, ok := l.names[token]; ok {
		close(l.turns[name])
		delete(l.turns, name)
		delete(l.names, token)
	}
	return err
}

func (l *locks) Refresh(now time.Time, token string, duration time.Duration) (webdav.LockDetails, error) {
	return l.LockSystem.Refresh(now, token, short(duration))
}

// conditions are the locks as one request sees them. Package webdav leaves ETags in its If header unread, by
// which a client says what it means to write over.
type conditions struct {
	*locks
	ctx     context.Context // of the request
	session *session
}

// Create implements webdav.LockSystem.
func (c conditions) Create(now time.Time, details webdav.LockDetails) (string, error) {
	if !ofRequest(details) {
		return c.locks.Create(now, details)
	}
	ctx, cancel := context.WithTimeout(c.ctx, longestTurn)
	defer cancel()
	for {
		token, gone, err := c.locks.try(now, details)
		if gone == nil {
			return token, err
		}
		select {
		case <-gone:
			now = time.Now()
		case <-ctx.Done():
			return "", err
		}
	}
}

// Confirm implements webdav.LockSystem.
func (c conditions) Confirm(now time.Time, name0, name1 string, all ...webdav.Condition) (func(), error) {
	name := name0
	if name == "" {
		name = name1
	}
	for _, one := range all {
		if one.ETag == "" {
			continue
		}
		found, err := c.session.stat(c.ctx, name)
		if is := err == nil && found.etag == one.ETag; is == one.Not {
			return nil, webdav.ErrConfirmationFailed
		}
	}
	return c.locks.Confirm(now, name0, name1, all...)
}

// timeout is what a client may have of what it wants.
func timeout(wanted string) string {
	seconds, ok := strings.CutPrefix(strings.TrimSpace(strings.Split(wanted, ",")[0]), "Second-")
	n, err := strconv.Atoi(seconds)
	if longest := int(longestLock / time.Second); !ok || err != nil || n < 1 || n > longest {
		n = longest
	}
	return "Second-" + strconv.Itoa(n)
}

func short(d time.Duration) time.Duration {
	if d < 0 || d > longestLock { // negative is for ever
		return longestLock
	}
	return d
}
