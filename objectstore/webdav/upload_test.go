package webdav

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestBrokenOff: an upload whose connection ends before its body does leaves what is there, however much came
// and whatever was said of its length.
func TestBrokenOff(t *testing.T) {
	p := start(t)
	p.handler.idle = 50 * time.Millisecond
	at, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, header string
		chunked      bool
		bytes        int
		open         bool // the connection is not closed
		after        string
	}{
		{what: "a few bytes", header: "Transfer-Encoding: chunked", chunked: true, bytes: 5},
		{what: "nothing", header: "Transfer-Encoding: chunked", chunked: true},
		{what: "more than a part", header: "Transfer-Encoding: chunked", chunked: true, bytes: partSize + 5},
		{what: "a part", header: "Transfer-Encoding: chunked", chunked: true, bytes: partSize},
		{what: "fewer than macOS said", header: "Transfer-Encoding: chunked\r\nX-Expected-Entity-Length: 9", chunked: true, bytes: 5},
		{what: "more than macOS said", header: "Transfer-Encoding: chunked\r\nX-Expected-Entity-Length: 3", chunked: true, bytes: 5, after: "0\r\n\r\n"},
		{what: "fewer than was said", header: "Content-Length: 9", bytes: 5},
		{what: "no chunk behind a few bytes", header: "Transfer-Encoding: chunked", chunked: true, bytes: 5, open: true, after: "none\r\n\r\n"},
		{what: "no chunk behind a part", header: "Transfer-Encoding: chunked", chunked: true, bytes: partSize, open: true, after: "none\r\n\r\n"},
		{what: "silence", header: "Transfer-Encoding: chunked", chunked: true, bytes: 5, open: true},
	} {
		p.put("k", "old")
		conn, err := net.Dial("tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "PUT %s/files/k HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAuthorization: Basic %s\r\n%s\r\n\r\n",
			Prefix, at.Host, base64.StdEncoding.EncodeToString([]byte("AKIAWRITE:"+secretKey)), c.header)
		body := strings.Repeat("x", c.bytes)
		if c.chunked && c.bytes > 0 {
			body = fmt.Sprintf("%x\r\n%s\r\n", c.bytes, body)
		}
		_, _ = io.WriteString(conn, body+c.after)
		if !c.open {
			_ = conn.(*net.TCPConn).CloseWrite() // unless the server was faster
		}
		_, _ = io.Copy(io.Discard, conn) // until it is answered and closed, or given up
		_ = conn.Close()
		if got := p.holds()["k"]; got != "old" {
			t.Errorf("%s: %d bytes took the place of what was there", c.what, len(got))
		}
	}
}

// TestUploadsSay: what an upload says of its bytes holds, and is kept.
func TestUploadsSay(t *testing.T) {
	p := start(t)
	p.put("k", "old")
	base := Prefix + "/files"
	p.is(400, p.do("PUT", base+"/k", "lo", "Content-Range", "bytes 3-4/5"))
	p.is(400, p.do("PUT", base+"/k", "hello", "Content-Md5", "AAAAAAAAAAAAAAAAAAAAAA=="))
	long, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+base+"/k", io.MultiReader(strings.NewReader(strings.Repeat("x", partSize+1))))
	if err != nil {
		t.Fatal(err)
	}
	long.SetBasicAuth("AKIAWRITE", secretKey)
	long.Header.Set("Content-Md5", "XUFAKrxLKna5cZ2REBfFkg==")
	p.is(400, p.send(long))
	if got := p.holds()["k"]; got != "old" {
		t.Errorf("it is %d bytes", len(got))
	}
	p.is(201, p.do("PUT", base+"/k", "hello", "Content-Md5", "XUFAKrxLKna5cZ2REBfFkg==", "Content-Encoding", "gzip"))
	if a := p.is(200, p.do("GET", base+"/k", "", "Accept-Encoding", "gzip")); a.Header.Get("Content-Encoding") != "gzip" || a.body != "hello" {
		t.Errorf("it is %q, %v", a.body, a.Header)
	}
}

// TestManyUploads: uploads whose length nobody said are in memory, so only so many are at once.
func TestManyUploads(t *testing.T) {
	p := start(t)
	for range maxBuffers {
		p.handler.buffers <- struct{}{}
	}
	ended := make(chan int, 1)
	go func() {
		r, _ := http.NewRequestWithContext(t.Context(), "PUT", p.url+Prefix+"/files/k", io.MultiReader(strings.NewReader("hello")))
		r.SetBasicAuth("AKIAWRITE", secretKey)
		ended <- p.send(r).StatusCode
	}()
	for len(p.requests()) == 0 { // until it has come as far as to look at the place
		time.Sleep(time.Millisecond)
	}
	select {
	case status := <-ended:
		t.Errorf("%d without waiting", status)
	case <-time.After(20 * time.Millisecond): // that it waits can only be seen by waiting
	}
	<-p.handler.buffers
	if status := <-ended; status != 201 {
		t.Errorf("once there is room: %d", status)
	}
	if got := len(p.handler.buffers); got != maxBuffers-1 {
		t.Errorf("%d are held", got)
	}
}
