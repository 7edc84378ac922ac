package s3api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"croft/objectstore"
)

func loggingTo(bucket, prefix string) string {
	return "<BucketLoggingStatus><LoggingEnabled><TargetBucket>" + bucket + "</TargetBucket><TargetPrefix>" + prefix + "</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"
}

// logged starts a handler whose bucket "source" logs to "logs", and returns what
// writes the logs and reads the lines of all of them.
func logged(t *testing.T, configure ...func(*Config)) (*fixture, func() []string) {
	t.Helper()
	f := &fixture{t: t, store: openEngine(t), guard: &guard{}, now: time.Now}
	var h *Handler
	c := Config{Store: f.store, Access: f.guard, Recorder: f.guard, Log: slog.New(slog.DiscardHandler)}
	for _, set := range configure {
		set(&c)
	}
	h = New(c)
	f.serve(h)
	f.bucket("source").bucket("logs")
	if a := f.call("PUT", "/source?logging", loggingTo("logs", "s/")); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return f, func() (lines []string) {
		t.Helper()
		h.requestLogs.flush(t.Context(), 1)
		for _, key := range f.keys("logs") {
			_, content, err := f.store.Get(t.Context(), "logs", key, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(content)
			content.Close()
			if err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(`^s/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9a-v]{20}$`).MatchString(key) || !bytes.HasSuffix(text, []byte("\n")) {
				t.Errorf("%s holds %q", key, text)
			}
			lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
			if _, err := f.store.Delete(t.Context(), "logs", key); err != nil {
				t.Fatal(err)
			}
		}
		return lines
	}
}

// logFields splits a line as those who read S3's logs do.
var logFields = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|[^ ]+`)

func TestRequestLog(t *testing.T) {
	f, lines := logged(t)
	lines() // the call that began it
	agent := []string{"User-Agent", `a "quoted" agent`, "Referer", "https://x.test/?X-Amz-Signature=abc&y=z"}
	f.call("PUT", "/source/a%20b", "hello", agent...)
	f.call("GET", "/source/a%20b", "", append(agent, "Range", "bytes=1-2")...)
	f.call("GET", "/source/none", "", agent...)
	f.call("GET", "/source?list-type=2", "", agent...)
	f.call("GET", "/source?policy", "", agent...)
	f.call("PUT", "/source/copy", "", append(agent, copySource, "/source/a%20b")...)
	f.call("POST", "/source?delete", "<Delete><Object><Key>copy</Key></Object><Object><Key>x\ny</Key><VersionId>bad</VersionId></Object></Delete>", agent...)
	f.do(f.request("GET", "/source/a%20b", "", agent...))
	link := strings.TrimPrefix(f.presign("GET", "source", "a b", time.Minute, nil), f.server.URL)
	f.do(f.request("GET", strings.Replace(link, "X-Amz-Signature", "X-Amz-Signatur%65", 1), "", agent...))
	f.do(f.request("OPTIONS", "/source/a%20b", "", agent...))
	f.post("/source", f.signedForm(`["starts-with","$key",""]`, field{"key", "form"}), "hello")
	f.call("GET", "/logs", "") // of no interest
	f.server.Close()
	var got []string
	for _, line := range lines() {
		fields := logFields.FindAllString(line, -1)
		if len(fields) != 26 {
			t.Errorf("%d fields in %s", len(fields), line)
			continue
		}
		if _, err := time.Parse("["+logTimeFormat+"]", fields[2]); err != nil || fields[0] != ownerID || fields[1] != "source" || fields[3] != "127.0.0.1" || fields[5] != fields[18] {
			t.Errorf("%s: %v", line, err)
		}
		if strings.Contains(line, "abc") || strings.Contains(line, "Signature=") && !strings.Contains(line, "Signature=-") || regexp.MustCompile(`[0-9a-f]{64}`).MatchString(line) {
			t.Errorf("a secret in %s", line)
		}
		if fields[6] != "REST.POST.OBJECT" && (fields[16] != `"a %22quoted%22 agent"` || fields[15] != `"https://x.test/?X-Amz-Signature=-&y=z"`) {
			t.Errorf("%s of %s", fields[15:17], line)
		}
		some := func(s string) string {
			if len(s) > 1 {
				return "+"
			}
			return s
		}
		got = append(got, strings.Join([]string{fields[6], fields[7], fields[9], fields[10], some(fields[11]), fields[12], fields[4], fields[19], fields[21]}, " "))
	}
	want := []string{
		"REST.PUT.OBJECT a%20b 200 - - 5 AKIATEST SigV4 AuthHeader",
		"REST.GET.OBJECT a%20b 206 - 2 5 AKIATEST SigV4 AuthHeader",
		"REST.GET.OBJECT none 404 NoSuchKey + - AKIATEST SigV4 AuthHeader",
		"REST.GET.BUCKET - 200 - + - AKIATEST SigV4 AuthHeader",
		"REST.GET.BUCKETPOLICY - 404 NoSuchBucketPolicy + - AKIATEST SigV4 AuthHeader",
		"REST.COPY.OBJECT copy 200 - + - AKIATEST SigV4 AuthHeader",
		"REST.POST.MULTI_OBJECT_DELETE - 200 - + - AKIATEST SigV4 AuthHeader",
		"BATCH.DELETE.OBJECT copy 204 - + - AKIATEST SigV4 AuthHeader",
		"BATCH.DELETE.OBJECT x%0Ay 404 NoSuchVersion",
		"REST.GET.OBJECT a%20b 403 AccessDenied + - - - -",
		"REST.GET.OBJECT a%20b 200 - 5 5 AKIATEST SigV4 QueryString",
		"REST.OPTIONS.PREFLIGHT a%20b 400 BadRequest + - - - -",
		"REST.POST.OBJECT form 403 AccessDenied + - AKIATEST SigV4 -",
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRequestLogIntoItself: what is written into a bucket that logs to itself is not
// logged again.
func TestRequestLogIntoItself(t *testing.T) {
	f, lines := logged(t)
	lines()
	if a := f.call("PUT", "/logs?logging", loggingTo("logs", "s/")); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := lines(); len(got) != 1 {
		t.Errorf("%q", got)
	}
	for range 3 {
		if got := lines(); len(got) != 0 {
			t.Errorf("%q", got)
		}
	}
	if a := f.call("PUT", "/source?logging", "<BucketLoggingStatus/>"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.call("GET", "/source", "")
	if got := lines(); len(got) != 0 {
		t.Errorf("after it was ended: %q", got)
	}
}

func TestRequestLogTargets(t *testing.T) {
	f, lines := logged(t)
	lines()
	if _, err := f.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "theirs", Owner: "project-2"}); err != nil {
		t.Fatal(err)
	}
	const enabled = "<BucketLoggingStatus><LoggingEnabled>"
	for name, c := range map[string]struct{ body, code string }{
		"another owner": {loggingTo("theirs", ""), "InvalidTargetBucketForLogging"},
		"no bucket":     {loggingTo("nothing", ""), "InvalidTargetBucketForLogging"},
		"no name":       {loggingTo("A", ""), "InvalidTargetBucketForLogging"},
		"long prefix":   {loggingTo("logs", strings.Repeat("x", 1000)), "InvalidArgument"},
		"no prefix":     {enabled + "<TargetBucket>logs</TargetBucket></LoggingEnabled></BucketLoggingStatus>", "MalformedXML"},
		"no target":     {enabled + "<TargetPrefix>logs</TargetPrefix></LoggingEnabled></BucketLoggingStatus>", "MalformedXML"},
		"grants":        {strings.Replace(loggingTo("logs", ""), "<TargetPrefix>", "<TargetGrants/><TargetPrefix>", 1), "NotImplemented"},
		"partitions":    {strings.Replace(loggingTo("logs", ""), "<TargetPrefix>", "<TargetObjectKeyFormat><PartitionedPrefix/></TargetObjectKeyFormat><TargetPrefix>", 1), "NotImplemented"},
		"unknown":       {strings.Replace(loggingTo("logs", ""), "<TargetPrefix>", "<Other/><TargetPrefix>", 1), "MalformedXML"},
		"nothing":       {"", "MalformedXML"},
	} {
		if a := f.call("PUT", "/source?logging", c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	f.asked("s3:PutObject")
	if a := f.call("PUT", "/source?logging", loggingTo("logs", "p/")); a.code() != "AccessDenied" {
		t.Errorf("a target that one may not write to: %d %s", a.status, a.body)
	}
	f.guard.refuse = nil
	if a := f.call("GET", "/source?logging", ""); !strings.Contains(a.body, "<TargetPrefix>s/</TargetPrefix>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// The owner is looked at again when lines are written.
	lines()
	f.call("GET", "/source", "")
	if err := f.store.DeleteBucket(t.Context(), "logs"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "logs", Owner: "project-2"}); err != nil {
		t.Fatal(err)
	}
	if got := lines(); len(got) != 0 {
		t.Errorf("another's bucket got %q", got)
	}
}

func TestRequestLogThroughTheSDK(t *testing.T) {
	f, _ := logged(t)
	ctx, client := t.Context(), awsClient(f)
	_, err := client.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: aws.String("source"), BucketLoggingStatus: &types.BucketLoggingStatus{
		LoggingEnabled: &types.LoggingEnabled{TargetBucket: aws.String("logs"), TargetPrefix: aws.String("")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: aws.String("source")})
	if err != nil || got.LoggingEnabled == nil || *got.LoggingEnabled.TargetBucket != "logs" || aws.ToString(got.LoggingEnabled.TargetPrefix) != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// failingStore refuses to store, as long as it is told to.
type failingStore struct {
	objectstore.Store
	err error
}

func (s *failingStore) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	if s.err != nil {
		return objectstore.Object{}, s.err
	}
	return s.Store.Put(ctx, r)
}

// TestRequestLogIsBounded: what cannot be written waits, within bounds, and what
// finds no room is counted.
func TestRequestLogIsBounded(t *testing.T) {
	f := (&fixture{t: t, store: openEngine(t)}).bucket("logs")
	store := &failingStore{Store: f.store, err: objectstore.ErrWriteQuorum}
	var told bytes.Buffer
	l := newRequestLogs(store, slog.New(slog.NewTextHandler(&told, nil)), time.Now)
	to := logTarget{owner: "project-1", bucket: "logs"}
	line := []byte(strings.Repeat("x", 1023) + "\n")
	for range 2 * maxLogBatch / len(line) {
		l.add(to, line)
	}
	select {
	case <-l.urge:
	default:
		t.Error("a large batch is not urged")
	}
	if l.size != maxLogBatch || l.dropped != maxLogBatch/len(line) {
		t.Errorf("%d bytes wait, %d lines dropped", l.size, l.dropped)
	}
	for i := range 2 * maxLogLines / maxLogBatch {
		for range maxLogBatch / len(line) {
			l.add(logTarget{owner: "project-1", bucket: "logs", prefix: fmt.Sprint(i)}, line)
		}
	}
	if l.size != maxLogLines {
		t.Errorf("%d bytes wait", l.size)
	}
	dropped := l.dropped
	l.flush(t.Context(), 1)
	if l.size != maxLogLines || !strings.Contains(told.String(), fmt.Sprint("lines=", dropped)) {
		t.Errorf("%d bytes wait: %s", l.size, told.String())
	}
	store.err = nil
	l.flush(t.Context(), maxLogLines+1)
	if l.size != maxLogLines {
		t.Errorf("%d bytes wait", l.size)
	}
	l.flush(t.Context(), 1)
	if keys := f.keys("logs"); l.size != 0 || len(l.pending) != 0 || len(keys) != maxLogLines/maxLogBatch {
		t.Errorf("%d bytes wait, %q are there", l.size, keys)
	}
	l.add(logTarget{owner: "project-1", bucket: "nothing"}, line)
	l.flush(t.Context(), 1)
	if l.size != 0 {
		t.Errorf("%d bytes wait for a bucket that is not there", l.size)
	}
}

// TestRequestLogIsWrittenAtTheEnd: nothing that was answered before a stop is lost.
func TestRequestLogIsWrittenAtTheEnd(t *testing.T) {
	f := (&fixture{t: t, store: openEngine(t)}).bucket("logs")
	h := New(Config{Store: f.store, Access: &guard{}, Log: slog.New(slog.DiscardHandler)})
	h.requestLogs.add(logTarget{owner: "project-1", bucket: "logs"}, []byte("line\n"))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := h.Run(ctx); err != nil || len(f.keys("logs")) != 1 {
		t.Errorf("%v, %q", err, f.keys("logs"))
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	for address, want := range map[string]string{
		"/a": "/a", "/a?b=c": "/a?b=c", "/a?X-Amz-Signature=s&b": "/a?X-Amz-Signature=-&b", "/a?b&x-amz-security-token=s": "/a?b&x-amz-security-token=-",
		"/a?%58-Amz-Signature=s": "/a?%58-Amz-Signature=-", "/a?Signature=s%3D": "/a?Signature=-", "/a?%zz=1": "/a?%zz=1", "https://x/?Signature=": "https://x/?Signature=-",
	} {
		if got := withoutSecrets(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
