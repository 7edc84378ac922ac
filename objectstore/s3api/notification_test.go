package s3api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
	minionotification "github.com/minio/minio-go/v7/pkg/notification"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/notification"
)

// anyTarget takes every event.
type anyTarget struct{}

func (anyTarget) Check(context.Context, string, notification.Target) error { return nil }

func (anyTarget) Offer(context.Context, string) ([]notification.Target, error) { return nil, nil }

func (anyTarget) Deliver(context.Context, string, notification.Target, []notification.Event, string) error {
	return nil
}

func eventsTo(arn, event string) string {
	if arn == "" {
		return `<NotificationConfiguration xmlns="` + xmlNamespace + `"/>`
	}
	return `<NotificationConfiguration xmlns="` + xmlNamespace + `"><QueueConfiguration><Queue>` + arn + `</Queue><Event>` + event + `</Event></QueueConfiguration></NotificationConfiguration>`
}

// listenBriefly reads the first line of an answer that does not end.
func listenBriefly(f *fixture, method, target, body string, header ...string) answer {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	response, err := f.client.Do(f.sign(f.request(method, target, body, header...), body).WithContext(ctx))
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	line := make([]byte, len(`{"Records":null}`))
	if _, err := io.ReadFull(response.Body, line); err != nil {
		f.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(line)}
}

// TestNotificationOfAWSSDK sets rules of all sorts and reads them back.
func TestNotificationOfAWSSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	filter := func(prefix, suffix string) *types.NotificationConfigurationFilter {
		return &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{
			{Name: types.FilterRuleNamePrefix, Value: aws.String(prefix)}, {Name: types.FilterRuleNameSuffix, Value: aws.String(suffix)},
		}}}
	}
	want := types.NotificationConfiguration{
		QueueConfigurations: []types.QueueConfiguration{{
			Id: aws.String("one & more"), QueueArn: aws.String("arn:croft:room::project"), Events: []types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"}, Filter: filter("a/", ".jpg"),
		}},
		TopicConfigurations: []types.TopicConfiguration{{
			Id: aws.String("two"), TopicArn: aws.String("arn:croft:pipeline::shop"), Events: []types.Event{"s3:ObjectTagging:*"}, Filter: filter("ü", " "),
		}},
		LambdaFunctionConfigurations: []types.LambdaFunctionConfiguration{{
			Id: aws.String("three"), LambdaFunctionArn: aws.String("arn:croft:pipeline::shop:main"), Events: []types.Event{"s3:LifecycleExpiration:*"},
		}},
	}
	_, err := client.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: bucket, NotificationConfiguration: &want})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	is := types.NotificationConfiguration{
		QueueConfigurations: got.QueueConfigurations, TopicConfigurations: got.TopicConfigurations, LambdaFunctionConfigurations: got.LambdaFunctionConfigurations,
	}
	// The SDK spells the names of filters with a capital.
	for _, filter := range []*types.NotificationConfigurationFilter{is.QueueConfigurations[0].Filter, is.TopicConfigurations[0].Filter} {
		for i, r := range filter.Key.FilterRules {
			filter.Key.FilterRules[i].Name = types.FilterRuleName(strings.ToLower(string(r.Name)))
		}
	}
	if !reflect.DeepEqual(is, want) {
		t.Fatalf("%+v", is)
	}
}

