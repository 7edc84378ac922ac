package s3api

import (
	"crypto/md5" //nolint:gosec // S3 sends a key's MD5 along, to notice a wrong one.
	"encoding/base64"
	"errors"
	"net/http"

	"croft/objectstore"
	"croft/objectstore/policy"
)

// The headers of encryption. Those of a customer's key stand behind copySourcePrefix
// for the source of a copy.
const (
	encryptionHeader = "X-Amz-Server-Side-Encryption"
	keyIDHeader      = "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"
	contextHeader    = "X-Amz-Server-Side-Encryption-Context"
	customerHeader   = "Server-Side-Encryption-Customer-Algorithm"
	customerKey      = "Server-Side-Encryption-Customer-Key"
	customerKeyMD5   = "Server-Side-Encryption-Customer-Key-Md5"

	requestPrefix    = "X-Amz-"
	copySourcePrefix = "X-Amz-Copy-Source-"

	aes256  = "AES256"
	awsKMS  = "aws:kms"
	awsDSSE = "aws:kms:dsse"

	// defaultKeyID is what the named key is called that requests ask for without a name.
	defaultKeyID = "arn:aws:kms:" + DefaultRegion + ":" + policy.Account + ":alias/aws/s3"
)

// namesEncryption are the operations that may name an encryption; those of an upload
// only its own.
var namesEncryption = map[string]bool{
	"PutObject": true, "PostObject": true, "CopyObject": true, "CreateMultipartUpload": true,
	"UploadPart": true, "UploadPartCopy": true, completeMultipartUpload: true,
}

// encryption is how a request wants a body to be encrypted.
type encryption struct {
	by  objectstore.Encryption // under the master key; EncryptionNone is as the bucket says
	key *objectstore.CustomerKey
}

// changes reports whether it is anything but the bucket's own.
func (e *encryption) changes() bool { return e.by != objectstore.EncryptionNone || e.key != nil }

// suits refuses what an upload is not encrypted with. Under which name that is was said when
// it was begun, and nothing that comes later changes it: S3 does not look at the names of parts.
func (e *encryption) suits(upload *objectstore.Upload) error {
	_, named := e.by.NamedKey()
	_, uploadNamed := upload.Encryption.NamedKey()
	switch {
	case e.key != nil && upload.Encryption != objectstore.EncryptionCustomer:
		return objectstore.ErrCustomerKeyUnexpected
	case e.by == objectstore.EncryptionStore && upload.Encryption != objectstore.EncryptionStore, named && !uploadNamed:
		return fail("InvalidRequest", "The upload was not created with this server side encryption.")
	}
	return nil
}

// uploadError is err in the words for an upload, which S3 has for one that was begun with
// another key: the caller is not denied anything, the request does not fit.
func uploadError(err error) error {
	if errors.Is(err, objectstore.ErrCustomerKeyWrong) {
		return &failure{code: "InvalidRequest", message: "This upload was begun with another key than the one that the request brings.", cause: err}
	}
	return err
}

