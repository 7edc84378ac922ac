package chat

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

// DeleteProjectRoom deletes the project's room with its messages and files. It may
// be called again after it failed halfway; a project without a room is no error.
func (s *Service) DeleteProjectRoom(ctx context.Context, projectID string) error {
	room, err := loadRoom(s.read(ctx), "project_id = ?", projectID)
	if errors.Is(err, ErrRoomNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.deleteFiles(ctx, room.ID); err != nil {
		return err
	}
	var seq int64
	err = s.db.Write(ctx, func(tx *gorm.DB) (err error) {
		// The room's own events go with it, so an event of a room that stays tells
		// of its end. It also keeps the head of the log from moving back.
		if seq, err = appendEvent(tx, eventRow{Kind: string(EventRoom), RoomID: AllRoomID}); err != nil {
			return err
		}
		return tx.Delete(&roomRow{}, "id = ?", room.ID).Error
	})
	if err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	s.announce(seq)
	return nil
}

// deleteFiles deletes the objects before the rows that know of them.
func (s *Service) deleteFiles(ctx context.Context, roomID string) error {
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&fileRow{}).Where("room_id = ?", roomID).Update("room_seq", condemnedUpload).Error
	})
	if err != nil {
		return fmt.Errorf("condemn files: %w", err)
	}
	var rows []fileRow
	if err := s.read(ctx).Where("room_id = ?", roomID).Find(&rows).Error; err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	for _, row := range rows {
		if err := s.deleteUpload(ctx, row.toApp()); err != nil {
			return err
		}
	}
	return nil
}
