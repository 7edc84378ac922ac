package chat

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/ids"
)

type messageRow struct {
	Seq          int64 `gorm:"primaryKey;autoIncrement:false"`
	ID           string
	RoomID       string
	RoomSeq      int64
	AuthorID     string
	ClientID     string
	Kind         string
	Text         string
	Payload      string
	CardKey      string
	CardRevision int64
	Revision     int64
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	EditedAt     int64
}

func (messageRow) TableName() string { return "chat_messages" }

func (r messageRow) toApp() (Message, error) {
	message := Message{
		ID: r.ID, RoomID: r.RoomID, Seq: r.Seq, RoomSeq: r.RoomSeq, AuthorID: r.AuthorID, ClientID: r.ClientID,
		Kind: MessageKind(r.Kind), Text: r.Text, CreatedAt: fromMillis(r.CreatedAt), EditedAt: fromMillis(r.EditedAt), Revision: r.Revision,
	}
	var err error
	switch message.Kind {
	case MessageFile:
		var payload filePayload
		err = json.Unmarshal([]byte(r.Payload), &payload)
		message.File = payload.toApp(message)
	case MessageCard:
		var payload cardPayload
		err = json.Unmarshal([]byte(r.Payload), &payload)
		message.Card = payload.toApp()
	}
	if err != nil {
		return Message{}, fmt.Errorf("decode message %s: %w", r.ID, err)
	}
	return message, nil
}

// insertMessage numbers the message in its room and in the log and stores it.
func (s *Service) insertMessage(tx *gorm.DB, row messageRow) (Message, error) {
	update := tx.Raw("UPDATE chat_rooms SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq", row.RoomID).Scan(&row.RoomSeq)
	if update.Error != nil {
		return Message{}, update.Error
	}
	if row.RoomSeq == 0 {
		return Message{}, ErrRoomNotFound
	}
	seq, err := appendEvent(tx, eventRow{Kind: string(EventMessage), RoomID: row.RoomID, RoomSeq: row.RoomSeq})
	if err != nil {
		return Message{}, err
	}
	row.Seq, row.ID, row.Revision, row.CreatedAt = seq, ids.New(), 1, s.now()
	if err := tx.Create(&row).Error; err != nil {
		return Message{}, err
	}
	return row.toApp()
}
