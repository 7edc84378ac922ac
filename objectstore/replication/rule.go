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
	Bucket       string
	Prefix       string // only keys that begin with it
	Endpoint     string // see remote.Target, as for the following 3
	Region       string
	Style        remote.Style
	Authorities  string
	TargetBucket string
	AccessKey    string
	Deletes      bool // what is deleted here is deleted there
	Existing     bool // what was there before the rule is copied as well
	Paused       bool
	CreatedAt    time.Time

	bucketCreatedAt time.Time
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
