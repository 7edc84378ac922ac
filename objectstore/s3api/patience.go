package s3api

import (
	"net/http"
	"time"

	"croft/internal/patience"
)

// patientWriter is a patience.Writer that knows afterwards what was answered.
type patientWriter struct {
	patience.Writer
	status int       // 0 until the header is written
	sent   int64     // bytes of the body
	timed  bool      // somebody wants to know first
	first  time.Time // when the header was written
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
	n, err := w.Writer.Write(p)
	w.sent += int64(n)
	return n, err
}
