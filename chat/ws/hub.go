package ws

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"croft/chat"
	"croft/internal/events"
)

// batch is how many events are read from the log at once.
const batch = 256

// retryAfter is how long the hub waits when the log could not be read.
const retryAfter = time.Second

// Hub follows the log and hands new events to the connections. The rows are read
// once for all of them.
type Hub struct {
	log       Log
	bus       *events.Bus
	presenter Presenter
	config    Config

	started chan struct{}  // closed when Run knows its place in the log
	stop    chan struct{}  // closed when Run ends
	idle    sync.WaitGroup // counts connections; Add needs mu

	mu      sync.Mutex // guards the following 4 fields, and conn's fields that say so
	running bool
	head    int64 // the last event handed out
	conns   map[*conn]struct{}
	live    map[*conn]struct{} // those that receive new events
}

// New returns a hub. Sockets wait until it runs.
func New(log Log, bus *events.Bus, presenter Presenter, config Config) *Hub {
	return &Hub{
		log: log, bus: bus, presenter: presenter, config: config.withDefaults(),
		started: make(chan struct{}), stop: make(chan struct{}), conns: make(map[*conn]struct{}), live: make(map[*conn]struct{}),
	}
}

// Run follows the log until ctx ends; then it closes every connection with 1001
// and returns when all are gone. It may be called once.
func (h *Hub) Run(ctx context.Context) error {
	defer h.shutdown()
	woken := events.Subscribe[events.MessagesCommitted](h.bus, 64)
	defer func() { woken.Close() }()
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.head, h.running = head, true
	h.mu.Unlock()
	close(h.started)

	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-retry.C:
		case _, ok := <-woken.C():
			if !ok { // fell behind; the rows have what was missed
				woken = events.Subscribe[events.MessagesCommitted](h.bus, 64)
			}
		}
		if err := h.pump(ctx); err != nil && ctx.Err() == nil {
			h.config.Logger.ErrorContext(ctx, "could not follow the chat log", "error", err)
			retry.Reset(retryAfter)
		}
	}
}

func (h *Hub) shutdown() {
	h.mu.Lock()
	h.running = false
	h.mu.Unlock()
	close(h.stop)
	h.idle.Wait()
}

// pump hands out everything after head. Only Run calls it, so head moves in one place.
func (h *Hub) pump(ctx context.Context) error {
	for {
		h.mu.Lock()
		head := h.head
		h.mu.Unlock()
		list, err := h.log.EventsSince(ctx, head, batch)
		if err != nil {
			return err
		}
		items, err := encode(ctx, h.presenter, list)
		if err != nil {
			return err
		}
		h.fanOut(items)
		if len(list) < batch {
			return nil
		}
	}
}

func (h *Hub) fanOut(items []item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, it := range items {
		h.head = it.event.Seq
		for c := range h.live {
			switch {
			case it.event.Seq <= c.from:
			case roomsAreGone(it.event):
				h.refresh(c) // and it gets the event itself from the rows
			case c.sees(c.visible, it.event):
				c.enqueue(it)
			case mayConcern(c.caller.UserID(), it.event):
				h.refresh(c)
			}
		}
	}
}

// mayConcern reports whether an event tells of a room that the user may see
// although their connection does not know it yet.
func mayConcern(userID string, e chat.Event) bool {
	return e.Kind == chat.EventRoom && (e.Room.Kind != chat.RoomDirect || slices.Contains(e.Room.Members, userID))
}

// roomsAreGone reports whether an event tells that rooms were deleted.
func roomsAreGone(e chat.Event) bool { return e.Kind == chat.EventRoom && e.RoomID == chat.AllRoomID }

// Invalidate makes the user's connections ask again what the user may see. When
// it returns, no further event is handed to them under the old answer.
func (h *Hub) Invalidate(userID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if c.caller.UserID() == userID {
			h.refresh(c)
		}
	}
}

// outdated is refresh for whoever does not hold mu.
func (h *Hub) outdated(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refresh(c)
}

// looked says what the user may see as of the connection's last look, so that who looks
// at intervals does not make it begin again while it catches up: on a busy machine it
// would never end.
func (h *Hub) looked(c *conn, visible map[string]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.visible = visible
}

// refresh takes the connection out of the live stream and has it join again at
// its place. It needs mu.
func (h *Hub) refresh(c *conn) {
	delete(h.live, c)
	c.generation.Add(1)
	select {
	case c.stale <- struct{}{}:
	default:
	}
}

// join puts the connection into the live stream behind the event `after`, of which
// it has sent everything before. It returns where the stream begins: the caller
// sends what lies between from the rows. It fails when the connection was
// refreshed since generation.
func (h *Hub) join(c *conn, generation, after int64, visible map[string]bool) (from int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.generation.Load() != generation {
		return 0, false
	}
	c.from, c.visible, c.queue = max(h.head, after), visible, make(chan item, h.config.Queue)
	h.live[c] = struct{}{}
	return c.from, true
}

var errStopping = errors.New("the hub is stopping")

func (h *Hub) enter(ctx context.Context, c *conn) error {
	select {
	case <-h.started:
	case <-h.stop:
	case <-ctx.Done():
		return ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		return errStopping
	}
	h.idle.Add(1)
	h.conns[c] = struct{}{}
	return nil
}

func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	delete(h.conns, c)
	delete(h.live, c)
	h.mu.Unlock()
	h.idle.Done()
}
