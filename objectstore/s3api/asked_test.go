package s3api

import (
	"testing"

	"croft/objectstore/policy"
)

// TestActionOf: whatever a request needs is known, and is always the same.
func TestActionOf(t *testing.T) {
	for _, c := range Calls() {
		if action, ok := ActionOf(c.Permission); !ok || action != c.Action {
			t.Errorf("%s needs %s with %q, and is said to with %q", c.Name, c.Permission, c.Action, action)
		}
		if !policy.Known(c.Permission) {
			t.Errorf("%s needs %s, which no policy can name", c.Name, c.Permission)
		}
	}
	for permission, want := range map[string]Action{
		"s3:GetObjectVersion": ReadBucket, "s3:DeleteObjectVersion": WriteObject, "s3:PutObjectLegalHold": WriteObject,
		"s3:BypassGovernanceRetention": BypassGovernance, "s3:ReplicateObject": WriteObject, "s3:ReplicateDelete": WriteObject, "s3:ListBucketVersions": ReadBucket, "s3:PutBucketPolicy": WriteBucket,
	} {
		if action, ok := ActionOf(permission); !ok || action != want {
			t.Errorf("%s: %q, %v", permission, action, ok)
		}
	}
	if _, ok := ActionOf("s3:GetObjectTorrent"); ok {
		t.Error("somebody asks for torrents")
	}
}
