package s3api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
)

func impatient(c *Config) { c.Idle = 50 * time.Millisecond }

// dialRaw sends a request's head by hand. Nobody waits longer than the test may.
func (f *fixture) dialRaw(r *http.Request) net.Conn {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { conn.Close() })
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, r.URL.RequestURI(), r.URL.Host, max(0, r.ContentLength))
	if err := r.Header.Write(&head); err != nil {
		f.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head.String()+"\r\n"); err != nil {
		f.t.Fatal(err)
	}
	return conn
}

func TestSilentUploadIsGivenUp(t *testing.T) {
	f := start(t, impatient).bucket("bucket")
	conn := f.dialRaw(f.sign(f.request("PUT", "/bucket/key", "ten bytes!"), "ten bytes!"))
	if _, err := io.WriteString(conn, "ten"); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer to an upload that stands still: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if a := (answer{response.StatusCode, response.Header, string(body)}); err != nil || a.status != 400 || a.code() != "RequestTimeout" {
		t.Errorf("answered %d %s, %v", a.status, a.body, err)
	}
	f.empty("bucket", "a silent upload")
}

// TestRefusedUploadIsAnswered: who waits for leave to send hears the refusal at once,
// and who announced a body that does not come hears it all the same.
func TestRefusedUploadIsAnswered(t *testing.T) {
	for _, c := range []struct {
		what   string
		config []func(*Config)
		header []string
	}{
		{"awaits leave", nil, []string{"Expect", "100-continue"}},
		{"sends nothing", []func(*Config){impatient}, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := start(t, c.config...)
			r := f.sign(f.request("PUT", "/bucket/key", "ten bytes!", c.header...), "ten bytes!")
			r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
			conn := f.dialRaw(r)
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer response.Body.Close()
			if response.StatusCode/100 != 4 {
				t.Errorf("answered %d", response.StatusCode)
			}
		})
	}
}

// watchedStore tells when the body of an object was closed.
type watchedStore struct {
	objectstore.Store
	closed chan struct{}
}

func (s watchedStore) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	o, body, err := s.Store.Get(ctx, bucket, key, rng)
	return o, &watchedBody{ReadCloser: body, closed: s.closed}, err
}

type watchedBody struct {
	io.ReadCloser
	once   sync.Once
	closed chan struct{}
}

func (b *watchedBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.ReadCloser.Close()
}

func TestDownloadThatNobodyTakesIsGivenUp(t *testing.T) {
	closed := make(chan struct{})
	f := start(t, impatient, func(c *Config) { c.Store = watchedStore{c.Store, closed} }).bucket("bucket")
	f.put("bucket", "large", strings.Repeat("x", 64<<20)) // more than both ends' buffers take
	f.dialRaw(f.sign(f.request("GET", "/bucket/large", ""), ""))
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Fatal("the object is still open")
	}
}
