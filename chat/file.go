package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/store"
)

// Bucket is where the bytes of files are kept; Blobs makes it.
const Bucket = "croft-chat"

// File is what a message of kind file carries.
type File struct {
	ID          string
	RoomID      string
	Name        string // a bare name that is safe to save under
	Size        int64
	ContentType string // as the sender said; nothing to be trusted
}

// Key is the object in Bucket that holds the bytes.
func (f File) Key() string { return "files/" + f.ID }

// PostFileRequest is a file to post. Size is -1 when it is not known beforehand.
type PostFileRequest struct {
	RoomID      string
	AuthorID    string
	ClientID    string
	Name        string
	ContentType string
	Size        int64
	Body        io.Reader
}

// PostFile stores the bytes and then commits the message; a failure leaves
// neither. Client IDs work as in Post: when the message exists already, the body
// is not read.
func (s *Service) PostFile(ctx context.Context, r PostFileRequest) (Message, error) {
	if err := checkClientID(r.ClientID); err != nil {
		return Message{}, err
	}
	if r.Size > s.config.MaxFile {
		return Message{}, ErrFileTooLarge
	}
	prior, found, err := priorMessage(s.read(ctx), r.RoomID, r.AuthorID, r.ClientID)
	if err != nil {
		return Message{}, fmt.Errorf("post file: %w", err)
	}
	if found {
		return prior, nil
	}
	file := File{ID: ids.New(), RoomID: r.RoomID, Name: cleanName(r.Name), ContentType: cleanType(r.ContentType)}
	message, posted, err := s.storeFile(ctx, r, file)
	if err != nil || !posted {
		s.discard(ctx, file)
	}
	if err != nil {
		return Message{}, fmt.Errorf("post file: %w", err)
	}
	return message, nil
}

// storeFile writes the intent, the object and the message, in this order.
func (s *Service) storeFile(ctx context.Context, r PostFileRequest, file File) (message Message, posted bool, err error) {
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if _, err := loadRoom(tx, "id = ?", file.RoomID); err != nil {
			return err
		}
		return tx.Create(&fileRow{ID: file.ID, RoomID: file.RoomID, Name: file.Name, ContentType: file.ContentType, CreatedAt: s.now()}).Error
	})
	if err != nil {
		return Message{}, false, err
	}
	body := &meter{from: r.Body, limit: s.config.MaxFile}
	err = s.blobs.Put(ctx, Bucket, file.Key(), file.ContentType, r.Size, body)
	switch {
	case body.read > body.limit:
		return Message{}, false, ErrFileTooLarge
	case err != nil:
		return Message{}, false, err
	case r.Size >= 0 && body.read != r.Size:
		return Message{}, false, ErrFileIncomplete
	}
	file.Size = body.read
	if message, posted, err = s.commitFile(ctx, r, file); err == nil && posted {
		s.announce(message.Seq)
	}
	return message, posted, err
}

func (s *Service) commitFile(ctx context.Context, r PostFileRequest, file File) (message Message, posted bool, err error) {
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		prior, found, err := priorMessage(tx, r.RoomID, r.AuthorID, r.ClientID)
		if err != nil || found {
			message = prior
			return err
		}
		payload, err := fileToPayload(file)
		if err != nil {
			return err
		}
		message, err = s.insertMessage(tx, messageRow{
			RoomID: r.RoomID, AuthorID: r.AuthorID, ClientID: r.ClientID, Kind: string(MessageFile), Text: file.Name, Payload: payload,
		})
		if err != nil {
			return err
		}
		update := tx.Model(&fileRow{}).Where("id = ? AND room_seq = 0", file.ID).Updates(map[string]any{"room_seq": message.RoomSeq, "size": file.Size})
		if update.Error == nil && update.RowsAffected == 0 {
			return ErrUploadExpired // the sweep took it for abandoned
		}
		posted = true
		return update.Error
	})
	return message, posted && err == nil, err
}

// FileByID returns a posted file, whoever asks.
func (s *Service) FileByID(ctx context.Context, id string) (File, error) {
	var row fileRow
	err := s.read(ctx).Where("id = ? AND room_seq > 0", id).Take(&row).Error
	if store.NotFound(err) {
		return File{}, ErrFileNotFound
	}
	if err != nil {
		return File{}, fmt.Errorf("load file: %w", err)
	}
	return row.toApp(), nil
}

// OpenFile returns length bytes of the file from offset on; a negative length
// reaches to the end. The caller closes the body.
func (s *Service) OpenFile(ctx context.Context, f File, offset, length int64) (io.ReadCloser, error) {
	body, err := s.blobs.Open(ctx, Bucket, f.Key(), offset, length)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil, errs.Wrap(err, ErrFileNotFound.Kind, ErrFileNotFound.Code, ErrFileNotFound.Message)
	}
	return body, err
}

// discard removes what an upload left that came to nothing. What it cannot
// remove is left to the sweep.
func (s *Service) discard(ctx context.Context, file File) {
	if err := s.deleteUpload(context.WithoutCancel(ctx), file); err != nil {
		s.config.Logger.WarnContext(ctx, "could not remove a failed chat upload", "file", file.ID, "error", err)
	}
}

// sweep removes uploads that were begun long ago and never became a message.
func (s *Service) sweep(ctx context.Context) error {
	var rows []fileRow
	before := s.now() - s.config.OrphanAge.Milliseconds()
	if err := s.read(ctx).Where("room_seq <= 0 AND created_at < ?", before).Find(&rows).Error; err != nil {
		return fmt.Errorf("list abandoned uploads: %w", err)
	}
	var failed error
	for _, row := range rows {
		failed = errors.Join(failed, s.deleteUpload(ctx, row.toApp()))
	}
	return failed
}

// deleteUpload condemns the upload first, so that no message can still be
// committed for it, and deletes the row last, so that a failure is tried again. A
// file that was posted stays.
func (s *Service) deleteUpload(ctx context.Context, file File) error {
	var posted int64
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		update := tx.Model(&fileRow{}).Where("id = ? AND room_seq <= 0", file.ID).Update("room_seq", condemnedUpload)
		if update.Error != nil || update.RowsAffected > 0 {
			return update.Error
		}
		// The row may also be gone, with its room; then the object goes too.
		return tx.Model(&fileRow{}).Where("id = ?", file.ID).Count(&posted).Error
	})
	if err == nil && posted > 0 {
		return nil
	}
	if err == nil {
		err = s.blobs.Delete(ctx, Bucket, file.Key())
	}
	if err == nil {
		err = s.db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Delete(&fileRow{}, "id = ? AND room_seq = ?", file.ID, condemnedUpload).Error
		})
	}
	if err != nil {
		return fmt.Errorf("delete upload %s: %w", file.ID, err)
	}
	return nil
}

// meter counts what passes and fails once it is more than the limit.
type meter struct {
	from  io.Reader
	limit int64
	read  int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.read += int64(n)
	if m.read > m.limit {
		return n, ErrFileTooLarge
	}
	return n, err
}

func cleanType(contentType string) string {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || len(contentType) > 200 {
		return "application/octet-stream"
	}
	return mime.FormatMediaType(kind, params)
}
