package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"croft/account"
	"croft/chat"
	"croft/chat/ws"
	"croft/internal/events"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// chatBlobs keeps chat's files in the console's store.
type chatBlobs struct{ store objectstore.Store }

func (b chatBlobs) Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error {
	_, err := b.store.Put(ctx, objectstore.PutRequest{
		Bucket: bucket, Key: key, Size: size, Body: body, Attributes: objectstore.Attributes{ContentType: contentType},
	})
	return err
}

func (b chatBlobs) Open(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	_, body, err := b.store.Get(ctx, bucket, key, &objectstore.Range{Offset: offset, Length: length})
	return body, err
}

func (b chatBlobs) Delete(ctx context.Context, bucket, key string) error {
	_, err := b.store.Delete(ctx, bucket, key)
	return err
}

type chatSocket struct{ hub *ws.Hub }

func (s chatSocket) ServeSocket(w http.ResponseWriter, r *http.Request, caller server.SocketCaller) {
	s.hub.ServeSocket(w, r, caller)
}

// talk is a console with chat: ada owns the project web, vic views it, eve and the
// administrator boss are outside.
type talk struct {
	*console
	rooms *chat.Service
	web   account.Project
	room  chat.Room
}

// withChat gives a console its chat.
func (k *talk) withChat(c *console, db *store.DB, deps *server.Deps) {
	bus := events.New()
	k.rooms = chat.New(db, bus, chatBlobs{c.store}, chat.Config{MaxFile: 1000})
	hub := ws.New(k.rooms, bus, server.NewChatPresenter(c.accounts), ws.Config{CheckInterval: 5 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Error(err)
		}
	})
	deps.Chat, deps.Socket = k.rooms, chatSocket{hub}
}

func newTalk(t *testing.T) *talk {
	t.Helper()
	k := &talk{}
	k.console = newConsole(t, k.withChat)
	k.user("boss", true)
	for _, name := range []string{"ada", "vic", "eve"} {
		k.user(name, false)
	}
	k.bucket(chat.Bucket, "")
	k.web = k.project("web", "ada", map[string]account.Role{"vic": account.Viewer})
	var err error
	if k.room, err = k.rooms.EnsureProjectRoom(t.Context(), k.web.ID, "Website"); err != nil {
		t.Fatal(err)
	}
	return k
}

// pair opens the direct room of the browser's user and others, and returns its ID.
func (k *talk) pair(b *browser, others ...string) string {
	k.t.Helper()
	var userIDs []string
	for _, name := range others {
		userIDs = append(userIDs, k.users[name].ID)
	}
	body, err := json.Marshal(map[string]any{"userIds": userIDs})
	if err != nil {
		k.t.Fatal(err)
	}
	a := b.do("POST", "/api/v1/chat/rooms", string(body))
	if a.status != 200 {
		k.t.Fatalf("direct room: %d %s", a.status, a.body)
	}
	return a.json()["id"].(string)
}

func TestRoomsOverTheAPI(t *testing.T) {
	k := newTalk(t)
	ada, vic, eve, boss := k.as("ada"), k.as("vic"), k.as("eve"), k.as("boss")
	pair := k.pair(ada, "eve")
	if again := k.pair(eve, "ada", "ada"); again != pair {
		t.Fatalf("the same two got %s and %s", pair, again)
	}
	project, direct := `"name":"Website","projectSlug":"web"`, `"id":"`+pair+`"`
	k.run(t, []scenario{
		{name: "owner", as: ada, method: "GET", path: "/api/v1/chat/rooms", status: 200, want: []string{`"kind":"all"`, project, direct, `"name":"eve"`}},
		{name: "viewer", as: vic, method: "GET", path: "/api/v1/chat/rooms", status: 200, want: []string{`"kind":"all"`, project}, never: []string{direct}},
		{name: "outsider", as: eve, method: "GET", path: "/api/v1/chat/rooms", status: 200, want: []string{direct, `"name":"ada"`}, never: []string{project}},
		{name: "administrator", as: boss, method: "GET", path: "/api/v1/chat/rooms", status: 200, want: []string{project}, never: []string{direct}},
		{name: "nobody", as: k.anonymous(), method: "GET", path: "/api/v1/chat/rooms", status: 401},
		{name: "alone", as: ada, method: "POST", path: "/api/v1/chat/rooms", body: `{"userIds":[]}`, status: 400, want: []string{`"members_invalid"`}},
		{name: "with a ghost", as: ada, method: "POST", path: "/api/v1/chat/rooms", body: `{"userIds":["ghost"]}`, status: 404, want: []string{`"user_not_found"`}},
	})
}

