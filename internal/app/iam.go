package app

import (
	"context"
	"fmt"
	"net/http"

	"croft/account"
	"croft/account/iamapi"
	"croft/account/oidc"
	"croft/internal/forwarded"
	"croft/objectstore/s3api"
)

// iam lets IAM and STS be spoken at the address of S3.
type iam struct{ *iamapi.Handler }

var _ s3api.Guest = iam{}

func newIAM(a access, vouchers *oidc.Verifier) iam {
	return iam{iamapi.New(iamapi.Config{
		Accounts: a.accounts, Tokens: vouchers, Audit: a.auditIAM, Log: a.log,
	})}
}

// MaxBody implements s3api.Guest.
func (iam) MaxBody() int64 { return iamapi.MaxBody }

// Serve implements s3api.Guest.
func (i iam) Serve(w http.ResponseWriter, r *http.Request, v s3api.Visit) {
	token := r.Header.Get("X-Amz-Security-Token")
	if token == "" {
		token = r.URL.Query().Get("X-Amz-Security-Token")
	}
	by := iamapi.Caller{RequestID: v.RequestID, Principal: principalOf(v.Credential), Service: v.Service, Token: token, Address: forwarded.Address(r)}
	i.Handler.Serve(w, r, by, func(err error) (code, message string, status int) {
		f := s3api.RefusalOf(v.RequestID, err)
		return f.Code, f.Message, f.Status
	})
}

// Refuse implements s3api.Guest.
func (i iam) Refuse(w http.ResponseWriter, r *http.Request, why s3api.Refusal) {
	i.Handler.Refuse(w, r, why.RequestID, why.Code, why.Message, why.Status)
}

// auditIAM keeps what was done over IAM and STS. Who is refused again and again gets a
// bounded number of rows.
func (a access) auditIAM(ctx context.Context, e account.Entry) {
	if e.Outcome != "ok" {
		write, left := a.refusals.admit("iam " + e.ActorID)
		if !write {
			return
		}
		if left > 0 {
			e.Detail = fmt.Sprintf("%d earlier refusals are not in this log.", left)
		}
	}
	if err := a.accounts.Audit(context.WithoutCancel(ctx), e); err != nil {
		a.log.ErrorContext(ctx, "audit entry not written", "requestId", e.RequestID, "error", err)
	}
}
