package errs

import "errors"

// Problem is a failure as a status keeps it until it is over, to be shown. The zero value
// is none.
type Problem struct {
	Code    string // as in Error; empty of an error that is not ours
	Message string
}

// ProblemOf puts a failure into words. One that is not ours says its own, so it must be of
// something whose words may be shown, such as a connection.
func ProblemOf(err error) Problem {
	var e *Error
	switch {
	case err == nil:
		return Problem{}
	case errors.As(err, &e):
		return Problem{Code: e.Code, Message: e.Message}
	}
	return Problem{Message: err.Error()}
}
