// Package patience gives clients all the time that they need to send and to take, and none
// to stand still inside a request: who did would hold files, memory and places for ever.
// It moves the deadlines of connections; those that know none are bounded by their clients.
package patience

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Default is how long a client may stand still.
const Default = 2 * time.Minute

// piece bounds what a client has to take before it counts as one that does.
const piece = 256 << 10

// Body is a request's body that can be read for as long as bytes keep coming. It is for
// one reader at a time.
type Body struct {
	io.ReadCloser
	Control *http.ResponseController // of the answer
	Idle    time.Duration            // how long the client may stand still

	renewed time.Time // when the deadline was last set
}

func (b *Body) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(b.renewed) > b.Idle/16 {
		_ = b.Control.SetReadDeadline(now.Add(b.Idle))
		b.renewed = now
	}
	n, err := b.ReadCloser.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		_ = b.Control.SetReadDeadline(time.Time{})
		b.renewed = time.Time{}
	case err != nil:
		b.Leave()
	}
	return n, err
}

// Leave is for a body that nobody reads to its end: net/http does before it lets the
// answer go, and has no other reason to stop. The answer may be written for as long
// as the other half of Idle, then.
func (b *Body) Leave() { _ = b.Control.SetReadDeadline(time.Now().Add(b.Idle / 2)) }

// Writer writes an answer for as long as the client keeps taking bytes. How long there is
// nothing to write does not count. It is for one writer at a time.
type Writer struct {
	http.ResponseWriter
	Control *http.ResponseController // of the ResponseWriter
	Idle    time.Duration            // how long the client may stand still

	renewed time.Time // when the deadline was last set
}

func (w *Writer) Write(p []byte) (written int, err error) {
	for {
		now, next := time.Now(), p[:min(len(p), piece)]
		if now.Sub(w.renewed) > w.Idle/16 {
			_ = w.Control.SetWriteDeadline(now.Add(w.Idle)) // net/http lifts it after the answer
			w.renewed = now
		}
		n, err := w.ResponseWriter.Write(next)
		written += n
		if p = p[len(next):]; err != nil || len(p) == 0 {
			return written, err
		}
	}
}

// Unwrap is for http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *Writer) within(idle time.Duration) { w.Idle, w.renewed = idle, time.Time{} }

// Within has the Writer that an answer goes through, if any, give its client less time, or
// more, from the next bytes on.
func Within(answer http.ResponseWriter, idle time.Duration) {
	for {
		switch w := answer.(type) {
		case interface{ within(idle time.Duration) }:
			w.within(idle)
			return
		case interface{ Unwrap() http.ResponseWriter }:
			answer = w.Unwrap()
		default:
			return
		}
	}
}
