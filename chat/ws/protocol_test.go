package ws_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"croft/chat"
	"croft/chat/ws"
)

func TestSendIsAcknowledgedOnceCommitted(t *testing.T) {
	w := start(t, ws.Config{})
	ann, _ := w.connect(t, "ann", 0)
	bob, _ := w.connect(t, "bob", 0)
	hello := map[string]any{"type": "send", "clientId": "one", "roomId": chat.AllRoomID, "text": "hello"}
	ann.send(hello)
	var acked wireMessage
	var event frame
	for range 2 { // the ack and the event come in either order
		f, err := ann.read()
		switch {
		case err == nil && f.Type == "ack" && f.ClientID == "one":
			if err := json.Unmarshal(f.Message, &acked); err != nil {
				t.Fatal(err)
			}
		case err == nil && f.Type == "event":
			event = f
		default:
			t.Fatalf("%+v, %v", f, err)
		}
	}
	if acked.Text != "hello" || acked != event.Event.Message || acked.Seq != event.Seq {
		t.Fatalf("ack %+v, event %+v", acked, event)
	}
	if stored, err := w.History(t.Context(), chat.AllRoomID, 0, 1); err != nil || stored[0].ID != acked.ID {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	ann.send(hello)
	var again wireMessage
	if err := json.Unmarshal(ann.expect("ack").Message, &again); err != nil || again != acked {
		t.Fatalf("sent again: %+v, %v", again, err)
	}
	bob.expectText("hello")
	w.post(t, chat.AllRoomID, "ann", "next")
	bob.expectText("next") // the resend made no event
}

func TestNackWhenItCannotBeCommitted(t *testing.T) {
	w := start(t, ws.Config{})
	ann, _ := w.connect(t, "ann", 0)
	w.post(t, chat.AllRoomID, "bob", "kept")
	ann.expectText("kept") // from here on the connection needs no rows
	w.unasked = true       // of the policy, which would read rows too
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	ann.send(map[string]any{"type": "send", "clientId": "one", "roomId": chat.AllRoomID, "text": "lost"})
	if f := ann.expect("nack"); f.ClientID != "one" || f.Code != "stopping" {
		t.Fatalf("%+v", f)
	}
}

func TestNacks(t *testing.T) {
	w := start(t, ws.Config{})
	pair := w.direct(t, "ann", "bob")
	cat, _ := w.connect(t, "cat", 0)
	for code, change := range map[string]map[string]any{
		"text_empty":        {"text": ""},
		"text_too_long":     {"text": strings.Repeat("界", 16_001)},
		"text_invalid":      {"text": "a\x00b"},
		"client_id_invalid": {"clientId": ""},
		"room_not_found":    {"roomId": pair.ID},
	} {
		frame := map[string]any{"type": "send", "clientId": "c", "roomId": chat.AllRoomID, "text": "x"}
		for key, value := range change {
			frame[key] = value
		}
		cat.send(frame)
		if f := cat.expect("nack"); f.Code != code || f.ClientID != frame["clientId"] || len(f.Message) < 5 {
			t.Errorf("%s: %+v", code, f)
		}
	}
	cat.send(map[string]any{"type": "ping"})
	cat.expect("pong")
}

func TestTooFastIsRefused(t *testing.T) {
	w := start(t, ws.Config{Burst: 2, PerSecond: 1e-9})
	ann, _ := w.connect(t, "ann", 0)
	got := map[string]int{}
	for i := range 4 {
		ann.send(map[string]any{"type": "send", "clientId": fmt.Sprint(i), "roomId": chat.AllRoomID, "text": "x"})
	}
	for got["ack"]+got["nack"] < 4 {
		f, err := ann.read()
		if err != nil {
			t.Fatal(err)
		}
		if got[f.Type]++; f.Type == "nack" && f.Code != "rate_limited" {
			t.Fatalf("%+v", f)
		}
	}
	if got["ack"] != 2 {
		t.Fatalf("%v", got)
	}
}

func TestDirectRoomsAreForTheirMembersAlone(t *testing.T) {
	w := start(t, ws.Config{})
	secretProject := w.project(t, "secret")
	w.allow("root", "secret")
	begin, err := w.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	live := map[string]client{}
	for _, user := range []string{"ann", "bob", "root", "cat"} {
		live[user], _ = w.connect(t, user, begin)
	}
	pair := w.direct(t, "ann", "bob")
	w.post(t, pair.ID, "ann", "psst")
	w.post(t, secretProject.ID, "root", "plan")
	w.post(t, chat.AllRoomID, "bob", "hello")
	expect := func(user string, c client) {
		t.Helper()
		switch user {
		case "ann", "bob":
			if live[user] == c {
				c.expect("ready") // there is a new room
			}
			if f := c.expect("event"); f.Event.Kind != "room" || f.Event.Room.ID != pair.ID || f.Event.Room.Kind != "direct" {
				t.Fatalf("%s: %+v", user, f)
			}
			c.expectText("psst")
		case "root":
			c.expectText("plan")
		}
		c.expectText("hello")
	}
	for user, c := range live {
		expect(user, c)
		resynced, ready := w.connect(t, user, begin)
		for _, room := range ready.Rooms {
			if room.ID == pair.ID && user != "ann" && user != "bob" {
				t.Errorf("%s is shown the room of others", user)
			}
		}
		expect(user, resynced)
	}
}

// TestRoomMadeWhileConnecting opens a room for somebody whose connection has just
// been told its rooms and does not follow the live stream yet.
func TestRoomMadeWhileConnecting(t *testing.T) {
	w := start(t, ws.Config{})
	begin, err := w.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.log.mu.Lock()
	w.log.looked = func() {
		pair := w.direct(t, "ann", "bob")
		w.post(t, pair.ID, "ann", "psst")
		w.post(t, chat.AllRoomID, "ann", "hello")
	}
	w.log.mu.Unlock()
	bob, ready := w.connect(t, "bob", begin)
	if len(ready.Rooms) != 1 {
		t.Fatalf("the first ready has %d rooms", len(ready.Rooms))
	}
	if again := bob.expect("ready"); len(again.Rooms) != 2 {
		t.Fatalf("the second ready has %d rooms", len(again.Rooms))
	}
	if f := bob.expect("event"); f.Event.Kind != "room" {
		t.Fatalf("got %+v", f)
	}
	bob.expectText("psst")
	bob.expectText("hello")
}

func TestReadMarkersFollowTheirOwner(t *testing.T) {
	w := start(t, ws.Config{})
	phone, _ := w.connect(t, "bob", 0)
	laptop, _ := w.connect(t, "bob", 0)
	ann, _ := w.connect(t, "ann", 0)
	w.post(t, chat.AllRoomID, "ann", "1")
	w.post(t, chat.AllRoomID, "ann", "2")
	if err := w.MarkRead(t.Context(), chat.AllRoomID, "bob", 1); err != nil {
		t.Fatal(err)
	}
	w.post(t, chat.AllRoomID, "ann", "3")
	for _, c := range []client{phone, laptop} {
		c.expectText("1")
		c.expectText("2")
		if f := c.expect("event"); f.Event.Kind != "read" || f.Event.Room.ID != chat.AllRoomID || f.Event.Room.ReadSeq != 1 || f.Event.Room.Unread < 1 {
			t.Fatalf("%+v", f)
		}
		c.expectText("3")
	}
	ann.expectText("1")
	ann.expectText("2")
	ann.expectText("3")
}

func TestRightsThatChangeTakeEffect(t *testing.T) {
	for name, config := range map[string]ws.Config{"invalidated": {}, "found out at the interval": {CheckInterval: 5 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			w := start(t, config)
			room := w.project(t, "p")
			ann, ready := w.connect(t, "ann", 0)
			if len(ready.Rooms) != 1 {
				t.Fatalf("%+v", ready)
			}
			change := func(rooms int, projects ...string) {
				t.Helper()
				w.allow("ann", projects...)
				if config.CheckInterval == 0 {
					w.hub.Invalidate("ann")
				}
				if ready := ann.expect("ready"); len(ready.Rooms) != rooms || ready.Reset {
					t.Fatalf("%+v", ready)
				}
			}
			w.post(t, room.ID, "bob", "hidden")
			w.post(t, chat.AllRoomID, "bob", "before")
			ann.expectText("before")
			change(2, "p")
			w.post(t, room.ID, "bob", "shown")
			ann.expectText("shown")
			change(1)
			w.post(t, room.ID, "bob", "hidden again")
			w.post(t, chat.AllRoomID, "bob", "after")
			ann.expectText("after")
		})
	}
}

