package s3client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"croft/objectstore/storebench/s3client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers serves what a test says and returns a client of it.
func answers(t *testing.T, h http.HandlerFunc) *s3client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return dial(t, t.Context(), strings.TrimPrefix(server.URL, "http://"))
}

// says serves one literal answer to each connection.
func says(t *testing.T, answer string) *s3client.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answer)
		}
		// A close with bytes unread would overtake the answer.
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return dial(t, t.Context(), listener.Addr().String())
}

func dial(t *testing.T, ctx context.Context, address string) *s3client.Client {
	t.Helper()
	c, err := s3client.Dial(ctx, s3client.Options{Address: address, AccessKey: "key", SecretKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func body(s string) s3client.Body {
	return s3client.Body{Size: int64(len(s)), Pieces: slices.Values([][]byte{[]byte(s[:len(s)/2]), []byte(s[len(s)/2:])})}
}

func TestPut(t *testing.T) {
	var got string
	c := answers(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %d", r.Method, r.URL.Path, r.ContentLength)
		if string(content) != strings.Repeat("x", len(content)) || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") {
			got = "something else"
		}
		if r.URL.Path != "/bucket/untagged" {
			w.Header().Set("ETag", `"123"`)
		}
	})
	for _, size := range []int{0, 1, 4096, 100_000} {
		if err := c.Put("bucket", "a/key", body(strings.Repeat("x", size))); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("PUT /bucket/a/key %d", size); got != want {
			t.Errorf("the server saw %q, want %q", got, want)
		}
	}
	if err := c.Put("bucket", "untagged", body("x")); err == nil || !strings.Contains(err.Error(), "ETag") {
		t.Errorf("a PUT without an ETag: %v", err)
	}
}

func TestGet(t *testing.T) {
	text := strings.Repeat("0123456789", 50_000)
	c := answers(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bucket/known":
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			_, _ = io.WriteString(w, text)
		case "/bucket/chunked":
			for i := 0; i < len(text); i += 30_000 {
				_, _ = io.WriteString(w, text[i:min(i+30_000, len(text))])
				w.(http.Flusher).Flush()
			}
		case "/bucket/empty":
		default:
			http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
		}
	})
	for range 2 { // whatever is left unread would disturb the second round
		for key, want := range map[string]string{"known": text, "chunked": text, "empty": ""} {
			var got strings.Builder
			if err := c.Get("bucket", key, func(p []byte) error { got.Write(p); return nil }); err != nil || got.String() != want {
				t.Fatalf("%s: %d bytes, %v", key, got.Len(), err)
			}
		}
		if err := c.Get("bucket", "gone", nil); !errors.Is(err, s3client.ErrNotFound) {
			t.Fatalf("gone: %v", err)
		}
		if there, err := c.Exists("bucket", "known"); !there || err != nil {
			t.Fatalf("known exists: %v, %v", there, err)
		}
		if there, err := c.Exists("bucket", "gone"); there || err != nil {
			t.Fatalf("gone exists: %v, %v", there, err)
		}
	}
	wrong := errors.New("wrong bytes")
	if err := c.Get("bucket", "known", func([]byte) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("refused bytes: %v", err)
	}
}

// TestBadAnswers: nothing that is not a whole, right answer passes for one.
func TestBadAnswers(t *testing.T) {
	f := func(answer, fragment string) {
		t.Helper()
		err := says(t, answer).Get("bucket", "key", func([]byte) error { return nil })
		if err == nil || !strings.Contains(err.Error(), fragment) {
			t.Errorf("%.60q: got %v, want %q", answer, err, fragment)
		}
	}
	f("", "EOF")
	f("SSH-2.0-OpenSSH_9.6\r\n", "not an HTTP/1.1 answer")
	f("HTTP/1.1 2x0 OK\r\n\r\n", "not a status")
	f("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", "5 early")
	f("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", "not a length")
	f("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123", "EOF")
	f("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unknown transfer encoding")
	f("HTTP/1.1 503 Slow\r\nContent-Length: 4\r\n\r\nwait", "answered 503: wait")
	f("HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n<Error><Code>NoSuchBucket</Code>", "answered 404")
	f("HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx", "answered 206")
}

