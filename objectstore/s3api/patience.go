package s3api

import (
	"io"
	"net/http"
	"time"
)

// defaultIdle is how long a connection may stand still inside a request.
const defaultIdle = 2 * time.Minute

// patientBody reads for as long as bytes keep coming. A client that went silent
// would otherwise hold its upload's staging files for ever.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	renewed time.Time // when the deadline was last set
}

func (b *patientBody) Read(p []byte) (int, error) {
	// Not every connection knows deadlines; those without are bounded by the client.
	if now := time.Now(); now.Sub(b.renewed) > b.idle/16 {
		_ = b.control.SetReadDeadline(now.Add(b.idle))
		b.renewed = now
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && !b.renewed.IsZero() {
		_ = b.control.SetReadDeadline(time.Time{})
		b.renewed = time.Time{}
	}
	return n, err
}

// leave is for a body that nobody reads to its end: net/http does before it lets the
// answer go, and has no other reason to stop. The answer may be written for as long
// as the other half of idle, then.
func (b *patientBody) leave() { _ = b.control.SetReadDeadline(time.Now().Add(b.idle / 2)) }

// patientWriter writes for as long as the client keeps taking bytes. One that
// stopped would otherwise hold an object's open files and buffers for ever. It
// knows afterwards what was answered.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	renewed time.Time // when the deadline was last set
	status  int       // 0 until the header is written
	sent    int64     // bytes of the body
	timed   bool      // somebody wants to know first
	first   time.Time // when the header was written
}

func (w *patientWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
		spell(w.Header())
		if w.timed {
			w.first = time.Now()
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *patientWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if now := time.Now(); now.Sub(w.renewed) > w.idle/16 {
		_ = w.control.SetWriteDeadline(now.Add(w.idle)) // net/http lifts it after the answer
		w.renewed = now
	}
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
