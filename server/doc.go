// Package server is the console's face to the network: the JSON API under
// /api/v1, server-sent events, webhooks, downloads and the embedded UI. It is the
// only room that knows gin and huma, and it holds no rules of its own: domains
// decide, this package binds, asks and renders.
//
// It promises that every route was declared with a Rule, that the rule was asked
// (account.Service.Authorize) before a byte of the request's body is read, except
// where the rule is in the body, that a mutation by cookie carries the session's
// CSRF token and comes from our own origin, that every mutation is in the audit
// log, and that an error of unknown origin shows nothing of itself.
//
// # Adding routes
//
// One file a domain. Wire types and the conversion to them stay in that file and
// are exported, for their names become the TypeScript types. A route is one call:
//
//	route(s, op("list-runs", http.MethodGet, "/projects/{project}/runs", "Runs of a project", "pipelines"),
//		Need(account.RunRead, s.project()), h.listRuns)
//
// with `func (h runs) listRuns(ctx context.Context, in *listRunsInput) (*body[List[RunSummary]], error)`.
// Use raw instead of route where the answer is not JSON (streams, bytes, sockets).
// A scope (s.project(), s.bucket(), or one of your own) turns path parameters into
// the account.Resource that the rule is asked about; the handler finds it again
// with resourceFrom(ctx) and the caller with account.PrincipalFrom(ctx). What the
// audit log should say beyond the path goes through auditing(ctx).
//
// Then list the domain's routes function in (*Server).register, its dependency in
// Deps, and run `go test ./server -update`.
package server
