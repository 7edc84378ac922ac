package patience_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"croft/internal/patience"
)

// connection is the server's end of one whose client sends, or takes, 100 KiB a second.
type connection struct {
	httptest.ResponseRecorder
	reads, writes time.Time // until when
	still         bool      // the client, from now on
}

const pace = 100 << 10

func (c *connection) SetReadDeadline(t time.Time) error  { c.reads = t; return nil }
func (c *connection) SetWriteDeadline(t time.Time) error { c.writes = t; return nil }

// pass waits until n bytes are through, or until a deadline. None is for ever.
func (c *connection) pass(n int, deadline time.Time) error {
	takes := time.Duration(n) * time.Second / pace
	if c.still {
		takes = 1000 * time.Hour
	}
	if left := time.Until(deadline); !deadline.IsZero() && left < takes {
		time.Sleep(left)
		return os.ErrDeadlineExceeded
	}
	time.Sleep(takes)
	return nil
}

func (c *connection) Write(p []byte) (int, error) {
	if err := c.pass(len(p), c.writes); err != nil {
		return 0, err
	}
	return c.ResponseRecorder.Write(p)
}

// source is a body that the client sends.
type source struct {
	*connection
	left int
}

func (s *source) Close() error { return nil }

func (s *source) Read(p []byte) (int, error) {
	n := min(len(p), s.left, pace/10) // what has come
	if n == 0 && !s.still {
		return 0, io.EOF
	}
	if err := s.pass(n, s.reads); err != nil {
		return 0, err
	}
	s.left -= n
	return n, nil
}

const idle = 10 * time.Second

func connected() (*connection, *patience.Writer) {
	c := &connection{ResponseRecorder: *httptest.NewRecorder()}
	return c, &patience.Writer{ResponseWriter: c, Control: http.NewResponseController(c), Idle: idle}
}

func TestWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock is a virtual one
		c, w := connected()
		// Whoever takes has all the time, also for much at once.
		for _, p := range [][]byte{make([]byte, 20*pace), make([]byte, pace), {}} {
			if n, err := w.Write(p); n != len(p) || err != nil {
				t.Fatalf("%d of %d bytes: %v", n, len(p), err)
			}
		}
		if c.Body.Len() != 21*pace {
			t.Errorf("%d bytes came", c.Body.Len())
		}
		// So has a stream in which nothing happens.
		time.Sleep(10 * idle)
		if _, err := w.Write([]byte("at last")); err != nil {
			t.Errorf("after a pause: %v", err)
		}
		c.still = true
		began := time.Now()
		n, err := w.Write(make([]byte, 20*pace))
		if !errors.Is(err, os.ErrDeadlineExceeded) || n != 0 {
			t.Errorf("who stands still is sent %d bytes: %v", n, err)
		}
		if took := time.Since(began); took > idle || took < idle*15/16 {
			t.Errorf("who stands still is given up after %s", took)
		}
	})
}

// wrapped is a writer around another, as handlers have them.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := connected()
		if _, err := w.Write([]byte("begins")); err != nil {
			t.Fatal(err)
		}
		patience.Within(wrapped{wrapped{w}}, idle/5)
		c.still = true
		began := time.Now()
		if _, err := w.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != idle/5 {
			t.Errorf("given up after %s: %v", time.Since(began), err)
		}
		patience.Within(wrapped{c}, idle) // there is none: nothing comes of it
	})
}

func TestBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := connected()
		control := http.NewResponseController(c)
		b := patience.Body{ReadCloser: &source{c, 30 * pace}, Control: control, Idle: idle}
		var got bytes.Buffer
		if n, err := got.ReadFrom(&b); n != 30*pace || err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if !c.reads.IsZero() {
			t.Error("the deadline outlives the body")
		}
		b = patience.Body{ReadCloser: &source{c, pace}, Control: control, Idle: idle}
		c.still = true
		began := time.Now()
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != idle {
			t.Errorf("given up after %s: %v", time.Since(began), err)
		}
		// net/http reads on, before it sends what the handler answers.
		if left := time.Until(c.reads); left != idle/2 {
			t.Errorf("who stands still is read for %s more", left)
		}
	})
}
