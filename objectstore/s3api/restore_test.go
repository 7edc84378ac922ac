package s3api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/minio-go/v7"

	"croft/objectstore"
	"croft/objectstore/erasure"
)

// memoryTier keeps bodies in memory.
type memoryTier struct {
	mu     sync.Mutex // guards the following 2 fields
	bodies map[string][]byte
	away   bool
}

func (m *memoryTier) Put(_ context.Context, name string, body io.Reader, _ int64) error {
	b, err := io.ReadAll(body)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bodies == nil {
		m.bodies = map[string][]byte{}
	}
	m.bodies[name] = b
	return err
}

func (m *memoryTier) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, objectstore.ErrTierUnavailable
	}
	return io.NopCloser(bytes.NewReader(m.bodies[name][offset : offset+length])), nil
}

func (m *memoryTier) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.bodies, name)
	return nil
}

func (m *memoryTier) leave(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

// oneTier is the tier GLACIER.
type oneTier struct{ *memoryTier }

func (o oneTier) Tier(name string) (objectstore.Tier, error) {
	if name != "GLACIER" {
		return nil, objectstore.ErrTierNotFound
	}
	return o, nil
}

// cold is the engine, which has what is called "cold" in a tier when it is to be restored.
type cold struct{ *erasure.Store }

func (s cold) Restore(ctx context.Context, r objectstore.RestoreRequest) (objectstore.Object, error) {
	if r.Key == "cold" {
		if _, err := s.Transition(ctx, objectstore.TransitionRequest{VersionRef: r.VersionRef, Tier: "GLACIER"}); err != nil {
			return objectstore.Object{}, err
		}
	}
	return s.Store.Restore(ctx, r)
}

func withCold(c *Config) { c.Store = cold{c.Store.(*erasure.Store)} }

func restoreXML(days string) string {
	return `<RestoreRequest xmlns="` + xmlNamespace + `"><Days>` + days + `</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters></RestoreRequest>`
}

// TestRestoreObject brings objects back as the clients of AWS and MinIO ask for it, until
// they are there, and reads them while their tier is away.
func TestRestoreObject(t *testing.T) {
	tier := new(memoryTier)
	dir := t.TempDir()
	engine, err := erasure.Open(t.Context(), erasure.Config{Drives: []string{dir + "/a", dir + "/b"}, Parity: -1, Tiers: oneTier{tier}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	f := start(t, func(c *Config) { c.Store, c.Notification = engine, nil })
	f.store = engine
	f.bucket("bucket")
	client, ctx, bucket := awsClient(f), t.Context(), aws.String("bucket")
	if _, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}}); err != nil {
		t.Fatal(err)
	}
	old := f.put("bucket", "key", "the old one")
	f.put("bucket", "key", "the new one")
	f.put("bucket", "other", "another")
	for _, ref := range []objectstore.VersionRef{{Key: "key", ID: old.VersionID}, {Key: "other"}} {
		ref.Bucket = "bucket"
		if _, err := engine.Transition(ctx, objectstore.TransitionRequest{VersionRef: ref, Tier: "GLACIER"}); err != nil {
			t.Fatal(err)
		}
	}
	tier.leave(true)
	ask := func(version *string) error {
		_, err := client.RestoreObject(ctx, &s3.RestoreObjectInput{
			Bucket: bucket, Key: aws.String("key"), VersionId: version,
			RestoreRequest: &types.RestoreRequest{Days: aws.Int32(2), GlacierJobParameters: &types.GlacierJobParameters{Tier: types.TierExpedited}},
		})
		return err
	}
	code := func(err error) string {
		var is smithy.APIError
		if errors.As(err, &is) {
			return is.ErrorCode()
		}
		return "none"
	}
	if err := ask(nil); code(err) != "InvalidObjectState" {
		t.Errorf("what is not in a tier: %v", err)
	}
	if err := ask(aws.String(strings.Repeat("0", 32))); code(err) != "NoSuchVersion" {
		t.Errorf("no version: %v", err)
	}
	if err := ask(&old.VersionID); err != nil {
		t.Fatal(err)
	}
	if err := ask(&old.VersionID); code(err) != "RestoreAlreadyInProgress" {
		t.Errorf("again: %v", err)
	}
	days, speed := 3, minio.TierStandard
	request := minio.RestoreRequest{}
	request.SetDays(days)
	request.SetGlacierJobParameters(minio.GlacierJobParameters{Tier: speed})
	if err := minioClient(t, f, false).RestoreObject(ctx, "bucket", "other", "", request); err != nil {
		t.Fatal(err)
	}
	head := func() (status string, class types.StorageClass) {
		t.Helper()
		o, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("key"), VersionId: &old.VersionID})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(o.Restore), o.StorageClass
	}
	if status, class := head(); status != `ongoing-request="true"` || class != types.StorageClassGlacier {
		t.Errorf("it is %q in %q", status, class)
	}

	running, cancel := context.WithCancel(ctx)
	ended := make(chan error)
	tier.leave(false)
	go func() { ended <- engine.Run(running) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	until := objectstore.RestoreUntil(time.Now(), 2)
	deadline := time.After(time.Minute)
	there := func() (all []*types.RestoreStatus) {
		page, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket, OptionalObjectAttributes: []types.OptionalObjectAttributes{"RestoreStatus"}})
		if err != nil || len(page.Versions) != 3 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, v := range page.Versions {
			all = append(all, v.RestoreStatus)
		}
		return all
	}
	for s := there(); aws.ToBool(s[1].IsRestoreInProgress) || aws.ToBool(s[2].IsRestoreInProgress); s = there() {
		select {
		case <-deadline:
			t.Fatal("it is still being made")
		case <-time.After(10 * time.Millisecond):
		}
	}
	tier.leave(true)
	if s := there(); s[0] != nil || !s[1].RestoreExpiryDate.Equal(until) || !s[2].RestoreExpiryDate.Equal(until.AddDate(0, 0, 1)) {
		t.Errorf("listed as %+v %+v %+v", s[0], s[1], s[2])
	}
	if status, class := head(); status != `ongoing-request="false", expiry-date="`+until.Format("Mon, 02 Jan 2006 15:04:05 GMT")+`"` || class != types.StorageClassGlacier {
		t.Errorf("it is %q in %q", status, class)
	}
	f.run(t, []call{
		{name: "get", method: "GET", target: "/bucket/key?versionId=" + old.VersionID, status: 200, wantBody: "the old one"},
		{name: "extend", method: "POST", target: "/bucket/key?restore&versionId=" + old.VersionID, body: restoreXML("9"), status: 200, want: map[string]string{"X-Amz-Version-Id": old.VersionID}},
		{name: "no request", method: "POST", target: "/bucket/key?restore&versionId=" + old.VersionID, body: "<x/>", status: 400, code: "MalformedXML"},
		{name: "no such speed", method: "POST", target: "/bucket/key?restore", body: "<RestoreRequest><Days>1</Days><Tier>Warp</Tier></RestoreRequest>", status: 400, code: "MalformedXML"},
		{name: "no days", method: "POST", target: "/bucket/key?restore", body: "<RestoreRequest/>", status: 400, code: "MalformedXML"},
		{name: "unknown type", method: "POST", target: "/bucket/key?restore", body: "<RestoreRequest><Type>COPY</Type></RestoreRequest>", status: 400, code: "MalformedXML"},
		{name: "where to", method: "POST", target: "/bucket/key?restore", body: "<RestoreRequest><Days>1</Days><OutputLocation><S3/></OutputLocation></RestoreRequest>", status: 501, code: "NotImplemented"},
	})
	if status, _ := head(); !strings.Contains(status, objectstore.RestoreUntil(time.Now(), 9).Format("02 Jan 2006")) {
		t.Errorf("extended it is %q", status)
	}
	if page := f.call("GET", "/bucket?list-type=2", ""); strings.Contains(page.body, "RestoreStatus") {
		t.Error("listed unasked")
	}

	// A marker, and who may only read.
	f.wants(f.call("DELETE", "/bucket/other", ""), 204, "")
	gone := f.call("POST", "/bucket/other?restore", restoreXML("1"))
	if f.wants(gone, 404, "NoSuchKey"); gone.header.Get(markerHeader) != "true" {
		t.Errorf("%v", gone.header)
	}
	reader := f.do(signAs(f.request("POST", "/bucket/key?restore&versionId="+old.VersionID, restoreXML("1")), restoreXML("1"), "reader", testSecret, f.now()))
	f.wants(reader, 403, "AccessDenied")
	var asked []string
	f.guard.refuse = func(_ Credential, ask Ask) error {
		asked = append(asked, ask.S3)
		return nil
	}
	f.wants(f.call("POST", "/bucket/key?restore&versionId="+old.VersionID, restoreXML("1")), 200, "")
	if len(asked) != 1 || asked[0] != "s3:RestoreObject" {
		t.Errorf("asked for %q", asked)
	}
}
