package grants

import (
	"encoding/json"
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/policy"
)

// What changes are refused with.
var (
	ErrPolicyPublic = errs.New(errs.Forbidden, "policy_public", "The policy would be public, and the bucket's public access block refuses public policies.")
	ErrACLsSet      = errs.New(errs.Conflict, "acl_with_ownership", "The bucket's own ACL grants somebody something. Make it private first, and then switch ACLs off.")
)

// SetPolicy makes the text the bucket's policy; empty, it has none. What is wrong with
// the text is a *policy.Error. bound says whom it names, see Bind.
func SetPolicy(b *objectstore.Bucket, text string, bound *policy.Bindings) error {
	if text != "" {
		p, err := policy.ParseBucket(text, b.Name)
		if err != nil {
			return err
		}
		if current(b).Block.BlockPublicPolicy && p.Public() {
			return ErrPolicyPublic
		}
	}
	names := ""
	if text != "" && bound != nil {
		names = bound.Text()
	}
	b.Documents = b.WithDocument(PolicyDocument, text)
	b.Documents = b.WithDocument(BindingsDocument, names)
	return nil
}

// SetOwnership keeps ownership. While the bucket's own ACL grants somebody something,
// ACLs cannot be switched off.
func SetOwnership(b *objectstore.Bucket, o Ownership) error {
	if o == OwnerEnforced && !current(b).ACL.IsPrivate() {
		return ErrACLsSet
	}
	b.Documents = b.WithDocument(OwnershipDocument, string(o))
	return nil
}

// current is what the bucket says now. Of what cannot be read the strictest is taken,
// so that it can be replaced.
func current(b *objectstore.Bucket) *Rules {
	rules, err := Parse(b)
	if err != nil {
		return &Rules{ACL: private, Block: Everything, Ownership: OwnerEnforced}
	}
	return rules
}

// PublicRead is the policy that lets everybody read every object and nothing else.
func PublicRead(bucket string) string {
	return strings.ReplaceAll(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "PublicRead",
      "Effect": "Allow",
      "Principal": "*",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::BUCKET/*"
    }
  ]
}
`, "BUCKET", bucket)
}

// IsPublicRead reports whether a text is PublicRead, however it is laid out.
func IsPublicRead(text, bucket string) bool {
	return same(text, PublicRead(bucket))
}

func same(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	first, _ := json.Marshal(x) // of what was just read
	second, _ := json.Marshal(y)
	return string(first) == string(second)
}
