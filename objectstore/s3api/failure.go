package s3api

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"

	"croft/internal/errs"
	"croft/objectstore"
)

// failure is an error in S3's vocabulary: a code out of statuses and a message
// that is safe to send. The cause stays behind for the log.
type failure struct {
	code    string
	message string
	region  string              // the expected region, for AuthorizationHeaderMalformed
	marker  *objectstore.Object // the delete marker that the error is about, if any
	cause   error
}

func fail(code, message string) *failure { return &failure{code: code, message: message} }

func failf(code, format string, args ...any) *failure {
	return &failure{code: code, message: fmt.Sprintf(format, args...)}
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.code + ": " + f.message + ": " + f.cause.Error()
	}
	return f.code + ": " + f.message
}

func (f *failure) Unwrap() error { return f.cause }

func (f *failure) status() int { return statuses[f.code] }

// statuses is the one table of the S3 error codes that Croft answers with.
var statuses = map[string]int{
	"AccessControlListNotSupported":                  http.StatusBadRequest,
	"InvalidBucketAclWithObjectOwnership":            http.StatusBadRequest,
	"MalformedACLError":                              http.StatusBadRequest,
	"MalformedPolicy":                                http.StatusBadRequest,
	"MissingSecurityHeader":                          http.StatusBadRequest,
	"UnexpectedContent":                              http.StatusBadRequest,
	"UnresolvableGrantByEmailAddress":                http.StatusBadRequest,
	"AccessDenied":                                   http.StatusForbidden,
	"AccessForbidden":                                http.StatusForbidden,
	"AuthorizationHeaderMalformed":                   http.StatusBadRequest,
	"AuthorizationQueryParametersError":              http.StatusBadRequest,
	"BadDigest":                                      http.StatusBadRequest,
	"BadRequest":                                     http.StatusBadRequest,
	"BucketAlreadyExists":                            http.StatusConflict,
	"BucketAlreadyOwnedByYou":                        http.StatusConflict,
	"BucketNotEmpty":                                 http.StatusConflict,
	"EntityTooLarge":                                 http.StatusBadRequest,
	"EntityTooSmall":                                 http.StatusBadRequest,
	"Busy":                                           http.StatusServiceUnavailable,
	"CSVParsingError":                                http.StatusBadRequest,
	"CastFailed":                                     http.StatusBadRequest,
	"EvaluatorInvalidArguments":                      http.StatusBadRequest,
	"EvaluatorInvalidTimestampFormatPattern":         http.StatusBadRequest,
	"ExpressionTooLong":                              http.StatusBadRequest,
	"InvalidCompressionFormat":                       http.StatusBadRequest,
	"InvalidDataType":                                http.StatusBadRequest,
	"InvalidExpressionType":                          http.StatusBadRequest,
	"InvalidFileHeaderInfo":                          http.StatusBadRequest,
	"InvalidJsonType":                                http.StatusBadRequest,
	"InvalidQuoteFields":                             http.StatusBadRequest,
	"InvalidRequestParameter":                        http.StatusBadRequest,
	"InvalidScanRange":                               http.StatusBadRequest,
	"InvalidTextEncoding":                            http.StatusBadRequest,
	"JSONParsingError":                               http.StatusBadRequest,
	"LexerInvalidChar":                               http.StatusBadRequest,
	"LexerInvalidLiteral":                            http.StatusBadRequest,
	"MissingRequiredParameter":                       http.StatusBadRequest,
	"OverMaxParquetBlockSize":                        http.StatusBadRequest,
	"OverMaxRecordSize":                              http.StatusBadRequest,
	"ParquetParsingError":                            http.StatusBadRequest,
	"ParseUnexpectedToken":                           http.StatusBadRequest,
	"UnsupportedFunction":                            http.StatusBadRequest,
	"UnsupportedSqlStructure":                        http.StatusBadRequest,
	"UnsupportedSyntax":                              http.StatusBadRequest,
	"IdempotencyParameterMismatch":                   http.StatusBadRequest,
	"IdMismatch":                                     http.StatusBadRequest,
	"InvalidS3DestinationBucket":                     http.StatusBadRequest,
	"NoSuchConfiguration":                            http.StatusNotFound,
	"TooManyConfigurations":                          http.StatusBadRequest,
	"IncompleteBody":                                 http.StatusBadRequest,
	"MaxPostPreDataLengthExceeded":                   http.StatusBadRequest,
	"MalformedPOSTRequest":                           http.StatusBadRequest,
	"InvalidTag":                                     http.StatusBadRequest,
	"InvalidPolicyDocument":                          http.StatusBadRequest,
	"InternalError":                                  http.StatusInternalServerError,
	"ExpiredToken":                                   http.StatusBadRequest,
	"InvalidAccessKeyId":                             http.StatusForbidden,
	"InvalidArgument":                                http.StatusBadRequest,
	"InvalidBucketName":                              http.StatusBadRequest,
	"InvalidBucketState":                             http.StatusConflict,
	"InvalidDigest":                                  http.StatusBadRequest,
	"InvalidEncryptionAlgorithmError":                http.StatusBadRequest,
	"InvalidLocationConstraint":                      http.StatusBadRequest,
	"InvalidObjectState":                             http.StatusForbidden,
	"InvalidPart":                                    http.StatusBadRequest,
	"InvalidPartOrder":                               http.StatusBadRequest,
	"InvalidTargetBucketForLogging":                  http.StatusBadRequest,
	"InvalidRedirectLocation":                        http.StatusBadRequest,
	"InvalidRange":                                   http.StatusRequestedRangeNotSatisfiable,
	"InvalidPartNumber":                              http.StatusRequestedRangeNotSatisfiable,
	"InvalidRequest":                                 http.StatusBadRequest,
	"InvalidRetentionPeriod":                         http.StatusBadRequest,
	"InvalidStorageClass":                            http.StatusBadRequest,
	"InvalidToken":                                   http.StatusBadRequest,
	"InvalidURI":                                     http.StatusBadRequest,
	"KeyTooLongError":                                http.StatusBadRequest,
	"MalformedTrailerError":                          http.StatusBadRequest,
	"MalformedXML":                                   http.StatusBadRequest,
	"MaxMessageLengthExceeded":                       http.StatusBadRequest,
	"MetadataConfigurationNotFound":                  http.StatusNotFound,
	"MetadataTooLarge":                               http.StatusBadRequest,
	"MethodNotAllowed":                               http.StatusMethodNotAllowed,
	"MissingContentLength":                           http.StatusLengthRequired,
	"NoSuchBucket":                                   http.StatusNotFound,
	"NoSuchBucketPolicy":                             http.StatusNotFound,
	"NoSuchCORSConfiguration":                        http.StatusNotFound,
	"NoSuchKey":                                      http.StatusNotFound,
	"NoSuchLifecycleConfiguration":                   http.StatusNotFound,
	"NoSuchObjectLockConfiguration":                  http.StatusNotFound,
	"NoSuchPublicAccessBlockConfiguration":           http.StatusNotFound,
	"OwnershipControlsNotFoundError":                 http.StatusNotFound,
	"NoSuchTagSet":                                   http.StatusNotFound,
	"NoSuchVersion":                                  http.StatusNotFound,
	"NoSuchUpload":                                   http.StatusNotFound,
	"NoSuchWebsiteConfiguration":                     http.StatusNotFound,
	"NotImplemented":                                 http.StatusNotImplemented,
	"ObjectLockConfigurationNotFoundError":           http.StatusNotFound,
	"PreconditionFailed":                             http.StatusPreconditionFailed,
	"ReplicationConfigurationNotFoundError":          http.StatusNotFound,
	"QuotaExceeded":                                  http.StatusForbidden,
	"RestoreAlreadyInProgress":                       http.StatusConflict,
	"RequestTimeTooSkewed":                           http.StatusForbidden,
	"RequestTimeout":                                 http.StatusBadRequest,
	"ServerSideEncryptionConfigurationNotFoundError": http.StatusNotFound,
	"ServiceUnavailable":                             http.StatusServiceUnavailable,
	"SignatureDoesNotMatch":                          http.StatusForbidden,
	"SlowDown":                                       http.StatusServiceUnavailable,
	"XAmzContentSHA256Mismatch":                      http.StatusBadRequest,
	"XMinioStorageFull":                              http.StatusInsufficientStorage,
}

