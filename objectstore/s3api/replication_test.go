package s3api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"croft/internal/errs"
	"croft/objectstore"
)

// replicated is replication that copies nothing: rules, and a standing for all objects.
type replicated struct {
	role     string
	rules    []ReplicationRule
	standing string
}

func (r *replicated) Rules(context.Context, string) (string, []ReplicationRule, error) {
	return r.role, r.rules, nil
}

func (r *replicated) SetRules(_ context.Context, _, role string, rules []ReplicationRule) error {
	for _, rule := range rules {
		if strings.HasSuffix(rule.Destination, ":nowhere") {
			return errs.New(errs.Invalid, "replication_target_unknown", "There is no such target.")
		}
	}
	r.role, r.rules = role, rules
	return nil
}

func (r *replicated) Standing(context.Context, *objectstore.Object) (string, error) {
	return r.standing, nil
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// TestReplicationOfAWSSDK sets rules of every kind, and reads back the same.
func TestReplicationOfAWSSDK(t *testing.T) {
	copies := &replicated{standing: "PENDING"}
	f := start(t, func(c *Config) { c.Replication = copies }).bucket("bucket")
	f.put("bucket", "key", "hello")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	_, err := client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: bucket})
	if codeOf(err) != "ReplicationConfigurationNotFoundError" {
		t.Fatal(err)
	}
	to := &types.Destination{Bucket: aws.String("arn:aws:s3:::backup")}
	tag := func(key string) types.Tag { return types.Tag{Key: aws.String(key), Value: aws.String("v " + key)} }
	no, yes := &types.DeleteMarkerReplication{Status: "Disabled"}, &types.DeleteMarkerReplication{Status: "Enabled"}
	config := &types.ReplicationConfiguration{Role: aws.String("arn:aws:iam::000000000000:role/x"), Rules: []types.ReplicationRule{
		{ID: aws.String("all"), Priority: aws.Int32(1), Status: "Enabled", Filter: &types.ReplicationRuleFilter{Prefix: aws.String("")}, DeleteMarkerReplication: yes, Destination: to},
		{ID: aws.String("tag"), Priority: aws.Int32(2), Status: "Disabled", Filter: &types.ReplicationRuleFilter{Tag: ptr(tag("a"))}, DeleteMarkerReplication: no, Destination: to},
		{
			ID: aws.String("and"), Priority: aws.Int32(3), Status: "Enabled", DeleteMarkerReplication: no, Destination: to,
			Filter:                    &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Prefix: aws.String("ü&/"), Tags: []types.Tag{tag("a"), tag("b")}}},
			ExistingObjectReplication: &types.ExistingObjectReplication{Status: "Enabled"},
		},
	}}
	put := func() error {
		_, err := client.PutBucketReplication(ctx, &s3.PutBucketReplicationInput{Bucket: bucket, ReplicationConfiguration: config})
		return err
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: bucket})
	if err != nil || !reflect.DeepEqual(got.ReplicationConfiguration, config) {
		t.Fatalf("%+v, %v", got, err)
	}
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("key")})
	if err != nil || object.ReplicationStatus != types.ReplicationStatusPending {
		t.Fatalf("%+v, %v", object, err)
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("key")})
	if err != nil || head.ReplicationStatus != types.ReplicationStatusPending {
		t.Fatalf("%+v, %v", head, err)
	}
	config.Rules[0].Destination = &types.Destination{Bucket: aws.String("arn:aws:s3:::nowhere")}
	if err := put(); codeOf(err) != "InvalidRequest" {
		t.Fatal(err)
	}
	if _, err = client.DeleteBucketReplication(ctx, &s3.DeleteBucketReplicationInput{Bucket: bucket}); err != nil || len(copies.rules) != 0 {
		t.Fatal(copies.rules, err)
	}
}

