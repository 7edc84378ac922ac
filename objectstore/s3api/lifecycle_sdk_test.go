package s3api

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
	miniolifecycle "github.com/minio/minio-go/v7/pkg/lifecycle"
)

// TestLifecycleOfAWSSDK sets rules with everything that needs no tier, and reads them back.
func TestLifecycleOfAWSSDK(t *testing.T) {
	f := start(t, withLifecycle).bucket("bucket")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	_, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "NoSuchLifecycleConfiguration" {
		t.Fatal(err)
	}
	tag := func(key string) types.Tag { return types.Tag{Key: aws.String(key), Value: aws.String("v&" + key)} }
	rules := []types.LifecycleRule{
		{
			ID: aws.String("all"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
			Expiration:                     &types.LifecycleExpiration{Days: aws.Int32(30)},
			NoncurrentVersionExpiration:    &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(3), NewerNoncurrentVersions: aws.Int32(2)},
			AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)},
		},
		{
			ID: aws.String("and"), Status: types.ExpirationStatusDisabled,
			Filter: &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{
				Prefix: aws.String("ü/"), Tags: []types.Tag{tag("a"), tag("b")}, ObjectSizeGreaterThan: aws.Int64(0), ObjectSizeLessThan: aws.Int64(5000),
			}},
			Expiration: &types.LifecycleExpiration{Date: aws.Time(time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC))},
		},
		{
			ID: aws.String("markers"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("m")},
			Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)},
		},
	}
	set := func(rules []types.LifecycleRule) error {
		_, err := client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
			Bucket: bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules},
		})
		return err
	}
	if err := set(rules); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
	if err != nil || !reflect.DeepEqual(got.Rules, rules) {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := set(append(rules, rules[0])); !errors.As(err, &refused) || refused.ErrorCode() != "InvalidArgument" {
		t.Fatal(err)
	}
	put, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("x")})
	if err != nil || !strings.Contains(aws.ToString(put.Expiration), `rule-id="all"`) {
		t.Fatalf("%v, %v", aws.ToString(put.Expiration), err)
	}
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("k")})
	if err != nil || upload.AbortDate == nil || aws.ToString(upload.AbortRuleId) != "all" {
		t.Fatalf("%+v, %v", upload, err)
	}
	if _, err := client.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
}

func TestLifecycleOfMinio(t *testing.T) {
	f := start(t, withLifecycle).bucket("bucket")
	at, err := url.Parse(f.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(at.Host, &minio.Options{Creds: miniocredentials.NewStaticV4(testKey, testSecret, ""), Transport: f.server.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	// What `mc ilm rule add --noncurrent-expire-newer` sends has no days.
	config := miniolifecycle.NewConfiguration()
	config.Rules = []miniolifecycle.Rule{
		{ID: "newer", Status: "Enabled", RuleFilter: miniolifecycle.Filter{Prefix: "a/"}, NoncurrentVersionExpiration: miniolifecycle.NoncurrentVersionExpiration{NewerNoncurrentVersions: 3}},
		{ID: "days", Status: "Enabled", Expiration: miniolifecycle.Expiration{Days: 5}},
	}
	if err := client.SetBucketLifecycle(t.Context(), "bucket", config); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketLifecycle(t.Context(), "bucket")
	if err != nil || len(got.Rules) != 2 || got.Rules[0].NoncurrentVersionExpiration.NewerNoncurrentVersions != 3 || got.Rules[1].Expiration.Days != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	info, err := client.PutObject(t.Context(), "bucket", "k", strings.NewReader("x"), 1, minio.PutObjectOptions{})
	if err != nil || info.ExpirationRuleID != "days" || info.Expiration.IsZero() {
		t.Fatalf("%+v, %v", info, err)
	}
	if err := client.SetBucketLifecycle(t.Context(), "bucket", miniolifecycle.NewConfiguration()); err != nil { // which removes them
		t.Fatal(err)
	}
	if _, err := client.GetBucketLifecycle(t.Context(), "bucket"); minio.ToErrorResponse(err).Code != "NoSuchLifecycleConfiguration" {
		t.Fatal(err)
	}
}
