package notification

import (
	"context"
	"errors"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// Bounds of what is delivered at once.
const (
	atOnce    = 8    // events of different keys under way to one target
	batchSize = 256  // events looked at in one step
	lookAhead = 5000 // events that are passed over to find some that are not held back
	refusals  = 8    // refused one after the other, after which the target counts as not well
)

// queue is what waits in one bucket for one target.
type queue struct {
	service *Service
	place
	name    string
	bell    chan struct{}
	running bool // somebody delivers from it; guarded by the service

	mu     sync.Mutex // guards what follows
	status Status     // only counts, problem and next try
	hurry  bool       // somebody wants it tried now

	// held are keys whose event was refused, until when; only run uses them.
	held map[string]hold
	down int // tries in a row that found the target not well
	row  int // refusals since the last success
	// gathered says that events of a room were given time to become one message; sum is the
	// message that is on its way.
	gathered bool
	sum      *sum
	looked   bool // whether such a message was looked for that a Croft before this one left
}

type hold struct {
	until time.Time
	pause time.Duration
}

// notice is one that waits.
type notice struct {
	id    string // its key in the store
	event Event
}

func newQueue(s *Service, at place) *queue {
	return &queue{service: s, place: at, name: at.String(), bell: make(chan struct{}, 1), held: map[string]hold{}}
}

// idOf is a notice's key in its queue.
func (q *queue) idOf(key string) string { return key[len(q.name)+1:] }

func (q *queue) ring() {
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends, or the queue of a bucket that is gone is empty.
func (q *queue) run(ctx context.Context) {
	for ctx.Err() == nil {
		// The order matters: nothing comes after the bucket is gone.
		gone, err := q.service.gone(q.place)
		var pause time.Duration
		if err == nil {
			pause, err = q.step(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil && pause == 0 && gone {
			q.service.forget(q)
			return
		}
		if err != nil {
			q.service.log.WarnContext(ctx, "events could not be read or settled; it is tried again", "queue", q.name, "error", err)
			q.down++ // what was delivered and could not be settled is delivered again: not too often
			pause = q.service.pause(q.down)
		}
		if pause < 0 {
			continue
		}
		q.rest(ctx, pause)
	}
}

// rest waits until something new is there (pause 0), or for a time, or until somebody
// wants it tried now. What is new does not end a pause.
func (q *queue) rest(ctx context.Context, pause time.Duration) {
	if pause == 0 {
		wait(ctx, q.bell, 0)
		q.mu.Lock()
		q.hurry = false // it is tried anyway
		q.mu.Unlock()
		return
	}
	over := time.NewTimer(pause)
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-over.C:
			return
		case <-q.bell:
			q.mu.Lock()
			now := q.hurry
			q.hurry = false
			q.mu.Unlock()
			if now {
				clear(q.held)
				return
			}
		}
	}
}

// step delivers a batch and returns how long to wait: 0 until something new is there, less
// than 0 not at all.
func (q *queue) step(ctx context.Context) (time.Duration, error) {
	if q.Target.Kind == Room {
		return q.stepSum(ctx)
	}
	batch, until, err := q.read(ctx)
	if err != nil || len(batch) == 0 {
		if err == nil && !until.IsZero() {
			return max(time.Until(until), time.Millisecond), nil
		}
		return 0, err
	}
	if q.down > 0 {
		batch = batch[:1] // is it well again?
	}
	r := &round{queue: q}
	r.deliver(ctx, batch)
	if err := r.settle(ctx); err != nil {
		return 0, err
	}
	switch {
	case r.sick:
		return q.sick(), nil
	case r.busy:
		q.down = 0
		q.note(func(st *Status) { st.Busy = true })
		return q.service.config.BusyPause, nil
	case r.delivered > 0:
		q.down = 0
	}
	return -1, nil
}

// sick is how long a target is left alone that is not well once more.
func (q *queue) sick() time.Duration {
	q.down++
	pause := q.service.pause(q.down)
	q.note(func(st *Status) { st.NextTry = time.Now().Add(pause) })
	return pause
}

// pause is how long to wait after so many failures in a row.
func (s *Service) pause(failures int) time.Duration {
	return min(s.config.FirstPause<<min(failures-1, 20), s.config.LastPause)
}

func (q *queue) note(change func(*Status)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	change(&q.status)
}

// read returns the first events that are not held back. Where all are, it returns until
// when the first of them is.
func (q *queue) read(ctx context.Context) (batch []notice, until time.Time, err error) {
	now := time.Now()
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: q.name + "/", Limit: batchSize}
	skipped := map[string]bool{}
	for looked := 0; len(batch) < batchSize && looked < lookAhead; {
		page, err := q.service.store.List(ctx, r)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return nil, until, nil
		}
		if err != nil {
			return nil, until, err
		}
		looked += len(page.Objects)
		for i := range page.Objects {
			o := &page.Objects[i]
			e, err := parseEvent(o.Attributes.System[objectstore.NoticeText])
			if err != nil {
				if err := q.setAside(ctx, o, err); err != nil {
					return nil, until, err
				}
				continue
			}
			if h, is := q.held[e.Key]; is && now.Before(h.until) {
				skipped[e.Key] = true
				if until.IsZero() || h.until.Before(until) {
					until = h.until
				}
				continue
			}
			batch = append(batch, notice{o.Key, e})
		}
		if !page.Truncated {
			break
		}
		r.After = page.Next
	}
	if len(batch) == 0 && len(skipped) == 0 {
		clear(q.held)
	}
	return batch, until, nil
}

