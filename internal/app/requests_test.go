package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/account"
	"croft/internal/app"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore/accesslog"
)

func s3Client(t *testing.T, address string, c app.Config) *minio.Client {
	t.Helper()
	client, err := minio.New(address, &minio.Options{
		Creds: credentials.NewStaticV4(c.RootUser, c.RootPassword, ""), BucketLookup: minio.BucketLookupPath, Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// audited reads the audit log of a Croft that has stopped.
func audited(t *testing.T, c app.Config) (rows []string) {
	t.Helper()
	db, err := store.Open(t.Context(), c.StateDir, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	entries, _, err := account.New(db, seal.New([seal.KeySize]byte{}), events.New(), account.Defaults()).ListAudit(t.Context(), account.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(entries) {
		rows = append(rows, e.ActorName+" "+e.Action+" "+e.Target+" "+e.Outcome)
	}
	return rows
}

// What happens to buckets is in the audit log, what happens to objects in the
// access log, down to the last request before the stop; reads are in neither.
func TestS3RequestsAreWrittenDown(t *testing.T) {
	c := config(t.TempDir())
	c.RootUser, c.RootPassword = "operator", "a long enough secret"
	croft := start(t, c)
	_, address := croft.addresses()
	client := s3Client(t, address, c)
	ctx := t.Context()
	if err := client.MakeBucket(ctx, "media", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(ctx, "croft-own", minio.MakeBucketOptions{}); err == nil {
		t.Fatal("a bucket of Croft's own was made")
	}
	if _, err := client.PutObject(ctx, "media", "照片/1.jpg", strings.NewReader("hello"), 5, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.StatObject(ctx, "media", "照片/1.jpg", minio.StatObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := client.RemoveObject(ctx, "media", "照片/1.jpg", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := croft.stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{"operator s3.CreateBucket media ok", "operator s3.CreateBucket croft-own AccessDenied"}
	if got := audited(t, c); !slices.Equal(got, want) {
		t.Errorf("the audit log has %q", got)
	}
	text, err := os.ReadFile(filepath.Join(c.StateDir, "logs", "s3-access.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), c.RootPassword) {
		t.Error("the access log has the secret")
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		var e accesslog.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if e.User != "operator" || e.AccessKey != "operator" || e.Remote != "127.0.0.1" || e.Duration <= 0 || !strings.HasPrefix(e.UserAgent, "MinIO") {
			t.Errorf("%+v", e)
		}
		got = append(got, e.Operation+" "+e.Bucket+"/"+e.Key+" "+e.Error)
	}
	want = []string{"CreateBucket media/ ", "CreateBucket croft-own/ AccessDenied", "PutObject media/照片/1.jpg ", "DeleteObject media/照片/1.jpg "}
	if !slices.Equal(got, want) {
		t.Errorf("the access log has %q", got)
	}
}

func TestNoRequestsNoAccessLog(t *testing.T) {
	c := config(t.TempDir())
	startOnce(t, c)
	if _, err := os.Stat(filepath.Join(c.StateDir, "logs", "s3-access.log")); !os.IsNotExist(err) {
		t.Errorf("nobody asked anything, and yet: %v", err)
	}
}

// TestUsageIsKept asks a Croft for things, stops it, and looks at what the next knows.
func TestUsageIsKept(t *testing.T) {
	c := config(t.TempDir())
	c.RootUser, c.RootPassword = "operator", "a long enough secret"
	croft := start(t, c)
	_, address := croft.addresses()
	client := s3Client(t, address, c)
	ctx := t.Context()
	if err := client.MakeBucket(ctx, "media", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutObject(ctx, "media", "a", strings.NewReader("hello"), 5, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.StatObject(ctx, "media", "none", minio.StatObjectOptions{}); err == nil {
		t.Fatal("there is an object that nobody made")
	}
	if _, err := client.StatObject(ctx, "nowhere", "none", minio.StatObjectOptions{}); err == nil {
		t.Fatal("there is a bucket that nobody made")
	}
	if err := croft.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, c.StateDir, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got []struct {
		Bucket                         string
		Bytes, Reads, Writes, Received int64
		Refused                        int64
	}
	err = db.Read(ctx).Raw(`SELECT bucket, MAX(bytes) AS bytes, SUM(reads) AS reads, SUM(writes) AS writes, SUM(received) AS received, SUM(refused) AS refused
		FROM usage_samples JOIN usage_series ON id = series WHERE step = 86400 GROUP BY bucket ORDER BY bucket`).Scan(&got).Error
	if err != nil {
		t.Fatal(err)
	}
	if want := "[{ 5 2 1 5 2} {media 5 1 1 5 1}]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
