package server

import (
	"context"
	"net/http"

	"croft/account"
	"croft/internal/errs"
)

// Simulator answers who may do what over S3, without doing it. It asks what requests
// ask: there is one decision and no second one that is like it.
type Simulator interface {
	// Asked reports whether some request needs an action, "s3:GetObject".
	Asked(action string) bool
	// Simulate answers each action in turn. Who asks may ask about the bucket.
	Simulate(ctx context.Context, asker account.Principal, q SimulatedQuestion) ([]SimulatedAnswer, error)
	// SimulateOwn answers about who asks, or one of their access keys, in any bucket. They
	// are told no more than their own requests would tell them, and what they may read.
	SimulateOwn(ctx context.Context, asker account.Principal, q SimulatedQuestion) ([]SimulatedAnswer, error)
}

// SimulatedQuestion is who wants to do what to which object of a bucket.
type SimulatedQuestion struct {
	Bucket string
	SimulationRequest
	Address string // of who asks, which stands where no other is given
	Secure  bool   // the same: that they came by TLS
}

// SimulationRequest asks whether somebody may do something.
type SimulationRequest struct {
	Who      string              `json:"who" enum:"nobody,user,key,role" doc:"nobody: a request without a signature; role: a session of a role of IAM"`
	User     string              `json:"user,omitempty" maxLength:"128" doc:"The user's name"`
	Key      string              `json:"key,omitempty" maxLength:"128" doc:"An access key: of one's own, or, for administrators, anybody's"`
	Role     string              `json:"role,omitempty" maxLength:"64" doc:"The name of the role that is assumed. Empty with a provider: the policies are those that the claim jwt:policy names"`
	Session  string              `json:"session,omitempty" maxLength:"64" doc:"What the session calls itself"`
	Provider string              `json:"provider,omitempty" maxLength:"255" doc:"Who vouches for whoever assumes the role: the address of a provider without its scheme. Empty: it is assumed with an access key"`
	Actions  []string            `json:"actions" minItems:"1" maxItems:"120" example:"s3:GetObject"`
	Object   string              `json:"object,omitempty" maxLength:"1024" doc:"The key; what is asked about objects needs it"`
	Version  string              `json:"version,omitempty" maxLength:"128"`
	Facts    map[string][]string `json:"facts,omitempty" doc:"What the request has of condition keys. Unless given, it is from where this question comes from, now, signed in its header; tags are those of the object; jwt: are the claims of a provider's token"`
}

// OwnSimulationRequest asks what the caller may do.
type OwnSimulationRequest struct {
	Bucket string `json:"bucket" minLength:"1" maxLength:"63"`
	Key    string `json:"key,omitempty" maxLength:"128" doc:"One of the caller's access keys; empty: whatever the caller may"`

	Actions []string            `json:"actions" minItems:"1" maxItems:"120" example:"s3:GetObject"`
	Object  string              `json:"object,omitempty" maxLength:"1024" doc:"As in SimulationRequest"`
	Version string              `json:"version,omitempty" maxLength:"128"`
	Facts   map[string][]string `json:"facts,omitempty" doc:"As in SimulationRequest; who may not read the bucket's policy can say only what requests carry themselves, such as s3:prefix"`
}

// SimulatedAnswer is what would be decided about one action, and why.
type SimulatedAnswer struct {
	Action  string `json:"action"`
	Allowed bool   `json:"allowed"`
	// By is what decided.
	By    string `json:"by" enum:"administrator,role,own,narrowed,policy,acl,block,credential,system,disabled,key_disabled,key_expired,unasked,unknown" doc:"own: a policy of the user, a group or the assumed role; narrowed: the policy of the access key does not allow it; block: the policy would allow it, but the public access block holds; credential: the policy would allow it, but the access key is limited; unasked: no request needs this action; unknown: what the bucket says of itself cannot be read"`
	Code  string `json:"code,omitempty" doc:"Of the refusal"`
	Role  string `json:"role,omitempty" doc:"What the user is in the bucket's project"`
	Needs string `json:"needs,omitempty" doc:"The least role that would be enough"`
	// Decided is the index in Statements of what decided.
	Decided    int                  `json:"decided" doc:"The index of the statement that decided, -1 where none did"`
	Statements []SimulatedStatement `json:"statements" doc:"Of the policies of the user or the role, as far as they apply, and all of the bucket's for those who may read them, in their order"`
}

// SimulatedStatement is what a statement had to do with a decision.
type SimulatedStatement struct {
	Source    string `json:"source" doc:"Which policy: bucket; credential, that of the access key; policy/NAME; user/NAME/POLICY, group/NAME/POLICY or role/NAME/POLICY, that of a user, a group or a role alone"`
	SID       string `json:"sid,omitempty"`
	Line      int    `json:"line" doc:"Where it begins"`
	Effect    string `json:"effect" enum:"Allow,Deny"`
	Applies   bool   `json:"applies"`
	Part      string `json:"part,omitempty" enum:"principal,action,resource,condition" doc:"What does not fit, where it does not apply"`
	Condition string `json:"condition,omitempty" doc:"Which condition" example:"IpAddress aws:SourceIp"`
}

type (
	simulateInput struct {
		InBucket
		Body SimulationRequest
	}
	simulateOwnInput struct{ Body OwnSimulationRequest }
)

func (s *Server) simulateRoutes() {
	route(s, op("simulate-access", http.MethodPost, "/buckets/{bucket}/simulate", "Whether somebody may do something, and why", "buckets"),
		Need(account.BucketWrite, s.bucket()).Unaudited("it changes nothing"), s.simulate)
	route(s, op("simulate-own-access", http.MethodPost, "/me/simulate", "Whether the caller may do something, and why", "me"),
		SignedIn().Unaudited("it changes nothing"), s.simulateOwn)
}

func (s *Server) simulate(ctx context.Context, in *simulateInput) (*body[List[SimulatedAnswer]], error) {
	if s.deps.Simulator == nil {
		return nil, errNoSimulator
	}
	from := admissionFrom(ctx).from
	return simulated(s.deps.Simulator.Simulate(ctx, account.PrincipalFrom(ctx), SimulatedQuestion{
		Bucket: in.Bucket, SimulationRequest: in.Body, Address: from.address, Secure: from.https,
	}))
}

// simulateOwn is for everybody, since who has access by a policy alone has no role that could
// let them ask: each may ask what S3 would tell them anyhow.
func (s *Server) simulateOwn(ctx context.Context, in *simulateOwnInput) (*body[List[SimulatedAnswer]], error) {
	if s.deps.Simulator == nil {
		return nil, errNoSimulator
	}
	who, from := account.PrincipalFrom(ctx), admissionFrom(ctx).from
	asked := SimulationRequest{Who: "user", User: who.Name, Actions: in.Body.Actions, Object: in.Body.Object, Version: in.Body.Version, Facts: in.Body.Facts}
	if in.Body.Key != "" {
		asked.Who, asked.User, asked.Key = "key", "", in.Body.Key
	}
	return simulated(s.deps.Simulator.SimulateOwn(ctx, who, SimulatedQuestion{
		Bucket: in.Body.Bucket, SimulationRequest: asked, Address: from.address, Secure: from.https,
	}))
}

var errNoSimulator = errs.New(errs.Unavailable, "simulator_unavailable", "This Croft cannot say beforehand who may do what.")

func simulated(answers []SimulatedAnswer, err error) (*body[List[SimulatedAnswer]], error) {
	if err != nil {
		return nil, err
	}
	return listOf(answers, "", func(a SimulatedAnswer) SimulatedAnswer { return a }), nil
}
