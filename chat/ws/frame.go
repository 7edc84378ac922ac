package ws

import (
	"context"
	"encoding/json"
	"fmt"

	"croft/chat"
)

// request is a frame from a client.
type request struct {
	Type     string `json:"type"`
	Since    int64  `json:"since"`
	ClientID string `json:"clientId"`
	RoomID   string `json:"roomId"`
	Text     string `json:"text"`
}

type readyFrame struct {
	Type  string `json:"type"` // "ready"
	Seq   int64  `json:"seq"`
	Rooms []any  `json:"rooms"`
	Reset bool   `json:"reset,omitempty"`
}

type eventFrame struct {
	Type  string    `json:"type"` // "event"
	Seq   int64     `json:"seq"`
	Event eventBody `json:"event"`
}

type eventBody struct {
	Kind    chat.EventKind `json:"kind"`
	Room    any            `json:"room"` // kind room: the whole room as the user sees it
	Message any            `json:"message,omitempty"`
}

type roomRef struct {
	ID string `json:"id"`
}

type readRoom struct {
	ID      string `json:"id"`
	ReadSeq int64  `json:"readSeq"`
	Unread  int64  `json:"unread"`
}

type ackFrame struct {
	Type     string `json:"type"` // "ack"
	ClientID string `json:"clientId"`
	Message  any    `json:"message"`
}

type nackFrame struct {
	Type     string `json:"type"` // "nack"
	ClientID string `json:"clientId"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}

type pongFrame struct {
	Type string `json:"type"` // "pong"
}

// item is an event on its way to connections. What is the same for everyone is
// encoded once and shared; events of the other kinds differ from user to user and
// are encoded by the connection.
type item struct {
	event chat.Event
	frame []byte // nil: encode for the user
}

// encode prepares a batch of events, asking the presenter once.
func encode(ctx context.Context, presenter Presenter, events []chat.Event) ([]item, error) {
	var messages []chat.Message
	for _, e := range events {
		if e.Message != nil {
			messages = append(messages, *e.Message)
		}
	}
	presented, err := presenter.Messages(ctx, messages)
	if err != nil {
		return nil, fmt.Errorf("present messages: %w", err)
	}
	items := make([]item, len(events))
	for i, e := range events {
		items[i].event = e
		if e.Message == nil {
			continue
		}
		body := eventBody{Kind: e.Kind, Room: roomRef{e.RoomID}, Message: presented[0]}
		presented = presented[1:]
		if items[i].frame, err = json.Marshal(eventFrame{Type: "event", Seq: e.Seq, Event: body}); err != nil {
			return nil, fmt.Errorf("encode event: %w", err)
		}
	}
	return items, nil
}

// encodeFor encodes an event that differs from user to user.
func (c *conn) encodeFor(ctx context.Context, e chat.Event) ([]byte, error) {
	state, err := c.hub.log.RoomState(ctx, e.RoomID, c.caller.UserID())
	if err != nil {
		return nil, err
	}
	body := eventBody{Kind: e.Kind}
	if e.Kind == chat.EventRead {
		body.Room = readRoom{ID: e.RoomID, ReadSeq: state.ReadSeq, Unread: state.Unread}
	} else {
		rooms, err := c.hub.presenter.Rooms(ctx, c.caller.UserID(), []chat.RoomState{state})
		if err != nil {
			return nil, fmt.Errorf("present room: %w", err)
		}
		body.Room = rooms[0]
	}
	return json.Marshal(eventFrame{Type: "event", Seq: e.Seq, Event: body})
}
