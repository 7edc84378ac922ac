package chat

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/store"
)

// RunCard is how a pipeline run shows itself in its project's room.
type RunCard struct {
	ProjectSlug   string
	Repository    string
	Number        int64
	State         string
	Branch        string
	Commit        string
	CommitMessage string
	Author        string
	URL           string // path of the run's page in the console
	Stages        []CardStage
	StartedAt     time.Time // zero while it has not started
	FinishedAt    time.Time // zero while it has not finished
}

// CardStage is one stage of the run.
type CardStage struct {
	Name  string
	State string
}

// CardRequest says how a card should look. Revision orders the states of what it
// shows: the newest wins, in whatever order they arrive.
type CardRequest struct {
	RoomID   string
	Key      string // names the card in its room: "run:<id>"
	Revision int64
	Run      RunCard
	Text     string // says the same in a sentence, for whoever cannot show the card
}

// UpsertCard posts the card the first time and changes it in place after that. A
// revision that is not newer than the one stored changes nothing.
func (s *Service) UpsertCard(ctx context.Context, r CardRequest) (Message, error) {
	payload, err := runCardToPayload(r.Run)
	if err != nil {
		return Message{}, fmt.Errorf("encode card: %w", err)
	}
	var message Message
	var seq int64
	err = s.db.Write(ctx, func(tx *gorm.DB) (err error) {
		var row messageRow
		err = tx.Where("room_id = ? AND card_key = ? AND card_key <> ''", r.RoomID, r.Key).Take(&row).Error
		switch {
		case store.NotFound(err):
			message, err = s.insertMessage(tx, messageRow{
				RoomID: r.RoomID, Kind: string(MessageCard), Text: clip(r.Text), Payload: payload, CardKey: r.Key, CardRevision: r.Revision,
			})
			seq = message.Seq
			return err
		case err != nil:
			return err
		case r.Revision > row.CardRevision:
			row.CardRevision, row.Text, row.Payload = r.Revision, clip(r.Text), payload
			if seq, err = s.changeMessage(tx, &row); err != nil {
				return err
			}
		}
		message, err = row.toApp()
		return err
	})
	if err != nil {
		return Message{}, fmt.Errorf("post card: %w", err)
	}
	if seq > 0 {
		s.announce(seq)
	}
	return message, nil
}

// changeMessage stores a new revision of a message and tells the log.
func (s *Service) changeMessage(tx *gorm.DB, row *messageRow) (int64, error) {
	row.Revision++
	row.EditedAt = s.now()
	if err := tx.Save(row).Error; err != nil {
		return 0, err
	}
	return appendEvent(tx, eventRow{Kind: string(EventMessageChanged), RoomID: row.RoomID, RoomSeq: row.RoomSeq})
}

// clip holds a text that Croft wrote itself to the limit of messages.
func clip(text string) string {
	if text == "" {
		return "Run"
	}
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText])
	}
	return text
}
