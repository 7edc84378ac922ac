package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// endlessStore has, below endless/, objects without an end. They are read once let is
// closed, and say when they are not read any more.
type endlessStore struct {
	objectstore.Store
	asked  chan struct{}
	let    chan struct{}
	closed chan struct{}
}

func (s *endlessStore) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	o, err := s.Store.Head(ctx, bucket, key)
	if strings.HasPrefix(key, "endless/") {
		o.Size = 1 << 50
	}
	return o, err
}

func (s *endlessStore) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if !strings.HasPrefix(key, "endless/") {
		return s.Store.Get(ctx, bucket, key, rng)
	}
	o, err := s.Head(ctx, bucket, key)
	s.asked <- struct{}{}
	select {
	case <-s.let:
	case <-ctx.Done():
		return o, nil, ctx.Err()
	}
	return o, endless{s.closed}, err
}

type endless struct{ closed chan struct{} }

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func (e endless) Close() error {
	e.closed <- struct{}{}
	return nil
}

// TestClientsThatStandStill asks for much and takes nothing. Who does must not keep the
// places of archives, nor the objects open.
func TestClientsThatStandStill(t *testing.T) {
	const each = 4 // archives of a link
	s := endlessStore{asked: make(chan struct{}, each), let: make(chan struct{}), closed: make(chan struct{}, each)}
	c, owner, _, _, _, _ := files(t, func(c *console, _ *store.DB, deps *server.Deps) {
		c.idle = 200 * time.Millisecond
		s.Store = deps.Store
		deps.Store = &s
	})
	c.put("web-files", "endless/a", "", "x")
	c.put("web-files", "short/a", "", "hello")
	link, _ := owner.share("web-files", `{"key":"","folder":true,"uploads":true}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // whatever goes wrong ends
	defer cancel()
	dial := func(head string) net.Conn {
		t.Helper()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(c.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		until, _ := ctx.Deadline()
		_ = conn.SetDeadline(until)
		if _, err := fmt.Fprintf(conn, "%s\r\n", strings.ReplaceAll(head, "\n", "\r\n")); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	await := func(what string, signal <-chan struct{}) {
		t.Helper()
		select {
		case <-signal:
		case <-ctx.Done():
			t.Fatal(what)
		}
	}
	stranger := c.anonymous()

	var still []net.Conn
	for range each {
		still = append(still, dial("GET "+link+"/zip?prefix=endless/ HTTP/1.1\nHost: croft\n"))
		await("an archive does not begin", s.asked)
	}
	if a := stranger.do("GET", link+"/zip?prefix=short/", ""); a.status != http.StatusTooManyRequests {
		t.Errorf("one more: %d %s", a.status, a.body)
	}
	close(s.let)
	for range each {
		await("an archive that nobody takes is kept open", s.closed)
	}
	for _, conn := range still { // a connection ends after its place is free
		if _, err := io.Copy(io.Discard, conn); ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if a := stranger.do("GET", link+"/zip?prefix=short/", ""); a.status != http.StatusOK || !strings.Contains(a.body, "hello") {
		t.Errorf("after them: %d %s", a.status, a.body)
	}

	dial("GET " + link + "/object?key=endless/a HTTP/1.1\nHost: croft\n")
	await("an object is not opened", s.asked)
	await("an object that nobody takes is kept open", s.closed)

	upload := dial("PUT " + link + "/object?key=new HTTP/1.1\nHost: croft\nContent-Length: 10\n")
	if _, err := io.WriteString(upload, "ten"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(upload), nil)
	if err != nil {
		t.Fatalf("an upload that stands still is not answered: %v", err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "cut off") {
		t.Errorf("an upload that stands still: %d %s, %v", response.StatusCode, text, err)
	}
}
