package ws_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"croft/chat"
	"croft/chat/ws"
)

// seed is new for each run; CHAT_SEED repeats one.
func seed(t *testing.T) uint64 {
	s := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("CHAT_SEED"), 10, 64); err == nil {
		s = given
	}
	t.Logf("CHAT_SEED=%d", s)
	return s
}

// TestEverySocketSeesTheOneSequence has posters write to several rooms at once
// while sockets of users with different rights come and go at random places. Each
// must end with exactly the events that the log holds for its user, in its order.
func TestEverySocketSeesTheOneSequence(t *testing.T) {
	s := seed(t)
	w := start(t, ws.Config{Queue: 16})
	ours, theirs := w.project(t, "ours"), w.project(t, "theirs")
	pair := w.direct(t, "ann", "bob")
	w.allow("ann", "ours")
	w.allow("bob", "ours", "theirs")
	w.allow("root", "ours", "theirs")
	rooms := []string{chat.AllRoomID, ours.ID, theirs.ID, pair.ID}
	begin, err := w.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	const sockets, posters, each = 8, 6, 60
	users := []string{"ann", "bob", "root", "cat"}
	seen := make([][]int64, sockets)
	var watching, posting sync.WaitGroup
	for i := range sockets {
		watching.Go(func() {
			seen[i] = watch(t, w, users[i%len(users)], begin, rand.New(rand.NewPCG(s, uint64(i))))
		})
	}
	for p := range posters {
		posting.Go(func() {
			random := rand.New(rand.NewPCG(s, uint64(1000+p)))
			for i := range each {
				room := rooms[random.IntN(len(rooms))]
				switch random.IntN(6) {
				case 0:
					if _, err := w.UpsertCard(t.Context(), chat.CardRequest{RoomID: room, Key: "run", Revision: int64(i), Text: "run"}); err != nil {
						t.Error(err)
					}
				case 1:
					if err := w.MarkRead(t.Context(), room, "bob", int64(i)); err != nil {
						t.Error(err)
					}
				case 2:
					w.hub.Invalidate(users[random.IntN(len(users))])
				default:
					w.post(t, room, "poster", fmt.Sprint(p, "-", i))
				}
			}
		})
	}
	posting.Wait()
	w.post(t, chat.AllRoomID, "poster", lastWord)
	watching.Wait()

	log, err := w.EventsSince(t.Context(), begin, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sockets {
		viewer, _ := caller{w, users[i%len(users)]}.Viewer(t.Context())
		visible, err := w.VisibleRooms(t.Context(), viewer)
		if err != nil {
			t.Fatal(err)
		}
		var want []int64
		for _, e := range log {
			if visible[e.RoomID] && e.Kind != chat.EventRead {
				want = append(want, e.Seq)
			}
		}
		if fmt.Sprint(seen[i]) != fmt.Sprint(want) {
			t.Errorf("socket %d of %s saw\n%v\nwant\n%v", i, viewer.UserID, seen[i], want)
		}
	}
}

const lastWord = "that was all"

// watch collects the sequence of events until the last word, losing its
// connection now and then. Read markers are left out: only the newest is kept.
func watch(t *testing.T, w *world, user string, since int64, random *rand.Rand) (seen []int64) {
	for {
		c := w.dial(t, user)
		c.send(map[string]any{"type": "hello", "since": since})
		for random.IntN(25) > 0 {
			f, err := c.read()
			if websocket.CloseStatus(err) == ws.CloseSlow {
				break
			}
			if err != nil {
				t.Errorf("%s: %v", user, err)
				return seen
			}
			if f.Type != "event" {
				continue
			}
			if f.Seq <= since {
				t.Errorf("%s got %d after %d", user, f.Seq, since)
			}
			since = f.Seq
			if f.Event.Kind != string(chat.EventRead) {
				seen = append(seen, f.Seq)
			} else if user != "bob" {
				t.Errorf("%s was told how far bob has read", user)
			}
			if f.Event.Message.Text == lastWord {
				c.socket.CloseNow()
				return seen
			}
		}
		c.socket.CloseNow()
	}
}

// TestFullQueueClosesWith4008 holds a connection up while more is handed out than
// its queue takes.
func TestFullQueueClosesWith4008(t *testing.T) {
	w := start(t, ws.Config{Queue: 4})
	watcher, _ := w.connect(t, "watcher", 0)
	slow, _ := w.connect(t, "slow", 0)
	first := w.post(t, chat.AllRoomID, "bob", "first")
	watcher.expectText("first")
	slow.expectText("first")
	held, release := make(chan struct{}), make(chan struct{})
	w.log.mu.Lock()
	w.log.state = func() { close(held); <-release }
	w.log.mu.Unlock()
	if err := w.MarkRead(t.Context(), chat.AllRoomID, "slow", 1); err != nil {
		t.Fatal(err)
	}
	<-held
	const messages = 6
	for i := range messages {
		w.post(t, chat.AllRoomID, "bob", fmt.Sprint(i))
		watcher.expectText(fmt.Sprint(i)) // so the hub has handed it to both
	}
	slow.expectClose(ws.CloseSlow)
	close(release)
	again, _ := w.connect(t, "slow", first.Seq)
	if f := again.expect("event"); f.Event.Kind != "read" {
		t.Fatalf("%+v", f)
	}
	for i := range messages {
		again.expectText(fmt.Sprint(i))
	}
}

// TestClientThatDoesNotReadIsClosedAndResyncs fills the network's own buffers, so
// that a write blocks. Whether the close code still gets through is the network's.
func TestClientThatDoesNotReadIsClosedAndResyncs(t *testing.T) {
	w := start(t, ws.Config{Queue: 4, WriteTimeout: time.Hour})
	slow, ready := w.connect(t, "slow", 0)
	quick, _ := w.connect(t, "quick", 0)
	long := make([]byte, 15_000)
	for i := range long {
		long[i] = 'x'
	}
	const messages = 60
	for i := range messages {
		text := fmt.Sprint(i, string(long))
		w.post(t, chat.AllRoomID, "ann", text)
		quick.expectText(text) // so the hub has handed it to both
	}
	since, next := ready.Seq, 0
	take := func(f frame) {
		t.Helper()
		if want := fmt.Sprint(next, string(long)); f.Seq != since+1 || f.Event.Message.Text != want {
			t.Fatalf("got seq %d after %d: a gap", f.Seq, since)
		}
		since, next = f.Seq, next+1
	}
	for {
		f, err := slow.read()
		if err != nil {
			break
		}
		take(f)
	}
	if next == messages {
		t.Fatal("nothing was held back, so nothing was tested")
	}
	again, _ := w.connect(t, "slow", since)
	for next < messages {
		take(again.expect("event"))
	}
}

// TestNothingIsLostBetweenRowsAndLiveStream commits and hands out a message after
// a connection read its last page and before it joins the live stream.
func TestNothingIsLostBetweenRowsAndLiveStream(t *testing.T) {
	w := start(t, ws.Config{})
	watcher, ready := w.connect(t, "watcher", 0)
	w.post(t, chat.AllRoomID, "bob", "before")
	watcher.expectText("before")
	w.log.mu.Lock()
	w.log.since, w.log.events = ready.Seq, func() {
		for _, text := range []string{"between", "and another"} {
			w.post(t, chat.AllRoomID, "bob", text)
			watcher.expectText(text)
		}
	}
	w.log.mu.Unlock()
	ann, _ := w.connect(t, "ann", ready.Seq)
	for _, text := range []string{"before", "between", "and another"} {
		ann.expectText(text)
	}
	w.post(t, chat.AllRoomID, "bob", "live")
	ann.expectText("live")
}

// TestQueueIsIdleWhileCatchingUp hands out more than a queue holds while a
// connection finds out anew what it may see.
func TestQueueIsIdleWhileCatchingUp(t *testing.T) {
	w := start(t, ws.Config{Queue: 2})
	watcher, _ := w.connect(t, "watcher", 0)
	ann, _ := w.connect(t, "ann", 0)
	w.post(t, chat.AllRoomID, "bob", "live")
	watcher.expectText("live")
	ann.expectText("live")
	w.log.mu.Lock()
	w.log.rooms = func() {
		for i := range 6 {
			w.post(t, chat.AllRoomID, "bob", fmt.Sprint(i))
			watcher.expectText(fmt.Sprint(i))
		}
	}
	w.log.mu.Unlock()
	w.hub.Invalidate("ann")
	for i := range 6 {
		ann.expectText(fmt.Sprint(i))
	}
}

func TestBacklogOfManyPages(t *testing.T) {
	w := start(t, ws.Config{})
	_, ready := w.connect(t, "ann", 0)
	var all sync.WaitGroup
	const messages = 700
	for range messages {
		all.Go(func() { w.post(t, chat.AllRoomID, "bob", "x") })
	}
	all.Wait()
	c, _ := w.connect(t, "ann", ready.Seq)
	for i := range messages {
		if f := c.expect("event"); f.Seq != ready.Seq+int64(i)+1 {
			t.Fatalf("event %d has seq %d", i, f.Seq)
		}
	}
	w.post(t, chat.AllRoomID, "bob", "live")
	c.expectText("live")
}

func TestResetWhenTheStreamCannotContinue(t *testing.T) {
	w := start(t, ws.Config{MaxBacklog: 3})
	_, ready := w.connect(t, "ann", 0)
	if ready.Reset || ready.Seq == 0 {
		t.Fatalf("first ready %+v", ready)
	}
	for range 3 {
		w.post(t, chat.AllRoomID, "bob", "x")
	}
	if _, again := w.connect(t, "ann", ready.Seq); again.Reset {
		t.Fatal("reset within the limit")
	}
	w.post(t, chat.AllRoomID, "bob", "x")
	for _, since := range []int64{ready.Seq, 1 << 40} {
		c, again := w.connect(t, "ann", since)
		if !again.Reset || again.Seq != ready.Seq+4 {
			t.Fatalf("since %d: %+v", since, again)
		}
		m := w.post(t, chat.AllRoomID, "bob", "next")
		if f := c.expectText("next"); f.Seq != m.Seq {
			t.Fatalf("since %d: seq %d", since, f.Seq)
		}
		ready.Seq++
	}
}
