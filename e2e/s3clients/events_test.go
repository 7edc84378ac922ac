package s3clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/e2e"
)

// TestEvents has the aws command line set a rule whose webhook is away, and kills the
// program amid writes: every object whose write was acknowledged is told of once the
// webhook is there.
func TestEvents(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "aws")
	var mu sync.Mutex // guards the following 3 fields
	back, told, tests := false, map[string]int{}, 0
	came := make(chan struct{}, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct{ EventName, Key, Event string }
		err := json.NewDecoder(r.Body).Decode(&e)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || !back {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if e.Event == "s3:TestEvent" {
			tests++
		} else {
			told[e.EventName+" "+e.Key]++
		}
		select {
		case came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(hook.Close)

	const key, secret = "clients", "a-secret/of+the=clients"
	croft := e2e.New(t, 4).WithAccount(key, secret).Start()
	e2e.Login(t, croft.Console, key, secret).Must(t, "POST", "/api/v1/event-webhooks", map[string]any{"name": "ci", "url": hook.URL}, nil)
	c := newClient(t, program, endpoint{croft.S3, key, secret})
	client, err := minio.New(strings.TrimPrefix(croft.S3, "http://"), &minio.Options{Creds: credentials.NewStaticV4(key, secret, ""), MaxRetries: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), "events", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(c.dir, "rules.json")
	write := func(arn string) {
		text := `{"QueueConfigurations":[{"Id":"new","QueueArn":"` + arn + `","Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"in/"}]}}}]}`
		if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("arn:minio:sqs::none:webhook")
	c.refused("InvalidArgument", "s3api", "put-bucket-notification-configuration", "--bucket", "events", "--notification-configuration", "file://"+rules)
	write("arn:minio:sqs::ci:webhook")
	c.run("s3api", "put-bucket-notification-configuration", "--bucket", "events", "--notification-configuration", "file://"+rules)
	contains(t, c.run("s3api", "get-bucket-notification-configuration", "--bucket", "events"), "arn:minio:sqs::ci:webhook", `"in/"`)

	var acknowledged sync.Map
	enough := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("in/%d/%d", n, i)
				if _, err := client.PutObject(t.Context(), "events", name, strings.NewReader("x"), 1, minio.PutObjectOptions{}); err != nil {
					return // it was killed
				}
				acknowledged.Store(name, true)
				if n == 0 && i == 50 {
					close(enough)
				}
			}
		})
	}
	<-enough
	croft.Kill()
	writers.Wait()
	mu.Lock()
	back = true
	mu.Unlock()
	croft.Start()
	missing := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		acknowledged.Range(func(name, _ any) bool {
			if told["s3:ObjectCreated:Put events/"+name.(string)] == 0 {
				n++
			}
			return true
		})
		if tests == 0 {
			n++
		}
		return n
	}
	for missing() > 0 {
		select {
		case <-came:
		case <-t.Context().Done():
			t.Fatalf("%d events were never told", missing())
		}
	}
}
