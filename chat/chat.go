// Package chat keeps rooms, messages and the log of what happened in them.
//
// It promises that a message which was acknowledged is on disk; that every event
// has a place in one global sequence, which is the order of commits, so a reader
// that remembers one number misses nothing and sees nothing twice; and that a
// message sent again under the same client ID is the same message. Subscribers
// are woken by events.MessagesCommitted and read the rows.
//
// It does not decide who may see or write what: it says of every room what a
// decision needs (kind, project, members), and the caller asks the policy. It
// knows no socket and no HTTP.
package chat

import (
	"context"
	"io"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"croft/internal/events"
	"croft/internal/store"
)

// Blobs keeps the bytes of files. An object that Put acknowledged is durable.
type Blobs interface {
	// Put stores body under the key, all or nothing, and makes the bucket when it is
	// missing. size is -1 when unknown; a body that is shorter or longer is refused.
	Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error
	// Open returns length bytes from offset on; a negative length reaches to the
	// end. The caller closes the body.
	Open(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error)
	// Delete removes the object; one that does not exist is no error.
	Delete(ctx context.Context, bucket, key string) error
}

// Config is what can be set about chat. The zero value is ready for use.
type Config struct {
	MaxFile   int64            // largest file in bytes; default 1 GiB
	OrphanAge time.Duration    // an upload without a message is given up after this; default 6 h
	Logger    *slog.Logger     // default: discards
	Now       func() time.Time // default time.Now
}

// Service is the chat of one Croft. Its methods may be called from any goroutine.
type Service struct {
	db     *store.DB
	bus    *events.Bus
	blobs  Blobs
	config Config
}

// New returns a service on an open state database. It does no I/O.
func New(db *store.DB, bus *events.Bus, blobs Blobs, config Config) *Service {
	if config.MaxFile <= 0 {
		config.MaxFile = 1 << 30
	}
	if config.OrphanAge <= 0 {
		config.OrphanAge = 6 * time.Hour
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Service{db: db, bus: bus, blobs: blobs, config: config}
}

// Run clears up after uploads that a crash cut off: now, and then every hour.
func (s *Service) Run(ctx context.Context) error {
	every := time.NewTicker(time.Hour)
	defer every.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "could not clear up abandoned chat uploads", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// announce wakes whoever follows the log; the rows up to seq are committed.
func (s *Service) announce(seq int64) {
	events.Publish(s.bus, events.MessagesCommitted{Seq: seq})
}

// read returns a handle on the readers, cut off from the end of ctx: queries here
// are short, and gorm's cache of prepared statements would hand the cancellation of
// one caller to all who wait for the same statement to be prepared. For the same
// reason nothing here reads in a transaction: it would hold a connection that the
// preparation may need.
func (s *Service) read(ctx context.Context) *gorm.DB { return s.db.Read(context.WithoutCancel(ctx)) }

func (s *Service) now() int64 { return s.config.Now().UnixMilli() }

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