func TestDeletedRoomIsTakenAway(t *testing.T) {
	w := start(t, ws.Config{})
	room := w.project(t, "p")
	w.allow("ann", "p")
	ann, ready := w.connect(t, "ann", 0)
	w.post(t, room.ID, "bob", "soon gone")
	ann.expectText("soon gone")
	if err := w.DeleteProjectRoom(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if again := ann.expect("ready"); len(again.Rooms) != 1 || again.Reset || again.Seq <= ready.Seq {
		t.Fatalf("%+v", again)
	}
	if f := ann.expect("event"); f.Event.Kind != "room" || f.Event.Room.ID != chat.AllRoomID {
		t.Fatalf("%+v", f)
	}
	w.post(t, chat.AllRoomID, "bob", "after")
	ann.expectText("after")
}

func TestInvalidateTakesEffectAtOnce(t *testing.T) {
	w := start(t, ws.Config{})
	room := w.project(t, "p")
	w.allow("ann", "p")
	for range 50 {
		w.allow("ann", "p")
		ann, ready := w.connect(t, "ann", 0)
		w.allow("ann")
		w.hub.Invalidate("ann")
		w.post(t, room.ID, "bob", "hidden")
		w.post(t, chat.AllRoomID, "bob", "after")
		if len(ready.Rooms) == 2 {
			ann.expect("ready")
		}
		ann.expectText("after")
		ann.socket.CloseNow()
	}
}

func TestRevokedSessionIsClosed(t *testing.T) {
	w := start(t, ws.Config{CheckInterval: 5 * time.Millisecond})
	ann, _ := w.connect(t, "ann", 0)
	bob, _ := w.connect(t, "bob", 0)
	w.revoke("ann")
	ann.expectClose(ws.CloseUnauthenticated)
	w.post(t, chat.AllRoomID, "bob", "still here")
	bob.expectText("still here")
}

func TestShutdownSaysGoingAway(t *testing.T) {
	w := start(t, ws.Config{})
	ann, _ := w.connect(t, "ann", 0)
	silent := w.dial(t, "bob")
	w.stop()
	ann.expectClose(int(websocket.StatusGoingAway))
	silent.expectClose(int(websocket.StatusGoingAway))
	if err := <-w.ended; err != nil {
		t.Fatal(err)
	}
	close(w.ended)
	answer, err := http.Get(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("after the stop: %s", answer.Status)
	}
}

func TestForeignOriginIsRefused(t *testing.T) {
	w := start(t, ws.Config{Origins: []string{"croft.example"}})
	for origin, want := range map[string]int{
		"http://evil.example": http.StatusForbidden, "null": http.StatusForbidden, w.server.URL + ".evil.example": http.StatusForbidden,
		w.server.URL: http.StatusSwitchingProtocols, "https://croft.example": http.StatusSwitchingProtocols, "": http.StatusSwitchingProtocols,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		socket, answer, err := websocket.Dial(t.Context(), w.url("ann"), &websocket.DialOptions{HTTPHeader: header})
		if err == nil {
			socket.CloseNow()
		}
		if answer == nil || answer.StatusCode != want {
			t.Errorf("origin %q: %v, %v", origin, answer, err)
		}
	}
}

func TestBadClientsAreClosed(t *testing.T) {
	w := start(t, ws.Config{HelloTimeout: time.Hour, MaxFrame: 1000})
	hello := `{"type":"hello","since":0}`
	for name, c := range map[string]struct {
		code   websocket.StatusCode
		frames []string
	}{
		"no hello":      {websocket.StatusPolicyViolation, []string{`{"type":"ping"}`}},
		"negative":      {websocket.StatusPolicyViolation, []string{`{"type":"hello","since":-1}`}},
		"not JSON":      {websocket.StatusUnsupportedData, []string{`hello`}},
		"wrong type":    {websocket.StatusUnsupportedData, []string{`{"type":"hello","since":"x"}`}},
		"unknown frame": {websocket.StatusPolicyViolation, []string{hello, `{"type":"shout"}`}},
		"second hello":  {websocket.StatusPolicyViolation, []string{hello, hello}},
		"too large":     {websocket.StatusMessageTooBig, []string{hello, `{"type":"send","text":"` + strings.Repeat("x", 1000) + `"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := w.dial(t, "ann")
			for _, frame := range c.frames {
				if err := conn.socket.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
					t.Fatal(err)
				}
			}
			conn.expectClose(int(c.code))
		})
	}
}

func TestSilentClientIsClosed(t *testing.T) {
	w := start(t, ws.Config{HelloTimeout: time.Millisecond})
	w.dial(t, "ann").expectClose(int(websocket.StatusPolicyViolation))
}
