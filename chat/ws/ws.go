// Package ws is chat's socket protocol: one WebSocket a client, on which it sends
// messages and receives the events of the rooms it may see.
//
// The client says {"type":"hello","since":N}: N is the sequence of the last event
// it holds, 0 when it holds nothing. The hub answers {"type":"ready","seq","rooms"}
// and then every event after N that the user may see, exactly once and in the order
// of commits, followed by new ones as they are committed. The rooms of a ready are
// as of its seq, so they count already what events up to seq will tell. "reset" in
// a ready means that the stream does not continue from N (N is too old, or from
// another database): the client drops what it holds. A ready may come again when
// the user may see other rooms than before.
//
//	client  {"type":"send","clientId","roomId","text"}    {"type":"ping"}
//	server  {"type":"ack","clientId","message"}           after the commit
//	        {"type":"nack","clientId","code","message"}   nothing was posted
//	        {"type":"event","seq","event":{"kind","room","message"}}
//	        {"type":"pong"}
//
// A connection that does not keep up is closed with code 4008 and comes back with
// since. Foreign origins are refused before the upgrade.
package ws

import (
	"context"
	"log/slog"
	"time"

	"croft/chat"
)

// Log is the part of chat that the hub follows.
type Log interface {
	Head(ctx context.Context) (int64, error)
	EventsSince(ctx context.Context, seq int64, limit int) ([]chat.Event, error)
	Rooms(ctx context.Context, v chat.Viewer) (chat.Snapshot, error)
	RoomState(ctx context.Context, roomID, userID string) (chat.RoomState, error)
	VisibleRooms(ctx context.Context, v chat.Viewer) (map[string]bool, error)
}

var _ Log = (*chat.Service)(nil)

// Presenter makes what is sent to clients out of chat's own words: values that
// encode to JSON, one for each given.
type Presenter interface {
	Messages(ctx context.Context, messages []chat.Message) ([]any, error)
	Rooms(ctx context.Context, userID string, rooms []chat.RoomState) ([]any, error)
}

// Caller is who is at the other end of a connection. Its methods are called from
// several goroutines, for as long as the connection lives.
type Caller interface {
	UserID() string
	// Check returns an error once the credential that opened the connection no
	// longer holds.
	Check(ctx context.Context) error
	// Viewer says what the policy lets the user see now.
	Viewer(ctx context.Context) (chat.Viewer, error)
	// Post asks the policy and posts; it returns when the message is committed.
	Post(ctx context.Context, roomID, clientID, text string) (chat.Message, error)
}

// The close codes of our own.
const (
	CloseUnauthenticated = 4001 // the session ended; log in again
	CloseSlow            = 4008 // the client did not keep up; come back with since
)

// Config is what can be set about the sockets. The zero value is ready for use.
type Config struct {
	Origins       []string      // hosts whose pages may connect besides our own
	Queue         int           // events a connection may lag behind; default 256
	MaxBacklog    int64         // events a client may catch up on; default 10,000
	MaxFrame      int64         // bytes of one frame from a client; default 128 KiB
	Burst         int           // messages a connection may send at once; default 20
	PerSecond     float64       // and how fast it earns more; default 5
	CheckInterval time.Duration // of pings and of asking Caller again; default 30 s
	HelloTimeout  time.Duration // default 10 s
	WriteTimeout  time.Duration // of one frame, and of the answer to a ping; default 15 s
	Logger        *slog.Logger  // default: discards
}

func (c Config) withDefaults() Config {
	if c.Queue <= 0 {
		c.Queue = 256
	}
	if c.MaxBacklog <= 0 {
		c.MaxBacklog = 10_000
	}
	if c.MaxFrame <= 0 {
		c.MaxFrame = 128 << 10
	}
	if c.Burst <= 0 {
		c.Burst = 20
	}
	if c.PerSecond <= 0 {
		c.PerSecond = 5
	}
	if c.CheckInterval <= 0 {
		c.CheckInterval = 30 * time.Second
	}
	if c.HelloTimeout <= 0 {
		c.HelloTimeout = 10 * time.Second
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = 15 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
