package s3api

import (
	"encoding/xml"
	"net/http"

	"croft/objectstore"
)

type encryptionRuleXML struct {
	Algorithm string `xml:"ApplyServerSideEncryptionByDefault>SSEAlgorithm"`
	KeyID     string `xml:"ApplyServerSideEncryptionByDefault>KMSMasterKeyID,omitempty"`
	BucketKey bool   `xml:"BucketKeyEnabled"`
}

// encryptionDocument is where a bucket keeps that its rule asks for bucket keys. They save
// calls to a key management service, so there is nothing to do for them here; but programs
// that manage settings look whether what they set is there.
const encryptionDocument = "encryption"

// bucketKeyDocument is that document for a rule. It says nothing of another one, which the
// console may have set.
func bucketKeyDocument(by objectstore.Encryption) string { return "bucket key of " + string(by) }

func (h *Handler) getBucketEncryption(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	if bucket.Encryption == objectstore.EncryptionNone {
		return fail("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found.")
	}
	rule := encryptionRuleXML{Algorithm: aes256, BucketKey: bucket.Documents[encryptionDocument] == bucketKeyDocument(bucket.Encryption)}
	if key, ok := bucket.Encryption.NamedKey(); ok {
		rule.Algorithm, rule.KeyID = awsKMS, key.ID
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName xml.Name          `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ServerSideEncryptionConfiguration"`
		Rule    encryptionRuleXML `xml:"Rule"`
	}{Rule: rule})
	return nil
}

func (h *Handler) putBucketEncryption(q *request) error {
	document, err := q.readSetting("ServerSideEncryptionConfiguration")
	if err != nil {
		return err
	}
	by, bucketKey, err := readEncryption(document)
	if err != nil {
		return err
	}
	return h.setBucketEncryption(q, http.StatusOK, by, bucketKey)
}

func (h *Handler) deleteBucketEncryption(q *request) error {
	if err := q.body.nothing(); err != nil {
		return err
	}
	return h.setBucketEncryption(q, http.StatusNoContent, objectstore.EncryptionNone, false)
}

func (h *Handler) setBucketEncryption(q *request, status int, by objectstore.Encryption, bucketKey bool) error {
	text := ""
	if bucketKey {
		text = bucketKeyDocument(by)
	}
	return h.updateBucket(q, status, func(b *objectstore.Bucket) error {
		b.Encryption, b.Documents = by, b.WithDocument(encryptionDocument, text)
		return nil
	})
}

// readEncryption returns what the one rule that there may be says.
func readEncryption(document *element) (by objectstore.Encryption, bucketKey bool, err error) {
	var algorithm, keyID, keys string
	rules := 0
	err = document.fields(map[string]func(*element) error{"Rule": func(rule *element) error {
		rules++
		return rule.fields(map[string]func(*element) error{
			"BucketKeyEnabled": once(&keys),
			"ApplyServerSideEncryptionByDefault": func(e *element) error {
				return e.fields(map[string]func(*element) error{"SSEAlgorithm": once(&algorithm), "KMSMasterKeyID": once(&keyID)})
			},
			"BlockedEncryptionTypes": func(e *element) error {
				var types []string
				err := e.fields(map[string]func(*element) error{"EncryptionType": each(&types)})
				if err == nil && (len(types) != 1 || types[0] != "NONE") {
					err = fail("NotImplemented", "Blocking a type of encryption is not implemented.")
				}
				return err
			},
		})
	}})
	switch {
	case err != nil:
		return by, false, err
	case rules != 1:
		return by, false, errMalformedXML()
	case keyID != "" && algorithm == aes256:
		return by, false, fail("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	}
	switch algorithm {
	case aes256:
		by = objectstore.EncryptionStore
	case awsKMS:
		key := objectstore.NamedKey{ID: keyID}
		by, err = key.Encryption(), key.Check()
	case awsDSSE:
		err = errDSSE()
	default:
		err = errMalformedXML()
	}
	return by, keys == "true", err
}
