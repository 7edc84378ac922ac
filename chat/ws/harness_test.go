package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"croft/chat"
	"croft/chat/ws"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/store"
	"croft/migrations"
)

func TestMain(m *testing.M) {
	// gorm's statement cache never ends its goroutine.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

// presenter shows messages and rooms as the tests want to read them.
type presenter struct{}

type wireMessage struct {
	ID, RoomID, ClientID, Text string
	Seq, RoomSeq, Revision     int64
}

type wireRoom struct {
	ID      string
	Kind    string
	ReadSeq int64
	Unread  int64
}

func (presenter) Messages(_ context.Context, messages []chat.Message) ([]any, error) {
	list := make([]any, len(messages))
	for i, m := range messages {
		list[i] = wireMessage{m.ID, m.RoomID, m.ClientID, m.Text, m.Seq, m.RoomSeq, m.Revision}
	}
	return list, nil
}

func (presenter) Rooms(_ context.Context, _ string, rooms []chat.RoomState) ([]any, error) {
	list := make([]any, len(rooms))
	for i, r := range rooms {
		list[i] = wireRoom{r.ID, string(r.Kind), r.ReadSeq, r.Unread}
	}
	return list, nil
}

// hookedLog lets a test do something at a chosen place of a connection's life.
type hookedLog struct {
	*chat.Service
	mu     sync.Mutex // guards the following 5 fields
	rooms  func()     // once, while a connection asks for its rooms
	looked func()     // once, after the rooms were looked up
	state  func()     // once, while a connection asks for one room
	events func()     // once, after a connection read the first page of events since `since`
	since  int64
}

func (l *hookedLog) Rooms(ctx context.Context, v chat.Viewer) (chat.Snapshot, error) {
	l.mu.Lock()
	before, after := l.rooms, l.looked
	l.rooms, l.looked = nil, nil
	l.mu.Unlock()
	if before != nil {
		before()
	}
	snapshot, err := l.Service.Rooms(ctx, v)
	if after != nil {
		after()
	}
	return snapshot, err
}

func (l *hookedLog) RoomState(ctx context.Context, roomID, userID string) (chat.RoomState, error) {
	l.mu.Lock()
	hook := l.state
	l.state = nil
	l.mu.Unlock()
	if hook != nil {
		hook()
	}
	return l.Service.RoomState(ctx, roomID, userID)
}

func (l *hookedLog) EventsSince(ctx context.Context, seq int64, limit int) ([]chat.Event, error) {
	list, err := l.Service.EventsSince(ctx, seq, limit)
	l.mu.Lock()
	var hook func()
	// The hub reads the same page for all, and may do so later than a connection.
	if l.since == seq && ctx.Value(http.ServerContextKey) != nil {
		hook, l.events = l.events, nil
	}
	l.mu.Unlock()
	if hook != nil {
		hook()
	}
	return list, err
}

// world is a chat with its hub behind a real listener. Who connects is the query
// parameter user.
type world struct {
	*chat.Service
	db     *store.DB
	bus    *events.Bus
	log    *hookedLog
	hub    *ws.Hub
	server *httptest.Server
	stop   context.CancelFunc
	ended  chan error

	unasked  bool       // Post does not ask whether the room is visible
	mu       sync.Mutex // guards the following 2 fields
	projects map[string][]string
	revoked  map[string]bool
}

func start(t *testing.T, config ws.Config) *world {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db, bus: events.New(), ended: make(chan error, 1), projects: map[string][]string{}, revoked: map[string]bool{}}
	w.Service = chat.New(db, w.bus, nil, chat.Config{})
	if config.CheckInterval == 0 {
		config.CheckInterval = time.Hour
	}
	if config.Burst == 0 {
		config.Burst = 1 << 20
	}
	w.log = &hookedLog{Service: w.Service}
	w.hub = ws.New(w.log, w.bus, presenter{}, config)
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.ended <- w.hub.Run(ctx) }()
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.hub.ServeSocket(rw, r, caller{w, r.URL.Query().Get("user")})
	}))
	w.server.Listener = smallBuffers{w.server.Listener}
	w.server.Start()
	t.Cleanup(func() {
		cancel()
		if err, ok := <-w.ended; ok && err != nil {
			t.Error(err)
		}
		w.server.Close()
		db.Close()
	})
	return w
}

// smallBuffers keeps the kernel from hiding that a client does not read.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(32 << 10)
	}
	return c, err
}

