package s3api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"croft/objectstore"
)

// bodyStore gives every object the body that it is told to.
type bodyStore struct {
	objectstore.Store
	size int64
	body func(rng *objectstore.Range) io.ReadCloser
}

func (s bodyStore) Get(_ context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	return objectstore.Object{Bucket: bucket, Key: key, Size: s.size, ETag: "00"}, s.body(rng), nil
}

// onlyReads is a body that cannot write itself.
type onlyReads struct{ io.Reader }

func (onlyReads) Close() error { return nil }

// onlyWrites is a body that must not be read: it writes itself, block by block, and
// ends with an error.
type onlyWrites struct {
	t      *testing.T
	blocks []string
	err    error
}

func (b onlyWrites) Close() error { return nil }

func (b onlyWrites) Read([]byte) (int, error) {
	b.t.Error("a body that can write itself is read")
	return 0, io.ErrUnexpectedEOF
}

func (b onlyWrites) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for _, block := range b.blocks {
		n, err := io.WriteString(w, block)
		if total += int64(n); err != nil {
			return total, err
		}
	}
	return total, b.err
}

// TestCutAnswersAreCounted has a client told half of an object.
func TestCutAnswersAreCounted(t *testing.T) {
	o := &onlooker{}
	f := start(t, func(c *Config) {
		c.Watcher = o
		c.Store = bodyStore{c.Store, 11, func(*objectstore.Range) io.ReadCloser {
			return onlyWrites{t: t, blocks: []string{"hello"}, err: objectstore.ErrReadQuorum}
		}}
	}).bucket("bucket")
	request := f.request(http.MethodGet, "/bucket/key", "")
	answer, err := http.DefaultClient.Do(signAs(request, "", testKey, testSecret, f.now()))
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
	}
	if err == nil {
		t.Error("half of an object passed for all of it")
	}
	if e := o.last(t); e.Operation != "GetObject" || e.Status != 200 || e.BytesOut != 5 || len(o.ended) != 1 {
		t.Errorf("%+v, %v", e, o.ended)
	}
}

func serveBody(t *testing.T, size int64, body func(*objectstore.Range) io.ReadCloser) *fixture {
	return start(t, func(c *Config) { c.Store = bodyStore{c.Store, size, body} }).bucket("bucket")
}

func TestBodiesThatWriteThemselvesAreNotCopied(t *testing.T) {
	f := serveBody(t, 11, func(*objectstore.Range) io.ReadCloser {
		return onlyWrites{t: t, blocks: []string{"", "hello", " ", "world"}}
	})
	a := f.call("GET", "/bucket/key", "")
	if a.status != 200 || a.body != "hello world" || a.header.Get("Content-Length") != "11" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
}

// What goes wrong before the first byte has an error of its own; afterwards the
// connection is cut, so that no client takes a part for the whole.
func TestBodiesThatFail(t *testing.T) {
	large := strings.Repeat("x", largeBuffer+smallBuffer)
	lost := objectstore.ErrReadQuorum
	for _, c := range []struct {
		name string
		size int
		body func() io.ReadCloser
		code string // empty: the connection is cut
	}{
		{"writes nothing", 5, func() io.ReadCloser { return onlyWrites{t: t, err: lost} }, "SlowDown"},
		{"writes nothing but says it is done", 5, func() io.ReadCloser { return onlyWrites{t: t} }, "InternalError"},
		{"writes an empty block first", 5, func() io.ReadCloser { return onlyWrites{t: t, blocks: []string{""}, err: lost} }, "SlowDown"},
		{"writes a part", 5, func() io.ReadCloser { return onlyWrites{t: t, blocks: []string{"he"}, err: lost} }, ""},
		{"writes a part and says it is done", 5, func() io.ReadCloser { return onlyWrites{t: t, blocks: []string{"he"}} }, ""},
		{"writes too much", 5, func() io.ReadCloser { return onlyWrites{t: t, blocks: []string{"hello", "!"}} }, ""},
		{"writes far too much", 5, func() io.ReadCloser { return onlyWrites{t: t, blocks: []string{"hello!"}} }, "InternalError"},
		{"reads nothing", 5, func() io.ReadCloser { return onlyReads{thenFails("")} }, "SlowDown"},
		{"reads a part", 5, func() io.ReadCloser { return onlyReads{thenFails("hell")} }, "SlowDown"},
		{"reads the first block", len(large), func() io.ReadCloser { return onlyReads{thenFails(large[:largeBuffer])} }, ""},
		{"reads too little", len(large), func() io.ReadCloser { return onlyReads{strings.NewReader(large[1:])} }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serveBody(t, int64(c.size), func(*objectstore.Range) io.ReadCloser { return c.body() })
			response, err := f.client.Do(f.sign(f.request("GET", "/bucket/key", ""), ""))
			var body []byte
			if err == nil {
				defer response.Body.Close()
				body, err = io.ReadAll(response.Body)
			}
			if c.code == "" {
				if err == nil {
					t.Errorf("the client took %d of %d bytes for the whole", len(body), c.size)
				}
				return
			}
			if response == nil {
				t.Fatalf("no answer: %v; want %s", err, c.code)
			}
			if a := (answer{response.StatusCode, response.Header, string(body)}); err != nil || a.code() != c.code {
				t.Errorf("%d %s, %v; want %s", a.status, a.body, err, c.code)
			}
		})
	}
}

// thenFails reads text and then fails.
func thenFails(text string) io.Reader { return io.MultiReader(strings.NewReader(text), failing{}) }

func TestBodiesOfManyBlocks(t *testing.T) {
	for _, size := range []int{0, 1, smallBuffer, smallBuffer + 1, largeBuffer, 3*largeBuffer + 7} {
		want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		f := serveBody(t, int64(size), func(rng *objectstore.Range) io.ReadCloser {
			offset, length, err := rng.Resolve(int64(size))
			if err != nil {
				t.Error(err)
			}
			return onlyReads{bytes.NewReader(want[offset : offset+length])}
		})
		if a := f.call("GET", "/bucket/key", ""); a.status != 200 || a.body != string(want) {
			t.Errorf("%d bytes: %d, %d bytes came", size, a.status, len(a.body))
		}
		if size > 10 {
			if a := f.call("GET", "/bucket/key", "", "Range", "bytes=3-8"); a.status != 206 || a.body != "345678" {
				t.Errorf("a range of %d bytes: %d %q", size, a.status, a.body)
			}
		}
	}
}

// A client that leaves is nobody's fault, so nothing is logged as an error.
func TestClientsThatLeaveAreNoErrors(t *testing.T) {
	gone := errors.New("gone")
	w := &leaving{header: http.Header{}, err: gone}
	q := &request{w: w, r: (&http.Request{Header: http.Header{}}).WithContext(t.Context())}
	o := objectstore.Object{Size: 5}
	d := &delivery{q: q, object: &o, length: 5, left: 5}
	if err := d.from(onlyReads{strings.NewReader("hello")}); !errors.Is(err, gone) || !errors.Is(d.gone, gone) {
		t.Errorf("%v, and the client's own: %v", err, d.gone)
	}
}

type leaving struct {
	header http.Header
	err    error
}

func (w *leaving) Header() http.Header       { return w.header }
func (w *leaving) WriteHeader(int)           {}
func (w *leaving) Write([]byte) (int, error) { return 0, w.err }
