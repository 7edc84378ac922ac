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
	Who     string              `json:"who" enum:"nobody,user,key" doc:"nobody: a request without a signature"`
	User    string              `json:"user,omitempty" maxLength:"128" doc:"The user's name"`
	Key     string              `json:"key,omitempty" maxLength:"128" doc:"An access key: of one's own, or, for administrators, anybody's"`
	Actions []string            `json:"actions" minItems:"1" maxItems:"120" example:"s3:GetObject"`
	Object  string              `json:"object,omitempty" maxLength:"1024" doc:"The key; what is asked about objects needs it"`
	Version string              `json:"version,omitempty" maxLength:"128"`
	Facts   map[string][]string `json:"facts,omitempty" doc:"What the request has of condition keys. Unless given, it is from where this question comes from, now, signed in its header; tags are those of the object"`
}

// SimulatedAnswer is what would be decided about one action, and why.
type SimulatedAnswer struct {
	Action  string `json:"action"`
	Allowed bool   `json:"allowed"`
	// By is what decided.
	By    string `json:"by" enum:"administrator,role,own,narrowed,policy,acl,block,credential,system,disabled,key_disabled,key_expired,unasked,unknown" doc:"own: a policy of the user or a group; narrowed: the policy of the access key does not allow it; block: the policy would allow it, but the public access block holds; credential: the policy would allow it, but the access key is limited; unasked: no request needs this action; unknown: what the bucket says of itself cannot be read"`
	Code  string `json:"code,omitempty" doc:"Of the refusal"`
	Role  string `json:"role,omitempty" doc:"What the user is in the bucket's project"`
	Needs string `json:"needs,omitempty" doc:"The least role that would be enough"`
	// Decided is the index in Statements of what decided.
	Decided    int                  `json:"decided" doc:"The index of the statement that decided, -1 where none did"`
	Statements []SimulatedStatement `json:"statements" doc:"Of the policies of the user, as far as they apply, and all of the bucket's, in their order"`
}

// SimulatedStatement is what a statement had to do with a decision.
type SimulatedStatement struct {
	Source    string `json:"source" doc:"Which policy: bucket; credential, that of the access key; policy/NAME; user/NAME/POLICY or group/NAME/POLICY, that of a user or a group alone"`
	SID       string `json:"sid,omitempty"`
	Line      int    `json:"line" doc:"Where it begins"`
	Effect    string `json:"effect" enum:"Allow,Deny"`
	Applies   bool   `json:"applies"`
	Part      string `json:"part,omitempty" enum:"principal,action,resource,condition" doc:"What does not fit, where it does not apply"`
	Condition string `json:"condition,omitempty" doc:"Which condition" example:"IpAddress aws:SourceIp"`
}

type simulateInput struct {
	InBucket
	Body SimulationRequest
}

func (s *Server) simulateRoutes() {
	route(s, op("simulate-access", http.MethodPost, "/buckets/{bucket}/simulate", "Whether somebody may do something, and why", "buckets"),
		Need(account.BucketWrite, s.bucket()).Unaudited("it changes nothing"), s.simulate)
}

func (s *Server) simulate(ctx context.Context, in *simulateInput) (*body[List[SimulatedAnswer]], error) {
	if s.deps.Simulator == nil {
		return nil, errs.New(errs.Unavailable, "simulator_unavailable", "This Croft cannot say beforehand who may do what.")
	}
	from := admissionFrom(ctx).from
	answers, err := s.deps.Simulator.Simulate(ctx, account.PrincipalFrom(ctx), SimulatedQuestion{
		Bucket: in.Bucket, SimulationRequest: in.Body, Address: from.address, Secure: from.https,
	})
	if err != nil {
		return nil, err
	}
	return listOf(answers, "", func(a SimulatedAnswer) SimulatedAnswer { return a }), nil
}
