package s3api

import (
	"strings"
	"testing"

	"croft/internal/errs"
)

// TestWhatProvisioningReads asks of a new bucket, and of one where nothing could be set
// because it is kept elsewhere, what Terraform's provider for AWS asks: aws_s3_bucket
// on every plan, and each resource about one setting before it makes it and after it is
// gone. They go on with these answers and with no others.
func TestWhatProvisioningReads(t *testing.T) {
	reads := []struct {
		resource, ask string
		header        []string
		status        int
		code          string
	}{
		{"aws_s3_bucket", "HEAD /bucket", nil, 200, ""},
		{"aws_s3_bucket", "GET /bucket?location", nil, 200, ""},
		{"aws_s3_bucket, aws_s3_bucket_policy", "GET /bucket?policy", nil, 404, "NoSuchBucketPolicy"},
		{"aws_s3_bucket, aws_s3_bucket_acl", "GET /bucket?acl", nil, 200, ""},
		{"aws_s3_bucket, aws_s3_bucket_cors_configuration", "GET /bucket?cors", nil, 404, "NoSuchCORSConfiguration"},
		{"aws_s3_bucket, aws_s3_bucket_website_configuration", "GET /bucket?website", nil, 404, "NoSuchWebsiteConfiguration"},
		{"aws_s3_bucket, aws_s3_bucket_versioning", "GET /bucket?versioning", nil, 200, ""},
		{"aws_s3_bucket, aws_s3_bucket_accelerate_configuration", "GET /bucket?accelerate", nil, 200, ""},
		{"aws_s3_bucket, aws_s3_bucket_request_payment_configuration", "GET /bucket?requestPayment", nil, 200, ""},
		{"aws_s3_bucket, aws_s3_bucket_logging", "GET /bucket?logging", nil, 200, ""},
		{"aws_s3_bucket, aws_s3_bucket_lifecycle_configuration", "GET /bucket?lifecycle", nil, 404, "NoSuchLifecycleConfiguration"},
		{"aws_s3_bucket, aws_s3_bucket_replication_configuration", "GET /bucket?replication", nil, 404, "ReplicationConfigurationNotFoundError"},
		{"aws_s3_bucket, aws_s3_bucket_server_side_encryption_configuration", "GET /bucket?encryption", nil, 404, "ServerSideEncryptionConfigurationNotFoundError"},
		{"aws_s3_bucket, aws_s3_bucket_object_lock_configuration", "GET /bucket?object-lock", nil, 404, "ObjectLockConfigurationNotFoundError"},
		{"aws_s3_bucket, before 6.23 and where S3 Control fails", "GET /bucket?tagging", nil, 404, "NoSuchTagSet"},
		{"aws_s3_bucket", "GET " + controlPath + "arn:aws:s3:::bucket", inAccount, 200, ""},
		{"aws_s3_bucket_abac", "GET /bucket?abac", nil, 200, ""},
		{"aws_s3_bucket_analytics_configuration", "GET /bucket?analytics&id=a", nil, 404, "NoSuchConfiguration"},
		{"aws_s3_bucket_intelligent_tiering_configuration", "GET /bucket?intelligent-tiering&id=a", nil, 404, "NoSuchConfiguration"},
		{"aws_s3_bucket_inventory", "GET /bucket?inventory&id=a", nil, 404, "NoSuchConfiguration"},
		{"aws_s3_bucket_metadata_configuration", "GET /bucket?metadataConfiguration", nil, 404, "MetadataConfigurationNotFound"},
		{"aws_s3_bucket_metric", "GET /bucket?metrics&id=a", nil, 404, "NoSuchConfiguration"},
		{"aws_s3_bucket_notification", "GET /bucket?notification", nil, 200, ""},
		{"aws_s3_bucket_ownership_controls", "GET /bucket?ownershipControls", nil, 404, "OwnershipControlsNotFoundError"},
		{"aws_s3_bucket_public_access_block", "GET /bucket?publicAccessBlock", nil, 404, "NoSuchPublicAccessBlockConfiguration"},
		{"data aws_s3_bucket_policy", "GET /bucket?policyStatus", nil, 200, ""},
		{"CloudFormation", "GET /bucket?analytics", nil, 200, ""},
		{"CloudFormation", "GET /bucket?intelligent-tiering", nil, 200, ""},
		{"CloudFormation", "GET /bucket?inventory", nil, 200, ""},
		{"CloudFormation", "GET /bucket?metrics", nil, 200, ""},
	}
	for store, f := range map[string]*fixture{
		"here":      start(t, withLifecycle, withInventory, withReplication),
		"elsewhere": start(t, func(c *Config) { c.Store = plainStore{c.Store} }),
	} {
		f.bucket("bucket")
		for _, r := range reads {
			method, target, _ := strings.Cut(r.ask, " ")
			if store == "elsewhere" && r.code == "OwnershipControlsNotFoundError" {
				r.status, r.code = 200, "" // there they are enforced
			}
			if a := f.call(method, target, "", r.header...); a.status != r.status || a.code() != r.code {
				t.Errorf("%s, %s: %s: %d %s", store, r.resource, r.ask, a.status, a.body)
			}
		}
	}
}

