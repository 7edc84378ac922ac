package s3api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/objectstore"
)

// The benchmarks measure this package alone: the engine is a map-less stub, and
// the clients are another process, so that cpu-µs/op is the server's own.
// BenchmarkFloor is what net/http costs with a handler that does nothing.

const (
	loadAddress = "CROFT_S3_LOAD_ADDRESS" // makes this test binary a load generator
	loadClients = 16
)

// stub is an engine that costs nothing: it takes any body and gives the same back.
type stub struct {
	objectstore.Store
	body []byte
	page objectstore.ListPage
}

func newStub(size int) *stub {
	s := &stub{body: bytes.Repeat([]byte("x"), size)}
	for i := range 1000 {
		o := s.object("bucket", fmt.Sprintf("logs/2026/11/%06d/report & summary.txt", i))
		s.page.Objects = append(s.page.Objects, o)
	}
	s.page.Truncated, s.page.Next = true, s.page.Objects[999].Key
	return s
}

func (s *stub) object(bucket, key string) objectstore.Object {
	return objectstore.Object{
		Bucket: bucket, Key: key, Size: int64(len(s.body)), ETag: "5d41402abc4b2a76b9719d911017c592",
		ModifiedAt: time.Date(2026, 11, 22, 10, 0, 0, 5e6, time.UTC), Attributes: objectstore.Attributes{ContentType: "text/plain"},
	}
}

func (s *stub) Bucket(_ context.Context, name string) (objectstore.Bucket, error) {
	return objectstore.Bucket{Name: name}, nil
}

var sink = sync.Pool{New: func() any { return new([1 << 20]byte) }}

func (s *stub) Put(_ context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	buffer := sink.Get().(*[1 << 20]byte)
	defer sink.Put(buffer)
	for {
		if _, err := r.Body.Read(buffer[:]); err == io.EOF {
			break
		} else if err != nil {
			return objectstore.Object{}, err
		}
	}
	o := s.object(r.Bucket, r.Key)
	return o, r.Finish(&o.Attributes)
}

func (s *stub) Get(_ context.Context, bucket, key string, _ *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	return s.object(bucket, key), io.NopCloser(bytes.NewReader(s.body)), nil
}

func (s *stub) Head(_ context.Context, bucket, key string) (objectstore.Object, error) {
	return s.object(bucket, key), nil
}

func (s *stub) Delete(context.Context, string, string) (bool, error) { return true, nil }

func (s *stub) DeleteAll(_ context.Context, _ string, keys []string) []error {
	return make([]error, len(keys))
}

func (s *stub) List(context.Context, objectstore.ListRequest) (objectstore.ListPage, error) {
	return s.page, nil
}

var benchTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// bench serves the stub and has the load generator send one request b.N times.
func bench(b *testing.B, size int, method, target, body string, header ...string) {
	b.Helper()
	handler := New(Config{
		Store: newStub(size), Access: &guard{}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return benchTime },
	})
	request := httptest.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	request.Header.Set("User-Agent", "bench/1.0")
	signAs(request, body, testKey, testSecret, benchTime)
	drive(b, handler, request, body)
}

// drive has loadClients connections of another process send the request.
func drive(b *testing.B, handler http.Handler, request *http.Request, body string) {
	b.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", request.Method, request.URL.RequestURI(), request.Host, len(body))
	if err := request.Header.Write(&raw); err != nil {
		b.Fatal(err)
	}
	raw.WriteString("\r\n" + body)

	load := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestLoad$")
	load.Env = append(os.Environ(), loadAddress+"="+server.Listener.Addr().String(), "CROFT_S3_LOAD_COUNT="+strconv.Itoa(b.N))
	load.Stderr = os.Stderr
	in, err := load.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := load.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := load.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	until := func(want string) {
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
			b.Log(lines.Text())
		}
		b.Fatal("the load generator ended early")
	}
	until("ready")
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	if _, err := in.Write(raw.Bytes()); err != nil {
		b.Fatal(err)
	}
	in.Close()
	until("done")
	spent := cpuTime() - before
	b.StopTimer()
	b.ReportMetric(float64(spent.Nanoseconds())/1e3/float64(b.N), "cpu-µs/op")
	if err := load.Wait(); err != nil {
		b.Fatal(err)
	}
}

