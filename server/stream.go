package server

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/internal/patience"
)

// heartbeat keeps proxies from closing a quiet stream, finds clients that left, and
// is when the policy is asked again.
const heartbeat = 15 * time.Second

// sendTimeout bounds how long one event may wait for a client that does not read.
const sendTimeout = 30 * time.Second

// Event is one server-sent event. ID and Name may be empty.
type Event struct {
	ID   string
	Name string
	Data []byte // JSON; line breaks are kept
}

// stream answers with server-sent events: it calls produce, which calls send for
// each event, and returns when produce does. The context of produce ends when the
// client leaves or may no longer see this, when sending fails, and when the server
// stops. An error of produce
// before its first event is an ordinary answer; later it only ends the stream, and
// the client comes back with Last-Event-ID.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, produce func(ctx context.Context, send func(Event) error) error) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	patience.Within(w, min(sendTimeout, s.config.Idle))
	out := &eventWriter{w: w, control: http.NewResponseController(w)}
	var beats sync.WaitGroup
	beats.Go(func() {
		defer cancel()
		s.beat(ctx, out)
	})
	err := produce(ctx, func(e Event) error {
		if err := out.send(e); err != nil {
			cancel()
			return err
		}
		return nil
	})
	cancel()
	beats.Wait()
	if err != nil && !out.begun {
		return err
	}
	if err != nil && r.Context().Err() == nil {
		s.logInternal(r.Context(), err)
	}
	if !out.begun {
		out.begin()
	}
	return nil
}

// beat sends heartbeats until ctx ends, the client is gone or turned away, or the
// server stops.
func (s *Server) beat(ctx context.Context, out *eventWriter) {
	ticker := time.NewTicker(s.beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.stop:
			return
		case <-ticker.C:
			if turnedAway(admissionFrom(ctx).askAgain(ctx)) {
				return
			}
			if out.write([]byte(": still here\n\n")) != nil {
				return
			}
		}
	}
}

// turnedAway tells a refusal from a failure to ask, which the next beat repeats.
func turnedAway(err error) bool {
	switch errs.KindOf(err) {
	case errs.Unauthenticated, errs.Forbidden, errs.NotFound:
		return true
	}
	return false
}

type eventWriter struct {
	mu      sync.Mutex // guards the following 3 fields
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (o *eventWriter) send(e Event) error {
	var b bytes.Buffer
	if e.ID != "" {
		fmt.Fprintf(&b, "id: %s\n", oneLine(e.ID))
	}
	if e.Name != "" {
		fmt.Fprintf(&b, "event: %s\n", oneLine(e.Name))
	}
	for line := range bytes.SplitSeq(e.Data, []byte("\n")) {
		fmt.Fprintf(&b, "data: %s\n", bytes.TrimRight(line, "\r"))
	}
	b.WriteByte('\n')
	return o.write(b.Bytes())
}

func (o *eventWriter) write(p []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begin()
	if _, err := o.w.Write(p); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return o.control.Flush()
}

// begin sends the headers, once. It needs mu, or to be alone.
func (o *eventWriter) begin() {
	if o.begun {
		return
	}
	o.begun = true
	h := o.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	o.w.WriteHeader(http.StatusOK)
}

func oneLine(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }

// wantsEvents reports whether the client asked for server-sent events.
func wantsEvents(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}
