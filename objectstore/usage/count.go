package usage

import (
	"maps"
	"sync/atomic"
)

// Kind is what a request is for.
type Kind int

// The kinds of requests.
const (
	Other  Kind = iota // settings, tags, and what was refused before it was known what it is
	Read               // an object, or what is known of it
	Write              // an object or a part of one
	List               // objects, versions, uploads or parts
	Delete             // objects or uploads
	kinds              // how many there are
)

// Requests are requests, counted.
type Requests struct {
	Reads, Writes, Lists, Deletes, Others int64
	Refused, Failed                       int64 // of them, answered with 4xx and with 5xx
	Received, Sent                        int64 // bytes of bodies
}

// Total is how many they are.
func (r *Requests) Total() int64 { return r.Reads + r.Writes + r.Lists + r.Deletes + r.Others }

func (r *Requests) add(o Requests) {
	r.Reads += o.Reads
	r.Writes += o.Writes
	r.Lists += o.Lists
	r.Deletes += o.Deletes
	r.Others += o.Others
	r.Refused += o.Refused
	r.Failed += o.Failed
	r.Received += o.Received
	r.Sent += o.Sent
}

func (r Requests) without(o Requests) Requests {
	r.add(Requests{
		Reads: -o.Reads, Writes: -o.Writes, Lists: -o.Lists, Deletes: -o.Deletes, Others: -o.Others,
		Refused: -o.Refused, Failed: -o.Failed, Received: -o.Received, Sent: -o.Sent,
	})
	return r
}

// tally counts the requests to a bucket since the start.
type tally struct {
	by              [kinds]atomic.Int64
	refused, failed atomic.Int64
	received, sent  atomic.Int64

	// created is which bucket of the name it counts, 0 until a sample has seen it, and
	// sampled what of it is in samples. Service.mu guards both.
	created int64
	sampled Requests
}

func (t *tally) count(kind Kind, status int, in, out int64) {
	t.by[kind].Add(1)
	switch {
	case status >= 500:
		t.failed.Add(1)
	case status >= 400:
		t.refused.Add(1)
	}
	t.received.Add(in)
	t.sent.Add(out)
}

func (t *tally) load() Requests {
	return Requests{
		Reads: t.by[Read].Load(), Writes: t.by[Write].Load(), Lists: t.by[List].Load(), Deletes: t.by[Delete].Load(), Others: t.by[Other].Load(),
		Refused: t.refused.Load(), Failed: t.failed.Load(), Received: t.received.Load(), Sent: t.sent.Load(),
	}
}

// Count counts an answered request: the status of the answer, and the bytes of both
// bodies. bucket may be empty, or any name that a client sent: what is answered with
// success made sure that the bucket is there, and of others nothing is remembered. It
// does not block.
func (s *Service) Count(bucket string, kind Kind, status int, in, out int64) {
	t := (*s.tallies.Load())[bucket]
	if t == nil {
		if bucket == "" || status < 200 || status > 299 || kind == Other {
			t = &s.elsewhere
		} else {
			t = s.begin(bucket)
		}
	}
	t.count(kind, status, in, out)
}

// begin makes a bucket's tally. The map is replaced, since it is read without a lock.
func (s *Service) begin(bucket string) *tally {
	s.adding.Lock()
	defer s.adding.Unlock()
	now := *s.tallies.Load()
	if t := now[bucket]; t != nil {
		return t
	}
	t := &tally{}
	next := maps.Clone(now)
	next[bucket] = t
	s.tallies.Store(&next)
	return t
}

// Counted returns the requests to a bucket since the start.
func (s *Service) Counted(bucket string) Requests {
	if t := (*s.tallies.Load())[bucket]; t != nil {
		return t.load()
	}
	return Requests{}
}