// TestLoad is the load generator: it sends what it reads from standard input.
func TestLoad(t *testing.T) {
	address := os.Getenv(loadAddress)
	if address == "" {
		t.Skip("only the benchmarks' load generator")
	}
	count, err := strconv.Atoi(os.Getenv("CROFT_S3_LOAD_COUNT"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	raw, err := io.ReadAll(os.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for i := range loadClients {
		running.Go(func() {
			if err := repeat(address, raw, (count+i)/loadClients); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	fmt.Println("done")
}

// repeat sends a request n times and reads each answer to its end.
func repeat(address string, raw []byte, n int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	answers := bufio.NewReaderSize(conn, 64<<10)
	withBody := !bytes.HasPrefix(raw, []byte("HEAD "))
	for range n {
		if _, err := conn.Write(raw); err != nil {
			return err
		}
		length := 0
		for first := true; ; first = false {
			line, err := answers.ReadSlice('\n')
			if err != nil {
				return err
			}
			if first && !bytes.Contains(line, []byte(" 20")) {
				return fmt.Errorf("answered %s", line)
			}
			if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok && withBody {
				if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
					return err
				}
			}
			if len(line) == 2 {
				break
			}
		}
		if _, err := answers.Discard(length); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkFloor(b *testing.B) {
	nothing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "0")
	})
	b.Run("Put4K", func(b *testing.B) {
		drive(b, nothing, httptest.NewRequest("PUT", "http://localhost/bucket/key", nil), strings.Repeat("x", 4<<10))
	})
	b.Run("Get4K", func(b *testing.B) {
		body := bytes.Repeat([]byte("x"), 4<<10)
		send := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body)
		})
		drive(b, send, httptest.NewRequest("GET", "http://localhost/bucket/key", nil), "")
	})
}

func BenchmarkPut4K(b *testing.B) {
	body := strings.Repeat("x", 4<<10)
	b.Run("signed", func(b *testing.B) {
		bench(b, 0, "PUT", "/bucket/dir/key-000001", body, "Content-Type", "text/plain")
	})
	b.Run("unsigned", func(b *testing.B) {
		bench(b, 0, "PUT", "/bucket/dir/key-000001", body, "Content-Type", "text/plain", "X-Amz-Content-Sha256", unsignedPayload)
	})
}

func BenchmarkGet4K(b *testing.B) { bench(b, 4<<10, "GET", "/bucket/dir/key-000001", "") }

func BenchmarkHead(b *testing.B) { bench(b, 4<<10, "HEAD", "/bucket/dir/key-000001", "") }

func BenchmarkList1000(b *testing.B) { bench(b, 0, "GET", "/bucket?list-type=2&prefix=logs%2F", "") }

func BenchmarkDelete100(b *testing.B) {
	var body strings.Builder
	body.WriteString("<Delete>")
	for i := range 100 {
		fmt.Fprintf(&body, "<Object><Key>logs/2026/11/%06d/report.txt</Key></Object>", i)
	}
	body.WriteString("<Quiet>true</Quiet></Delete>")
	bench(b, 0, "POST", "/bucket?delete", body.String())
}

func BenchmarkGet64M(b *testing.B) {
	b.SetBytes(64 << 20)
	bench(b, 64<<20, "GET", "/bucket/large", "")
}

func BenchmarkPut64M(b *testing.B) {
	b.SetBytes(64 << 20)
	bench(b, 0, "PUT", "/bucket/large", strings.Repeat("x", 64<<20), "X-Amz-Content-Sha256", unsignedPayload)
}

// BenchmarkPut64MChunked has the body in unsigned aws-chunks of 64 KiB.
func BenchmarkPut64MChunked(b *testing.B) {
	b.SetBytes(64 << 20)
	chunk := "10000\r\n" + strings.Repeat("x", 64<<10) + "\r\n"
	bench(b, 0, "PUT", "/bucket/large", strings.Repeat(chunk, 1024)+"0\r\n\r\n",
		"X-Amz-Content-Sha256", streamingUnsignedTrail, "X-Amz-Decoded-Content-Length", strconv.Itoa(64<<20))
}
