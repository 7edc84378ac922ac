package s3api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// onlooker keeps what it is shown.
type onlooker struct {
	mu    sync.Mutex
	blind bool
	ended []string
	seen  []Exchange
}

func (o *onlooker) Ended(operation, bucket string, status int, in, out int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = append(o.ended, fmt.Sprint(operation, " ", bucket, " ", status, " ", in, " ", out > 0))
}
func (o *onlooker) Watching() bool { return !o.blind }
func (o *onlooker) Saw(e Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, e)
}

func (o *onlooker) last(t *testing.T) Exchange {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.seen) == 0 {
		t.Fatal("nothing was seen")
	}
	return o.seen[len(o.seen)-1]
}

func TestWatchersSeeRequests(t *testing.T) {
	o := &onlooker{}
	f := start(t, func(c *Config) { c.Watcher = o })
	f.bucket("bucket")
	sent := f.request(http.MethodPut, "/bucket/key?x-id=PutObject", "hello", "X-Amz-Meta-Team", "red")
	f.do(signAs(sent, "hello", testKey, testSecret, f.now()))
	e := o.last(t)
	if e.Operation != "PutObject" || e.Method != http.MethodPut || e.Path != "/bucket/key" || e.Status != 200 || e.Outcome != "ok" ||
		e.BytesIn != 5 || e.AccessKey != testKey || e.Authentication != "SigV4" || e.Header.Get("X-Amz-Meta-Team") != "red" || e.RequestID == "" ||
		e.AnswerHeader[spelled["Etag"]] == nil || e.Client == "" || e.Query != "x-id=PutObject" || e.First <= 0 || e.Took < e.First {
		t.Errorf("%+v", e)
	}
	f.do(signAs(f.request(http.MethodGet, "/bucket/none", ""), "", testKey, testSecret, f.now()))
	if e := o.last(t); e.Operation != "GetObject" || e.Status != 404 || e.Outcome != "NoSuchKey" || e.BytesOut == 0 {
		t.Errorf("%+v", e)
	}
	f.do(signAs(f.request(http.MethodGet, "/bucket/key", ""), "", testKey, "wrong", f.now()))
	if e := o.last(t); e.Operation != OperationUnknown || e.Outcome != "SignatureDoesNotMatch" || e.AccessKey != "" {
		t.Errorf("%+v", e)
	}
	if want := "[PutObject bucket 200 5 false GetObject bucket 404 0 true Unknown bucket 403 0 true]"; fmt.Sprint(o.ended[len(o.ended)-3:]) != want {
		t.Errorf("%v, want %s", o.ended, want)
	}
	o.blind = true
	before := len(o.seen)
	f.do(signAs(f.request(http.MethodGet, "/bucket/key", ""), "", testKey, testSecret, f.now()))
	if len(o.seen) != before || len(o.ended) != 4 {
		t.Errorf("%d requests seen by nobody, %v", len(o.seen)-before, o.ended)
	}
}

// TestWatchersSeeNoSecrets plants secrets everywhere a client may put them.
func TestWatchersSeeNoSecrets(t *testing.T) {
	o := &onlooker{}
	f := start(t, func(c *Config) { c.Watcher = o })
	f.bucket("bucket")
	const planted = "cGxhbnRlZC1zZWNyZXQ"
	link, err := Presign(http.MethodGet, f.server.URL, "bucket", "key", testKey, testSecret, "", time.Minute,
		map[string][]string{"X-Amz-Security-Token": {planted}, "X-Amz-Server-Side-Encryption-Customer-Key": {planted}}, f.now())
	if err != nil {
		t.Fatal(err)
	}
	_, signature, _ := strings.Cut(link, "X-Amz-Signature=")
	signature, _, _ = strings.Cut(signature, "&")
	f.do(f.request(http.MethodGet, strings.TrimPrefix(link, f.server.URL), "",
		"Cookie", planted, "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key", planted, "X-Amz-Server-Side-Encryption-Customer-Key-Md5", planted,
		"Referer", "http://elsewhere/?a=b&x-amz-%53ignature="+planted, "Proxy-Authorization", planted, "X-Amz-Mfa", planted))
	f.do(f.request(http.MethodGet, "/bucket/key?AWSAccessKeyId=a&Signature="+planted+"&Expires=1", ""))
	f.do(signAs(f.request(http.MethodGet, "/bucket?list-type=2&continuation-token=kept", ""), "", testKey, testSecret, f.now()))
	o.mu.Lock()
	defer o.mu.Unlock()
	all := fmt.Sprintf("%+v", o.seen)
	if strings.Contains(all, planted) || strings.Contains(all, signature) || strings.Contains(all, "AWS4-HMAC-SHA256 Credential") {
		t.Error(all)
	}
	for _, want := range []string{"a=b", "continuation-token=kept", "X-Amz-Signature=" + hidden} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
	if signature == "" {
		t.Error("the link is not signed")
	}
}
