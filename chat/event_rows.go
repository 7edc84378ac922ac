package chat

import (
	"fmt"

	"gorm.io/gorm"
)

type eventRow struct {
	Seq     int64 `gorm:"primaryKey;autoIncrement"`
	Kind    string
	RoomID  string
	RoomSeq int64
	UserID  string
}

func (eventRow) TableName() string { return "chat_events" }

// loggedRow is an event joined with the message or room it tells of.
type loggedRow struct {
	EventSeq     int64
	EventKind    string
	EventRoomID  string
	EventRoomSeq int64
	EventUserID  string
	Message      messageRow `gorm:"embedded"`
	Room         roomRow    `gorm:"embedded;embeddedPrefix:r_"`
}

func (r loggedRow) toApp() (Event, error) {
	event := Event{Seq: r.EventSeq, Kind: EventKind(r.EventKind), RoomID: r.EventRoomID, RoomSeq: r.EventRoomSeq, UserID: r.EventUserID}
	switch event.Kind {
	case EventRoom:
		room := r.Room.toApp()
		event.Room = &room
	case EventMessage, EventMessageChanged:
		message, err := r.Message.toApp()
		if err != nil {
			return Event{}, err
		}
		event.Message = &message
	}
	return event, nil
}

// appendEvent gives the event the next global sequence. It runs in the one
// writer's transaction, so no event with a lower number is committed later.
func appendEvent(tx *gorm.DB, row eventRow) (int64, error) {
	if err := tx.Create(&row).Error; err != nil {
		return 0, fmt.Errorf("append event: %w", err)
	}
	return row.Seq, nil
}

func loadHead(db *gorm.DB) (int64, error) {
	var head int64
	if err := db.Raw("SELECT COALESCE(MAX(seq), 0) FROM chat_events").Scan(&head).Error; err != nil {
		return 0, fmt.Errorf("read the head of the log: %w", err)
	}
	return head, nil
}
