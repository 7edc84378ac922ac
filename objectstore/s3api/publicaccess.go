package s3api

import (
	"encoding/xml"
	"net/http"

	"croft/objectstore"
	"croft/objectstore/grants"
)

type blockXML struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PublicAccessBlockConfiguration"`
	BlockPublicACLs       bool     `xml:"BlockPublicAcls"`
	IgnorePublicACLs      bool     `xml:"IgnorePublicAcls"`
	BlockPublicPolicy     bool     `xml:"BlockPublicPolicy"`
	RestrictPublicBuckets bool     `xml:"RestrictPublicBuckets"`
}

func (h *Handler) getPublicAccessBlock(q *request) error {
	bucket, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	if bucket.Documents[grants.BlockDocument] == "" {
		return fail("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found.")
	}
	b := rules.Block
	writeXML(q.w, http.StatusOK, blockXML{
		BlockPublicACLs: b.BlockPublicACLs, IgnorePublicACLs: b.IgnorePublicACLs,
		BlockPublicPolicy: b.BlockPublicPolicy, RestrictPublicBuckets: b.RestrictPublicBuckets,
	})
	return nil
}

func (h *Handler) putPublicAccessBlock(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	root, err := readElement(data, "PublicAccessBlockConfiguration")
	if err != nil {
		return err
	}
	var b grants.Block
	err = root.fields(map[string]func(*element) error{
		"BlockPublicAcls":       onceBool(&b.BlockPublicACLs),
		"IgnorePublicAcls":      onceBool(&b.IgnorePublicACLs),
		"BlockPublicPolicy":     onceBool(&b.BlockPublicPolicy),
		"RestrictPublicBuckets": onceBool(&b.RestrictPublicBuckets),
	})
	if err != nil {
		return err
	}
	if err := h.keepDocument(q, grants.BlockDocument, b.Text()); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// onceBool reads an element that may stand once and says true or false.
func onceBool(into *bool) func(*element) error {
	var text string
	read := once(&text)
	return func(e *element) error {
		if err := read(e); err != nil {
			return err
		}
		switch text {
		case "true", "TRUE", "True":
			*into = true
		case "false", "FALSE", "False":
		default:
			return errMalformedXML()
		}
		return nil
	}
}

type ownershipXML struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ OwnershipControls"`
	Rule    struct {
		ObjectOwnership grants.Ownership `xml:"ObjectOwnership"`
	} `xml:"Rule"`
}

func (h *Handler) getOwnershipControls(q *request) error {
	_, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	if rules.Ownership == grants.Unset {
		return fail("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
	}
	var out ownershipXML
	out.Rule.ObjectOwnership = rules.Ownership
	writeXML(q.w, http.StatusOK, out)
	return nil
}

// ownership reads the body of a PutBucketOwnershipControls.
func (q *request) ownership() (text string, err error) {
	root, err := q.readSetting("OwnershipControls")
	if err != nil {
		return "", err
	}
	rules := 0
	err = root.fields(map[string]func(*element) error{"Rule": func(e *element) error {
		rules++
		return e.fields(map[string]func(*element) error{"ObjectOwnership": once(&text)})
	}})
	if err == nil && (rules != 1 || text == "") {
		err = errMalformedXML()
	}
	return text, err
}

func (h *Handler) putOwnershipControls(q *request) error {
	text, err := q.ownership()
	if err != nil {
		return err
	}
	ownership, ok := grants.ParseOwnership(text)
	if !ok {
		return errMalformedXML()
	}
	if err := h.setOwnership(q, ownership); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) deleteOwnershipControls(q *request) error {
	if _, err := q.body.readAll(maxSetting); err != nil {
		return err
	}
	if err := h.setOwnership(q, grants.Unset); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *Handler) setOwnership(q *request, o grants.Ownership) error {
	return h.setRules(q, func(b *objectstore.Bucket, _ *grants.Rules) error { return grants.SetOwnership(b, o) })
}

func errACLWithOwnership() error {
	return fail("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting.")
}
