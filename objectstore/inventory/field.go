package inventory

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
	"croft/objectstore/grants"
)

// kind is what a column holds.
type kind int

const (
	text kind = iota
	number
	boolean
	moment
)

// column is one column of a report.
type column struct {
	name    string // S3's
	parquet string // in Parquet
	kind    kind
	always  bool // never empty
	// value is a string, an int64, a bool or a time.Time; nil is empty.
	value func(*rowOf) any
}

// rowOf is what a row is made of.
type rowOf struct {
	*objectstore.Object
	bucket   string
	standing string // how far replication is
}

// fixed are the columns that every report has, the first two, or that those of all
// versions have.
var fixed = []column{
	{"Bucket", "bucket", text, true, func(r *rowOf) any { return r.bucket }},
	{"Key", "key", text, true, func(r *rowOf) any { return r.Key }},
	{"VersionId", "version_id", text, false, func(r *rowOf) any {
		if r.VersionID == "" || r.VersionID == objectstore.NullVersion {
			return nil
		}
		return r.VersionID
	}},
	{"IsLatest", "is_latest", boolean, false, func(r *rowOf) any { return r.Latest }},
	{"IsDeleteMarker", "is_delete_marker", boolean, false, func(r *rowOf) any { return r.Marker }},
}

// optional are the columns that are asked for, in their order.
var optional = []column{
	{"Size", "size", number, false, func(r *rowOf) any { return r.Size }},
	{"LastModifiedDate", "last_modified_date", moment, false, func(r *rowOf) any { return r.ModifiedAt }},
	{"ETag", "e_tag", text, false, func(r *rowOf) any { return r.ETag }},
	{"StorageClass", "storage_class", text, false, func(r *rowOf) any {
		if r.Tier != "" {
			return r.Tier
		}
		return r.Class.Name()
	}},
	{"IsMultipartUploaded", "is_multipart_uploaded", boolean, false, func(r *rowOf) any { return strings.Contains(r.ETag, "-") }},
	{"ReplicationStatus", "replication_status", text, false, func(r *rowOf) any { return filled(r.standing) }},
	{"EncryptionStatus", "encryption_status", text, false, func(r *rowOf) any {
		if _, named := r.Encryption.NamedKey(); named {
			return "SSE-KMS"
		}
		return map[objectstore.Encryption]string{
			objectstore.EncryptionNone: "NOT-SSE", objectstore.EncryptionStore: "SSE-S3", objectstore.EncryptionCustomer: "SSE-C",
		}[r.Encryption]
	}},
	{"ObjectLockRetainUntilDate", "object_lock_retain_until_date", moment, false, func(r *rowOf) any {
		if r.Attributes.Lock.Mode == objectstore.LockNone {
			return nil
		}
		return r.Attributes.Lock.Until
	}},
	{"ObjectLockMode", "object_lock_mode", text, false, func(r *rowOf) any {
		return filled(strings.ToUpper(string(r.Attributes.Lock.Mode)))
	}},
	{"ObjectLockLegalHoldStatus", "object_lock_legal_hold_status", text, false, func(r *rowOf) any {
		return map[bool]string{true: "ON", false: "OFF"}[r.Attributes.Lock.Hold]
	}},
	{"IntelligentTieringAccessTier", "intelligent_tiering_access_tier", text, false, func(*rowOf) any { return nil }},
	{"BucketKeyStatus", "bucket_key_status", text, false, func(*rowOf) any { return nil }},
	{"ChecksumAlgorithm", "checksum_algorithm", text, false, func(r *rowOf) any { return filled(checksums(r.Attributes.Checksums)) }},
	{"ObjectAccessControlList", "object_access_control_list", text, false, func(r *rowOf) any { return filled(accessList(r.Object)) }},
	{"ObjectOwner", "object_owner", text, false, func(*rowOf) any { return owner }},
}

// owner is who all objects are of, as S3's calls name it.
const owner = "croft"

// Fields are the names of the fields that a configuration may ask for. Of
// IntelligentTieringAccessTier and BucketKeyStatus there is never anything to say.
var Fields = func() (names []string) {
	for _, c := range optional {
		names = append(names, c.name)
	}
	return names
}()

// columns are those of a configuration's reports.
func (c *Configuration) columns() []column {
	all := slices.Clone(fixed[:2])
	if c.All {
		all = slices.Clone(fixed)
	}
	for _, o := range optional {
		if slices.Contains(c.Fields, o.name) {
			all = append(all, o)
		}
	}
	return all
}

// of is what a row has in the column. Of a delete marker there is little to say.
func (c *column) of(r *rowOf) any {
	if r.Marker && !c.always && c.name != "VersionId" && c.kind != boolean && c.name != "LastModifiedDate" && c.name != "ObjectOwner" {
		return nil
	}
	return c.value(r)
}

func filled(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// checksums names the algorithms that an object has checksums of.
func checksums(kept map[string]string) string {
	var names []string
	for name := range kept {
		if name != "type" {
			names = append(names, strings.ToUpper(name))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// accessList is the object's ACL, in the JSON that S3 has in inventories, in base64.
func accessList(o *objectstore.Object) string {
	type grant struct {
		CanonicalID string `json:"canonicalId,omitempty"`
		Type        string `json:"type"`
		URI         string `json:"uri,omitempty"`
		Permission  string `json:"permission"`
	}
	acl, err := grants.ACLOfObject(o.Attributes.System, grants.ObjectWriter)
	if err != nil {
		return ""
	}
	list := struct {
		Version string  `json:"version"`
		Status  string  `json:"status"`
		Grants  []grant `json:"grants"`
	}{Version: "2022-11-10", Status: "AVAILABLE"}
	for _, g := range acl {
		one := grant{Type: "CanonicalUser", CanonicalID: string(g.To), Permission: string(g.May)}
		switch g.To {
		case grants.Owner:
			one.CanonicalID = owner
		case grants.Everybody:
			one = grant{Type: "Group", URI: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: one.Permission}
		case grants.Users:
			one = grant{Type: "Group", URI: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", Permission: one.Permission}
		}
		list.Grants = append(list.Grants, one)
	}
	encoded, err := json.Marshal(list)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(encoded)
}

// timeFormat is how times are written in CSV.
const timeFormat = "2006-01-02T15:04:05.000Z"

func timeText(t time.Time) string { return t.UTC().Format(timeFormat) }
