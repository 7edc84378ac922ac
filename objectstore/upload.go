package objectstore

import (
	"io"
	"time"
)

// Limits of uploads.
const (
	MaxPartNumber = 10000
	// MinPartSize holds for every part of a completed upload but its last.
	MinPartSize = 5 << 20
)

// UploadRef names one unfinished upload.
type UploadRef struct {
	Bucket string
	Key    string
	ID     string
}

// Upload is an unfinished upload.
type Upload struct {
	UploadRef
	StartedAt time.Time // UTC, whole milliseconds
	// StartedBy is the name in the Origin that it was started with; empty where there was
	// none, and of uploads whose store does not know.
	StartedBy  string
	Attributes Attributes
	Encryption Encryption
	Class      StorageClass // ClassUnset is standard
	// Asked is what it was created with; nil of uploads whose store does not keep it.
	Asked map[string]string
}

// Part is one stored part of an upload or of the object it became.
type Part struct {
	Number     int // 1 … MaxPartNumber
	Size       int64
	ETag       string // MD5 in lower-case hex
	ModifiedAt time.Time
	Checksums  map[string]string
}

// CreateUploadRequest starts an upload of an object with these attributes.
type CreateUploadRequest struct {
	Bucket     string
	Key        string
	Attributes Attributes
	Class      StorageClass
	// Encrypt and CustomerKey mean what they mean in PutRequest, for all parts.
	Encrypt     Encryption
	CustomerKey *CustomerKey
	// Asked is what a protocol wants to know of the upload again, names and texts. It does not
	// become the object's.
	Asked map[string]string
}

// PutPartRequest is one part; its fields mean what they mean in PutRequest.
type PutPartRequest struct {
	Upload    UploadRef
	Number    int // 1 … MaxPartNumber, else ErrPartInvalid
	Body      io.Reader
	Size      int64
	MD5       string
	Checksums map[string]string
	// Finish may add to the checksums, which are never nil here, or refuse.
	Finish func(checksums map[string]string) error
	// CustomerKey must be the upload's, when that has one.
	CustomerKey *CustomerKey
}

// ListPartsRequest asks for the parts with a higher number than After.
type ListPartsRequest struct {
	Upload UploadRef
	After  int
	Limit  int // 0 is DefaultLimit
}

// PartPage is one page of parts.
type PartPage struct {
	Parts     []Part
	Truncated bool
	Next      int // After of the next page; 0 unless truncated
}

// ListUploadsRequest asks for unfinished uploads; Prefix, Delimiter and AfterKey
// work as in ListRequest. AfterID, when set, starts behind that one upload of
// AfterKey instead of behind all of them.
type ListUploadsRequest struct {
	Bucket    string
	Prefix    string
	Delimiter string
	AfterKey  string
	AfterID   string
	Limit     int // 0 is DefaultLimit
}

// UploadPage is one page of unfinished uploads.
type UploadPage struct {
	Uploads   []Upload
	Prefixes  []string
	Truncated bool
	NextKey   string // AfterKey and AfterID of the next page
	NextID    string
}

// PartChoice names a part that the object is to have. Its ETag must be the
// stored part's; an empty ETag takes the part as it is.
type PartChoice struct {
	Number int
	ETag   string
}

// CompleteUploadRequest makes an object of parts, which must be listed in
// ascending order of number and need not be all that were stored.
type CompleteUploadRequest struct {
	Upload UploadRef
	Parts  []PartChoice
	// Finish, when set, sees the chosen parts before the commit. It may complete
	// the object's attributes (a checksum of checksums) or refuse; the checksums that
	// it takes from the parts the object does not keep of them.
	Finish    func(attributes *Attributes, parts []Part) error
	Condition Condition
	// CustomerKey, when set, must be the upload's. Without one nothing is asked.
	CustomerKey *CustomerKey
}
