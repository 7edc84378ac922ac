package chat

import "gorm.io/gorm"

// stateRow is a room joined with a user's marker and the newest message.
type stateRow struct {
	Room    roomRow    `gorm:"embedded;embeddedPrefix:r_"`
	Last    messageRow `gorm:"embedded"` // empty where there is none
	ReadSeq int64
	Unread  int64
	Head    int64
}

func (r stateRow) toApp() (RoomState, error) {
	state := RoomState{Room: r.Room.toApp(), ReadSeq: r.ReadSeq, Unread: r.Unread}
	if r.Last.Seq == 0 {
		return state, nil
	}
	last, err := r.Last.toApp()
	state.Last = &last
	return state, err
}

// loadStates reads the rooms that match a condition on chat_rooms, together with
// the head of the log, in one statement and so as of one moment. Every part is an
// index look-up: the marker by its key, the newest message by its room sequence,
// and the count walks the room's index from the marker on.
func loadStates(db *gorm.DB, userID, where string, args ...any) (rows []stateRow, err error) {
	err = db.Raw(`SELECT r.id AS r_id, r.kind AS r_kind, r.project_id AS r_project_id, r.member_key AS r_member_key,
			r.name AS r_name, r.last_seq AS r_last_seq, r.created_at AS r_created_at,
			COALESCE(d.read_seq, 0) AS read_seq,
			(SELECT COUNT(*) FROM (SELECT 1 FROM chat_messages n
				WHERE n.room_id = r.id AND n.room_seq > COALESCE(d.read_seq, 0) AND n.author_id <> ? LIMIT ?) AS newer) AS unread,
			(SELECT MAX(seq) FROM chat_events) AS head,
			m.*
		FROM (SELECT * FROM chat_rooms WHERE `+where+`) AS r
		LEFT JOIN chat_reads d ON d.room_id = r.id AND d.user_id = ?
		LEFT JOIN chat_messages m ON m.room_id = r.id AND m.room_seq = r.last_seq`,
		append([]any{userID, MaxUnread}, append(args, userID)...)...).Scan(&rows).Error
	return rows, err
}
