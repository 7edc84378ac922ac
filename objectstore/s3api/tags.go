package s3api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	taggingDocument = "tagging"
	maxBucketTags   = 50
	maxObjectTags   = 10
	maxTagKey       = 128 // in characters
	maxTagValue     = 256
)

// tagsXML are tags as documents have them.
type tagsXML struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	Tags    []tagXML `xml:"TagSet>Tag"`
}

type tagXML struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

// query is the tags as the header x-amz-tagging has them.
func (t *tagsXML) query() string {
	values := url.Values{}
	for _, tag := range t.Tags {
		values.Set(tag.Key, tag.Value)
	}
	return values.Encode()
}

// readTags reads a document of at most limit tags and holds it to S3's rules.
func readTags(data []byte, limit int) (*tagsXML, error) {
	root, err := readElement(data, "Tagging")
	if err != nil {
		return nil, err
	}
	tags, err := readTagList(root, "TagSet")
	if err != nil {
		return nil, err
	}
	if len(tags) > limit {
		return nil, failf("BadRequest", "Tag sets cannot be greater than %d.", limit)
	}
	return &tagsXML{Tags: tags}, checkTags(tags)
}

// readTagList reads the tags of a document that has nothing but one list of them, of
// that name.
func readTagList(root *element, list string) (tags []tagXML, err error) {
	lists := 0
	err = root.fields(map[string]func(*element) error{list: func(e *element) error {
		lists++
		return e.fields(map[string]func(*element) error{"Tag": eachTag(&tags)})
	}})
	if err == nil && lists != 1 {
		err = errMalformedXML()
	}
	return tags, err
}

// eachTag collects tags.
func eachTag(into *[]tagXML) func(*element) error {
	return func(e *element) error {
		var tag tagXML
		if err := e.fields(map[string]func(*element) error{"Key": onceAsIs(&tag.Key), "Value": onceAsIs(&tag.Value)}); err != nil {
			return err
		}
		*into = append(*into, tag)
		return nil
	}
}

// checkTags holds each tag to S3's rules.
func checkTags(tags []tagXML) error {
	for i, tag := range tags {
		switch {
		case tag.Key == "" || utf8.RuneCountInString(tag.Key) > maxTagKey:
			return fail("InvalidTag", "The TagKey you have provided is invalid: it has 1 to 128 characters.")
		case utf8.RuneCountInString(tag.Value) > maxTagValue:
			return fail("InvalidTag", "The TagValue you have provided is invalid: it has at most 256 characters.")
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return fail("InvalidTag", "System tags cannot be added/updated by requester.")
		case slices.ContainsFunc(tags[:i], func(before tagXML) bool { return before.Key == tag.Key }):
			return fail("InvalidTag", "Cannot provide multiple Tags with the same key.")
		}
	}
	return nil
}

func (h *Handler) putBucketTagging(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	tags, err := readTags(data, maxBucketTags)
	if err != nil {
		return err
	}
	text, err := canonicalXML(tags)
	if err != nil {
		return err
	}
	if err := h.keepDocument(q, taggingDocument, text); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}