// checkEncryption refuses an encryption that Croft does not have, or that the
// operation has no use for.
func (q *request) checkEncryption() error {
	key := q.namedKey()
	switch value := first(q.r.Header, encryptionHeader); {
	case value == "" && key == (objectstore.NamedKey{}):
		return nil
	case !namesEncryption[q.op.name]:
		return failf("InvalidArgument", "x-amz-server-side-encryption header is not supported for %s.", q.op.name)
	case value == awsDSSE:
		return errDSSE()
	case value != awsKMS && key != (objectstore.NamedKey{}):
		return fail("InvalidArgument", "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	case value == awsKMS:
		return key.Check()
	case value != aes256:
		return fail("InvalidArgument", "The encryption method specified is not supported")
	}
	return nil
}

func errDSSE() error {
	return failf("NotImplemented", "Croft encrypts a body once, not twice as %s asks for. Use %s or %s.", awsDSSE, awsKMS, aes256)
}

// namedKey is the key that the request names; the zero value is none, or the default one.
func (q *request) namedKey() objectstore.NamedKey {
	return objectstore.NamedKey{ID: first(q.r.Header, keyIDHeader), Context: first(q.r.Header, contextHeader)}
}

// encryption reads how the request wants its body to be encrypted, after checkEncryption.
func (q *request) encryption() (e encryption, err error) {
	switch first(q.r.Header, encryptionHeader) {
	case aes256:
		e.by = objectstore.EncryptionStore
	case awsKMS:
		e.by = q.namedKey().Encryption()
	}
	e.key, err = q.customerKey(requestPrefix)
	if err == nil && e.by != objectstore.EncryptionNone && e.key != nil {
		err = fail("InvalidArgument", "Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
	}
	return e, err
}

// customerKey reads the key that the request brings, nil when it brings none.
func (q *request) customerKey(prefix string) (*objectstore.CustomerKey, error) {
	algorithm, text, sum := first(q.r.Header, prefix+customerHeader), first(q.r.Header, prefix+customerKey), first(q.r.Header, prefix+customerKeyMD5)
	switch {
	case algorithm == "" && text == "" && sum == "":
		return nil, nil
	case algorithm == "":
		return nil, fail("InvalidArgument", "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.")
	case algorithm != aes256:
		return nil, fail("InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.")
	case text == "":
		return nil, fail("InvalidArgument", "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
	case sum == "":
		return nil, fail("InvalidArgument", "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.")
	}
	var key objectstore.CustomerKey
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != len(key) {
		return nil, fail("InvalidArgument", "The secret key was invalid for the specified algorithm.")
	}
	if got := md5.Sum(raw); base64.StdEncoding.EncodeToString(got[:]) != sum {
		return nil, fail("InvalidArgument", "The calculated MD5 hash of the key did not match the hash that was provided.")
	}
	copy(key[:], raw)
	return &key, nil
}

// readable is the version that the request wants to read, with the key that it
// brings for it.
func (h *Handler) readable(q *request) (objectstore.VersionRef, error) {
	ref := q.ref()
	var err error
	if ref.CustomerKey, err = q.customerKey(requestPrefix); err == nil && ref.CustomerKey != nil {
		_, err = h.keepsVersions() // which alone keep such objects
	}
	return ref, err
}

// describe returns an object of which no more than what describes it is wanted. That
// needs the key, too, as in S3.
func (h *Handler) describe(q *request, ref objectstore.VersionRef) (objectstore.Object, error) {
	o, err := h.head(q, ref)
	if err == nil && o.Encryption == objectstore.EncryptionCustomer && ref.CustomerKey == nil {
		err = objectstore.ErrCustomerKeyMissing
	}
	return o, err
}

// setEncryption says how a body is encrypted. A customer's key is named by what the
// request said of it, which was found to be true.
func (q *request) setEncryption(header http.Header, by objectstore.Encryption) {
	switch by {
	case objectstore.EncryptionStore:
		q.setHeader(header, encryptionHeader, aes256)
	case objectstore.EncryptionCustomer:
		if sum := first(q.r.Header, requestPrefix+customerKeyMD5); sum != "" {
			q.setHeader(header, requestPrefix+customerHeader, aes256)
			q.setHeader(header, requestPrefix+customerKeyMD5, sum)
		}
	default:
		if key, ok := by.NamedKey(); ok {
			q.setHeader(header, encryptionHeader, awsKMS)
			q.setHeader(header, keyIDHeader, keyIDOf(key))
		}
	}
}

// setContext says what a body is bound to besides. S3 tells it to who has just said it, and
// to nobody who reads.
func (q *request) setContext(header http.Header, by objectstore.Encryption) {
	if key, ok := by.NamedKey(); ok && key.Context != "" {
		q.setHeader(header, contextHeader, key.Context)
	}
}

// keyIDOf is what a key is called.
func keyIDOf(key objectstore.NamedKey) string {
	if key.ID == "" {
		return defaultKeyID
	}
	return key.ID
}