func TestConnectionClosedByServer(t *testing.T) {
	c := answers(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("ETag", `"1"`)
	})
	if err := c.Put("bucket", "key", body("x")); err != nil {
		t.Fatal(err)
	}
	if err := c.Put("bucket", "key", body("x")); err == nil || !strings.Contains(err.Error(), "closed the connection") {
		t.Errorf("got %v", err)
	}
}

// TestRefusedBody: a server that answers before it has read the body is heard.
func TestRefusedBody(t *testing.T) {
	c := says(t, "HTTP/1.1 507 Full\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull")
	big := s3client.Body{Size: 64 << 20, Pieces: func(yield func([]byte) bool) {
		piece := make([]byte, 1<<20)
		for range 64 {
			if !yield(piece) {
				return
			}
		}
	}}
	err := c.Put("bucket", "key", big)
	if refusal := (*s3client.Error)(nil); !errors.As(err, &refusal) || refusal.Status != 507 {
		t.Errorf("got %v", err)
	}
}

func TestCanceled(t *testing.T) {
	arrived, end := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(arrived); <-end }))
	defer server.Close()
	defer close(end)
	ctx, cancel := context.WithCancel(t.Context())
	c := dial(t, ctx, strings.TrimPrefix(server.URL, "http://"))
	failed := make(chan error, 1)
	go func() { failed <- c.Put("bucket", "key", body("x")) }()
	<-arrived
	cancel()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("a request whose context ended succeeded")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a request outlives its context")
	}
}

func TestList(t *testing.T) {
	var query, answer string
	c := answers(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		_, _ = io.WriteString(w, answer)
	})
	f := func(r s3client.ListRequest, page, wantQuery, wantEntries, wantToken, wantErr string) {
		t.Helper()
		answer = page
		var entries []string
		token, err := c.List(r, func(e []byte) error { entries = append(entries, string(e)); return nil })
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("got %v, want %q", err, wantErr)
			}
			return
		}
		if err != nil || query != wantQuery || strings.Join(entries, " ") != wantEntries || token != wantToken {
			t.Errorf("query %q, entries %q, token %q, %v", query, entries, token, err)
		}
	}
	const whole = "</ListBucketResult>"
	f(s3client.ListRequest{Bucket: "b", Limit: 1000}, "<ListBucketResult><IsTruncated>false</IsTruncated>"+whole,
		"list-type=2&max-keys=1000", "", "", "")
	f(s3client.ListRequest{Bucket: "b", Limit: 2, After: "a/b~"},
		"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>x</Key></Contents><Contents><Key>y</Key></Contents><NextContinuationToken>t=</NextContinuationToken>"+whole,
		"list-type=2&max-keys=2&start-after=a%2Fb~", "x y", "t=", "")
	f(s3client.ListRequest{Bucket: "b", Limit: 2, Token: "t=", After: "ignored", Delimiter: true},
		"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>x</Key></Contents><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"+whole,
		"continuation-token=t%3D&delimiter=%2F&list-type=2&max-keys=2", "p/", "", "")
	f(s3client.ListRequest{Bucket: "b"}, "<ListBucketResult><Contents><Key>x</Key>", "", "", "", "not a whole listing")
	f(s3client.ListRequest{Bucket: "b"}, "<ListBucketResult><Contents><Key>x"+whole, "", "", "", "does not end")
	f(s3client.ListRequest{Bucket: "b"}, "<ListBucketResult><IsTruncated>true</IsTruncated>"+whole, "", "", "", "without a token")
}

func TestDelete(t *testing.T) {
	answer := "<DeleteResult></DeleteResult>"
	var got string
	c := answers(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.RequestURI() + " " + string(content)
		if r.Header.Get("Content-MD5") == "" {
			got = "no digest"
		}
		_, _ = io.WriteString(w, answer)
	})
	if err := c.Delete("b", []string{"x", "y/z"}); err != nil {
		t.Fatal(err)
	}
	if want := "POST /b?delete= <Delete><Quiet>true</Quiet><Object><Key>x</Key></Object><Object><Key>y/z</Key></Object></Delete>"; got != want {
		t.Errorf("the server saw %q", got)
	}
	for _, answer = range []string{"", "<DeleteResult><Error><Key>x</Key></Error></DeleteResult>"} {
		if err := c.Delete("b", []string{"x"}); err == nil {
			t.Errorf("%q passed for success", answer)
		}
	}
}
