package app

import (
	"context"
	"net/http"
	"strings"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/forwarded"
	"croft/objectstore/adminapi"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
	"croft/server"
)

// openAdmin makes the admin protocol, a guest of S3.
func (a *App) openAdmin(who access, counts bucketCounts) {
	reduced := 1
	if p := a.config.ReducedParity; p != nil {
		reduced = *p
	}
	a.admin = adminapi.New(adminapi.Config{
		Store: a.store, Gate: adminGate{who}, Accounts: adminAccounts{who}, Power: a.power, Version: a.config.Version, Region: s3api.DefaultRegion,
		Deployment: a.store.Deployment(), ReducedParity: reduced, Traffic: counts.traffic, Log: a.log,
	})
}

// adminGate lets calls of the admin protocol pass the same policy as wholeServer else.
type adminGate struct{ access }

var _ adminapi.Gate = adminGate{}

// wholeServer is the resource of what is about the server: policies that allow it name
// this one, or none.
var wholeServer = policy.Resource("*", "")

// Allow implements adminapi.Gate: the server is its administrators', and theirs whose
// policies allow it.
func (g adminGate) Allow(ctx context.Context, c s3api.Credential, permission string) error {
	p := principalOf(c)
	if err := g.permit(ctx, p, account.Deed{Action: permission, Resource: wholeServer}); err != nil {
		return err
	}
	g.used(c, p)
	return nil
}

// AllowOwn implements adminapi.Gate. A key that is narrowed to something else, or reads
// only, is refused before anything is decrypted for it.
func (g adminGate) AllowOwn(ctx context.Context, c s3api.Credential, permission string) error {
	return g.permit(ctx, principalOf(c), account.Deed{Action: permission, Resource: wholeServer, Own: true})
}

// permit asks for what is done over the admin protocol, with what conditions may ask for.
func (a access) permit(ctx context.Context, p account.Principal, d account.Deed) error {
	facts := circumstances{principal: p}
	if of, ok := ctx.Value(adminFacts{}).(*consoleFacts); ok {
		facts.facts = of
	}
	d.Facts = facts
	return a.accounts.Permit(ctx, p, d)
}

// adminFacts is where the context of a request of the admin protocol has its facts.
type adminFacts struct{}

// adminGuest is the admin protocol with what conditions of policies may ask for of its
// requests.
type adminGuest struct{ *adminapi.Handler }

var (
	_ s3api.Guest  = adminGuest{}
	_ s3api.Porter = adminGuest{}
)

// Serve implements s3api.Guest.
func (g adminGuest) Serve(w http.ResponseWriter, r *http.Request, v s3api.Visit) {
	facts := &consoleFacts{request: &server.PolicyRequest{Address: forwarded.Address(r), Agent: r.UserAgent(), Secure: forwarded.Secure(r)}}
	g.Handler.Serve(w, r.WithContext(context.WithValue(r.Context(), adminFacts{}, facts)), v) //nolint:contextcheck // the request carries it
}

// AllowBucket implements adminapi.Gate.
func (g adminGate) AllowBucket(ctx context.Context, c s3api.Credential, change bool, name string) error {
	bucket, err := g.buckets.Bucket(ctx, name)
	if err != nil {
		return err
	}
	action := account.BucketRead
	if change {
		action = account.BucketWrite
	}
	p := principalOf(c)
	if p.Grants.Narrowed() { // its policy speaks of actions that this protocol does not have
		return errNarrowed
	}
	return g.accounts.Authorize(ctx, p, action, account.Resource{Bucket: name, ProjectID: bucket.Owner})
}

// Audit implements adminapi.Gate. Who is refused again and again gets a bounded number
// of rows.
func (g adminGate) Audit(ctx context.Context, c s3api.Credential, e adminapi.Event) {
	if e.Outcome != "ok" {
		if write, _ := g.refusals.admit(c.AccessKey); !write {
			return
		}
	}
	p := principalOf(c)
	err := g.accounts.Audit(context.WithoutCancel(ctx), account.Entry{
		ActorID: p.UserID, ActorName: p.Name, Via: p.Via, Action: "admin." + strings.ReplaceAll(e.Call, "/", "."), Target: e.Target, Detail: e.Detail,
		Address: e.Address, RequestID: e.RequestID, Outcome: e.Outcome,
	})
	if err != nil {
		g.log.ErrorContext(ctx, "audit entry not written", "requestId", e.RequestID, "error", err)
	}
}

// errNoRestart says that the system cannot put one program in the place of another.
var errNoRestart = errs.New(errs.Unavailable, "restart_unavailable", "Croft cannot restart itself on this system. Restart its service instead.")
