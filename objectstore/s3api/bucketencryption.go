package s3api

import (
	"encoding/xml"
	"net/http"

	"croft/objectstore"
)

type encryptionRuleXML struct {
	Algorithm string `xml:"ApplyServerSideEncryptionByDefault>SSEAlgorithm"`
	BucketKey bool   `xml:"BucketKeyEnabled"`
}

func (h *Handler) getBucketEncryption(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	if bucket.Encryption == objectstore.EncryptionNone {
		return fail("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found.")
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName xml.Name          `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ServerSideEncryptionConfiguration"`
		Rule    encryptionRuleXML `xml:"Rule"`
	}{Rule: encryptionRuleXML{Algorithm: aes256}})
	return nil
}

func (h *Handler) putBucketEncryption(q *request) error {
	document, err := q.readSetting("ServerSideEncryptionConfiguration")
	if err != nil {
		return err
	}
	algorithm, err := readEncryption(document)
	if err != nil {
		return err
	}
	switch algorithm {
	case aes256:
	case "aws:kms", "aws:kms:dsse":
		return failf("NotImplemented", "%s needs a key management service, which Croft does not have. Use AES256.", algorithm)
	default:
		return errMalformedXML()
	}
	return h.updateBucket(q, http.StatusOK, func(b *objectstore.Bucket) error {
		b.Encryption = objectstore.EncryptionStore
		return nil
	})
}

func (h *Handler) deleteBucketEncryption(q *request) error {
	return h.updateBucket(q, http.StatusNoContent, func(b *objectstore.Bucket) error {
		b.Encryption = objectstore.EncryptionNone
		return nil
	})
}

// readEncryption returns the algorithm of the one rule that there may be. Bucket keys
// save calls to a key management service, so there is nothing to do for them here.
func readEncryption(document *element) (algorithm string, err error) {
	var keyID, bucketKey string
	rules := 0
	err = document.fields(map[string]func(*element) error{"Rule": func(rule *element) error {
		rules++
		return rule.fields(map[string]func(*element) error{
			"BucketKeyEnabled": once(&bucketKey),
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
		return "", err
	case rules != 1:
		return "", errMalformedXML()
	case keyID != "" && algorithm == aes256:
		return "", fail("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	}
	return algorithm, nil
}
