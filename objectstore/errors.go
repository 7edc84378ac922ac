package objectstore

import "croft/internal/errs"

// What a store refuses with. Match with errors.Is; an engine may return the same
// kind and code with a more precise message.
var (
	ErrBucketNotFound     = errs.New(errs.NotFound, "bucket_not_found", "There is no such bucket.")
	ErrBucketExists       = errs.New(errs.Conflict, "bucket_exists", "A bucket of this name exists already.")
	ErrBucketNotEmpty     = errs.New(errs.Conflict, "bucket_not_empty", "The bucket still holds objects. Delete them first.")
	ErrBucketNameInvalid  = errs.New(errs.Invalid, "bucket_name_invalid", "A bucket name has 3 to 63 lower-case letters, digits, dots and hyphens and starts and ends with a letter or digit.")
	ErrObjectNotFound     = errs.New(errs.NotFound, "object_not_found", "There is no object under this key.")
	ErrKeyInvalid         = errs.New(errs.Invalid, "key_invalid", "An object key has 1 to 1,024 bytes of valid UTF-8 without NUL.")
	ErrUploadNotFound     = errs.New(errs.NotFound, "upload_not_found", "There is no such upload. It may have been completed or aborted.")
	ErrPartInvalid        = errs.New(errs.Invalid, "part_invalid", "A part is missing, or is not the one that was named.")
	ErrPartOrder          = errs.New(errs.Invalid, "part_order", "The parts must be listed in ascending order, each once.")
	ErrPartTooSmall       = errs.New(errs.Invalid, "part_too_small", "Every part but the last needs at least 5 MiB.")
	ErrRangeInvalid       = errs.New(errs.Invalid, "range_invalid", "The object has no byte in this range.")
	ErrReadQuorum         = errs.New(errs.Unavailable, "read_quorum", "Too few drives hold this object intact to read it.")
	ErrWriteQuorum        = errs.New(errs.Unavailable, "write_quorum", "Too few drives are online to write.")
	ErrStorageFull        = errs.New(errs.StorageFull, "storage_full", "The drives are full. Delete something or add space.")
	ErrBodyIncomplete     = errs.New(errs.Invalid, "body_incomplete", "The body does not have the announced size. Nothing was stored.")
	ErrDigestMismatch     = errs.New(errs.Invalid, "digest_mismatch", "The body does not match its digest. Nothing was stored.")
	ErrDocumentsTooLarge  = errs.Newf(errs.Invalid, "documents_too_large", "A bucket's settings have at most %d KiB together. Make the policy or the rules shorter.", MaxDocumentBytes>>10)
	ErrPreconditionFailed = errs.New(errs.Conflict, "precondition_failed", "The object is not, or no longer, in the state that the request demands.")
)