// byCode translates the object store's stable codes; byKind is what remains.
var (
	byCode = map[string]string{
		"acl_with_ownership":    "InvalidBucketAclWithObjectOwnership",
		"bucket_not_found":      "NoSuchBucket",
		"bucket_exists":         "BucketAlreadyExists",
		"bucket_not_empty":      "BucketNotEmpty",
		"bucket_name_invalid":   "InvalidBucketName",
		"object_not_found":      "NoSuchKey",
		"key_invalid":           "InvalidArgument",
		"key_too_long":          "KeyTooLongError",
		"upload_not_found":      "NoSuchUpload",
		"part_invalid":          "InvalidPart",
		"part_order":            "InvalidPartOrder",
		"part_too_small":        "EntityTooSmall",
		"range_invalid":         "InvalidRange",
		"read_quorum":           "SlowDown",
		"write_quorum":          "SlowDown",
		"storage_class_invalid": "InvalidStorageClass",
		"storage_full":          "XMinioStorageFull",
		"body_incomplete":       "IncompleteBody",
		"digest_mismatch":       "BadDigest",
		"tier_body_missing":     "InternalError", // with the sentence: only who reads can be told
		"precondition_failed":   "PreconditionFailed",
		"session_token_invalid": "InvalidToken",
		"session_token_expired": "ExpiredToken",
		// Not the drives' fault: a client must not try again, as it does after a 507.
		"quota_exceeded":             "QuotaExceeded",
		"replication_rules_full":     "InvalidRequest",
		"replication_target_unknown": "InvalidRequest",
		"replication_unavailable":    "NotImplemented",
		"customer_key_missing":       "InvalidRequest",
		"customer_key_unexpected":    "InvalidRequest",
		"customer_key_wrong":         "AccessDenied",
		"encryption_unavailable":     "NotImplemented",
		"not_supported_here":         "NotImplemented",
		"inventory_invalid":          "InvalidArgument",
		"inventory_none":             "NoSuchConfiguration",
		"inventory_too_many":         "TooManyConfigurations",
		"inventory_unavailable":      "NotImplemented",
		"lifecycle_malformed":        "MalformedXML",
		"lifecycle_invalid":          "InvalidArgument",
		"lifecycle_refused":          "InvalidRequest",
		"lifecycle_none":             "NoSuchLifecycleConfiguration",
		"lifecycle_unavailable":      "NotImplemented",
		"notification_malformed":     "MalformedXML",
		"notification_invalid":       "InvalidArgument",
		"notification_unsupported":   "NotImplemented",
		"notification_unavailable":   "NotImplemented",
		"not_in_tier":                "InvalidObjectState",
		"object_lock_missing":        "InvalidRequest",
		"rename_onto_itself":         "InvalidRequest",
		"rename_versioned":           "InvalidBucketState",
		"restore_days":               "MalformedXML",
		"restore_running":            "RestoreAlreadyInProgress",
		"version_invalid":            "InvalidArgument",
		"version_is_marker":          "MethodNotAllowed",
		"version_locked":             "AccessDenied",
		"version_not_found":          "NoSuchVersion",
		"versioning_state":           "InvalidBucketState",
	}
	byKind = map[errs.Kind]string{
		errs.Invalid:         "InvalidArgument",
		errs.Unauthenticated: "AccessDenied",
		errs.Forbidden:       "AccessDenied",
		errs.NotFound:        "NoSuchKey",
		errs.Conflict:        "InvalidRequest",
		errs.TooLarge:        "EntityTooLarge",
		errs.RateLimited:     "SlowDown",
		errs.StorageFull:     "XMinioStorageFull",
		errs.Unavailable:     "ServiceUnavailable",
		errs.Canceled:        "RequestTimeout",
		errs.Internal:        "InternalError",
	}
)

