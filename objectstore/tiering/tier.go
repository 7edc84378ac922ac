package tiering

import (
	"strings"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// Tier says where bodies are kept. Its secret key is known to the room alone.
type Tier struct {
	Name        string
	Endpoint    string // see remote.Target, as for the following 3
	Region      string
	Style       remote.Style
	Authorities string
	Bucket      string
	Prefix      string // of all keys there; empty or ending in a slash
	AccessKey   string
	CreatedAt   time.Time
}

// NewTier is a tier to add.
type NewTier struct {
	Tier
	SecretKey remote.Secret
}

// Access is what can be changed about a tier: who Croft is there, and whom it trusts to
// sign the endpoint's certificate. Where the bodies are cannot be changed.
type Access struct {
	AccessKey   string
	SecretKey   remote.Secret
	Authorities *string // nil: as before
}

// MaxTiers is how many tiers there may be.
const MaxTiers = 32

// maxPrefix leaves room for the names of bodies in a key.
const maxPrefix = 512

// What is refused.
var (
	ErrUnavailable = errs.New(errs.Invalid, "tiers_unavailable",
		"This store cannot keep objects in tiers. The cluster that keeps its objects may have tiers of its own.")
	ErrTierExists   = errs.New(errs.Conflict, "tier_exists", "There is a tier of this name. Choose another name.")
	ErrTierInUse    = errs.New(errs.Conflict, "tier_in_use", "The tier keeps objects. Bring them back or delete them first.")
	ErrPrefixTaken  = errs.New(errs.Conflict, "tier_prefix_taken", "This prefix of the bucket is taken. Choose another prefix.")
	errOwnBucket    = errs.New(errs.Invalid, "tier_in_itself", "The target is a bucket of this very Croft. Name a bucket of another cluster.")
	errTooMany      = errs.Newf(errs.Conflict, "tiers_full", "There are at most %d tiers. Remove one first.", MaxTiers)
	errTierPrefix   = errs.Newf(errs.Invalid, "prefix_invalid", "A prefix is the beginning of a key: at most %d bytes of valid UTF-8 without NUL.", maxPrefix)
	errTierBucket   = errs.New(errs.Invalid, "target_bucket_invalid", "The target bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens.")
	errNotCroftMark = errs.New(errs.Conflict, ErrPrefixTaken.Code, "The bucket has an object "+markName+" under this prefix that is not Croft's. Choose another prefix.")
)

func (n *NewTier) target() remote.Target {
	return remote.Target{
		Endpoint: n.Endpoint, Region: n.Region, Style: n.Style, Authorities: n.Authorities,
		AccessKey: n.AccessKey, SecretKey: n.SecretKey,
	}
}

// clean tidies what a person typed and refuses what cannot be.
func (n *NewTier) clean() error {
	for _, text := range []*string{&n.Name, &n.Endpoint, &n.Region, &n.Bucket, &n.AccessKey} {
		*text = strings.TrimSpace(*text)
	}
	n.SecretKey = remote.Secret(strings.TrimSpace(string(n.SecretKey)))
	if err := objectstore.ValidateTierName(n.Name); err != nil {
		return err
	}
	if err := n.target().Validate(); err != nil {
		return err
	}
	if objectstore.ValidateBucketName(n.Bucket) != nil {
		return errTierBucket
	}
	n.Prefix = strings.TrimLeft(n.Prefix, "/")
	if n.Prefix == "" {
		return nil
	}
	if !strings.HasSuffix(n.Prefix, "/") {
		n.Prefix += "/"
	}
	if len(n.Prefix) > maxPrefix || objectstore.ValidateKey(n.Prefix) != nil {
		return errTierPrefix
	}
	return nil
}
