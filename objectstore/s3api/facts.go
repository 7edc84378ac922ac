package s3api

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/internal/forwarded"
	"croft/objectstore"
)

// facts are those of one question; see Facts.
type facts struct {
	q                    *request
	store                objectstore.Store
	now                  func() time.Time
	bucket, key, version string
	tags                 url.Values        // that the request gives the object, once asked for
	asked                map[string]string // that its upload was created with, once asked for
	err                  error             // why a fact could not be found, which refuses the request
}

var _ Facts = (*facts)(nil)

// Prefixes of condition keys that end in the name of a tag.
const (
	existingTag = "s3:existingobjecttag/"
	requestTag  = "s3:requestobjecttag/"
)

// Value implements Facts.
func (f *facts) Value(key string) []string {
	if header, ok := factHeaders[key]; ok {
		return one(f.header(key, header))
	}
	switch key {
	case "s3:prefix", "s3:delimiter", "s3:max-keys":
		return f.parameter(key[len("s3:"):])
	case "s3:versionid":
		return one(f.version)
	case "aws:sourceip":
		return one(forwarded.Address(f.q.r))
	case "aws:securetransport":
		return one(strconv.FormatBool(forwarded.Secure(f.q.r)))
	case "aws:currenttime":
		return one(f.now().UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return one(strconv.FormatInt(f.now().Unix(), 10))
	case "aws:requestedregion":
		return one(f.q.sig.region)
	}
	if tag, ok := strings.CutPrefix(key, existingTag); ok {
		return f.existing(tag)
	}
	if tag, ok := strings.CutPrefix(key, requestTag); ok {
		return f.requested()[tag]
	}
	if key == "s3:requestobjecttagkeys" {
		var names []string
		for name := range f.requested() {
			names = append(names, name)
		}
		return names
	}
	return f.signature(key)
}

// signature answers what is asked about how the request is signed.
func (f *facts) signature(key string) []string {
	if f.q.anonymous() {
		return nil
	}
	sig := &f.q.sig
	switch key {
	case "s3:authtype":
		switch {
		case f.q.posted:
			return one("POST")
		case sig.presigned:
			return one("REST-QUERY-STRING")
		}
		return one("REST-HEADER")
	case "s3:signatureversion":
		if sig.v2 {
			return one("AWS")
		}
		return one(algorithmV4)
	case "s3:signatureage":
		if sig.presigned && !sig.v2 { // which has no time of signing
			return one(strconv.FormatInt(max(0, f.now().Sub(sig.at).Milliseconds()), 10))
		}
	}
	return nil
}

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// parameter is what a listing says in its query, also where that is empty. What a request for
// an object has there does nothing.
func (f *facts) parameter(name string) []string {
	if f.q.level() != onBucket || !f.q.query.Has(name) {
		return nil
	}
	return []string{f.q.query.Get(name)}
}

// existing is a tag of the object as it is stored.
func (f *facts) existing(name string) []string {
	o, err := f.Object(f.q.r.Context())
	if err != nil && errs.KindOf(err) != errs.NotFound {
		f.err = err
	}
	return one(o.Attributes.Tags[name])
}

// requested are the tags that the request gives the object.
func (f *facts) requested() url.Values {
	if f.tags == nil {
		if f.q.op.name == putObjectTagging {
			f.tags = f.inBody()
		} else {
			// What cannot be read is refused elsewhere.
			f.tags, _ = url.ParseQuery(f.header(requestTag, taggingHeader))
		}
	}
	return f.tags
}

// inBody are the tags of a body that is nothing but tags.
func (f *facts) inBody() url.Values {
	tags, err := f.q.bodyTags()
	if err != nil {
		f.err = err
	}
	values := url.Values{}
	for name, value := range tags {
		values.Set(name, value)
	}
	return values
}

// Object implements Facts.
func (f *facts) Object(ctx context.Context) (objectstore.Object, error) {
	if f.key == "" {
		return objectstore.Object{}, objectstore.ErrObjectNotFound
	}
	if versions, ok := f.store.(objectstore.Versions); ok && f.version != "" {
		return versions.HeadVersion(ctx, objectstore.VersionRef{Bucket: f.bucket, Key: f.key, ID: f.version})
	}
	return f.store.Head(ctx, f.bucket, f.key)
}
