package chat

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"croft/internal/store"
)

type roomRow struct {
	ID        string `gorm:"primaryKey"`
	Kind      string
	ProjectID *string
	MemberKey *string
	Name      string
	LastSeq   int64
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (roomRow) TableName() string { return "chat_rooms" }

func (r roomRow) toApp() Room {
	room := Room{ID: r.ID, Kind: RoomKind(r.Kind), Name: r.Name, LastSeq: r.LastSeq, CreatedAt: fromMillis(r.CreatedAt)}
	if r.ProjectID != nil {
		room.ProjectID = *r.ProjectID
	}
	if r.MemberKey != nil {
		room.Members = strings.Split(*r.MemberKey, ",")
	}
	return room
}

type memberRow struct {
	RoomID string `gorm:"primaryKey"`
	UserID string `gorm:"primaryKey"`
}

func (memberRow) TableName() string { return "chat_members" }

type readRow struct {
	UserID   string `gorm:"primaryKey"`
	RoomID   string `gorm:"primaryKey"`
	ReadSeq  int64
	EventSeq int64
}

func (readRow) TableName() string { return "chat_reads" }

func loadRoom(db *gorm.DB, where string, arg string) (Room, error) {
	var row roomRow
	err := db.Where(where, arg).Take(&row).Error
	if store.NotFound(err) {
		return Room{}, ErrRoomNotFound
	}
	if err != nil {
		return Room{}, fmt.Errorf("load room: %w", err)
	}
	return row.toApp(), nil
}
