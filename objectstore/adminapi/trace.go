package adminapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"croft/objectstore/s3api"
)

// Kinds of traces.
const (
	traceS3        = 1 << 2
	traceBootstrap = 1 << 12 // the one kind that mc prints as a sentence
)

const (
	// traceQueue is how many requests wait for a viewer that reads slowly; those beyond
	// it are counted, and the viewer is told.
	traceQueue = 1000
	// traceBreath is how often a viewer is sent a blank, so that proxies keep the stream.
	traceBreath = 10 * time.Second
)

type traceJSON struct {
	Kind     int            `json:"type"`
	Node     string         `json:"nodename"`
	Function string         `json:"funcname"`
	Time     time.Time      `json:"time"`
	Path     string         `json:"path"`
	Took     time.Duration  `json:"dur"`
	Message  string         `json:"msg,omitempty"`
	Error    string         `json:"error,omitempty"`
	HTTP     *traceHTTPJSON `json:"http,omitempty"`
}

type traceHTTPJSON struct {
	Request  traceRequestJSON `json:"request"`
	Response traceAnswerJSON  `json:"response"`
	Stats    traceStatsJSON   `json:"stats"`
}

type traceRequestJSON struct {
	Time    time.Time   `json:"time"`
	Proto   string      `json:"proto"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Query   string      `json:"rawquery,omitempty"`
	Headers http.Header `json:"headers"`
	Client  string      `json:"client"`
}

type traceAnswerJSON struct {
	Time    time.Time   `json:"time"`
	Headers http.Header `json:"headers"`
	Status  int         `json:"statuscode"`
}

type traceStatsJSON struct {
	In   int64         `json:"inputbytes"`
	Out  int64         `json:"outputbytes"`
	Took time.Duration `json:"latency"`
	TTFB time.Duration `json:"timetofirstbyte"`
}

// viewers are those who look at requests now.
type viewers struct {
	n   atomic.Int32 // how many, for who only asks that
	mu  sync.Mutex   // guards the following field
	all map[*viewer]bool
}

// viewer is one of them.
type viewer struct {
	onlyErrors bool
	least      time.Duration // that a request took
	queue      chan s3api.Exchange
	missed     atomic.Int64
}

func (v *viewers) add(one *viewer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = make(map[*viewer]bool)
	}
	v.all[one] = true
	v.n.Add(1)
}

func (v *viewers) remove(one *viewer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.all, one)
	v.n.Add(-1)
}

// Watching implements s3api.Watcher.
func (h *Handler) Watching() bool { return h.viewers.n.Load() > 0 }

// Saw implements s3api.Watcher. It waits for no viewer.
func (h *Handler) Saw(e s3api.Exchange) {
	h.viewers.mu.Lock()
	defer h.viewers.mu.Unlock()
	for v := range h.viewers.all {
		if e.Took < v.least || (v.onlyErrors && e.Status < http.StatusBadRequest) {
			continue
		}
		select {
		case v.queue <- e:
		default:
			v.missed.Add(1)
		}
	}
}

// trace sends requests of S3 as they end, until the viewer goes.
func (h *Handler) trace(q *request) error {
	v := &viewer{onlyErrors: q.query.Get("err") == "true", queue: make(chan s3api.Exchange, traceQueue)}
	if text := q.query.Get("threshold"); text != "" {
		var err error
		if v.least, err = time.ParseDuration(text); err != nil || v.least < 0 {
			return fail("InvalidArgument", http.StatusBadRequest, "The threshold is no duration. Write it as 5ms or 1.5s.")
		}
	}
	if q.query.Get("s3") == "true" {
		h.viewers.add(v)
		defer h.viewers.remove(v)
	}
	control := http.NewResponseController(q.w)
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusOK)
	// The blank tells the client that whatever happens from now on is shown.
	if _, err := q.w.Write([]byte(" ")); err != nil || control.Flush() != nil {
		return nil //nolint:nilerr // the viewer has gone
	}
	out := json.NewEncoder(q.w)
	say := func(text string) error {
		return out.Encode(traceJSON{Kind: traceBootstrap, Node: q.r.Host, Function: "trace", Time: h.now().UTC(), Message: text})
	}
	// mc does not read why a trace is refused, so what there is nothing of is told here.
	if q.query.Get("s3") != "true" {
		if say("Croft shows the requests of S3 clients alone: leave out --call, or name s3") != nil || control.Flush() != nil {
			return nil //nolint:nilerr // the viewer has gone
		}
	}
	breath := time.NewTicker(traceBreath)
	defer breath.Stop()
	for {
		var err error
		select {
		case <-q.ctx().Done():
			return nil
		case <-h.closed:
			return nil
		case e := <-v.queue:
			err = out.Encode(traceOf(e))
		case <-breath.C:
			_, err = q.w.Write([]byte(" "))
		}
		if missed := v.missed.Swap(0); missed > 0 && err == nil {
			err = say(strconv.FormatInt(missed, 10) + " requests are not shown: they came faster than they were read")
		}
		if err != nil || control.Flush() != nil {
			return nil //nolint:nilerr // the viewer has gone
		}
	}
}

func traceOf(e s3api.Exchange) traceJSON {
	header := e.Header.Clone() // the exchange is every viewer's
	header.Set("Host", e.Host)
	out := traceJSON{
		Kind: traceS3, Node: e.Host, Function: "s3." + e.Operation, Time: e.Began.UTC(), Path: e.Path, Took: e.Took,
		HTTP: &traceHTTPJSON{
			Request: traceRequestJSON{
				Time: e.Began.UTC(), Proto: e.Proto, Method: e.Method, Path: e.Path, Query: e.Query, Headers: header, Client: e.Client,
			},
			Response: traceAnswerJSON{Time: e.Began.Add(e.Took).UTC(), Headers: e.AnswerHeader, Status: e.Status},
			Stats:    traceStatsJSON{In: e.BytesIn, Out: e.BytesOut, Took: e.Took, TTFB: e.First},
		},
	}
	if e.Outcome != "ok" {
		out.Error = e.Outcome
	}
	return out
}
