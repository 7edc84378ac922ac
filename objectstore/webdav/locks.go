package webdav

import (
	"context"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/webdav"
)

// longestLock is how long a lock lasts that is not refreshed, whatever its client wants.
const longestLock = time.Hour

// shortLocks are locks that end.
type shortLocks struct{ webdav.LockSystem }

func (l shortLocks) Create(now time.Time, details webdav.LockDetails) (string, error) {
	details.Duration = short(details.Duration)
	return l.LockSystem.Create(now, details)
}

func (l shortLocks) Refresh(now time.Time, token string, duration time.Duration) (webdav.LockDetails, error) {
	return l.LockSystem.Refresh(now, token, short(duration))
}

// conditions are the locks as one request sees them. Package webdav leaves ETags in its If header unread, by
// which a client says what it means to write over.
type conditions struct {
	webdav.LockSystem
	ctx     context.Context // of the request
	session *session
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
	return c.LockSystem.Confirm(now, name0, name1, all...)
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
