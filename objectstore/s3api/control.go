package s3api

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"croft/objectstore"
	"croft/objectstore/policy"
)

// Of S3 Control, AWS's second protocol beside S3, Croft speaks what is about the tags of
// buckets: Terraform and others read and set them nowhere else. A request names the
// bucket by its ARN in the path and the account in a header, under whatever host name.
var controlOperations = []operation{
	{"ListTagsForResource", http.MethodGet, onControl, "", "", ReadBucket, (*Handler).listControlTags},
	{"TagResource", http.MethodPost, onControl, "", "", WriteBucket, (*Handler).addControlTags},
	{"UntagResource", http.MethodDelete, onControl, "", "", WriteBucket, (*Handler).removeControlTags},
}

const (
	controlPath      = "/v20180820/tags/"
	controlAccount   = "X-Amz-Account-Id"
	controlNamespace = "http://awss3control.amazonaws.com/doc/2018-08-20/"
)

// controlled reports whether a request is one of S3 Control, and about which bucket; of
// an ARN that names none the bucket is empty.
func controlled(r *http.Request) (bucket string, ok bool) {
	arn, ok := strings.CutPrefix(r.URL.Path, controlPath)
	if !ok || r.Header[controlAccount] == nil && !r.URL.Query().Has(strings.ToLower(controlAccount)) {
		return "", false
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "s3" {
		return "", true
	}
	name := parts[5]
	if parts[3] != "" || parts[4] != "" { // as S3 Control itself names buckets
		if name, ok = strings.CutPrefix(name, "bucket/"); !ok || parts[4] != policy.Account {
			return "", true
		}
	}
	if strings.Contains(name, "/") {
		return "", true
	}
	return name, true
}

// checkControl refuses what is about another account or about no bucket.
func (q *request) checkControl() error {
	if !q.control {
		return nil
	}
	if account := first(q.r.Header, controlAccount); account != policy.Account && account != ownerID {
		return fail("AccessDenied", "Access Denied. The account is "+policy.Account+".")
	}
	if q.bucket == "" {
		return fail("InvalidRequest", "The ARN names no bucket: arn:aws:s3:::NAME.")
	}
	return nil
}

type controlTagsXML struct {
	XMLName xml.Name `xml:"http://awss3control.amazonaws.com/doc/2018-08-20/ ListTagsForResourceResult"`
	Tags    []tagXML `xml:"Tags>Tag"`
}

func (h *Handler) listControlTags(q *request) error {
	if err := h.authorize(q, q.ask(ReadBucket, "s3:GetBucketTagging", q.bucket, "", "")); err != nil {
		return err
	}
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	tags, err := bucketTags(&bucket)
	if err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, controlTagsXML{Tags: tags})
	return nil
}

// addControlTags adds tags to those that the bucket has, or gives these other values.
func (h *Handler) addControlTags(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	root, err := readElementOf(data, "TagResourceRequest", controlNamespace)
	if err != nil {
		return err
	}
	tags, err := readTagList(root, "Tags")
	if err != nil {
		return err
	}
	return h.changeTags(q, func(is []tagXML) []tagXML {
		for _, tag := range tags {
			at := slices.IndexFunc(is, func(t tagXML) bool { return t.Key == tag.Key })
			if at < 0 {
				is = append(is, tag)
			} else {
				is[at] = tag
			}
		}
		return is
	})
}

func (h *Handler) removeControlTags(q *request) error {
	if _, err := q.body.readAll(maxSetting); err != nil {
		return err
	}
	return h.changeTags(q, func(is []tagXML) []tagXML {
		return slices.DeleteFunc(is, func(t tagXML) bool { return slices.Contains(q.query["tagKeys"], t.Key) })
	})
}

// changeTags changes the bucket's tags in one step. Policies that keep people from tags by
// the name that this has in S3 hold here, too.
func (h *Handler) changeTags(q *request, change func([]tagXML) []tagXML) error {
	if err := h.authorize(q, q.ask(WriteBucket, "s3:PutBucketTagging", q.bucket, "", "")); err != nil {
		return err
	}
	return h.updateBucket(q, http.StatusNoContent, func(b *objectstore.Bucket) error {
		is, err := bucketTags(b)
		if err != nil {
			return err
		}
		text, err := tagsText(change(is))
		if err != nil {
			return err
		}
		b.Documents = b.WithDocument(taggingDocument, text)
		return nil
	})
}

// bucketTags are the tags that a bucket has.
func bucketTags(b *objectstore.Bucket) ([]tagXML, error) {
	text := b.Documents[taggingDocument]
	if text == "" {
		return nil, nil
	}
	tags, err := readTags([]byte(text), maxBucketTags)
	if err != nil {
		return nil, err
	}
	return tags.Tags, nil
}

// tagsText is how tags of a bucket are kept: as a document, empty without any.
func tagsText(tags []tagXML) (string, error) {
	if len(tags) == 0 {
		return "", nil
	}
	if len(tags) > maxBucketTags {
		return "", failf("BadRequest", "Tag sets cannot be greater than %d.", maxBucketTags)
	}
	if err := checkTags(tags); err != nil {
		return "", err
	}
	return canonicalXML(&tagsXML{Tags: tags})
}

// controlErrorXML is how S3 Control wraps an error.
type controlErrorXML struct {
	XMLName xml.Name `xml:"http://awss3control.amazonaws.com/doc/2018-08-20/ ErrorResponse"`
	Error   errorXML
	ID      string `xml:"RequestId"`
}