type caller struct {
	w    *world
	user string
}

func (c caller) UserID() string { return c.user }

func (c caller) Check(context.Context) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.w.revoked[c.user] {
		return errs.New(errs.Unauthenticated, "unauthenticated", "Log in first.")
	}
	return nil
}

func (c caller) Viewer(context.Context) (chat.Viewer, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return chat.Viewer{UserID: c.user, Projects: c.w.projects[c.user]}, nil
}

func (c caller) Post(ctx context.Context, roomID, clientID, text string) (chat.Message, error) {
	if c.w.unasked {
		return c.w.Service.Post(ctx, chat.PostRequest{RoomID: roomID, AuthorID: c.user, ClientID: clientID, Text: text})
	}
	viewer, _ := c.Viewer(ctx)
	visible, err := c.w.VisibleRooms(ctx, viewer)
	if err != nil {
		return chat.Message{}, err
	}
	if !visible[roomID] {
		return chat.Message{}, chat.ErrRoomNotFound
	}
	return c.w.Service.Post(ctx, chat.PostRequest{RoomID: roomID, AuthorID: c.user, ClientID: clientID, Text: text})
}

func (w *world) allow(user string, projects ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.projects[user] = projects
}

func (w *world) revoke(user string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked[user] = true
}

var clientID atomic.Int64

func (w *world) post(t *testing.T, roomID, author, text string) chat.Message {
	t.Helper()
	m, err := w.Post(context.Background(), chat.PostRequest{RoomID: roomID, AuthorID: author, ClientID: fmt.Sprint("c", clientID.Add(1)), Text: text})
	if err != nil {
		t.Error(err)
	}
	return m
}

func (w *world) direct(t *testing.T, users ...string) chat.Room {
	t.Helper()
	room, err := w.DirectRoom(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

func (w *world) project(t *testing.T, id string) chat.Room {
	t.Helper()
	room, err := w.EnsureProjectRoom(t.Context(), id, id)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// frame is anything the server sends.
type frame struct {
	Type  string
	Seq   int64
	Rooms []wireRoom
	Reset bool
	Event struct {
		Kind    string
		Room    wireRoom
		Message wireMessage
	}
	ClientID string
	Code     string
	Message  json.RawMessage // of an ack a wireMessage, of a nack a sentence
}

type client struct {
	t      *testing.T
	socket *websocket.Conn
}

// dial connects without a hello.
func (w *world) dial(t *testing.T, user string) client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(32 << 10)
		}
		return c, err
	}}
	socket, answer, err := websocket.Dial(context.Background(), w.url(user), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	if answer.Body != nil {
		answer.Body.Close()
	}
	socket.SetReadLimit(1 << 20)
	t.Cleanup(func() { socket.CloseNow() })
	return client{t, socket}
}

func (w *world) url(user string) string {
	return "ws" + strings.TrimPrefix(w.server.URL, "http") + "/?user=" + user
}

// connect says hello and returns the ready.
func (w *world) connect(t *testing.T, user string, since int64) (client, frame) {
	t.Helper()
	c := w.dial(t, user)
	c.send(map[string]any{"type": "hello", "since": since})
	return c, c.expect("ready")
}

func (c client) send(v any) {
	c.t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = c.socket.Write(context.Background(), websocket.MessageText, data)
	}
	if err != nil {
		c.t.Errorf("send: %v", err)
	}
}

func (c client) read() (frame, error) {
	// Only so that a test that would hang fails and says where.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, data, err := c.socket.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	var f frame
	return f, json.Unmarshal(data, &f)
}

func (c client) expect(kind string) frame {
	c.t.Helper()
	f, err := c.read()
	if err != nil || f.Type != kind {
		c.t.Fatalf("got %+v, %v, want a frame of type %s", f, err, kind)
	}
	return f
}

// expectText reads the next frame, which must be the event of this message.
func (c client) expectText(text string) frame {
	c.t.Helper()
	f := c.expect("event")
	if f.Event.Message.Text != text {
		c.t.Fatalf("got the message %q, want %q", f.Event.Message.Text, text)
	}
	return f
}

func (c client) expectClose(code int) {
	c.t.Helper()
	for {
		_, err := c.read()
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); int(got) != code {
			c.t.Fatalf("closed with %d (%v), want %d", got, err, code)
		}
		return
	}
}
