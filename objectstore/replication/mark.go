package replication

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"croft/objectstore"
)

// MarkName is the user metadata that a copy is known by. Its value is the word v1,
// what it came from (a bucket of a deployment), what it is bound to (its place at the
// target, so that a copy of the copy is no copy), the source's version, - without
// one, and the source's ETag with a digest of its tags where it has any.
const MarkName = "croft-replica"

type mark struct {
	origin, place, version, etag string
}

func (m mark) String() string {
	version := m.version
	if version == "" {
		version = "-"
	}
	return strings.Join([]string{"v1", m.origin, m.place, version, m.etag}, " ")
}

func parseMark(text string) (m mark, ok bool) {
	f := strings.Fields(text)
	if len(f) != 5 || f[0] != "v1" {
		return mark{}, false
	}
	m = mark{origin: f[1], place: f[2], version: f[3], etag: f[4]}
	if m.version == "-" {
		m.version = ""
	}
	return m, true
}

// digest names a few things together.
func digest(of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// isReplica reports whether an object is a copy that a rule of some cluster put there.
func isReplica(o *objectstore.Object) bool {
	m, ok := parseMark(o.Attributes.User[MarkName])
	return ok && m.place == digest(o.Bucket, o.Key)
}

// markOf is the mark of an object's copy at the target.
func (r *runner) markOf(o *objectstore.Object) mark {
	m := mark{origin: r.origin, place: digest(r.rule.TargetBucket, o.Key), version: o.VersionID, etag: o.ETag}
	if tags := o.Attributes.Tags; len(tags) > 0 { // an object is copied again when they change
		var all []string
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			all = append(all, k, tags[k])
		}
		m.etag += "/" + digest(all...)
	}
	return m
}
