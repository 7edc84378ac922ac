package account

import (
	"context"

	"croft/internal/errs"
)

// Deed is what somebody wants to do that is not about buckets: a call of IAM, or one
// of the server's own administration.
type Deed struct {
	Action   string // "iam:CreateUser", "admin:ServerInfo"
	Resource string // an ARN
	Facts    Facts
	// Own says that it is about the caller's own user, and one of the few things that
	// everybody may do there.
	Own bool
	// Whom is whose policies, keys or password change; nil where nobody's do.
	Whom *Holder
	// AdminOnly says that no policy can allow it.
	AdminOnly bool
	// Documents are the policies that are given or written.
	Documents []Document
}

// Permit decides whether p may do what d says, in this order:
//
//  1. What narrows the credential has to allow it. One that is limited to a project or
//     to reading is good for nothing here.
//  2. Administrators may. No policy denies them this, so that whoever wrote a policy
//     that locks everybody out can mend it.
//  3. For others a policy that denies is final, and one has to allow, but for a few
//     things about themselves, which a lasting key of their own is enough for.
//  4. And nobody but an administrator touches an administrator, or gives rights beyond
//     S3: over IAM, over the server, or to roles. So nobody makes himself one.
func (s *Service) Permit(ctx context.Context, p Principal, d Deed) error {
	if p.Nobody() {
		return errUnauthenticated
	}
	if p.Via == ViaSystem {
		return nil
	}
	denied := errs.Newf(errs.Forbidden, "iam_denied", "User: %s is not authorized to perform: %s on resource: %s", p.CallerARN(), d.Action, d.Resource)
	q := Question{Action: d.Action, Resource: d.Resource, Facts: d.Facts}
	switch {
	case p.ReadOnly || p.ProjectID != "" || p.Grants.boundsDeny(&q) || p.Grants.Narrow(&q):
		return denied
	case p.Admin:
		return nil
	case d.AdminOnly || p.Grants.Deny(&q):
		return denied
	case !p.Grants.Allow(&q) && !(d.Own && !p.Temporary && !p.Grants.Narrowed()):
		return denied
	}
	for _, document := range d.Documents {
		if !document.OnlyS3() {
			return errBeyondS3
		}
	}
	if d.Whom == nil {
		return nil
	}
	if d.Whom.Kind == UserHolder {
		user, err := s.User(ctx, d.Whom.ID)
		if err != nil {
			return err
		}
		if user.Admin {
			return errs.New(errs.Forbidden, "iam_denied", "Only an administrator may change what an administrator has.")
		}
		if user.ID == p.UserID && d.Own {
			return nil
		}
	}
	held, err := s.Holdings(ctx, *d.Whom)
	if err != nil {
		return err
	}
	for _, one := range held {
		if !one.OnlyS3() {
			return errBeyondS3
		}
	}
	return nil
}

var errBeyondS3 = errs.New(errs.Forbidden, "iam_denied", "Only an administrator may give policies that allow more than actions of S3, or change what holds one.")
