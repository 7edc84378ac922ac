package notification

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
)

// A room hears of many events in one message. Which events a message is about is written
// down before it is sent, on a shelf beside the queue: after a crash the same message is
// sent again under the same ID, which a room says once, so each event is counted once.

// sumMost is how many events a message is about at most.
const sumMost = 5000

// sum is what a message is about.
type sum struct {
	key string   // of its note on the shelf
	ids []string // of the events, without the queue's name, in their order
}

func (s *sum) about(id string) bool {
	_, found := slices.BinarySearch(s.ids, id)
	return found
}

// id is the message's own.
func (s *sum) id() string { return s.ids[0] + "-" + s.ids[len(s.ids)-1] }

// stepSum tells a room of what waits, in one message.
func (q *queue) stepSum(ctx context.Context) (time.Duration, error) {
	if !q.looked {
		if err := q.findSum(ctx); err != nil {
			return 0, err
		}
		q.looked = true
	}
	waiting, err := q.readSum(ctx)
	if err != nil || len(waiting) == 0 && q.sum == nil {
		return 0, err
	}
	if q.sum == nil && !q.gathered {
		q.gathered = true
		return q.service.config.Gather, nil
	}
	q.gathered = false
	if q.sum == nil {
		if err := q.beginSum(ctx, waiting); err != nil {
			return 0, err
		}
	}
	left := slices.DeleteFunc(waiting, func(n notice) bool { return !q.sum.about(q.idOf(n.id)) })
	if len(left) == len(q.sum.ids) { // else it was said already, and some were settled
		events := make([]Event, len(left))
		for i := range left {
			events[i] = left[i].event
		}
		if err := q.service.send(ctx, q.Target, events, q.sum.id()); err != nil {
			if ctx.Err() == nil {
				q.note(func(st *Status) { st.failed(err, "") })
			}
			return q.sick(), nil
		}
		q.down = 0
		q.note(func(st *Status) { st.took(int64(len(left)), "") })
	}
	return -1, q.endSum(ctx, left)
}

// readSum returns what waits, as far as one message goes; of a message that is on its way,
// what it is about.
func (q *queue) readSum(ctx context.Context) (all []notice, err error) {
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: q.name + "/"}
	for {
		page, err := q.service.store.List(ctx, r)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range page.Objects {
			o := &page.Objects[i]
			if q.sum != nil && !q.sum.about(q.idOf(o.Key)) {
				continue
			}
			e, err := parseEvent(o.Attributes.System[objectstore.NoticeText])
			if err == nil {
				all = append(all, notice{o.Key, e})
			} else if err := q.setAside(ctx, o, err); err != nil {
				return nil, err
			}
		}
		if !page.Truncated || len(all) >= sumMost || q.sum != nil && len(all) == len(q.sum.ids) {
			return all, nil
		}
		r.After = page.Next
	}
}

// beginSum writes down what the next message is about: what waits, of one owner.
func (q *queue) beginSum(ctx context.Context, waiting []notice) error {
	var ids []string
	for i := range waiting[:min(len(waiting), sumMost)] {
		if waiting[i].event.Owner != waiting[0].event.Owner {
			break
		}
		ids = append(ids, q.idOf(waiting[i].id))
	}
	s := &sum{q.on(summing).String() + "/" + ids[0], ids}
	text := strings.Join(ids, "\n")
	_, err := q.service.store.Put(ctx, objectstore.PutRequest{Bucket: objectstore.NoticeBucket, Key: s.key, Body: strings.NewReader(text), Size: int64(len(text))})
	if err == nil {
		q.sum = s
	}
	return err
}

// endSum forgets events that were told and then what their message was about, also when
// Croft stops meanwhile.
func (q *queue) endSum(ctx context.Context, told []notice) error {
	ctx = context.WithoutCancel(ctx)
	keys := make([]string, len(told))
	for i := range told {
		keys[i] = told[i].id
	}
	err := q.service.store.SettleNotices(ctx, keys)
	if err == nil {
		err = q.service.store.SettleNotices(ctx, []string{q.sum.key})
	}
	if err == nil {
		q.sum = nil
	}
	return err
}

// findSum looks for a message that was on its way when Croft ended.
func (q *queue) findSum(ctx context.Context) error {
	page, err := q.service.store.List(ctx, objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: q.on(summing).String() + "/", Limit: 1})
	if errors.Is(err, objectstore.ErrBucketNotFound) || err == nil && len(page.Objects) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	key := page.Objects[0].Key
	_, body, err := q.service.store.Get(ctx, objectstore.NoticeBucket, key, nil)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	if err == nil {
		q.sum = &sum{key, strings.Split(string(text), "\n")}
	}
	return err
}
