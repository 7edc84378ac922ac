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
	rows, err := loadStates(s.read(ctx), v.UserID, visibleTo, v.args()...)
	if err != nil {
		return Snapshot{}, fmt.Errorf("list rooms: %w", err)
	}
	var snapshot Snapshot
	for _, row := range rows { // at least the room for all
		state, err := row.toApp()
		if err != nil {
			return Snapshot{}, err
		}
		snapshot.Seq = row.Head
		snapshot.Rooms = append(snapshot.Rooms, state)
	}
	slices.SortStableFunc(snapshot.Rooms, func(a, b RoomState) int { return cmp.Compare(b.lastSeq(), a.lastSeq()) })
	return snapshot, nil
}

// RoomState returns one room as the user sees it, whether or not they may.
func (s *Service) RoomState(ctx context.Context, roomID, userID string) (RoomState, error) {
	rows, err := loadStates(s.read(ctx), userID, "id = ?", roomID)
	if err != nil {
		return RoomState{}, fmt.Errorf("read room: %w", err)
	}
	if len(rows) == 0 {
		return RoomState{}, ErrRoomNotFound
	}
	return rows[0].toApp()
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
