package webdav

import (
	"net/http"
	"time"
)

const (
	// maxBuffers is how many uploads whose length nobody said are held in memory at once, a part of each, and
	// longestBuffer how long another waits.
	maxBuffers    = 16
	longestBuffer = 20 * time.Second
)

// buffer takes room for a part of an upload, and returns what gives it back; nil, there is none.
func (s *session) buffer() (done func()) {
	late := time.NewTimer(longestBuffer)
	defer late.Stop()
	select {
	case s.handler.buffers <- struct{}{}:
		return func() { <-s.handler.buffers }
	case <-late.C:
	case <-s.r.Context().Done():
	}
	_ = s.fail(http.StatusServiceUnavailable, "Too many uploads without a length are under way. Try again later.")
	return nil
}
