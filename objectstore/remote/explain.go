package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
)

// ErrTargetUnavailable is what a target that cannot be reached, or cannot answer
// now, ends in.
var ErrTargetUnavailable = errs.New(errs.Unavailable, "target_unavailable", "The S3 target cannot be reached.")

// Explain turns an error of minio-go into one that says what to do, with the
// original for its cause. Errors that are ours already, the caller's context and
// nil stay what they are. What a target says of one object or bucket is the
// caller's to translate first, by its Code.
func (c *Client) Explain(err error) error {
	var ours *errs.Error
	switch {
	case err == nil, errors.As(err, &ours):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	at := c.target.Endpoint
	if answer := answerOf(err); answer.StatusCode != 0 {
		return explainAnswer(err, answer, at, c.target.region())
	}
	return explainConnection(err, at)
}

// Code is what a target calls an error ("NoSuchKey"); empty where it never answered.
func Code(err error) string { return answerOf(err).Code }

func answerOf(err error) minio.ErrorResponse {
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		return answer
	}
	return minio.ErrorResponse{}
}

func explainAnswer(err error, answer minio.ErrorResponse, at, region string) error {
	refused := func(format string, args ...any) error {
		e := errs.Newf(errs.Forbidden, "target_refused", format, args...)
		e.Err = err
		return e
	}
	switch answer.Code {
	case "InvalidAccessKeyId", "InvalidToken":
		return refused("%s does not know the access key. Check the key, and that it is not disabled there.", at)
	case "SignatureDoesNotMatch":
		return refused("%s does not accept the secret key. Check it, and the region %s that requests are signed for.", at, region)
	case "RequestTimeTooSkewed":
		return refused("The clock of this machine and that of %s differ too much. Set both by a time server.", at)
	case "AuthorizationHeaderMalformed", "InvalidRegion":
		if answer.Region != "" {
			return refused("%s is in the region %s; requests are signed for %s. Name that region.", at, answer.Region, region)
		}
		return refused("%s does not accept the region %s. Name the one that it is in.", at, region)
	case "PermanentRedirect", "MovedPermanently":
		return refused("The bucket is not in the region of %s. Name the endpoint and the region that it is in.", at)
	case "AccessDenied", "AllAccessDisabled", "AccountProblem":
		return refused("%s does not allow this to the access key. Give it the rights there.", at)
	case "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return errs.Wrap(err, errs.StorageFull, "target_full", at+" has no space left. Delete something there or add space.")
	case "NotImplemented", "MethodNotAllowed":
		return errs.Wrap(err, errs.Invalid, "target_unable", at+" cannot do this.")
	}
	if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout {
		return errs.Wrap(err, ErrTargetUnavailable.Kind, ErrTargetUnavailable.Code, at+" cannot answer now. Try again; if it goes on, look at it.")
	}
	return err
}

// explainConnection is for requests without an answer.
func explainConnection(err error, at string) error {
	var (
		unknown  x509.UnknownAuthorityError
		host     x509.HostnameError
		expired  x509.CertificateInvalidError
		noTLS    tls.RecordHeaderError
		name     *net.DNSError
		because  = "It does not answer. Check that it runs, and the network on the way."
		tlsError *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown):
		because = "Its certificate is signed by nobody that this machine trusts. Name the authority's certificate."
	case errors.As(err, &host):
		because = "Its certificate is for another name. Use the name that is in it."
	case errors.As(err, &expired), errors.As(err, &tlsError):
		because = "Its certificate is not valid. Renew it there."
	case errors.As(err, &noTLS), isPlain(err):
		because = "It does not speak TLS. Write http:// where it is meant to be reached without encryption."
	case errors.As(err, &name):
		because = "Its name is not known. Check the spelling and the name server."
	}
	return errs.Wrap(err, ErrTargetUnavailable.Kind, ErrTargetUnavailable.Code, at+" cannot be reached. "+because)
}

// isPlain reports whether a server answered HTTP where TLS was expected; net/http
// has no type for it.
func isPlain(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err.Error() == "http: server gave HTTP response to HTTPS client" {
			return true
		}
	}
	return false
}
