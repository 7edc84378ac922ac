package ws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"

	"croft/chat"
)

// stream sends a ready, what the client missed, and what happens from then on. It
// is the only sender of events on the connection. Whenever the user may see other
// rooms than before, it starts again at its place in the sequence.
func (c *conn) stream(ctx context.Context, since int64) error {
	place := place{since: since}
	for {
		generation := c.generation.Load()
		if err := c.begin(ctx, &place); err != nil {
			return err
		}
		if err := c.catchUp(ctx, &place, generation); err != nil {
			return err
		}
		if err := c.follow(ctx, &place, generation); err != nil {
			return err
		}
	}
}

// place is how far a connection is.
type place struct {
	since   int64           // everything visible up to here has been sent
	visible map[string]bool // the rooms it may see; nil before the first ready
	asOf    int64           // visible takes account of every room that events up to here tell of
}

// begin asks what the user may see, and sends a ready if that is news.
func (c *conn) begin(ctx context.Context, p *place) error {
	viewer, err := c.caller.Viewer(ctx)
	if err != nil {
		return err
	}
	snapshot, err := c.hub.log.Rooms(ctx, viewer)
	if err != nil {
		return err
	}
	p.asOf = snapshot.Seq
	visible := make(map[string]bool, len(snapshot.Rooms))
	for _, room := range snapshot.Rooms {
		visible[room.ID] = true
	}
	c.hub.looked(c, visible)
	if p.visible != nil && maps.Equal(p.visible, visible) {
		return nil
	}
	ready := readyFrame{Type: "ready", Seq: snapshot.Seq}
	if p.visible == nil {
		ready.Reset = p.since > snapshot.Seq || p.since > 0 && snapshot.Seq-p.since > c.hub.config.MaxBacklog
		if p.since <= 0 || ready.Reset {
			p.since = snapshot.Seq
		}
	}
	p.visible = visible
	if ready.Rooms, err = c.hub.presenter.Rooms(ctx, c.caller.UserID(), snapshot.Rooms); err != nil {
		return fmt.Errorf("present rooms: %w", err)
	}
	return c.send(ctx, ready)
}

// noEnd is a sequence that no event reaches.
const noEnd = math.MaxInt64

// catchUp sends from the rows until little is left, joins the live stream, and
// sends the little that lies before the point of joining. It stops where it is
// when the connection is refreshed.
func (c *conn) catchUp(ctx context.Context, p *place, generation int64) error {
	for more := true; more; {
		var err error
		if more, err = c.sendPage(ctx, p, noEnd, generation); err != nil {
			return err
		}
	}
	from, ok := c.hub.join(c, generation, p.since, p.visible)
	for ok && p.since < from && c.generation.Load() == generation {
		if _, err := c.sendPage(ctx, p, from, generation); err != nil {
			return err
		}
	}
	return nil
}

// sendPage sends a page of events from the rows, none beyond the sequence last,
// and reports whether there may be more.
func (c *conn) sendPage(ctx context.Context, p *place, last, generation int64) (more bool, err error) {
	page, err := c.hub.log.EventsSince(ctx, p.since, batch)
	if err != nil {
		return false, err
	}
	var visible []chat.Event
	for i, e := range page {
		if e.Seq <= last && c.outdates(p, e) {
			// The user may see a room that came after the last look: look again,
			// and go on with this event.
			page, last = page[:i], e.Seq-1
			defer c.hub.outdated(c)
			break
		}
		if e.Seq <= last && c.sees(p.visible, e) {
			visible = append(visible, e)
		}
	}
	items, err := encode(ctx, c.hub.presenter, visible)
	if err != nil {
		return false, err
	}
	for _, it := range items {
		if c.generation.Load() != generation {
			return false, nil
		}
		if err := c.sendItem(ctx, it); err != nil {
			return false, err
		}
		p.since = it.event.Seq
	}
	switch {
	case len(page) == batch:
		p.since = min(last, page[batch-1].Seq)
		return true, nil
	case last != noEnd: // all that is committed up to there has been seen
		p.since = last
	case len(page) > 0:
		p.since = page[len(page)-1].Seq
	}
	return false, nil
}

// outdates reports whether an event from the rows says that the user may see other
// rooms than when they were last looked up. The hub asks the same of live events.
func (c *conn) outdates(p *place, e chat.Event) bool {
	return e.Seq > p.asOf && (roomsAreGone(e) || !c.sees(p.visible, e) && mayConcern(c.caller.UserID(), e))
}

// follow sends live events until the connection is refreshed.
func (c *conn) follow(ctx context.Context, p *place, generation int64) error {
	queue := c.queue // set by the join in this goroutine
	for c.generation.Load() == generation {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.stale:
		case it := <-queue:
			if c.generation.Load() != generation {
				return nil // the rows have it, for those who may still see it
			}
			if err := c.sendItem(ctx, it); err != nil {
				return err
			}
			p.since = it.event.Seq
		}
	}
	return nil
}

// sees is the one rule of who is told what: events of visible rooms, and of
// readers' markers only one's own.
func (c *conn) sees(visible map[string]bool, e chat.Event) bool {
	return visible[e.RoomID] && (e.Kind != chat.EventRead || e.UserID == c.caller.UserID())
}

func (c *conn) sendItem(ctx context.Context, it item) error {
	frame := it.frame
	if frame == nil {
		var err error
		frame, err = c.encodeFor(ctx, it.event)
		if errors.Is(err, chat.ErrRoomNotFound) {
			return nil // deleted since; a later event says so
		}
		if err != nil {
			return err
		}
	}
	return c.write(ctx, frame)
}

func (c *conn) send(ctx context.Context, frame any) error {
	data, err := json.Marshal(frame)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	return c.write(ctx, data)
}
