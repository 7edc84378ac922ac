package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// MaxUnread is where counting unread messages stops; it then means "or more".
const MaxUnread = 1000

// RoomState is a room as one user sees it.
type RoomState struct {
	Room
	ReadSeq int64    // room sequence up to which the user has read
	Unread  int64    // messages after it that are not the user's own, at most MaxUnread
	Last    *Message // the newest message, if there is one
}

// lastSeq is the global sequence of the newest message.
func (r RoomState) lastSeq() int64 {
	if r.Last == nil {
		return 0
	}
	return r.Last.Seq
}

// Snapshot is what a viewer sees, all as of one moment: after the event Seq and
// before the next.
type Snapshot struct {
	Seq   int64
	Rooms []RoomState
}

// Rooms returns the viewer's rooms, the one with the newest message first.
func (s *Service) Rooms(ctx context.Context, v Viewer) (Snapshot, error) {
	var snapshot Snapshot
	err := s.db.Read(ctx).Transaction(func(tx *gorm.DB) (err error) {
		if snapshot.Seq, err = loadHead(tx); err != nil {
			return err
		}
		snapshot.Rooms, err = loadStates(tx, v.UserID, visibleTo, v.args()...)
		return err
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("list rooms: %w", err)
	}
	slices.SortStableFunc(snapshot.Rooms, func(a, b RoomState) int { return cmp.Compare(b.lastSeq(), a.lastSeq()) })
	return snapshot, nil
}

// RoomState returns one room as the user sees it, whether or not they may.
func (s *Service) RoomState(ctx context.Context, roomID, userID string) (RoomState, error) {
	states, err := loadStates(s.db.Read(ctx), userID, "id = ?", roomID)
	if err != nil {
		return RoomState{}, fmt.Errorf("read room: %w", err)
	}
	if len(states) == 0 {
		return RoomState{}, ErrRoomNotFound
	}
	return states[0], nil
}

// MarkRead moves the user's marker forward to a room sequence. It never moves
// back, nor past the newest message.
func (s *Service) MarkRead(ctx context.Context, roomID, userID string, roomSeq int64) error {
	var seq int64
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		room, err := loadRoom(tx, "id = ?", roomID)
		if err != nil {
			return err
		}
		marker := readRow{UserID: userID, RoomID: roomID}
		if err := tx.Where(&marker).Limit(1).Find(&marker).Error; err != nil {
			return err
		}
		old := marker
		if marker.ReadSeq = min(roomSeq, room.LastSeq); marker.ReadSeq <= old.ReadSeq {
			return nil
		}
		if seq, err = appendEvent(tx, eventRow{Kind: string(EventRead), RoomID: roomID, RoomSeq: marker.ReadSeq, UserID: userID}); err != nil {
			return err
		}
		marker.EventSeq = seq
		if err := tx.Save(&marker).Error; err != nil {
			return err
		}
		// Only the newest marker says anything, so the log keeps one a reader and room.
		return tx.Delete(&eventRow{}, "seq = ?", old.EventSeq).Error
	})
	if err != nil {
		return fmt.Errorf("mark read: %w", err)
	}
	if seq > 0 {
		s.announce(seq)
	}
	return nil
}

type stateRow struct {
	Room    roomRow `gorm:"embedded"`
	ReadSeq int64
	Unread  int64
}

// loadStates reads the rooms that match a condition on chat_rooms. Every part is
// an index look-up: the marker by its key, the last message by its room sequence,
// and the count walks the room's index from the marker on.
func loadStates(db *gorm.DB, userID, where string, args ...any) ([]RoomState, error) {
	var rows []stateRow
	err := db.Raw(`SELECT r.*, COALESCE(d.read_seq, 0) AS read_seq,
			(SELECT COUNT(*) FROM (SELECT 1 FROM chat_messages m
				WHERE m.room_id = r.id AND m.room_seq > COALESCE(d.read_seq, 0) AND m.author_id <> ? LIMIT ?) AS newer) AS unread
		FROM (SELECT * FROM chat_rooms WHERE `+where+`) AS r
		LEFT JOIN chat_reads d ON d.room_id = r.id AND d.user_id = ?`,
		append([]any{userID, MaxUnread}, append(args, userID)...)...).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	return withLast(db, rows)
}

func withLast(db *gorm.DB, rows []stateRow) ([]RoomState, error) {
	states := make([]RoomState, len(rows))
	for i, row := range rows {
		states[i] = RoomState{Room: row.Room.toApp(), ReadSeq: row.ReadSeq, Unread: row.Unread}
		if row.Room.LastSeq == 0 {
			continue
		}
		var last messageRow
		if err := db.Where("room_id = ? AND room_seq = ?", row.Room.ID, row.Room.LastSeq).Take(&last).Error; err != nil {
			return nil, err
		}
		message, err := last.toApp()
		if err != nil {
			return nil, err
		}
		states[i].Last = &message
	}
	return states, nil
}
