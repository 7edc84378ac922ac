package chat

import (
	"context"
	"fmt"
)

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventMessage        EventKind = "message"         // a message was posted
	EventMessageChanged EventKind = "message_changed" // a message has a new revision
	EventRoom           EventKind = "room"            // a room was made or renamed; of the room for all: other rooms are gone
	EventRead           EventKind = "read"            // a user has read up to RoomSeq
)

// Event is one entry of the log. It tells of things as they are when it is read:
// an early event of a message that has changed since carries the newest revision.
type Event struct {
	Seq     int64 // the global sequence: strictly rising, in the order of commits
	Kind    EventKind
	RoomID  string
	RoomSeq int64    // the message's place in its room, or the reader's
	UserID  string   // kind read: the reader, whom alone it concerns
	Message *Message // kinds message and message_changed
	Room    *Room    // kind room
}

// Head returns the sequence of the newest event; 0 when there is none.
func (s *Service) Head(ctx context.Context) (int64, error) {
	return loadHead(s.read(ctx))
}

// EventsSince returns up to limit events after seq, of all rooms, in order. Fewer
// than limit means that there were no more. Who may see which is for the caller.
func (s *Service) EventsSince(ctx context.Context, seq int64, limit int) ([]Event, error) {
	var rows []loggedRow
	err := s.read(ctx).Raw(`SELECT e.seq AS event_seq, e.kind AS event_kind, e.room_id AS event_room_id,
			e.room_seq AS event_room_seq, e.user_id AS event_user_id, m.*, r.id AS r_id, r.kind AS r_kind,
			r.project_id AS r_project_id, r.member_key AS r_member_key, r.name AS r_name, r.last_seq AS r_last_seq, r.created_at AS r_created_at
		FROM chat_events e
		LEFT JOIN chat_rooms r ON r.id = e.room_id AND e.kind = 'room'
		LEFT JOIN chat_messages m ON m.room_id = e.room_id AND m.room_seq = e.room_seq AND e.kind IN ('message', 'message_changed')
		WHERE e.seq > ? ORDER BY e.seq LIMIT ?`, seq, limit).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read events since %d: %w", seq, err)
	}
	events := make([]Event, len(rows))
	for i, row := range rows {
		if events[i], err = row.toApp(); err != nil {
			return nil, err
		}
	}
	return events, nil
}
