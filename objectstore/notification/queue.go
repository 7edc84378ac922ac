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
	name    string
	bucket  string
	target  Target
	bell    chan struct{}

	mu     sync.Mutex // guards what follows
	status Status     // only counts, problem and next try
	hurry  bool       // somebody wants it tried now

	// held are keys whose event was refused, until when; only run uses them.
	held map[string]hold
	down int // tries in a row that found the target not well
	row  int // refusals since the last success
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

func newQueue(s *Service, name, bucket string, t Target) *queue {
	return &queue{service: s, name: name, bucket: bucket, target: t, bell: make(chan struct{}, 1), held: map[string]hold{}}
}

func (q *queue) ring() {
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends.
func (q *queue) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause, err := q.step(ctx)
		if ctx.Err() != nil {
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
	if r.sick {
		q.down++
		pause := q.service.pause(q.down)
		q.note(func(st *Status) { st.NextTry = time.Now().Add(pause) })
		return pause, nil
	}
	if r.delivered > 0 {
		q.down = 0
	}
	return -1, nil
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
				return nil, until, err
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

// round is a batch that is being delivered.
type round struct {
	queue *queue

	mu        sync.Mutex // guards what follows
	done      []string   // IDs to settle
	delivered int
	sick      bool // the target is not well: begin nothing more
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
	return r.sick || ctx.Err() != nil
}

// one delivers an event and reports whether the next of its key may follow.
func (r *round) one(ctx context.Context, n *notice) bool {
	q := r.queue
	err := q.service.send(ctx, q.target, &n.event, n.id[len(q.name)+1:])
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.done, r.delivered, q.row = append(r.done, n.id), r.delivered+1, 0
		delete(q.held, n.event.Key)
		q.note(func(st *Status) {
			st.Delivered++
			st.LastDelivered = time.Now()
			if st.ProblemKey == "" || st.ProblemKey == n.event.Key {
				st.Problem, st.ProblemKey = "", ""
			}
			st.NextTry = time.Time{}
		})
		return true
	}
	if ctx.Err() != nil {
		return false // Croft stops
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
	_, message := errs.Public(err)
	q.note(func(st *Status) {
		st.Failures++
		st.Problem, st.ProblemKey = message, ""
		if refused {
			st.ProblemKey = n.event.Key
		}
	})
	return false
}

// settle forgets what was delivered, also when Croft stops meanwhile.
func (r *round) settle(ctx context.Context) error {
	if len(r.done) == 0 {
		return nil
	}
	return r.queue.service.store.SettleNotices(context.WithoutCancel(ctx), r.done)
}

// send hands an event to a target.
func (s *Service) send(ctx context.Context, t Target, e *Event, id string) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if t.Kind == Webhook {
		return s.hooks.deliver(ctx, t.Name, e)
	}
	if s.own == nil {
		return errs.New(errs.Unavailable, "event_target_unavailable", "The target cannot be reached from here.")
	}
	return s.own.Deliver(ctx, e.Owner, t, e, id)
}
