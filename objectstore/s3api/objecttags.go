package s3api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"croft/objectstore"
)

const (
	taggingHeader      = "X-Amz-Tagging"
	taggingCountHeader = "X-Amz-Tagging-Count"
)

// objectTags holds an object's tags to S3's limits and returns them as they are kept.
func objectTags(tags []tagXML) (map[string]string, error) {
	if len(tags) > maxObjectTags {
		return nil, failf("InvalidTag", "Object tags cannot be greater than %d", maxObjectTags)
	}
	if err := checkTags(tags); err != nil || len(tags) == 0 {
		return nil, err
	}
	kept := make(map[string]string, len(tags))
	for _, tag := range tags {
		if !isTagText(tag.Key) || !isTagText(tag.Value) {
			return nil, fail("InvalidTag", "The tags of objects have letters, digits, blanks and + - = . _ : / @.")
		}
		kept[tag.Key] = tag.Value
	}
	return kept, nil
}

// isTagText reports whether text has what S3 allows in the tags of objects: letters,
// digits and blanks of every script, and some signs.
func isTagText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool {
		return !unicode.In(c, unicode.L, unicode.N, unicode.Z) && !strings.ContainsRune("+-=._:/@", c)
	})
}

// headerTags reads the tags that the request gives an object.
func headerTags(header http.Header) (map[string]string, error) {
	text := first(header, taggingHeader)
	if text == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, fail("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	var tags []tagXML
	for key, all := range values {
		for _, value := range all {
			tags = append(tags, tagXML{key, value})
		}
	}
	return objectTags(tags)
}

func (h *Handler) getObjectTagging(q *request) error {
	o, err := h.head(q, q.ref())
	if err != nil {
		return err
	}
	var out tagsXML
	for _, key := range slices.Sorted(maps.Keys(o.Attributes.Tags)) {
		out.Tags = append(out.Tags, tagXML{key, o.Attributes.Tags[key]})
	}
	q.setVersion(q.w.Header(), o.VersionID)
	writeXML(q.w, http.StatusOK, out)
	return nil
}

func (h *Handler) putObjectTagging(q *request) error {
	tags, err := q.bodyTags()
	if err != nil {
		return err
	}
	return h.setTags(q, tags, http.StatusOK)
}

// bodyTags reads the tags that a PutObjectTagging gives an object. A policy's condition
// may ask for them before the call does, so they are read once and kept.
func (q *request) bodyTags() (map[string]string, error) {
	if q.given == nil {
		q.given = new(givenTags)
		q.given.tags, q.given.err = q.readBodyTags()
	}
	return q.given.tags, q.given.err
}

// givenTags are what a body was found to say.
type givenTags struct {
	tags map[string]string
	err  error
}

func (q *request) readBodyTags() (map[string]string, error) {
	if err := q.openBody(); err != nil {
		return nil, err
	}
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return nil, err
	}
	want, err := readTags(data, maxBucketTags)
	if err != nil {
		return nil, err
	}
	return objectTags(want.Tags)
}

func (h *Handler) deleteObjectTagging(q *request) error {
	if err := q.body.nothing(); err != nil {
		return err
	}
	return h.setTags(q, nil, http.StatusNoContent)
}

func (h *Handler) setTags(q *request, tags map[string]string, status int) error {
	return h.updateVersion(q, false, status, func(a *objectstore.Attributes) error {
		a.Tags = tags
		return nil
	})
}

// updateVersion changes what is kept with a version and answers with nothing.
func (h *Handler) updateVersion(q *request, bypass bool, status int, change func(*objectstore.Attributes) error) error {
	s, err := h.keepsVersions()
	if err != nil {
		return err
	}
	ref := q.ref()
	o, err := s.UpdateVersion(q.r.Context(), ref, bypass, change)
	if err != nil {
		return unreadable(o, versionError(ref.ID, err))
	}
	q.setVersion(q.w.Header(), o.VersionID)
	q.w.WriteHeader(status)
	return nil
}

// setTagCount says how many tags an object has, if any.
func (q *request) setTagCount(header http.Header, tags map[string]string) {
	if len(tags) > 0 {
		q.setHeader(header, taggingCountHeader, strconv.Itoa(len(tags)))
	}
}
