package app_test

import (
	"encoding/json"
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
