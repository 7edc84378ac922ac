package git

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing/transport"

	"croft/internal/errs"
	"croft/pipeline"
)

func branchMissing(branch string) error {
	return errs.Newf(errs.Invalid, "repository_branch_missing", "The repository has no branch %q.", branch)
}

func commitMissing(want pipeline.Revision) error {
	return errs.Newf(errs.Invalid, "repository_commit_missing",
		"Commit %s is not in the repository, or the server gives it out only as part of a branch that no longer holds it.", want.Commit)
}

// explain turns what go-git and the network say into a sentence for the person
// who typed the address. The cause stays inside for the log.
func explain(ctx context.Context, remote pipeline.Remote, err error) error {
	if cause := ctx.Err(); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return unreachable(remote, cause, "it did not answer in time")
		}
		return cause
	}
	var known *errs.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		words := "The repository needs a user name and a password or token."
		if remote.Credential != (pipeline.Credential{}) {
			words = "The repository refuses this user name and password or token."
		}
		return errs.Wrap(err, errs.Invalid, "repository_auth", words)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return errs.Wrap(err, errs.Invalid, "repository_branch_missing", "The repository has no commits yet; push one first.")
	case errors.Is(err, errTooLarge):
		return errs.Wrap(err, errs.TooLarge, "repository_too_large", "The repository is larger than Croft is allowed to fetch.")
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return unreachable(remote, err, "there is no repository at this address")
	}
	return unreachable(remote, err, networkWords(err))
}

func networkWords(err error) string {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var expired x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("no server is known by the name %q", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers there (connection refused)"
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &expired):
		return "its TLS certificate is not trusted by this machine"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it did not answer in time"
	}
	return "what answers there is not a Git server that speaks smart HTTP"
}

// unreachable names only the host, since a path may hold a token.
func unreachable(remote pipeline.Remote, err error, words string) error {
	at := "the repository"
	if u, parseErr := url.Parse(remote.URL); parseErr == nil && u.Host != "" {
		at = u.Host
	}
	return errs.Wrap(err, errs.Invalid, "repository_unreachable", fmt.Sprintf("Croft cannot fetch from %s: %s.", at, words))
}