// TestListenOfMinio has minio-go, unmodified, set a rule and listen to what happens.
func TestListenOfMinio(t *testing.T) {
	f := start(t).bucket("bucket")
	client, err := minio.New(f.server.Listener.Addr().String(), &minio.Options{Creds: miniocredentials.NewStaticV4(testKey, testSecret, "")})
	if err != nil {
		t.Fatal(err)
	}
	rule := minionotification.NewConfig(minionotification.NewArn("croft", "pipeline", "", "shop", "main"))
	rule.AddEvents(minionotification.ObjectCreatedAll)
	var c minionotification.Configuration
	c.AddQueue(rule)
	if err := client.SetBucketNotification(t.Context(), "bucket", c); err != nil {
		t.Fatal(err)
	}
	if got, err := client.GetBucketNotification(t.Context(), "bucket"); err != nil || len(got.QueueConfigs) != 1 || got.QueueConfigs[0].Queue != rule.Arn.String() {
		t.Fatalf("%+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	heard := client.ListenBucketNotification(ctx, "bucket", "a/", "", []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectAccessed:*"})
	// Nobody knows when it listens: put until it hears.
	for first := true; first; {
		f.call(http.MethodPut, "/bucket/a/first", "1")
		select {
		case info := <-heard:
			if info.Err != nil {
				t.Fatal(info.Err)
			}
			first = false
		default:
		}
	}
	f.call(http.MethodPut, "/bucket/b", "1")
	f.call(http.MethodDelete, "/bucket/a/first", "")
	for info := range heard {
		if info.Err != nil || len(info.Records) != 1 {
			t.Fatalf("%+v", info)
		}
		e := info.Records[0]
		if e.EventName == string(minionotification.ObjectCreatedPut) {
			continue // of the first
		}
		if e.EventName != string(minionotification.ObjectRemovedDelete) || e.S3.Object.Key != "a/first" || e.UserIdentity.PrincipalID != "ada" || e.RequestParameters["sourceIPAddress"] != "127.0.0.1" {
			t.Fatalf("%+v", e)
		}
		break
	}
	cancel()
	for range heard { //nolint:revive // until it has ended
	}
}

// TestListenAsksAgain ends a listener's answer once its key may not listen any more.
func TestListenAsksAgain(t *testing.T) {
	f := start(t).bucket("bucket")
	var allowed []string
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.S3 == "s3:ListenBucketNotification" {
			if allowed = append(allowed, ask.Bucket); len(allowed) > 1 {
				return errs.New(errs.Forbidden, "no", "No more.")
			}
		}
		return nil
	}
	a := f.call(http.MethodGet, "/bucket?events=s3:ObjectCreated:*&ping=1", "")
	if a.status != http.StatusOK || a.body != "{\"Records\":null}\n" || !slices.Equal(allowed, []string{"bucket", "bucket"}) {
		t.Fatalf("%+v, asked for %q", a, allowed)
	}
}

// TestEventsOfEachCall makes a change with every call that makes one, and looks at what
// is kept of it.
func TestEventsOfEachCall(t *testing.T) {
	f := start(t).bucket("bucket")
	rules := `<NotificationConfiguration>`
	for _, event := range []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"} {
		rules += `<QueueConfiguration><Queue>arn:croft:room::project</Queue><Event>` + event + `</Event></QueueConfiguration>`
	}
	if a := f.call(http.MethodPut, "/bucket?notification", rules+`</NotificationConfiguration>`); a.status != http.StatusOK {
		t.Fatal(a)
	}
	f.call(http.MethodPut, "/bucket/a", "hello")
	f.call(http.MethodPut, "/bucket/b", "", "X-Amz-Copy-Source", "/bucket/a")
	f.call(http.MethodPut, "/bucket/a?tagging", `<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>`)
	f.call(http.MethodDelete, "/bucket/a?tagging", "")
	f.call(http.MethodDelete, "/bucket/a", "")
	f.call(http.MethodPost, "/bucket?delete", `<Delete><Object><Key>b</Key></Object><Object><Key>none</Key></Object></Delete>`)
	f.call(http.MethodPut, "/bucket?versioning", `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)
	f.call(http.MethodDelete, "/bucket/c", "")
	page, err := f.store.List(t.Context(), objectstore.ListRequest{Bucket: objectstore.NoticeBucket})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range page.Objects {
		var e notification.Event
		if err := json.Unmarshal([]byte(o.Attributes.System[objectstore.NoticeText]), &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimPrefix(string(e.Name), "s3:")+" "+e.Key)
		if e.User != "ada" || e.Address != "127.0.0.1" || len(e.RequestID) < 16 || e.Owner != "project-1" {
			t.Fatalf("%+v", e)
		}
	}
	want := []string{
		"ObjectCreated:Put a", "ObjectCreated:Copy b", "ObjectTagging:Put a", "ObjectTagging:Delete a", "ObjectRemoved:Delete a", "ObjectRemoved:Delete b",
		"ObjectRemoved:DeleteMarkerCreated c",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
}
