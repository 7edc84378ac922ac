package grants

import (
	"encoding/json"

	"croft/internal/errs"
)

// Names of a bucket's documents.
const (
	PolicyDocument    = "policy"
	BindingsDocument  = "policyPrincipals" // whom the names in the policy mean
	ACLDocument       = "acl"
	BlockDocument     = "publicAccessBlock"
	OwnershipDocument = "ownershipControls"
)

// ObjectACL is the name of the system attribute that keeps an object's ACL, see
// ACLOfObject.
const ObjectACL = "objectAcl"

// earlierObjectACL is what the attribute was called while ACLs counted for nothing where
// no ownership was chosen, which was kept as the owner's enforced is now.
const earlierObjectACL = "acl"

// Block keeps the public out, whatever policies and ACLs say.
type Block struct {
	BlockPublicACLs       bool `json:"blockPublicAcls"`       // refuse to set public ACLs
	IgnorePublicACLs      bool `json:"ignorePublicAcls"`      // let those that are set count for nothing
	BlockPublicPolicy     bool `json:"blockPublicPolicy"`     // refuse to set a public policy
	RestrictPublicBuckets bool `json:"restrictPublicBuckets"` // under a public policy, let only users in
}

// Everything is the block with every switch on.
var Everything = Block{true, true, true, true}

// Text is how the block is kept.
func (b Block) Text() string {
	text, _ := json.Marshal(b) // of booleans, which can always be written
	return string(text)
}

// ParseBlock reads what Text wrote; nothing is a block that blocks nothing.
func ParseBlock(text string) (b Block, err error) {
	if text == "" {
		return b, nil
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return Everything, errs.Wrap(err, errs.Internal, "block_unreadable", "The kept public access block cannot be read")
	}
	return b, nil
}

// Ownership says whether ACLs count in a bucket.
type Ownership string

// The ways of ownership, spelled as in S3. Where the owner's is enforced, ACLs count for
// nothing and cannot be set; with the others they count. Every object is the bucket
// owner's in each: all users of a Croft are of one account. Where nothing was chosen
// they count, but only who may change the bucket sets the first of them.
const (
	Unset          Ownership = ""
	OwnerEnforced  Ownership = "BucketOwnerEnforced"
	OwnerPreferred Ownership = "BucketOwnerPreferred"
	ObjectWriter   Ownership = "ObjectWriter"
)

// ParseOwnership reads a way of ownership as it is kept.
func ParseOwnership(text string) (Ownership, bool) {
	switch o := Ownership(text); o {
	case Unset, OwnerEnforced, OwnerPreferred, ObjectWriter:
		return o, true
	}
	return OwnerEnforced, false
}
