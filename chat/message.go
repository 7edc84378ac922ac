package chat

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"croft/internal/store"
)

// MessageKind says what a message carries.
type MessageKind string

// The kinds of messages.
const (
	MessageText MessageKind = "text"
	MessageFile MessageKind = "file"
	MessageCard MessageKind = "card"
)

// Message is something said in a room. Text is never empty: for a file it is the
// name, for a card a sentence that says the same.
type Message struct {
	ID        string
	RoomID    string
	Seq       int64  // global sequence of the event that posted it
	RoomSeq   int64  // 1, 2, 3 … without gaps in its room
	AuthorID  string // empty: Croft itself
	ClientID  string // the author's own ID for it; empty for Croft's own
	Kind      MessageKind
	Text      string
	File      *File    // kind file
	Card      *RunCard // kind card
	CreatedAt time.Time
	EditedAt  time.Time // zero when it never changed
	Revision  int64     // 1, and one more with every change
}

// maxText bounds a message's text, in characters.
const maxText = 16_000

// PostRequest is a text to post.
type PostRequest struct {
	RoomID   string
	AuthorID string
	ClientID string // made by the client; sending again under it posts nothing new
	Text     string
}

// Post commits a message and returns it. A nil error means that it is on disk.
// When the author has already posted under this client ID, that message is
// returned and nothing is posted; if it is in another room, ErrClientIDReused.
func (s *Service) Post(ctx context.Context, r PostRequest) (Message, error) {
	if err := checkClientID(r.ClientID); err != nil {
		return Message{}, err
	}
	if err := checkText(r.Text); err != nil {
		return Message{}, err
	}
	var message Message
	var posted bool
	err := s.db.Write(ctx, func(tx *gorm.DB) (err error) {
		if message, posted, err = priorMessage(tx, r.RoomID, r.AuthorID, r.ClientID); err != nil || posted {
			return err
		}
		message, err = s.insertMessage(tx, messageRow{
			RoomID: r.RoomID, AuthorID: r.AuthorID, ClientID: r.ClientID, Kind: string(MessageText), Text: r.Text,
		})
		return err
	})
	if err != nil {
		return Message{}, fmt.Errorf("post message: %w", err)
	}
	if !posted {
		s.announce(message.Seq)
	}
	return message, nil
}

// History returns up to limit messages of a room before a room sequence (0: the
// newest), oldest first.
func (s *Service) History(ctx context.Context, roomID string, beforeRoomSeq int64, limit int) ([]Message, error) {
	query := s.read(ctx).Where("room_id = ?", roomID)
	if beforeRoomSeq > 0 {
		query = query.Where("room_seq < ?", beforeRoomSeq)
	}
	var rows []messageRow
	if err := query.Order("room_seq DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	messages := make([]Message, len(rows))
	for i, row := range rows {
		message, err := row.toApp()
		if err != nil {
			return nil, err
		}
		messages[len(rows)-1-i] = message
	}
	return messages, nil
}

// priorMessage finds what the author has posted under this client ID before.
func priorMessage(tx *gorm.DB, roomID, authorID, clientID string) (_ Message, found bool, err error) {
	var row messageRow
	err = tx.Where("author_id = ? AND client_id = ? AND client_id <> ''", authorID, clientID).Take(&row).Error
	switch {
	case store.NotFound(err):
		return Message{}, false, nil
	case err != nil:
		return Message{}, false, err
	case row.RoomID != roomID:
		return Message{}, false, ErrClientIDReused
	}
	message, err := row.toApp()
	return message, true, err
}

func checkText(text string) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return ErrTextInvalid
	case strings.TrimSpace(text) == "":
		return ErrTextEmpty
	case utf8.RuneCountInString(text) > maxText:
		return ErrTextTooLong
	}
	return nil
}

func checkClientID(id string) error {
	printable := func(c rune) bool { return c > ' ' && c < 0x7f }
	if id == "" || len(id) > 64 || strings.IndexFunc(id, func(c rune) bool { return !printable(c) }) >= 0 {
		return ErrClientIDInvalid
	}
	return nil
}