// TestReplicationDocuments holds documents to S3's rules, and says what is not done.
func TestReplicationDocuments(t *testing.T) {
	copies := &replicated{}
	f := start(t, func(c *Config) { c.Replication = copies }).bucket("bucket")
	const dest = `<Destination><Bucket>arn:aws:s3:::b</Bucket></Destination>`
	rule := func(inside string) string { return `<Rule><Status>Enabled</Status>` + inside + `</Rule>` }
	for _, c := range []struct{ name, rules, code string }{
		{"old", rule(`<Prefix>a</Prefix>` + dest), ""},
		{"no rules", ``, "MalformedXML"},
		{"no destination", rule(`<Prefix>a</Prefix>`), "MalformedXML"},
		{"no status", `<Rule>` + dest + `</Rule>`, "MalformedXML"},
		{"strange status", `<Rule><Status>On</Status>` + dest + `</Rule>`, "MalformedXML"},
		{"strange element", rule(dest + `<Croft/>`), "MalformedXML"},
		{"prefix twice", rule(`<Prefix>a</Prefix><Filter><Prefix>a</Prefix></Filter>` + dest), "MalformedXML"},
		{"two filters", rule(`<Filter><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></Filter>` + dest), "MalformedXML"},
		{"negative priority", rule(`<Priority>-1</Priority><Filter/>` + dest), "MalformedXML"},
		{"one priority", rule(`<Priority>1</Priority><Filter/>`+dest) + rule(`<Priority>1</Priority><Filter><Prefix>a</Prefix></Filter>`+dest), "InvalidRequest"},
		{"one ID", rule(`<ID>a</ID><Priority>1</Priority><Filter/>`+dest) + rule(`<ID>a</ID><Priority>2</Priority><Filter/>`+dest), "InvalidArgument"},
		{"long ID", rule(`<ID>` + strings.Repeat("ü", 256) + `</ID>` + dest), "InvalidArgument"},
		{"tags and delete markers", rule(`<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter><DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>` + dest), "InvalidRequest"},
		{"key twice", rule(`<Filter><And><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>k</Key><Value>w</Value></Tag></And></Filter>` + dest), "InvalidTag"},
		{"KMS", rule(dest + `<SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>`), "NotImplemented"},
		{"no KMS", rule(dest + `<SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Disabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>`), "NotImplemented"},
		{"deletes for ever", rule(dest + `<DeleteReplication><Status>Enabled</Status></DeleteReplication>`), "NotImplemented"},
		{"metrics", rule(`<Destination><Bucket>arn:aws:s3:::b</Bucket><Metrics><Status>Enabled</Status></Metrics></Destination>`), "NotImplemented"},
		{"in time", rule(`<Destination><Bucket>arn:aws:s3:::b</Bucket><ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes></Time></ReplicationTime></Destination>`), "NotImplemented"},
		{"class", rule(`<Destination><Bucket>arn:aws:s3:::b</Bucket><StorageClass>GLACIER</StorageClass></Destination>`), "NotImplemented"},
		{"standard", rule(`<Destination><Bucket>arn:aws:s3:::b</Bucket><StorageClass>STANDARD</StorageClass></Destination>`), ""},
	} {
		copies.rules = nil
		a := f.call(http.MethodPut, "/bucket?replication", `<ReplicationConfiguration><Role>r</Role>`+c.rules+`</ReplicationConfiguration>`)
		if a.code() != c.code || (c.code == "") != (len(copies.rules) > 0) {
			t.Errorf("%s: %d %s, %+v", c.name, a.status, a.body, copies.rules)
		}
	}
	f.call(http.MethodPut, "/bucket?replication", `<ReplicationConfiguration><Role>r</Role>`+rule(`<Prefix>a</Prefix>`+dest)+`</ReplicationConfiguration>`)
	if want := []ReplicationRule{{ID: "rule-1", Enabled: true, Prefix: "a", Destination: "arn:aws:s3:::b", Deletes: true, Legacy: true}}; !reflect.DeepEqual(copies.rules, want) {
		t.Errorf("%+v", copies.rules)
	}
	if a := f.call(http.MethodGet, "/bucket?replication", ""); !strings.Contains(a.body, "<Prefix>a</Prefix><Status>") {
		t.Error(a.body)
	}
}

// TestReplicationWithout refuses rules where nothing would be copied.
func TestReplicationWithout(t *testing.T) {
	f := start(t).bucket("bucket")
	const rules = `<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule></ReplicationConfiguration>`
	if a := f.call(http.MethodPut, "/bucket?replication", rules); a.code() != "NotImplemented" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call(http.MethodGet, "/bucket?replication", ""); a.code() != "ReplicationConfigurationNotFoundError" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call(http.MethodPut, "/none?replication", rules); a.code() != "NoSuchBucket" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// withReplication is a server that says of every object that it waits.
func withReplication(c *Config) { c.Replication = &replicated{standing: "PENDING"} }

// replicatedTo is a configuration of one rule.
func replicatedTo(arn, more string) string {
	return "<ReplicationConfiguration><Role>arn:aws:iam::000000000000:role/r</Role><Rule><Status>Enabled</Status><Priority>1</Priority><Filter><Prefix>a</Prefix></Filter>" +
		"<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>" + arn + "</Bucket>" + more + "</Destination></Rule></ReplicationConfiguration>"
}

func ptr[T any](v T) *T { return &v }
