package webdav

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/webdav"
)

const (
	// longestLock is how long a lock lasts that is not refreshed, whatever its client wants.
	longestLock = time.Hour
	// maxLocks is how many locks there are at once, and maxLocksOfKey of one access key.
	maxLocks      = 10_000
	maxLocksOfKey = 1000
	// longestTurn is how long a request waits for another that writes at the same place.
	longestTurn = 10 * time.Second
)

// locks are those of clients, which end, and those that package webdav makes for the time
// of one request that writes, however long it takes: of these the next waits its turn, instead of being refused.
type locks struct {
	webdav.LockSystem
	mu    sync.Mutex               // guards what follows, and what it says of the locks
	turns map[string]chan struct{} // by place; closed when the request's lock is gone
	names map[string]string        // places of requests' locks, by token
	lent  map[string]*loan         // clients' locks, by the token that the client was given
	count map[string]int           // of those, by access key
}

// loan is a client's lock. The LockSystem counts its tokens, so clients are given others, which nobody guesses.
type loan struct {
	token, root, accessKey string
	until                  time.Time
}

func newLocks() *locks {
	return &locks{LockSystem: webdav.NewMemLS(), turns: make(map[string]chan struct{}), names: make(map[string]string), lent: make(map[string]*loan), count: make(map[string]int)}
}

// ofRequest reports whether a lock is one that package webdav makes for one request.
// Clients' have an end, for their requests are given one.
func ofRequest(d webdav.LockDetails) bool { return d.Duration < 0 && d.ZeroDepth && d.OwnerXML == "" }

// try makes a request's lock, or says when another request's that is in the way is gone;
// nil, a client's is.
func (l *locks) try(now time.Time, details webdav.LockDetails) (token string, gone <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	root := path.Clean("/" + details.Root)
	if token, err = l.LockSystem.Create(now, details); err != nil {
		return "", l.turns[root], err
	}
	l.turns[root], l.names[token] = make(chan struct{}), root
	return token, nil, nil
}

// Unlock implements webdav.LockSystem for requests' locks.
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

// lend makes a client's lock; the token is empty if there are too many.
func (l *locks) lend(now time.Time, details webdav.LockDetails, accessKey string) (token string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full(accessKey) {
		if l.forget(now); l.full(accessKey) {
			return "", nil
		}
	}
	details.Duration = short(details.Duration)
	inner, err := l.LockSystem.Create(now, details)
	if err != nil {
		return "", err
	}
	token = newToken()
	l.lent[token] = &loan{inner, path.Clean("/" + details.Root), accessKey, now.Add(details.Duration)}
	l.count[accessKey]++
	return token, nil
}

func (l *locks) full(accessKey string) bool {
	return l.count[accessKey] >= maxLocksOfKey || len(l.lent) >= maxLocks
}

// forget forgets clients' locks that have ended. The caller holds mu.
func (l *locks) forget(now time.Time) {
	for token, one := range l.lent {
		if !now.Before(one.until) {
			l.drop(token, one)
		}
	}
}

func (l *locks) drop(token string, one *loan) {
	delete(l.lent, token)
	if l.count[one.accessKey]--; l.count[one.accessKey] == 0 {
		delete(l.count, one.accessKey)
	}
}

// loan returns a client's lock that covers a name; nil, there is none.
func (l *locks) loan(now time.Time, token, name string) *loan {
	one := l.lent[token]
	if name = path.Clean("/" + name); one == nil || !now.Before(one.until) || name != one.root && !strings.HasPrefix(name, strings.TrimSuffix(one.root, "/")+"/") {
		return nil
	}
	return one
}

// newToken is a URI, as locks need, that is random.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("opaquelocktoken:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// conditions are the locks as one request sees them. Package webdav leaves ETags in its If header unread, by
// which a client says what it means to write over.
type conditions struct {
	*locks
	ctx     context.Context // of the request
	session *session
}

var _ webdav.LockSystem = conditions{}

// Create implements webdav.LockSystem.
func (c conditions) Create(now time.Time, details webdav.LockDetails) (string, error) {
	if !ofRequest(details) {
		token, err := c.lend(now, details, c.session.accessKey)
		if err == nil && token == "" {
			err = c.session.fail(http.StatusInsufficientStorage, "There are too many locks. Those that nobody refreshes end within an hour.")
		}
		return token, err
	}
	ctx, cancel := context.WithTimeout(c.ctx, longestTurn)
	defer cancel()
	for {
		token, gone, err := c.try(now, details)
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

// place is what the request is about.
func (c conditions) place() string {
	name, _ := below(c.session.r.URL)
	return name
}

// Refresh implements webdav.LockSystem.
func (c conditions) Refresh(now time.Time, token string, duration time.Duration) (webdav.LockDetails, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.loan(now, token, c.place())
	if one == nil {
		return webdav.LockDetails{}, webdav.ErrNoSuchLock
	}
	details, err := c.LockSystem.Refresh(now, one.token, short(duration))
	if err == nil {
		one.until = now.Add(details.Duration)
	}
	return details, err
}

// Unlock implements webdav.LockSystem. Clients unlock what they were lent, where it is.
func (c conditions) Unlock(now time.Time, token string) error {
	if !strings.Contains(token, ":") && c.session.r.Method != "UNLOCK" {
		return c.locks.Unlock(now, token)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.loan(now, token, c.place())
	if one == nil {
		return webdav.ErrNoSuchLock
	}
	err := c.LockSystem.Unlock(now, one.token)
	if err == nil {
		c.drop(token, one)
	}
	return err
}

// Confirm implements webdav.LockSystem.
func (c conditions) Confirm(now time.Time, name0, name1 string, all ...webdav.Condition) (func(), error) {
	name := name0
	if name == "" {
		name = name1
	}
	inner := make([]webdav.Condition, len(all))
	for i, one := range all {
		inner[i] = one
		if one.Token != "" {
			inner[i].Token = c.inner(now, one.Token)
		}
		if one.ETag == "" {
			continue
		}
		found, err := c.session.stat(c.ctx, name)
		if is := err == nil && found.etag == one.ETag; is == one.Not {
			return nil, webdav.ErrConfirmationFailed
		}
	}
	return c.LockSystem.Confirm(now, name0, name1, inner...)
}

// inner is the LockSystem's token of a client's lock; of none it has nothing.
func (c conditions) inner(now time.Time, token string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.lent[token]; one != nil && now.Before(one.until) {
		return one.token
	}
	return "none"
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
