package inventory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// DocumentName is the bucket's document that its configurations are kept in, as JSON.
const DocumentName = "inventory"

// MaxConfigurations is how many configurations a bucket has at most, as in S3.
const MaxConfigurations = 1000

// Format is what the files of a report are.
type Format string

// The formats.
const (
	CSV     Format = "CSV" // gzipped
	Parquet Format = "Parquet"
)

// Configuration says what is listed, how often and where to.
type Configuration struct {
	ID      string `json:"id"`
	Enabled bool   `json:"enabled"`
	Weekly  bool   `json:"weekly,omitempty"` // on Sundays, otherwise daily; always after midnight UTC
	All     bool   `json:"all,omitempty"`    // all versions, otherwise what keys hold
	Filter  string `json:"filter,omitempty"` // only keys that begin with it

	Bucket  string   `json:"bucket"`           // of the same owner, that reports are written to
	Prefix  string   `json:"prefix,omitempty"` // of their keys
	Account string   `json:"account,omitempty"`
	Format  Format   `json:"format"`
	Encrypt bool     `json:"encrypt,omitempty"` // with the store's key …
	KeyID   string   `json:"keyId,omitempty"`   // … under this name, if there is one; only with Encrypt
	Fields  []string `json:"fields,omitempty"`  // S3's names, see Fields
}

// What is refused.
var (
	ErrNone        = errs.New(errs.NotFound, "inventory_none", "The specified configuration does not exist.")
	ErrTooMany     = errs.Newf(errs.Invalid, "inventory_too_many", "A bucket has at most %d inventory configurations. Delete one first.", MaxConfigurations)
	ErrUnavailable = errs.New(errs.Invalid, "inventory_unavailable", "Buckets of this store have no inventory. Let the cluster that keeps them make one.")
)

func invalid(format string, args ...any) error {
	return errs.Newf(errs.Invalid, "inventory_invalid", format, args...)
}

// maxID is how long an ID is at most, as in S3.
const maxID = 64

// Validate refuses what cannot be.
func (c *Configuration) Validate() error {
	if c.ID == "" || len(c.ID) > maxID || strings.ContainsFunc(c.ID, notInID) {
		return invalid("An inventory's ID has 1 to %d letters, digits, dots, hyphens and underscores.", maxID)
	}
	if err := objectstore.ValidateBucketName(c.Bucket); err != nil {
		return err
	}
	if c.Format != CSV && c.Format != Parquet {
		return invalid("An inventory's format is CSV or Parquet.")
	}
	for i, f := range c.Fields {
		if !slices.Contains(Fields, f) {
			return invalid("%q is no field of an inventory.", f)
		}
		if slices.Contains(c.Fields[:i], f) {
			return invalid("The field %s is there twice.", f)
		}
	}
	if c.Filter != "" && objectstore.ValidateKey(c.Filter) != nil {
		return invalid("The filter's prefix is too long, or has characters that a key cannot have.")
	}
	if c.Prefix != "" && (len(c.Prefix) > maxPrefix || objectstore.ValidateKey(c.Prefix) != nil) {
		return invalid("The destination's prefix is longer than %d bytes, or has characters that a key cannot have.", maxPrefix)
	}
	if c.KeyID != "" && !c.Encrypt {
		return invalid("A key is named that nothing is encrypted with.")
	}
	return objectstore.NamedKey{ID: c.KeyID}.Check()
}

// encryption is how reports are encrypted.
func (c *Configuration) encryption() objectstore.Encryption {
	switch {
	case !c.Encrypt:
		return objectstore.EncryptionNone
	case c.KeyID == "":
		return objectstore.EncryptionStore
	}
	return objectstore.NamedKey{ID: c.KeyID}.Encryption()
}

// maxPrefix leaves room for what reports are called.
const maxPrefix = 512

func notInID(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_')
}

// Read returns the configurations of a bucket in order of ID, none where it has none.
func Read(b *objectstore.Bucket) (all []Configuration, err error) {
	text := b.Documents[DocumentName]
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("read the inventory configurations of %s: %w", b.Name, err)
	}
	return all, nil
}

// write makes these the bucket's configurations.
func write(b *objectstore.Bucket, all []Configuration) error {
	text := ""
	if len(all) > 0 {
		slices.SortFunc(all, func(x, y Configuration) int { return cmp.Compare(x.ID, y.ID) })
		encoded, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("write inventory configurations: %w", err)
		}
		text = string(encoded)
	}
	b.Documents = b.WithDocument(DocumentName, text)
	return nil
}

// due is when a report is to be made after one.
func (c *Configuration) due(last time.Time) time.Time {
	day := last.UTC().Truncate(24 * time.Hour)
	if !c.Weekly {
		return day.AddDate(0, 0, 1)
	}
	return day.AddDate(0, 0, 7-int(day.Weekday()))
}

// place is what the keys of a configuration's reports begin with.
func (c *Configuration) place(source string) string {
	prefix := strings.TrimSuffix(c.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return prefix + source + "/" + c.ID + "/"
}