// s3Words are messages that clients compare, to the letter.
var s3Words = map[string]string{
	"NoSuchBucket": "The specified bucket does not exist",
	"NoSuchKey":    "The specified key does not exist.",
}

// translate turns any error into a failure. An error that is not ours becomes
// InternalError and shows nothing of itself.
func translate(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	slug, message := errs.Public(err)
	if code, ok := byCode[slug]; ok {
		if own, ok := s3Words[code]; ok {
			message = own
		}
		return &failure{code: code, message: message, cause: err}
	}
	kind := errs.KindOf(err)
	if kind == errs.Internal {
		message = "We encountered an internal error. The server's log has the details under this request's ID."
	}
	return &failure{code: byKind[kind], message: message, cause: err}
}

type errorXML struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string   `xml:"Code"`
	Message    string   `xml:"Message"`
	BucketName string   `xml:"BucketName,omitempty"`
	Key        string   `xml:"Key,omitempty"`
	Region     string   `xml:"Region,omitempty"`
	Resource   string   `xml:"Resource"`
	RequestID  string   `xml:"RequestId"`
	HostID     string   `xml:"HostId"`
}

// ends notes how a request failed and clears what an answer without an error would
// have said. Server faults are logged, once, here.
func (h *Handler) ends(q *request, err error) *failure {
	f := translate(err)
	if f.status() >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) && f.code != "NotImplemented" && f != errBusy {
		h.log.Error("s3 request failed", "requestId", q.id, "operation", q.operation(), "code", f.code, "error", err)
	}
	q.outcome = f.code
	q.source.Leave()
	if f.code == "IncompleteBody" || f.code == "RequestTimeout" || q.awaitsContinue() {
		q.w.Header().Set("Connection", "close")
	}
	for _, name := range []string{"Content-Length", "Content-Range", "Content-Encoding", "Content-Disposition", "Cache-Control", "ETag", "Last-Modified"} {
		q.w.Header().Del(name)
	}
	return f
}

// refuse writes an error as S3's error document, or only its status where the answer
// has no body (HEAD, 304).
func (h *Handler) refuse(q *request, err error) {
	f := h.ends(q, err)
	f.setMarker(q, q.w.Header())
	if f.region != "" {
		q.w.Header().Set("x-amz-bucket-region", f.region)
	}
	if q.r.Method == http.MethodHead {
		q.w.WriteHeader(f.status())
		return
	}
	document := errorXML{
		Code: f.code, Message: f.message, BucketName: q.bucket, Key: q.key, Region: f.region,
		Resource: q.r.URL.Path, RequestID: q.id, HostID: q.id,
	}
	var whole any = document
	if q.control {
		whole = controlErrorXML{Error: document, ID: q.id}
	}
	text, failed := encodeXML(whole)
	if failed != nil {
		q.w.WriteHeader(f.status())
		return
	}
	// There are people who look for quotation marks in messages as S3 writes them.
	sendXML(q.w, f.status(), bytes.ReplaceAll(text, []byte("&#34;"), []byte(`"`)))
}
