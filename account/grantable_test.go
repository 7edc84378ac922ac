package account

import "testing"

// TestGrantable: what may be given beside roles ends with the credential, with settings
// for nobody, and with Croft's own buckets for everybody.
func TestGrantable(t *testing.T) {
	user := Principal{UserID: "u", Name: "ada", Via: ViaKey}
	share, limited := user, user
	share.ReadOnly, limited.ProjectID = true, "p"
	bucket, other, own := Resource{ProjectID: "p", Bucket: "data"}, Resource{ProjectID: "q", Bucket: "data"}, Resource{Bucket: "croft-chat"}
	for _, c := range []struct {
		name string
		p    Principal
		a    Action
		r    Resource
		want bool
	}{
		{"a user reads", user, BucketRead, bucket, true},
		{"a user changes settings", user, BucketWrite, bucket, true},
		{"a user reads Croft's own", user, BucketRead, own, false},
		{"an administrator reads Croft's own", Principal{UserID: "a", Admin: true, Via: ViaKey}, BucketRead, own, false},
		{"a share key reads", share, BucketRead, bucket, true},
		{"a share key writes", share, ObjectWrite, bucket, false},
		{"a limited key at home", limited, ObjectWrite, bucket, true},
		{"a limited key elsewhere", limited, BucketRead, other, false},
		{"nobody reads", Principal{}, BucketRead, bucket, true},
		{"nobody writes objects", Principal{}, ObjectWrite, bucket, true},
		{"nobody changes settings", Principal{}, BucketWrite, bucket, false},
		{"nobody reads Croft's own", Principal{}, BucketRead, own, false},
		{"nothing but buckets", user, ProjectUpdate, Resource{ProjectID: "p"}, false},
	} {
		if got := c.p.Grantable(c.a, c.r) == nil; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