func TestMessagesOverTheAPI(t *testing.T) {
	k := newTalk(t)
	ada, vic, eve, boss := k.as("ada"), k.as("vic"), k.as("eve"), k.as("boss")
	pair := k.pair(ada, "eve")
	in := func(room string) string { return "/api/v1/chat/rooms/" + room + "/messages" }
	hello := `{"clientId":"c1","text":"hello <b>"}`
	k.run(t, []scenario{
		{name: "post", as: vic, method: "POST", path: in(k.room.ID), body: hello, status: 200,
			want: []string{`"roomSeq":1`, `"clientId":"c1"`, `"kind":"text"`, `"displayName":"vic"`, `"revision":1`}, never: []string{"editedAt"}, audit: "-"},
		{name: "again", as: vic, method: "POST", path: in(k.room.ID), body: hello, status: 200, want: []string{`"roomSeq":1`}},
		{name: "again elsewhere", as: vic, method: "POST", path: in("all"), body: hello, status: 409, want: []string{`"client_id_reused"`}},
		{name: "unread", as: ada, method: "GET", path: "/api/v1/chat/rooms", status: 200, want: []string{`"unread":1,"lastSeq":1,"readSeq":0,"lastMessage":{`}},
		{name: "read", as: ada, method: "POST", path: "/api/v1/chat/rooms/" + k.room.ID + "/read", body: `{"roomSeq":1}`, status: 204, audit: "-"},
		{name: "nothing unread", as: ada, method: "GET", path: "/api/v1/chat/rooms", status: 200, want: []string{`"unread":0,"lastSeq":1,"readSeq":1`}},
		{name: "empty", as: vic, method: "POST", path: in("all"), body: `{"clientId":"c2","text":" "}`, status: 400, want: []string{`"text_empty"`}},
		{name: "long", as: vic, method: "POST", path: in("all"), body: `{"clientId":"c2","text":"` + strings.Repeat("x", 16_001) + `"}`, status: 400, want: []string{`"text_too_long"`}},
		{name: "outsider posts", as: eve, method: "POST", path: in(k.room.ID), body: hello, status: 404, want: []string{`"project_not_found"`}},
		{name: "outsider reads", as: eve, method: "GET", path: in(k.room.ID), status: 404},
		{name: "direct", as: eve, method: "POST", path: in(pair), body: `{"clientId":"d","text":"psst"}`, status: 200},
		{name: "direct, others", as: vic, method: "GET", path: in(pair), status: 404, want: []string{`"room_not_found"`}, never: []string{"psst"}},
		{name: "direct, administrator reads", as: boss, method: "GET", path: in(pair), status: 404, never: []string{"psst"}},
		{name: "direct, administrator posts", as: boss, method: "POST", path: in(pair), body: hello, status: 404},
		{name: "direct, administrator marks", as: boss, method: "POST", path: "/api/v1/chat/rooms/" + pair + "/read", body: `{"roomSeq":1}`, status: 404},
		{name: "no such room", as: ada, method: "GET", path: in("nowhere"), status: 404, want: []string{`"room_not_found"`}},
		{name: "without a CSRF token", as: &browser{ada.console, ada.client, ""}, method: "POST", path: in("all"), body: hello, status: 403, want: []string{`"csrf"`}},
	})
	for i := range 5 {
		if a := ada.do("POST", in("all"), fmt.Sprintf(`{"clientId":"p%d","text":"page %d"}`, i, i)); a.status != 200 {
			t.Fatal(a.body)
		}
	}
	k.run(t, []scenario{
		{name: "newest page", as: eve, method: "GET", path: in("all") + "?limit=2", status: 200, want: []string{"page 3", "page 4", `"next":"4"`}, never: []string{"page 2"}},
		{name: "last page", as: eve, method: "GET", path: in("all") + "?limit=3&before=4", status: 200, want: []string{"page 0", "page 2", `"next":""`}, never: []string{"page 3"}},
	})
}

