package lifecycle

import "croft/internal/errs"

// What rules are refused with. Errors of these codes have more precise messages.
var (
	// ErrMalformed is a document that is not S3's, which calls it MalformedXML.
	ErrMalformed = errs.New(errs.Invalid, "lifecycle_malformed", "The XML you provided was not well-formed or did not validate against our published schema.")
	// ErrInvalid is a value that cannot be (InvalidArgument), ErrRefused values that do
	// not go together (InvalidRequest).
	ErrInvalid = errs.New(errs.Invalid, "lifecycle_invalid", "A value of the lifecycle rules is not valid.")
	ErrRefused = errs.New(errs.Invalid, "lifecycle_refused", "The lifecycle rules do not go together.")
	// ErrNone is asked-for rules of a bucket that has none.
	ErrNone         = errs.New(errs.NotFound, "lifecycle_none", "The lifecycle configuration does not exist.")
	ErrRuleNotFound = errs.New(errs.NotFound, "lifecycle_rule_not_found", "There is no such lifecycle rule. It may have been removed meanwhile.")
	// ErrUnavailable is what stores that keep no versions answer with.
	ErrUnavailable = errs.New(errs.Invalid, "lifecycle_unavailable",
		"Lifecycle rules need drives of Croft's own. Set them at the S3 cluster that keeps the objects.")
)

func malformed(format string, args ...any) error {
	return errs.Newf(errs.Invalid, ErrMalformed.Code, ErrMalformed.Message+" "+format, args...)
}

func invalid(format string, args ...any) error {
	return errs.Newf(errs.Invalid, ErrInvalid.Code, format, args...)
}

func refused(format string, args ...any) error {
	return errs.Newf(errs.Invalid, ErrRefused.Code, format, args...)
}
