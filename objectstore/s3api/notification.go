package s3api

import (
	"net/http"
	"strconv"
	"time"

	"croft/objectstore/notification"
)

// listenEvents is the parameter that makes a request listen; it may come several times.
const listenEvents = "events"

// notificationOperations are the calls about events. The last is MinIO's.
var notificationOperations = []operation{
	{"GetBucketNotificationConfiguration", http.MethodGet, onBucket, "notification", "", ReadBucket, (*Handler).getNotification},
	{"PutBucketNotificationConfiguration", http.MethodPut, onBucket, "notification", "", WriteBucket, (*Handler).putNotification},
	{"ListenBucketNotification", http.MethodGet, onBucket, listenEvents, "", ReadBucket, (*Handler).listenNotification},
}

func (h *Handler) getNotification(q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	var rules notification.Rules
	if h.notification.Available() {
		var err error
		if rules, err = h.notification.Get(q.r.Context(), q.bucket); err != nil {
			return err
		}
	}
	sendXML(q.w, http.StatusOK, []byte(xmlHead+rules.String()))
	return nil
}

func (h *Handler) putNotification(q *request) error {
	text, err := q.body.readAll(notification.MaxDocument)
	if err != nil {
		return err
	}
	if !h.notification.Available() {
		return notification.ErrUnavailable
	}
	rules, err := notification.Parse(text)
	if err == nil {
		err = h.notification.Set(q.r.Context(), q.bucket, rules)
	}
	if err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// Pauses of a listener's answer: a line is sent at least so often, so that both ends
// know that the other is there.
const (
	usualPing = 10 * time.Second
	mostPing  = time.Minute
)

// listenNotification answers with a line for each event until the client leaves. Whether
// it may is asked again with each sign of life: an answer outlives what its key may do.
func (h *Handler) listenNotification(q *request) error {
	ping := usualPing
	if n, err := strconv.Atoi(q.query.Get("ping")); err == nil && n > 0 {
		ping = min(time.Duration(n)*time.Second, mostPing)
	}
	l, err := h.notification.Listen(q.r.Context(), q.bucket, q.query[listenEvents], q.query.Get("prefix"), q.query.Get("suffix"))
	if err != nil {
		return err
	}
	defer l.Close()
	header := q.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	q.w.WriteHeader(http.StatusOK)
	send := func(line []byte) bool {
		_, err := q.w.Write(append(line, '\n'))
		return err == nil && q.answer.Control.Flush() == nil
	}
	tick := time.NewTicker(ping)
	defer tick.Stop()
	for alive := send([]byte(`{"Records":null}`)); alive; {
		select {
		case <-q.r.Context().Done():
			return nil
		case e, open := <-l.Events():
			if !open {
				return nil // too slow: the client connects again, and knows that it missed something
			}
			line, err := e.Line()
			if err != nil {
				return nil //nolint:nilerr // the answer has begun
			}
			alive = send(line)
		case <-tick.C:
			if h.permit(q) != nil {
				return nil
			}
			alive = send([]byte(`{"Records":null}`))
		}
	}
	return nil
}
