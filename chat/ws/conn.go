package ws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"croft/chat"
	"croft/internal/errs"
)

// conn is one connection. Three goroutines serve it: receive reads frames and
// answers them, stream sends events, and check asks now and then whether all this
// may go on.
type conn struct {
	hub    *Hub
	socket *websocket.Conn
	caller Caller
	budget *budget

	generation atomic.Int64  // raised by each refresh
	stale      chan struct{} // wakes stream after a refresh
	slow       chan struct{} // says that the queue overflowed

	queue   chan item       // guarded by hub.mu; bounded, contiguous
	from    int64           // guarded by hub.mu; live events up to here are sent by catchUp
	visible map[string]bool // guarded by hub.mu; the map itself never changes
}

// ServeSocket upgrades the request and serves the connection until it ends. The
// caller has been authenticated; the origin is checked here.
func (h *Hub) ServeSocket(w http.ResponseWriter, r *http.Request, caller Caller) {
	c := &conn{
		hub: h, caller: caller, budget: newBudget(h.config.Burst, h.config.PerSecond),
		stale: make(chan struct{}, 1), slow: make(chan struct{}, 1),
	}
	if err := h.enter(r.Context(), c); err != nil {
		http.Error(w, "Croft is stopping; try again in a moment.", http.StatusServiceUnavailable)
		return
	}
	defer h.leave(c)
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: h.config.Origins})
	if err != nil {
		return // Accept has answered
	}
	c.socket = socket
	socket.SetReadLimit(h.config.MaxFrame)
	// The request's context says nothing after the upgrade; its values still do.
	c.serve(context.WithoutCancel(r.Context()))
}

// serve runs until the first of its goroutines ends or the connection is to be
// closed, says why to the client, and waits for the others.
func (c *conn) serve(parent context.Context) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	ended := make(chan error, 3)
	var all sync.WaitGroup
	all.Go(func() {
		since, err := c.hello(ctx)
		if err != nil {
			ended <- err
			return
		}
		all.Go(func() { ended <- c.stream(ctx, since) })
		all.Go(func() { ended <- c.check(ctx) })
		ended <- c.receive(ctx)
	})
	var reason error
	select {
	case reason = <-ended:
	case <-c.slow:
		reason = closing{CloseSlow, "too slow; come back with since"}
	case <-c.hub.stop:
		reason = closing{int(websocket.StatusGoingAway), "Croft is stopping"}
	}
	// Before cancel, which would cut the connection without a word.
	c.close(ctx, reason)
	cancel()
	all.Wait()
}

// closing is an end of the connection that the client is told of.
type closing struct {
	code   int
	reason string
}

func (c closing) Error() string { return fmt.Sprintf("close %d: %s", c.code, c.reason) }

func (c *conn) close(ctx context.Context, reason error) {
	var told closing
	switch {
	case errors.As(reason, &told):
		_ = c.socket.Close(websocket.StatusCode(told.code), told.reason)
	case errors.Is(reason, errGone):
		_ = c.socket.CloseNow()
	case errs.KindOf(reason) == errs.Unauthenticated:
		_ = c.socket.Close(CloseUnauthenticated, "the session has ended")
	default:
		c.hub.config.Logger.ErrorContext(ctx, "chat connection failed", "user", c.caller.UserID(), "error", reason)
		_ = c.socket.Close(websocket.StatusInternalError, "internal error; come back with since")
	}
}

// errGone marks failures to read from or write to the client.
var errGone = errors.New("client is gone")

func (c *conn) hello(ctx context.Context) (since int64, err error) {
	timer := time.AfterFunc(c.hub.config.HelloTimeout, func() {
		_ = c.socket.Close(websocket.StatusPolicyViolation, "no hello in time")
	})
	defer timer.Stop()
	first, err := c.read(ctx)
	if err != nil {
		return 0, err
	}
	if first.Type != "hello" || first.Since < 0 {
		return 0, closing{int(websocket.StatusPolicyViolation), "the first frame must be a hello"}
	}
	return first.Since, nil
}

// receive answers the client's frames, one after the other, so that messages are
// posted in the order they were sent.
func (c *conn) receive(ctx context.Context) error {
	for {
		frame, err := c.read(ctx)
		if err != nil {
			return err
		}
		switch frame.Type {
		case "ping":
			err = c.send(ctx, pongFrame{"pong"})
		case "send":
			err = c.post(ctx, frame)
		default:
			err = closing{int(websocket.StatusPolicyViolation), "unknown type of frame"}
		}
		if err != nil {
			return err
		}
	}
}

func (c *conn) read(ctx context.Context) (request, error) {
	kind, data, err := c.socket.Read(ctx)
	if err != nil {
		return request{}, fmt.Errorf("%w: %w", errGone, err)
	}
	var frame request
	if kind != websocket.MessageText || json.Unmarshal(data, &frame) != nil {
		return request{}, closing{int(websocket.StatusUnsupportedData), "frames are JSON objects in text"}
	}
	return frame, nil
}

var errTooFast = errs.New(errs.RateLimited, "rate_limited", "You are sending too fast. Wait a moment.")

func (c *conn) post(ctx context.Context, frame request) error {
	if !c.budget.take(time.Now()) {
		return c.refuse(ctx, frame.ClientID, errTooFast)
	}
	message, err := c.caller.Post(ctx, frame.RoomID, frame.ClientID, frame.Text)
	if err != nil {
		return c.refuse(ctx, frame.ClientID, err)
	}
	presented, err := c.hub.presenter.Messages(ctx, []chat.Message{message})
	if err != nil {
		return fmt.Errorf("present message: %w", err)
	}
	return c.send(ctx, ackFrame{Type: "ack", ClientID: frame.ClientID, Message: presented[0]})
}

func (c *conn) refuse(ctx context.Context, clientID string, err error) error {
	if errs.KindOf(err) == errs.Internal {
		c.hub.config.Logger.ErrorContext(ctx, "could not post a chat message", "user", c.caller.UserID(), "error", err)
	}
	code, message := errs.Public(err)
	return c.send(ctx, nackFrame{Type: "nack", ClientID: clientID, Code: code, Message: message})
}

func (c *conn) write(ctx context.Context, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.hub.config.WriteTimeout)
	defer cancel()
	if err := c.socket.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

// enqueue needs hub.mu. A connection whose queue is full leaves the live stream,
// so that what it got has no gap.
func (c *conn) enqueue(it item) {
	select {
	case c.queue <- it:
	default:
		delete(c.hub.live, c)
		select {
		case c.slow <- struct{}{}:
		default:
		}
	}
}

// check asks at intervals whether the client is there, its credential holds, and
// it may see what it could.
func (c *conn) check(ctx context.Context) error {
	every := time.NewTicker(c.hub.config.CheckInterval)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
		if err := c.caller.Check(ctx); err != nil {
			return err
		}
		if err := c.recheckRooms(ctx); err != nil {
			return err
		}
		if err := c.ping(ctx); err != nil {
			return err
		}
	}
}

func (c *conn) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.hub.config.WriteTimeout)
	defer cancel()
	if err := c.socket.Ping(ctx); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

func (c *conn) recheckRooms(ctx context.Context) error {
	viewer, err := c.caller.Viewer(ctx)
	if err != nil {
		return err
	}
	visible, err := c.hub.log.VisibleRooms(ctx, viewer)
	if err != nil {
		return err
	}
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	if !maps.Equal(visible, c.visible) {
		c.hub.refresh(c)
	}
	return nil
}
