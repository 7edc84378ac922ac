package remote

import (
	"croft/internal/errs"
	"croft/objectstore"
)

// ErrUnsupported is what the store refuses with that S3 has no promise for.
var ErrUnsupported = errs.New(errs.Invalid, "not_supported_here", "The S3 cluster that keeps the objects cannot do this.")

// Unsupported says that something is not possible where an S3 cluster keeps the objects.
func Unsupported(what string) error {
	return errs.New(ErrUnsupported.Kind, ErrUnsupported.Code, what+" is not possible where an S3 cluster keeps the objects.")
}

// byCode translates what a cluster says of buckets, objects and uploads.
var byCode = map[string]*errs.Error{
	"NoSuchBucket":               objectstore.ErrBucketNotFound,
	"NoSuchKey":                  objectstore.ErrObjectNotFound,
	"NoSuchUpload":               objectstore.ErrUploadNotFound,
	"PreconditionFailed":         objectstore.ErrPreconditionFailed,
	"ConditionalRequestConflict": objectstore.ErrPreconditionFailed,
	"BucketNotEmpty":             objectstore.ErrBucketNotEmpty,
	"InvalidRange":               objectstore.ErrRangeInvalid,
	"InvalidPart":                objectstore.ErrPartInvalid,
	"InvalidPartOrder":           objectstore.ErrPartOrder,
	"EntityTooSmall":             objectstore.ErrPartTooSmall,
	"BadDigest":                  objectstore.ErrDigestMismatch,
	"IncompleteBody":             objectstore.ErrBodyIncomplete,
	"KeyTooLongError":            errs.New(errs.Invalid, objectstore.ErrKeyInvalid.Code, "The S3 cluster does not take a key that is this long."),
	"XMinioInvalidObjectName":    errs.New(errs.Invalid, objectstore.ErrKeyInvalid.Code, "The S3 cluster does not take this key."),
	"EntityTooLarge":             errTooLarge,
}

var errTooLarge = errs.New(errs.TooLarge, "body_too_large", "The body is larger than S3 takes in one piece, 5 GiB. Upload it in parts.")

// explain translates an error of the cluster into one of the store.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := byCode[Code(err)]; ok {
		return errs.Wrap(err, known.Kind, known.Code, known.Message)
	}
	err = s.client.Explain(err)
	if errs.KindOf(err) == errs.Forbidden {
		// It is Croft that may not, and not whoever asked Croft.
		code, message := errs.Public(err)
		return errs.Wrap(err, errs.Unavailable, code, message)
	}
	return err
}
