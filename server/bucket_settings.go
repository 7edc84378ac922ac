package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// BucketDetails is a bucket with what it is set to and what it holds.
type BucketDetails struct {
	Bucket
	Settings            BucketSettings `json:"settings"`
	Usage               *BucketUsage   `json:"usage,omitempty" doc:"Absent where the store does not count"`
	KeepsVersions       bool           `json:"keepsVersions" doc:"Whether the store can keep versions, and these settings be changed"`
	EncryptionAvailable bool           `json:"encryptionAvailable" doc:"Whether there is a master key to encrypt with, or one can be made"`
}

// BucketSettings is how a bucket treats what is written to it.
type BucketSettings struct {
	Versioning  string            `json:"versioning" enum:"off,enabled,suspended"`
	ObjectLock  bool              `json:"objectLock" doc:"Given when the bucket is made, never taken away"`
	DefaultLock DefaultLock       `json:"defaultLock"`
	Encryption  string            `json:"encryption" enum:"none,store,named" doc:"What objects are encrypted with that do not say"`
	KeyID       string            `json:"keyId" doc:"The name of a named key (S3's aws:kms); empty is the one that goes without saying"`
	Compression BucketCompression `json:"compression"`
	Quota       int64             `json:"quota" doc:"Bytes that all versions may have together; 0 is no limit"`
}

// DefaultLock is what new versions are locked with that come without a lock.
type DefaultLock struct {
	Mode  string `json:"mode" enum:"none,governance,compliance"`
	Days  int    `json:"days" minimum:"0" maximum:"36500" doc:"Either days or years"`
	Years int    `json:"years" minimum:"0" maximum:"100"`
}

// BucketCompression says which objects are compressed on the drives.
type BucketCompression struct {
	On       bool     `json:"on"`
	Types    []string `json:"types" maxItems:"100" doc:"Content types or families of them" example:"text/*"`
	Suffixes []string `json:"suffixes" maxItems:"100" doc:"Ends of keys" example:".log"`
	MinSize  int64    `json:"minSize" minimum:"0" doc:"Smaller objects stay as they are; 0 is 4,096 bytes"`
}

// BucketUsage is what a bucket holds.
type BucketUsage struct {
	Objects  int64 `json:"objects"`
	Versions int64 `json:"versions" doc:"Older versions and delete markers"`
	Bytes    int64 `json:"bytes" doc:"Of all versions"`
	// Unfinished uploads count for quotas like objects.
	Unfinished int64 `json:"unfinished" doc:"Bytes of the parts of unfinished uploads"`
}

// UpdateBucketRequest changes what it names.
type UpdateBucketRequest struct {
	Versioning  *string            `json:"versioning,omitempty" enum:"enabled,suspended" doc:"Once enabled it can only be suspended"`
	DefaultLock *DefaultLock       `json:"defaultLock,omitempty"`
	Encryption  *string            `json:"encryption,omitempty" enum:"none,store,named"`
	KeyID       *string            `json:"keyId,omitempty" maxLength:"512" doc:"With encryption named; empty or absent is the name that goes without saying"`
	Compression *BucketCompression `json:"compression,omitempty"`
	Quota       *int64             `json:"quota,omitempty" minimum:"0"`
}

type updateBucketInput struct {
	InBucket
	Body UpdateBucketRequest
}

func (s *Server) bucketSettingsRoutes() {
	route(s, op("get-bucket", http.MethodGet, "/buckets/{bucket}", "A bucket's settings and what it holds", "buckets"),
		Need(account.BucketRead, s.bucket()), s.getBucket)
	route(s, op("update-bucket", http.MethodPatch, "/buckets/{bucket}", "Change a bucket's settings", "buckets"),
		Need(account.BucketWrite, s.bucket()), s.updateBucket)
}

// versions is the store where it keeps versions.
func (s *Server) versions() (objectstore.Versions, error) {
	v, ok := s.deps.Store.(objectstore.Versions)
	if !ok {
		return nil, errs.New(errs.Conflict, "versions_unsupported", "The store behind this Croft keeps no versions and has no such settings.")
	}
	return v, nil
}

