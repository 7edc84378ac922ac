package replication

import (
	"strings"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// Rule says where a bucket is copied to. Its secret key is known to the room alone.
type Rule struct {
	ID           string
	Name         string // S3's ID of the rule; ID where S3 clients gave none
	Bucket       string
	Priority     int               // of rules with one target that are for an object, the highest counts
	Prefix       string            // only keys that begin with it
	Tags         map[string]string // only objects that have all of them
	TargetID     string            // see Target, as for the following 6
	Endpoint     string
	Region       string
	Style        remote.Style
	Authorities  string
	TargetBucket string
	AccessKey    string
	Deletes      bool // what is deleted here is deleted there
	Existing     bool // what was there before the rule is copied as well
	Paused       bool
	CreatedAt    time.Time
	// Role, Destination and Legacy, that there was no filter, are how an S3 client said it.
	Role        string
	Destination string
	Legacy      bool

	bucketCreatedAt time.Time
}

// covers reports whether the rule is for the objects under a key; their tags decide
// besides.
func (r *Rule) covers(key string) bool { return strings.HasPrefix(key, r.Prefix) }

// wants reports whether the rule is for an object.
func (r *Rule) wants(o *objectstore.Object) bool {
	if !r.covers(o.Key) {
		return false
	}
	for k, v := range r.Tags {
		if has, ok := o.Attributes.Tags[k]; !ok || has != v {
			return false
		}
	}
	return true
}

// NewRule is a rule to add.
type NewRule struct {
	Rule
	SecretKey remote.Secret
}

// MaxRules is how many rules a bucket may have.
const MaxRules = 10

// What is refused.
var (
	ErrRuleNotFound = errs.New(errs.NotFound, "replication_rule_not_found", "There is no such replication rule.")
	ErrUnavailable  = errs.New(errs.Invalid, "replication_unavailable",
		"Buckets of this store cannot be replicated by Croft. Let the cluster that keeps them do it.")
	errSameBucket = errs.New(errs.Invalid, "replication_to_itself", "The target is this very bucket. Name a bucket of another cluster.")
	errTooMany    = errs.Newf(errs.Conflict, "replication_rules_full", "A bucket has at most %d replication rules. Remove one first.", MaxRules)
)

func (r *NewRule) target() remote.Target {
	return remote.Target{
		Endpoint: r.Endpoint, Region: r.Region, Style: r.Style, Authorities: r.Authorities,
		AccessKey: r.AccessKey, SecretKey: r.SecretKey,
	}
}

// clean tidies what a person typed and refuses what cannot be.
func (r *NewRule) clean() error {
	for _, text := range []*string{&r.Endpoint, &r.Region, &r.TargetBucket, &r.AccessKey} {
		*text = strings.TrimSpace(*text)
	}
	r.SecretKey = remote.Secret(strings.TrimSpace(string(r.SecretKey)))
	if err := r.target().Validate(); err != nil {
		return err
	}
	if err := objectstore.ValidateBucketName(r.TargetBucket); err != nil {
		return errs.Wrap(err, errs.Invalid, "target_bucket_invalid",
			"The target bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens.")
	}
	if r.Prefix != "" && objectstore.ValidateKey(r.Prefix) != nil {
		return errs.New(errs.Invalid, "prefix_invalid", "A prefix is the beginning of a key: at most 1,024 bytes of valid UTF-8 without NUL.")
	}
	return nil
}
