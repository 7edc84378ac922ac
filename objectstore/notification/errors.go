package notification

import "croft/internal/errs"

// What is refused. Errors of these codes have more precise messages.
var (
	// ErrMalformed is a document that is not S3's (MalformedXML), ErrInvalid a value that
	// cannot be (InvalidArgument), ErrUnsupported what S3 has and Croft has not (NotImplemented).
	ErrMalformed   = errs.New(errs.Invalid, "notification_malformed", "The XML you provided was not well-formed or did not validate against our published schema.")
	ErrInvalid     = errs.New(errs.Invalid, "notification_invalid", "A value of the notification configuration is not valid.")
	ErrUnsupported = errs.New(errs.Invalid, "notification_unsupported", "Croft does not tell of this.")
	// ErrUnavailable is what stores answer with that are not on drives of Croft's own.
	ErrUnavailable = errs.New(errs.Invalid, "notification_unavailable",
		"Events need drives of Croft's own. Set them at the S3 cluster that keeps the objects.")
	// ErrBusy is within what a target returns that is well and takes no more at once.
	ErrBusy           = errs.New(errs.RateLimited, "event_target_busy", "The target takes no more at once. It is asked again by itself.")
	ErrRuleNotFound   = errs.New(errs.NotFound, "notification_rule_not_found", "There is no such rule. It may have been removed meanwhile.")
	ErrQueueNotFound  = errs.New(errs.NotFound, "event_queue_not_found", "There is no such queue of events. Nothing waits in it any more.")
	ErrTargetNotFound = errs.New(errs.NotFound, "event_target_not_found", "There is no such target. It may have been removed meanwhile.")
)

func malformed(format string, args ...any) error {
	return errs.Newf(errs.Invalid, ErrMalformed.Code, ErrMalformed.Message+" "+format, args...)
}

func invalid(format string, args ...any) error {
	return errs.Newf(errs.Invalid, ErrInvalid.Code, format, args...)
}

func unsupported(format string, args ...any) error {
	return errs.Newf(errs.Invalid, ErrUnsupported.Code, format, args...)
}

// clip shortens what a client sent for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}