func (s *Server) getBucket(ctx context.Context, in *InBucket) (*body[BucketDetails], error) {
	found, err := s.deps.Store.Bucket(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	return s.bucketDetails(ctx, found)
}

func (s *Server) bucketDetails(ctx context.Context, b objectstore.Bucket) (*body[BucketDetails], error) {
	slugs, err := s.projectSlugs(ctx)
	if err != nil {
		return nil, err
	}
	_, err = s.versions()
	out := BucketDetails{Bucket: wireBucket(b, slugs), Settings: wireSettings(b), KeepsVersions: err == nil, EncryptionAvailable: s.deps.MasterKeys != nil}
	if counts, ok := s.deps.Store.(objectstore.UsageReporter); ok {
		u, err := counts.Usage(ctx, b.Name)
		if err != nil {
			return nil, err
		}
		held := wireUsage(u)
		out.Usage = &held
	}
	return &body[BucketDetails]{out}, nil
}

func (s *Server) updateBucket(ctx context.Context, in *updateBucketInput) (*body[BucketDetails], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, in.Body.describe()
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	if e := in.Body.Encryption; e != nil && *e != "none" && s.deps.MasterKeys == nil {
		return nil, objectstore.ErrEncryptionUnavailable
	}
	if err := in.Body.checkKey(); err != nil {
		return nil, err
	}
	changed, err := store.UpdateBucket(ctx, in.Bucket, func(b *objectstore.Bucket) error {
		in.Body.apply(b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.bucketDetails(ctx, changed)
}

// checkKey refuses a name that no key can have, or that nothing is encrypted under.
func (r *UpdateBucketRequest) checkKey() error {
	switch {
	case r.KeyID == nil || *r.KeyID == "":
		return nil
	case r.Encryption == nil || *r.Encryption != namedKey:
		return errs.New(errs.Invalid, "key_name_unused", "Only a named key has a name. Set the encryption to it as well.")
	}
	return objectstore.NamedKey{ID: *r.KeyID}.Check()
}

func (r *UpdateBucketRequest) apply(b *objectstore.Bucket) {
	if r.Versioning != nil {
		b.Versioning = objectstore.Versioning(*r.Versioning)
	}
	if d := r.DefaultLock; d != nil {
		b.DefaultLock = objectstore.DefaultLock{Mode: objectstore.LockMode(orNone(d.Mode)), Days: d.Days, Years: d.Years}
	}
	if r.Encryption != nil {
		b.Encryption = objectstore.Encryption(orNone(*r.Encryption))
		if *r.Encryption == namedKey {
			var key objectstore.NamedKey
			if r.KeyID != nil {
				key.ID = *r.KeyID
			}
			b.Encryption = key.Encryption()
		}
	}
	if c := r.Compression; c != nil {
		b.Compression = objectstore.Compression{On: c.On, Types: trimmed(c.Types), Suffixes: trimmed(c.Suffixes), MinSize: c.MinSize}
	}
	if r.Quota != nil {
		b.Quota = *r.Quota
	}
}

// trimmed leaves out what is empty.
func trimmed(list []string) []string {
	kept := make([]string, 0, len(list))
	for _, w := range list {
		if w = strings.TrimSpace(w); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// describe says for the audit log what is changed.
func (r *UpdateBucketRequest) describe() string {
	var parts []string
	if r.Versioning != nil {
		parts = append(parts, "versioning "+*r.Versioning)
	}
	if d := r.DefaultLock; d != nil {
		parts = append(parts, fmt.Sprintf("default lock %s, %d days, %d years", d.Mode, d.Days, d.Years))
	}
	if r.Encryption != nil {
		parts = append(parts, "encryption "+*r.Encryption)
		if r.KeyID != nil && *r.KeyID != "" {
			parts = append(parts, "key "+*r.KeyID)
		}
	}
	if c := r.Compression; c != nil {
		parts = append(parts, fmt.Sprintf("compression %t", c.On))
	}
	if r.Quota != nil {
		parts = append(parts, fmt.Sprintf("quota %d bytes", *r.Quota))
	}
	return strings.Join(parts, "; ")
}

// orNone and noneFor turn the word "none" into our empty value and back.
func orNone(word string) string {
	if word == "none" {
		return ""
	}
	return word
}

func noneFor(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// namedKey is what the API calls encryption under a named key.
const namedKey = "named"

// wireEncryption is how something is encrypted, and the name of a named key.
func wireEncryption(e objectstore.Encryption) (by, keyID string) {
	if key, ok := e.NamedKey(); ok {
		return namedKey, key.ID
	}
	return noneFor(string(e)), ""
}

// sameEncryption is what a copy asks for that takes an object's place or stands beside it, so
// that changing its properties does not decrypt it or take it to another key.
func sameEncryption(o *objectstore.Object) objectstore.Encryption {
	if o.Encryption.UnderMasterKey() {
		return o.Encryption
	}
	return objectstore.EncryptionNone
}

func wireUsage(u objectstore.Usage) BucketUsage {
	return BucketUsage{Objects: u.Objects, Versions: u.Versions, Bytes: u.Bytes, Unfinished: u.Unfinished}
}

func wireSettings(b objectstore.Bucket) BucketSettings {
	versioning := string(b.Versioning)
	if b.Versioning == objectstore.VersioningOff {
		versioning = "off"
	}
	encryption, keyID := wireEncryption(b.Encryption)
	return BucketSettings{
		Versioning: versioning, ObjectLock: b.ObjectLock,
		DefaultLock: DefaultLock{Mode: noneFor(string(b.DefaultLock.Mode)), Days: b.DefaultLock.Days, Years: b.DefaultLock.Years},
		Encryption:  encryption, KeyID: keyID,
		Compression: BucketCompression{
			On: b.Compression.On, Types: append([]string{}, b.Compression.Types...), Suffixes: append([]string{}, b.Compression.Suffixes...), MinSize: b.Compression.MinSize,
		},
		Quota: b.Quota,
	}
}
