package notification

import (
	"context"
	"errors"
	"slices"
	"sync"

	"croft/objectstore"
)

// Announcer tells the store which events are to be kept for whom, and tells those who
// listen what happened. It is made before the store is opened.
type Announcer struct {
	mu        sync.RWMutex // guards the following 2 fields
	read      map[string]reading
	listeners map[string][]*Listener // by bucket
}

// reading is what a bucket's document says.
type reading struct {
	text  string
	rules Rules
}

var _ objectstore.Announcer = (*Announcer)(nil)

// NewAnnouncer makes one that nobody listens to yet.
func NewAnnouncer() *Announcer {
	return &Announcer{read: map[string]reading{}, listeners: map[string][]*Listener{}}
}

// maxReadings bounds the buckets whose rules are remembered.
const maxReadings = 1000

// Wants implements objectstore.Announcer.
func (a *Announcer) Wants(bucket string, documents map[string]string) bool {
	if documents[Document] != "" {
		return true
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.listeners[bucket]) > 0
}

// rules are a bucket's, as its document says them now. A document that cannot be read was
// written by a newer Croft, and has none that could be followed.
func (a *Announcer) rules(bucket, text string) Rules {
	if text == "" {
		return nil
	}
	a.mu.RLock()
	known, ok := a.read[bucket]
	a.mu.RUnlock()
	if ok && known.text == text {
		return known.rules
	}
	rules, err := Parse([]byte(text))
	if err != nil {
		rules = nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.read) >= maxReadings {
		clear(a.read)
	}
	a.read[bucket] = reading{text, rules}
	return rules
}

// Notices implements objectstore.Announcer.
func (a *Announcer) Notices(ctx context.Context, h *objectstore.Happening) (notices []objectstore.Notice) {
	rules := a.rules(h.Object.Bucket, h.Documents[Document])
	if len(rules) == 0 {
		return nil
	}
	from := objectstore.OriginOf(ctx)
	name := nameOf(h, &from)
	for i := range rules {
		r := &rules[i]
		if !r.matches(name, h.Object.Key) {
			continue
		}
		e := eventOf(name, r.ID, h, &from)
		notices = append(notices, objectstore.Notice{Queue: place{Bucket: h.Object.Bucket, ID: h.BucketID, Target: r.target}.String(), Text: e.text()})
	}
	return notices
}

// Happened implements objectstore.Announcer.
func (a *Announcer) Happened(ctx context.Context, h *objectstore.Happening) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := a.listeners[h.Object.Bucket]
	if len(all) == 0 {
		return
	}
	from := objectstore.OriginOf(ctx)
	name := nameOf(h, &from)
	for _, l := range all {
		if l.rule.matches(name, h.Object.Key) {
			l.tell(eventOf(name, "Config", h, &from))
		}
	}
}

// Listener is somebody who listens to a bucket as it happens. What happens while nobody
// listens is not told.
type Listener struct {
	a      *Announcer
	bucket string
	rule   Rule

	mu     sync.Mutex // guards the following field and closes of events
	closed bool
	events chan Event
}

// listenerQueue is how many events a listener may be behind before it is let go.
const listenerQueue = 4096

// Listen begins to listen. Events are names, also with "*" at the end; Close ends it.
func (a *Announcer) Listen(bucket string, events []string, prefix, suffix string) (*Listener, error) {
	l := &Listener{a: a, bucket: bucket, rule: Rule{Prefix: prefix, Suffix: suffix}, events: make(chan Event, listenerQueue)}
	refused := invalid("Name at least one event to listen to.")
	for _, text := range events {
		names, err := expand(text)
		if err != nil && !errors.Is(err, ErrUnsupported) {
			return nil, err
		}
		if err != nil {
			refused = err // who listens to reads as well, as mc does unasked, hears of the others
		}
		l.rule.names = append(l.rule.names, names...)
	}
	if len(l.rule.names) == 0 {
		return nil, refused
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listeners[bucket] = append(a.listeners[bucket], l)
	return l, nil
}

// Events are what happens. The channel is closed when the listener fell too far behind,
// or was closed.
func (l *Listener) Events() <-chan Event { return l.events }

func (l *Listener) tell(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	select {
	case l.events <- e:
	default:
		l.closed = true
		close(l.events)
	}
}

// Close ends the listening.
func (l *Listener) Close() {
	l.a.mu.Lock()
	left := slices.DeleteFunc(slices.Clone(l.a.listeners[l.bucket]), func(o *Listener) bool { return o == l })
	if l.a.listeners[l.bucket] = left; len(left) == 0 {
		delete(l.a.listeners, l.bucket)
	}
	l.a.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.events)
	}
}
