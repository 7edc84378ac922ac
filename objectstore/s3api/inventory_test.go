package s3api

import (
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/inventory"
)

func withInventory(c *Config) {
	c.Inventory = inventory.New(inventory.Deps{Store: c.Store, Log: slog.New(slog.DiscardHandler)}, inventory.Config{})
}

// TestInventoryOfAWSSDK sets configurations and reads back the same, in pages.
func TestInventoryOfAWSSDK(t *testing.T) {
	f := start(t, withInventory).bucket("bucket").bucket("reports")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	config := &types.InventoryConfiguration{
		Id: aws.String("a"), IsEnabled: aws.Bool(true), IncludedObjectVersions: types.InventoryIncludedObjectVersionsAll,
		Destination: &types.InventoryDestination{S3BucketDestination: &types.InventoryS3BucketDestination{
			AccountId: aws.String("000000000000"), Bucket: aws.String("arn:aws:s3:::reports"), Format: types.InventoryFormatParquet, Prefix: aws.String("inv/ü"),
			Encryption: &types.InventoryEncryption{SSES3: &types.SSES3{}},
		}},
		Filter:         &types.InventoryFilter{Prefix: aws.String("logs/")},
		OptionalFields: []types.InventoryOptionalField{types.InventoryOptionalFieldSize, types.InventoryOptionalFieldObjectOwner},
		Schedule:       &types.InventorySchedule{Frequency: types.InventoryFrequencyWeekly},
	}
	put := func() error {
		_, err := client.PutBucketInventoryConfiguration(ctx, &s3.PutBucketInventoryConfigurationInput{Bucket: bucket, Id: config.Id, InventoryConfiguration: config})
		return err
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketInventoryConfiguration(ctx, &s3.GetBucketInventoryConfigurationInput{Bucket: bucket, Id: config.Id})
	if err != nil || !reflect.DeepEqual(got.InventoryConfiguration, config) {
		t.Fatalf("%+v, %v", got, err)
	}
	config.Filter, config.OptionalFields, config.Destination.S3BucketDestination.Encryption = nil, nil, nil
	for i := range 120 {
		config.Id = aws.String(fmt.Sprintf("b%03d", i))
		if i > 3 { // the rest faster, past the client
			c, err := f.store.(objectstore.Versions).UpdateBucket(ctx, "bucket", func(b *objectstore.Bucket) error {
				text := b.Documents["inventory"]
				b.Documents = b.WithDocument("inventory", strings.TrimSuffix(text, "]")+`,{"id":"`+*config.Id+`","enabled":false,"bucket":"reports","format":"CSV"}]`)
				return nil
			})
			if err != nil {
				t.Fatal(c, err)
			}
		} else if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	var token *string
	for {
		page, err := client.ListBucketInventoryConfigurations(ctx, &s3.ListBucketInventoryConfigurationsInput{Bucket: bucket, ContinuationToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.InventoryConfigurationList {
			ids = append(ids, *c.Id)
		}
		if !*page.IsTruncated {
			break
		}
		token = page.NextContinuationToken
	}
	if len(ids) != 121 || ids[0] != "a" || ids[120] != "b119" {
		t.Fatalf("%d: %q", len(ids), ids)
	}
	if _, err := client.DeleteBucketInventoryConfiguration(ctx, &s3.DeleteBucketInventoryConfigurationInput{Bucket: bucket, Id: aws.String("a")}); err != nil {
		t.Fatal(err)
	}
	_, err = client.GetBucketInventoryConfiguration(ctx, &s3.GetBucketInventoryConfigurationInput{Bucket: bucket, Id: aws.String("a")})
	if codeOf(err) != "NoSuchConfiguration" {
		t.Fatal(err)
	}
}

// inventoryTo is a configuration, with some text in place of another.
func inventoryTo(bucket string, replace ...string) string {
	return strings.NewReplacer(replace...).Replace("<InventoryConfiguration><Id>daily</Id><IsEnabled>true</IsEnabled><Destination><S3BucketDestination><Bucket>arn:aws:s3:::" + bucket +
		"</Bucket><Format>CSV</Format></S3BucketDestination></Destination><IncludedObjectVersions>Current</IncludedObjectVersions><Schedule><Frequency>Daily</Frequency></Schedule></InventoryConfiguration>")
}

// TestInventoryDocuments refuses what is not S3's, what is not done, and the buckets of
// others.
func TestInventoryDocuments(t *testing.T) {
	f := start(t, withInventory).bucket("bucket").bucket("reports")
	if _, err := f.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "foreign", Owner: "project-2"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, body, code string }{
		{"ORC", inventoryTo("reports", "CSV", "ORC"), "NotImplemented"},
		{"no format", inventoryTo("reports", "<Format>CSV</Format>", ""), "MalformedXML"},
		{"no key", inventoryTo("reports", "<Format>", "<Encryption><SSE-KMS/></Encryption><Format>"), "MalformedXML"},
		{"two keys", inventoryTo("reports", "<Format>", "<Encryption><SSE-S3/><SSE-KMS><KeyId>k</KeyId></SSE-KMS></Encryption><Format>"), "MalformedXML"},
		{"no encryption", inventoryTo("reports", "<Format>", "<Encryption/><Format>"), "MalformedXML"},
		{"a key that cannot be", inventoryTo("reports", "<Format>", "<Encryption><SSE-KMS><KeyId>two words</KeyId></SSE-KMS></Encryption><Format>"), "InvalidArgument"},
		{"field", inventoryTo("reports", "<Schedule>", "<OptionalFields><Field>Color</Field></OptionalFields><Schedule>"), "MalformedXML"},
		{"frequency", inventoryTo("reports", "Daily", "Hourly"), "MalformedXML"},
		{"another ID", inventoryTo("reports", "daily", "weekly"), "IdMismatch"},
		{"account", inventoryTo("reports", "<Format>", "<AccountId>111111111111</AccountId><Format>"), "InvalidS3DestinationBucket"},
		{"no ARN", inventoryTo("reports", "arn:aws:s3:::", ""), "InvalidS3DestinationBucket"},
		{"no bucket", inventoryTo("nowhere"), "InvalidS3DestinationBucket"},
		{"foreign", inventoryTo("foreign"), "InvalidS3DestinationBucket"},
		{"good", inventoryTo("reports"), ""},
	} {
		if a := f.call(http.MethodPut, "/bucket?inventory&id=daily", c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	// Who may not write there has no reports written there.
	f.guard.mu.Lock()
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.S3 == "s3:PutObject" && ask.Bucket == "reports" {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	f.guard.mu.Unlock()
	if a := f.call(http.MethodPut, "/bucket?inventory&id=daily", inventoryTo("reports")); a.code() != "AccessDenied" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call(http.MethodPut, "/bucket?inventory", inventoryTo("reports")); a.code() != "NotImplemented" {
		t.Errorf("without an ID: %d %s", a.status, a.body)
	}
}