// TestTagsOverS3Control: who is kept from a bucket's tags by either name of the
// permission is kept from them, and its tags are changed in one step.
func TestTagsOverS3Control(t *testing.T) {
	f := start(t, func(c *Config) { c.Domains = []string{"s3.example.com"} }).bucket("bucket")
	target := controlPath + "arn:aws:s3:::bucket"
	add := func(tags string) string {
		return strings.Replace(controlTags, "<Tag><Key>team</Key><Value>a</Value></Tag><Tag><Key>stage</Key><Value></Value></Tag>", tags, 1)
	}
	want := func(a answer, status int, code string) {
		t.Helper()
		if a.status != status || a.code() != code {
			t.Errorf("%d %s, want %d %s", a.status, a.body, status, code)
		}
	}
	want(f.call("POST", target, add("<Tag><Key>a</Key><Value>1</Value></Tag>"), inAccount...), 204, "")
	want(f.call("POST", target, add("<Tag><Key>b</Key><Value>2</Value></Tag><Tag><Key>a</Key><Value>3</Value></Tag>"), inAccount...), 204, "")
	for _, denied := range []string{"s3:TagResource", "s3:UntagResource", "s3:ListTagsForResource", "s3:PutBucketTagging", "s3:GetBucketTagging"} {
		f.guard.refuse = func(_ Credential, ask Ask) error {
			if ask.S3 == denied && ask.Bucket == "bucket" {
				return errs.New(errs.Forbidden, "forbidden", "No.")
			}
			return nil
		}
		kept := func(yes bool) (int, string) {
			if yes {
				return 403, "AccessDenied"
			}
			return 0, ""
		}
		for method, needs := range map[string][]string{
			"GET": {"s3:ListTagsForResource", "s3:GetBucketTagging"}, "POST": {"s3:TagResource", "s3:PutBucketTagging"}, "DELETE": {"s3:UntagResource", "s3:PutBucketTagging"},
		} {
			ask, body := target, ""
			if method == "POST" {
				body = add("<Tag><Key>b</Key><Value>2</Value></Tag>")
			}
			if method == "DELETE" {
				ask += "?tagKeys=none"
			}
			a := f.call(method, ask, body, inAccount...)
			if status, code := kept(denied == needs[0] || denied == needs[1]); a.code() != code || status != 0 && a.status != status {
				t.Errorf("%s without %s: %d %s", method, denied, a.status, a.body)
			}
		}
		if denied == "s3:TagResource" {
			a := f.call("PUT", "/tagged", "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags></CreateBucketConfiguration>")
			want(a, 200, "") // it is about another bucket
		}
	}
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.S3 == "s3:TagResource" {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	want(f.call("PUT", "/another", "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags></CreateBucketConfiguration>"), 403, "AccessDenied")
	want(f.call("HEAD", "/another", ""), 404, "")
	f.guard.refuse = nil
	if a := f.call("GET", "/bucket?tagging", ""); !strings.Contains(a.body, "<TagSet><Tag><Key>a</Key><Value>3</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></TagSet>") {
		t.Errorf("%d %s", a.status, a.body)
	}

	// AWS's clients put the account before the host name, which would be a bucket's.
	r := f.request("GET", target, "", inAccount...)
	r.Host = "000000000000.s3.example.com"
	a := f.do(f.sign(r, ""))
	want(a, 200, "")
	if !strings.Contains(a.body, "<Key>a</Key>") {
		t.Error(a.body)
	}

	many := strings.Builder{}
	for i := range maxBucketTags - 1 {
		many.WriteString("<Tag><Key>k" + string(rune('A'+i)) + "</Key><Value/></Tag>")
	}
	want(f.call("POST", target, add(many.String()), inAccount...), 400, "BadRequest")
	want(f.call("DELETE", target+"?tagKeys=a&tagKeys=b", "", inAccount...), 204, "")
	want(f.call("GET", "/bucket?tagging", ""), 404, "NoSuchTagSet")
}
