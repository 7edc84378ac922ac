package iamapi

import (
	"net/http"

	"croft/internal/errs"
)

// failure is an error in the words of IAM and STS.
type failure struct {
	code    string
	message string
	status  int
	cause   error
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func (f *failure) Unwrap() error { return f.cause }

func invalid(message string) error {
	return &failure{code: "ValidationError", message: message, status: http.StatusBadRequest}
}

func unsupported(message string) error {
	return &failure{code: "InvalidInput", message: message, status: http.StatusBadRequest}
}

// byCode are the errors of accounts that IAM has a word for; byKind the rest.
var (
	byCode = map[string]failure{
		"iam_not_found":          {code: "NoSuchEntity", status: http.StatusNotFound},
		"user_not_found":         {code: "NoSuchEntity", status: http.StatusNotFound},
		"key_not_found":          {code: "NoSuchEntity", status: http.StatusNotFound},
		"iam_exists":             {code: "EntityAlreadyExists", status: http.StatusConflict},
		"user_exists":            {code: "EntityAlreadyExists", status: http.StatusConflict},
		"iam_in_use":             {code: "DeleteConflict", status: http.StatusConflict},
		"last_admin":             {code: "DeleteConflict", status: http.StatusConflict},
		"last_owner":             {code: "DeleteConflict", status: http.StatusConflict},
		"iam_limit":              {code: "LimitExceeded", status: http.StatusConflict},
		"too_many_credentials":   {code: "LimitExceeded", status: http.StatusConflict},
		"policy_malformed":       {code: "MalformedPolicyDocument", status: http.StatusBadRequest},
		"session_policy_large":   {code: "PackedPolicyTooLarge", status: http.StatusBadRequest},
		"password_short":         {code: "PasswordPolicyViolation", status: http.StatusBadRequest},
		"password_long":          {code: "PasswordPolicyViolation", status: http.StatusBadRequest},
		"password_is_name":       {code: "PasswordPolicyViolation", status: http.StatusBadRequest},
		"password_simple":        {code: "PasswordPolicyViolation", status: http.StatusBadRequest},
		"identity_token_invalid": {code: "InvalidIdentityToken", status: http.StatusBadRequest},
		"identity_token_expired": {code: "ExpiredTokenException", status: http.StatusBadRequest},
		"provider_unreachable":   {code: "IDPCommunicationError", status: http.StatusBadRequest},
		"session_token_invalid":  {code: "InvalidClientTokenId", status: http.StatusForbidden},
		"session_token_expired":  {code: "ExpiredToken", status: http.StatusForbidden},
	}
	byKind = map[errs.Kind]failure{
		errs.Invalid:         {code: "ValidationError", status: http.StatusBadRequest},
		errs.Unauthenticated: {code: "AccessDenied", status: http.StatusForbidden},
		errs.Forbidden:       {code: "AccessDenied", status: http.StatusForbidden},
		errs.NotFound:        {code: "NoSuchEntity", status: http.StatusNotFound},
		errs.Conflict:        {code: "UnmodifiableEntity", status: http.StatusBadRequest},
		errs.Unavailable:     {code: "ServiceUnavailable", status: http.StatusServiceUnavailable},
		errs.StorageFull:     {code: "ServiceUnavailable", status: http.StatusServiceUnavailable},
		errs.RateLimited:     {code: "Throttling", status: http.StatusBadRequest},
	}
)

// translate says any error as IAM would. One that is not ours shows nothing of itself.
func translate(err error) *failure {
	if f, ok := err.(*failure); ok { //nolint:errorlint // ours are never wrapped
		return f
	}
	slug, message := errs.Public(err)
	f, ok := byCode[slug]
	if !ok {
		if f, ok = byKind[errs.KindOf(err)]; !ok {
			return &failure{"ServiceFailure", "The request processing has failed because of an unknown error. The server's log has the details under this request's ID.", http.StatusInternalServerError, err}
		}
	}
	f.message, f.cause = message, err
	return &f
}

// refusals are what signatures are refused with, in S3's words and in IAM's.
var refusals = map[string]failure{
	"InvalidAccessKeyId":                {"InvalidClientTokenId", "The security token included in the request is invalid.", http.StatusForbidden, nil},
	"InvalidToken":                      {"InvalidClientTokenId", "The security token included in the request is invalid.", http.StatusForbidden, nil},
	"ExpiredToken":                      {"ExpiredToken", "The security token included in the request is expired", http.StatusForbidden, nil},
	"SignatureDoesNotMatch":             {"SignatureDoesNotMatch", "", http.StatusForbidden, nil},
	"RequestTimeTooSkewed":              {"SignatureDoesNotMatch", "", http.StatusForbidden, nil},
	"AuthorizationHeaderMalformed":      {"SignatureDoesNotMatch", "", http.StatusForbidden, nil},
	"AuthorizationQueryParametersError": {"SignatureDoesNotMatch", "", http.StatusForbidden, nil},
	"XAmzContentSHA256Mismatch":         {"SignatureDoesNotMatch", "", http.StatusForbidden, nil},
	"MaxMessageLengthExceeded":          {"RequestEntityTooLarge", "", http.StatusRequestEntityTooLarge, nil},
}