func TestCardOverTheAPI(t *testing.T) {
	k := newTalk(t)
	_, err := k.rooms.UpsertCard(t.Context(), chat.CardRequest{
		RoomID: k.room.ID, Key: "run:1", Revision: 1, Text: "app #7 on main: running",
		Run: chat.RunCard{ProjectSlug: "web", Repository: "app", Number: 7, State: "running", URL: "/x", Stages: []chat.CardStage{{Name: "build", State: "running"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	k.run(t, []scenario{{
		name: "card", as: k.as("vic"), method: "GET", path: "/api/v1/chat/rooms/" + k.room.ID + "/messages", status: 200,
		want:  []string{`"kind":"card"`, `"card":{"type":"run","projectSlug":"web","repository":"app","number":7,"state":"running"`, `"stages":[{"name":"build","state":"running"}]`},
		never: []string{"author\":{", "finishedAt", "startedAt"},
	}})
}

func TestChatFilesOverTheAPI(t *testing.T) {
	k := newTalk(t)
	ada, vic, eve, boss := k.as("ada"), k.as("vic"), k.as("eve"), k.as("boss")
	pair := k.pair(ada, "eve")
	as := func(clientID string) string {
		return "/api/v1/chat/rooms/" + pair + "/files?clientId=" + clientID + "&name=..%2Fnotes%20%E4%B8%AD.txt"
	}
	upload := as("f1")
	k.run(t, []scenario{
		{name: "post", as: eve, method: "POST", path: upload, body: "hello world", header: []string{"Content-Type: text/plain"}, status: 200,
			want: []string{`"kind":"file"`, `"name":"notes 中.txt"`, `"size":11`, `"url":"/api/v1/chat/files/`}},
		{name: "others", as: vic, method: "POST", path: upload, body: "x", status: 404, want: []string{`"room_not_found"`}},
		{name: "administrator", as: boss, method: "POST", path: upload, body: "x", status: 404},
		{name: "really too large", as: eve, method: "POST", path: as("f3"), body: strings.Repeat("x", 1001), status: 413, want: []string{`"file_too_large"`}},
		{name: "no client ID", as: eve, method: "POST", path: as(""), body: "x", status: 400, want: []string{`"client_id_invalid"`}},
	})
	history := ada.do("GET", "/api/v1/chat/rooms/"+pair+"/messages", "").json()["items"].([]any)
	if len(history) != 1 {
		t.Fatalf("%d messages", len(history))
	}
	path := history[0].(map[string]any)["file"].(map[string]any)["url"].(string)
	k.run(t, []scenario{
		{name: "bytes", as: ada, method: "GET", path: path, status: 200, want: []string{"hello world"}},
		{name: "range", as: ada, method: "GET", path: path, header: []string{"Range: bytes=6-"}, status: 206, want: []string{"world"}, never: []string{"hello"}},
		{name: "bytes for others", as: vic, method: "GET", path: path, status: 404, want: []string{`"room_not_found"`}},
		{name: "bytes for the administrator", as: boss, method: "GET", path: path, status: 404, never: []string{"hello"}},
		{name: "no such file", as: ada, method: "GET", path: "/api/v1/chat/files/none", status: 404, want: []string{`"file_not_found"`}},
	})
	a := ada.do("GET", path, "")
	if got := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox") {
		t.Errorf("policy %q", got)
	}
	if got := ada.do("GET", path+"?download=1", "").header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("disposition %q", got)
	}
}

// socket opens the chat socket with the browser's cookies.
func (k *talk) socket(b *browser, origin string) (*websocket.Conn, int) {
	k.t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	socket, answer, err := websocket.Dial(k.t.Context(), k.url+"/api/v1/chat/socket", &websocket.DialOptions{HTTPClient: b.client, HTTPHeader: header})
	if answer == nil {
		k.t.Fatal(err)
	}
	if err == nil {
		k.t.Cleanup(func() { socket.CloseNow() })
	}
	return socket, answer.StatusCode
}

// receive reads frames up to the first of a type.
func receive(t *testing.T, socket *websocket.Conn, kind string) string {
	t.Helper()
	for {
		_, data, err := socket.Read(t.Context())
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if strings.HasPrefix(string(data), `{"type":"`+kind+`"`) {
			return string(data)
		}
	}
}

func say(t *testing.T, socket *websocket.Conn, frame string) {
	t.Helper()
	if err := socket.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

func TestChatSocket(t *testing.T) {
	k := newTalk(t)
	ada, vic, eve := k.as("ada"), k.as("vic"), k.as("eve")
	for origin, want := range map[string]int{"https://evil.example": 403, k.url: 101, "": 101} {
		if _, got := k.socket(ada, origin); got != want {
			t.Errorf("origin %q: %d, want %d", origin, got, want)
		}
	}
	if _, got := k.socket(k.anonymous(), ""); got != 401 {
		t.Errorf("nobody: %d", got)
	}
	phone, _ := k.socket(vic, "")
	outside, _ := k.socket(eve, "")
	for _, socket := range []*websocket.Conn{phone, outside} {
		say(t, socket, `{"type":"hello","since":0}`)
	}
	if ready := receive(t, phone, "ready"); !strings.Contains(ready, `"projectSlug":"web"`) || !strings.Contains(ready, `"kind":"all"`) {
		t.Errorf("ready %s", ready)
	}
	if ready := receive(t, outside, "ready"); strings.Contains(ready, "web") {
		t.Errorf("an outsider is shown %s", ready)
	}
	say(t, outside, `{"type":"send","clientId":"x","roomId":"`+k.room.ID+`","text":"let me in"}`)
	if nack := receive(t, outside, "nack"); !strings.Contains(nack, `"room_not_found"`) {
		t.Errorf("nack %s", nack)
	}
	say(t, phone, `{"type":"send","clientId":"v1","roomId":"`+k.room.ID+`","text":"hi"}`)
	ack := receive(t, phone, "ack")
	if !strings.Contains(ack, `"author":{"id":"`+k.users["vic"].ID+`","name":"vic","displayName":"vic"}`) {
		t.Errorf("ack %s", ack)
	}
	history := ada.do("GET", "/api/v1/chat/rooms/"+k.room.ID+"/messages", "").body
	message := strings.TrimSuffix(ack[strings.Index(ack, `"message":`)+len(`"message":`):], "}")
	if !strings.Contains(history, message) {
		t.Errorf("the socket says %s, the API %s", message, history)
	}
}

func TestChatSocketEndsWithItsSession(t *testing.T) {
	k := newTalk(t)
	ada := k.as("ada")
	socket, _ := k.socket(ada, "")
	say(t, socket, `{"type":"hello","since":0}`)
	receive(t, socket, "ready")
	if a := ada.do("DELETE", "/api/v1/session", ""); a.status != 204 {
		t.Fatalf("log-out: %d %s", a.status, a.body)
	}
	for {
		if _, _, err := socket.Read(t.Context()); err != nil {
			if got := websocket.CloseStatus(err); got != ws.CloseUnauthenticated {
				t.Fatalf("closed with %v", err)
			}
			return
		}
	}
}
