package s3api

import (
	"net/http"

	"croft/objectstore"
)

// copied are the attributes that a copy gets: of each kind its source's or those of
// the request.
type copied struct {
	metadata *objectstore.Attributes // nil: the source's
	tags     map[string]string
	retag    bool              // tags, rather than the source's
	system   map[string]string // never the source's
	lock     objectstore.Lock
}

// copiedBy reads what the request says about a copy's attributes.
func (h *Handler) copiedBy(q *request) (c copied, err error) {
	header := q.r.Header
	replace, err := directive(header, "X-Amz-Metadata-Directive", "Unknown metadata directive.")
	if err != nil {
		return c, err
	}
	if replace {
		attributes, err := readAttributes(header)
		if err != nil {
			return c, err
		}
		c.metadata = &attributes
	}
	if c.system, err = systemAttributes(header, q.acl); err != nil {
		return c, err
	}
	if c.retag, err = directive(header, "X-Amz-Tagging-Directive", "Unknown tagging directive."); err != nil {
		return c, err
	}
	if c.lock, err = h.headerLock(q); err != nil {
		return c, err
	}
	if c.tags, err = headerTags(header); err == nil && c.tags != nil && !c.retag {
		return c, fail("InvalidArgument", "The x-amz-tagging header of a copy needs the x-amz-tagging-directive REPLACE.")
	}
	return c, err
}

// directive reports whether the request replaces something that would be copied.
func directive(header http.Header, name, unknown string) (bool, error) {
	switch first(header, name) {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	}
	return false, fail("InvalidArgument", unknown)
}

// changes reports whether the copy's attributes are not simply its source's.
func (c *copied) changes() bool {
	return c.metadata != nil || c.retag || c.system != nil || c.lock != (objectstore.Lock{})
}

// from returns the attributes of a copy.
func (c *copied) from(source objectstore.Attributes) objectstore.Attributes {
	a := source.Clone()
	if c.metadata != nil {
		a = *c.metadata // without checksums, which are the body's
		a.Tags = source.Tags
	}
	if c.retag {
		a.Tags = c.tags
	}
	a.System = c.system
	a.Lock = c.lock // never the source's
	return a
}

// apply makes the store's copy one with these attributes. The source is known only
// when it checks it.
func (c *copied) apply(r *objectstore.CopyRequest) {
	attributes, check := new(objectstore.Attributes), r.Check
	r.Replace = attributes
	r.Check = func(source objectstore.Object) error {
		*attributes = c.from(source.Attributes)
		return check(source)
	}
}
