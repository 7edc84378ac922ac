package docker

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"croft/internal/testimage"
)

// proxy stands between an executor and the engine, to be cut or taken away by a test.
type proxy struct {
	t       *testing.T
	path    string
	network string // of the real engine
	address string
	running sync.WaitGroup

	mu     sync.Mutex // guards the following four fields
	listen net.Listener
	conns  map[net.Conn]bool
	hook   func(line string)
	frozen chan struct{} // while not nil, nothing passes until it is closed
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "croft-proxy") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	network, address, _ := strings.Cut(testimage.Engine(t).DaemonHost(), "://")
	p := &proxy{t: t, path: filepath.Join(dir, "s"), network: network, address: address, conns: map[net.Conn]bool{}}
	p.up()
	t.Cleanup(func() {
		p.down()
		p.running.Wait()
		_ = os.RemoveAll(dir)
	})
	return p
}

func (p *proxy) host() string { return "unix://" + p.path }

// onRequest calls f with each request that passes from now on, in time before the engine sees it.
func (p *proxy) onRequest(f func(line string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = f
}

func (p *proxy) up() {
	l, err := net.Listen("unix", p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listen = l
	p.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(c) })
		}
	})
}

// cut closes every connection; down refuses new ones as well.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) down() {
	p.mu.Lock()
	_ = p.listen.Close()
	p.mu.Unlock()
	p.cut()
}

// freeze keeps connections open but lets nothing more pass to the engine, until the test ends.
func (p *proxy) freeze() {
	p.mu.Lock()
	p.frozen = make(chan struct{})
	p.mu.Unlock()
	p.t.Cleanup(func() { close(p.frozen) })
}

func (p *proxy) serve(front net.Conn) {
	back, err := net.Dial(p.network, p.address)
	if err != nil {
		_ = front.Close()
		return
	}
	p.mu.Lock()
	p.conns[front], p.conns[back] = true, true
	p.mu.Unlock()
	p.running.Go(func() {
		_, _ = io.Copy(front, back)
		_ = front.Close()
	})
	_, _ = io.Copy(&watched{p, back}, front)
	_ = back.Close()
	p.mu.Lock()
	delete(p.conns, front)
	delete(p.conns, back)
	p.mu.Unlock()
}

// watched passes bytes on and tells of those that begin a request.
type watched struct {
	p *proxy
	net.Conn
}

func (w *watched) Write(b []byte) (int, error) {
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	w.p.mu.Lock()
	hook, frozen := w.p.hook, w.p.frozen
	w.p.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	if hook != nil && bytes.HasSuffix(line, []byte(" HTTP/1.1")) {
		hook(string(line))
	}
	return w.Conn.Write(b)
}
