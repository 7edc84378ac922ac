// Package events announces facts between rooms inside the process. An event
// carries IDs and is published after the commit that made it true.
//
// Order: a subscription sees events in the order of the Publish calls. There is
// no promise of delivery: a queue is bounded, and a subscriber that falls behind
// has its channel closed and must read the rows again. Events tell, rows oblige.
package events

import (
	"reflect"
	"sync"
)

// Bus connects publishers and subscribers. The zero value is not ready; use New.
type Bus struct {
	mu   sync.Mutex // guards subs
	subs map[reflect.Type]map[any]func(any)
}

// New returns an empty bus.
func New() *Bus { return &Bus{subs: make(map[reflect.Type]map[any]func(any))} }

// Publish hands event to every current subscriber of its type and never blocks.
func Publish[E any](b *Bus, event E) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, deliver := range b.subs[reflect.TypeFor[E]()] {
		deliver(event)
	}
}

// Subscription is a bounded queue of events of one type.
type Subscription[E any] struct {
	bus    *Bus
	ch     chan E
	closed bool // guarded by bus.mu
}

// Subscribe starts a subscription with room for buffer undelivered events.
// The caller must Close it.
func Subscribe[E any](b *Bus, buffer int) *Subscription[E] {
	s := &Subscription[E]{bus: b, ch: make(chan E, buffer)}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := reflect.TypeFor[E]()
	if b.subs[t] == nil {
		b.subs[t] = make(map[any]func(any))
	}
	b.subs[t][s] = func(event any) {
		select {
		case s.ch <- event.(E):
		default:
			s.drop()
		}
	}
	return s
}

// C is closed when the subscriber fell behind or called Close; a subscriber
// that did not call Close reads the rows again and subscribes anew.
func (s *Subscription[E]) C() <-chan E { return s.ch }

// Close ends the subscription. It may be called more than once.
func (s *Subscription[E]) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.drop()
}

// drop needs bus.mu.
func (s *Subscription[E]) drop() {
	if s.closed {
		return
	}
	s.closed = true
	delete(s.bus.subs[reflect.TypeFor[E]()], s)
	close(s.ch)
}
