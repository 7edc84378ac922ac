package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"croft/internal/errs"
	"croft/internal/patience"
)

// streaming serves one stream at /stream, without accounts.
func streaming(t *testing.T, produce func(ctx context.Context, send func(Event) error) error) (*Server, *httptest.Server) {
	t.Helper()
	s := New(Deps{}, Config{})
	raw(s, op("stream", http.MethodGet, "/stream", "", ""), Public("a test"), func(w http.ResponseWriter, r *http.Request, _ Params) error {
		return s.stream(w, r, produce)
	})
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	t.Cleanup(s.CloseStreams)
	return s, listener
}

func get(t *testing.T, ctx context.Context, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+apiPrefix+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestStreamSendsAtOnceAndEnds(t *testing.T) {
	next := make(chan struct{})
	_, listener := streaming(t, func(_ context.Context, send func(Event) error) error {
		for _, e := range []Event{{ID: "1", Name: "run", Data: []byte(`{"a":1}`)}, {Data: []byte("two\nlines\r\n")}, {ID: "3\nid: 4", Name: "end"}} {
			if err := send(e); err != nil {
				return err
			}
			<-next
		}
		return nil
	})
	response := get(t, t.Context(), listener.URL)
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	lines := bufio.NewReader(response.Body)
	f := func(want string) {
		t.Helper()
		var got strings.Builder
		for !strings.HasSuffix(got.String(), "\n\n") {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("after %q: %v", got.String(), err)
			}
			got.WriteString(line)
		}
		if got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
		next <- struct{}{}
	}
	f("id: 1\nevent: run\ndata: {\"a\":1}\n\n")
	f("data: two\ndata: lines\ndata: \n\n")
	f("id: 3id: 4\nevent: end\ndata: \n\n")
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q %v", rest, err)
	}
}

func TestStreamErrorBeforeTheFirstEventIsAnAnswer(t *testing.T) {
	_, listener := streaming(t, func(context.Context, func(Event) error) error {
		return errs.New(errs.NotFound, "run_not_found", "There is no such run.")
	})
	response := get(t, t.Context(), listener.URL)
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusNotFound || !strings.Contains(string(body), "run_not_found") {
		t.Errorf("%d %s %v", response.StatusCode, body, err)
	}
}

func TestStreamEndsWithTheServerAndWithTheClient(t *testing.T) {
	started, ended := make(chan struct{}, 1), make(chan error, 1)
	s, listener := streaming(t, func(ctx context.Context, send func(Event) error) error {
		if err := send(Event{Name: "hello"}); err != nil {
			return err
		}
		started <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	ctx, leave := context.WithCancel(t.Context())
	get(t, ctx, listener.URL)
	<-started
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("client left: %v", err)
	}
	response := get(t, t.Context(), listener.URL)
	<-started
	s.CloseStreams()
	<-ended
	if _, err := io.ReadAll(response.Body); err != nil {
		t.Errorf("the stream did not end cleanly: %v", err)
	}
}

// stalling is an answer on a connection that keeps its deadline, and whose client takes
// what comes until it stands still.
type stalling struct {
	*httptest.ResponseRecorder
	deadline time.Time
	still    bool
}

func (w *stalling) SetWriteDeadline(t time.Time) error { w.deadline = t; return nil }

func (w *stalling) Write(p []byte) (int, error) {
	if w.still {
		time.Sleep(time.Until(w.deadline))
	}
	if !time.Now().Before(w.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	return w.ResponseRecorder.Write(p)
}

// TestStreamsAndPatience has nothing happen in a stream for longer than a client may
// stand still, and then a client that does.
func TestStreamsAndPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Deps{}, Config{})
		s.beatEvery = 24 * time.Hour
		answer := &stalling{ResponseRecorder: httptest.NewRecorder()}
		w := &recorder{Writer: patience.Writer{ResponseWriter: answer, Control: http.NewResponseController(answer), Idle: s.config.Idle}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		var took time.Duration
		err := s.stream(w, r, func(_ context.Context, send func(Event) error) error {
			for range 2 {
				if err := send(Event{Data: []byte("{}")}); err != nil {
					t.Errorf("after a pause: %v", err)
				}
				time.Sleep(10 * s.config.Idle) // virtual time
			}
			answer.still = true
			began := time.Now()
			err := send(Event{Data: []byte("{}")})
			took = time.Since(began)
			return err
		})
		if err != nil || took != sendTimeout || answer.Body.String() != "data: {}\n\ndata: {}\n\n" {
			t.Errorf("%v; given up after %s; %q", err, took, answer.Body)
		}
	})
}

func TestStreamHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Deps{}, Config{})
		w := httptest.NewRecorder()
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		done := make(chan error, 1)
		go func() {
			done <- s.stream(w, r, func(ctx context.Context, _ func(Event) error) error {
				<-ctx.Done()
				return nil
			})
		}()
		time.Sleep(2*heartbeat + time.Second) // virtual time
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := w.Body.String(); got != ": still here\n\n: still here\n\n" {
			t.Errorf("%q", got)
		}
	})
}

func TestPanicsAndHalfAnswers(t *testing.T) {
	s := New(Deps{}, Config{})
	f := func(path string, handler rawHandler) {
		raw(s, op(path, http.MethodGet, path, "", ""), Public("a test"), handler)
	}
	f("/panics", func(http.ResponseWriter, *http.Request, Params) error { panic("secret cause") })
	f("/half", func(w http.ResponseWriter, _ *http.Request, _ Params) error {
		w.Header().Set("Content-Length", "100")
		if _, err := w.Write([]byte("half")); err != nil {
			return err
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		return errors.New("the drive is gone")
	})
	f("/unknown", func(http.ResponseWriter, *http.Request, Params) error { return errors.New("secret cause") })
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, path := range []string{"/panics", "/unknown"} {
		response := getPath(t, listener.URL+apiPrefix+path)
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusInternalServerError || !strings.Contains(string(body), `"code":"internal"`) || strings.Contains(string(body), "secret") {
			t.Errorf("%s: %d %s %v", path, response.StatusCode, body, err)
		}
	}
	response := getPath(t, listener.URL+apiPrefix+"/half")
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("half an answer looked whole: %q", body)
	}
}

func getPath(t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}