// setAside puts a notice away that cannot be read: what comes behind it goes on.
func (q *queue) setAside(ctx context.Context, o *objectstore.Object, why error) error {
	id := q.idOf(o.Key)
	shelf := q.on(unreadable).String()
	if err := q.service.keep(ctx, shelf+"/"+id, o.Attributes.System[objectstore.NoticeText]); err != nil {
		return err
	}
	if err := q.service.store.SettleNotices(ctx, []string{o.Key}); err != nil {
		return err
	}
	q.service.log.ErrorContext(ctx, "an event cannot be read and was put aside; it is told to nobody", "queue", q.name, "kept", shelf+"/"+id, "error", why)
	return nil
}

// round is a batch that is being delivered.
type round struct {
	queue *queue

	mu        sync.Mutex // guards what follows
	done      []string   // IDs to settle
	delivered int
	sick      bool // the target is not well: begin nothing more
	busy      bool // it takes no more at once
}

// deliver sends a batch: the events of a key one after the other, several keys at once.
func (r *round) deliver(ctx context.Context, batch []notice) {
	var keys []string
	of := map[string][]*notice{}
	for i := range batch {
		n := &batch[i]
		if of[n.event.Key] == nil {
			keys = append(keys, n.event.Key)
		}
		of[n.event.Key] = append(of[n.event.Key], n)
	}
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, key := range keys {
		room <- struct{}{}
		if r.over(ctx) {
			break
		}
		all.Go(func() {
			defer func() { <-room }()
			for _, n := range of[key] {
				if r.over(ctx) || !r.one(ctx, n) {
					return
				}
			}
		})
	}
	all.Wait()
}

func (r *round) over(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sick || r.busy || ctx.Err() != nil
}

// one delivers an event and reports whether the next of its key may follow.
func (r *round) one(ctx context.Context, n *notice) bool {
	q := r.queue
	err := q.service.send(ctx, q.Target, []Event{n.event}, q.idOf(n.id))
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.done, r.delivered, q.row = append(r.done, n.id), r.delivered+1, 0
		delete(q.held, n.event.Key)
		q.note(func(st *Status) { st.took(1, n.event.Key) })
		return true
	}
	if ctx.Err() != nil {
		return false // Croft stops
	}
	if errors.Is(err, ErrBusy) {
		r.busy = true
		return false
	}
	q.row++
	refused := errors.Is(err, errRefused)
	if refused && q.row < refusals {
		h := q.held[n.event.Key]
		h.pause = min(max(2*h.pause, q.service.config.FirstPause), q.service.config.LastPause)
		h.until = time.Now().Add(h.pause)
		q.held[n.event.Key] = h
	} else {
		r.sick, q.row = true, 0
	}
	key := ""
	if refused {
		key = n.event.Key
	}
	q.note(func(st *Status) { st.failed(err, key) })
	return false
}

// settle forgets what was delivered, also when Croft stops meanwhile.
func (r *round) settle(ctx context.Context) error {
	if len(r.done) == 0 {
		return nil
	}
	return r.queue.service.store.SettleNotices(context.WithoutCancel(ctx), r.done)
}

// send hands events to a target; a webhook and a pipeline take one.
func (s *Service) send(ctx context.Context, t Target, events []Event, id string) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if t.Kind == Webhook {
		return s.hooks.deliver(ctx, t.Name, &events[0])
	}
	if s.own == nil {
		return errs.New(errs.Unavailable, "event_target_unavailable", "The target cannot be reached from here.")
	}
	return s.own.Deliver(ctx, events[0].Owner, t, events, id)
}
