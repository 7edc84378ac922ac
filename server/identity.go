package server

import (
	"context"
	"net/http"

	"croft/account"
)

// InlinePolicy is a policy that belongs to its holder alone.
type InlinePolicy struct {
	Name     string `json:"name"`
	Document string `json:"document"`
}

// HeldPolicies are what a user, a group or a role holds.
type HeldPolicies struct {
	Attached []string       `json:"attached" doc:"The names of policies, sorted"`
	Inline   []InlinePolicy `json:"inline" doc:"Those that belong to it alone"`
}

// WriteInlinePolicyRequest is what a policy of somebody's own is to say.
type WriteInlinePolicyRequest struct {
	Document string `json:"document" maxLength:"65536" doc:"In the language of AWS, without principals"`
}

// UserPolicyPath names a policy of a user.
type UserPolicyPath struct {
	ID     string `path:"id"`
	Policy string `path:"policy"`
}

// NamedPolicyPath names a policy of a group or a role.
type NamedPolicyPath struct {
	Name   string `path:"name"`
	Policy string `path:"policy"`
}

type (
	userInlineInput struct {
		UserPolicyPath
		Body WriteInlinePolicyRequest
	}
	namedInlineInput struct {
		NamedPolicyPath
		Body WriteInlinePolicyRequest
	}
)

func (p *UserPolicyPath) held() (who, policy string)  { return p.ID, p.Policy }
func (p *NamedPolicyPath) held() (who, policy string) { return p.Name, p.Policy }
func (in *userInlineInput) document() string          { return in.Body.Document }
func (in *namedInlineInput) document() string         { return in.Body.Document }

// policyOfHolder is what a path says of a policy that somebody holds.
type policyOfHolder[T any] interface {
	*T
	held() (who, policy string)
}

// inlineOfHolder is that with what the policy is to say.
type inlineOfHolder[T any] interface {
	policyOfHolder[T]
	document() string
}

// findHolder finds who holds policies, by what the path says, and how the audit log
// calls them.
type findHolder func(ctx context.Context, who string) (h account.Holder, name string, err error)

// holderRoutes are the routes for the policies of one kind of holder. base is the path of
// one holder.
func holderRoutes[P, I any, PP policyOfHolder[P], PI inlineOfHolder[I]](s *Server, kind, base string, find findHolder) {
	rule := Need(account.InstanceAdmin, instanceScope)
	// on does something to a policy of a holder, for the audit log too.
	on := func(ctx context.Context, who, policy string, do func(context.Context, account.Holder, string) error) (*struct{}, error) {
		holder, name, err := find(ctx, who)
		if err != nil {
			return nil, err
		}
		auditing(ctx).Target, auditing(ctx).Detail = kind+"/"+name, policy
		return nil, do(ctx, holder, policy)
	}
	named := func(do func(context.Context, account.Holder, string) error) func(context.Context, *P) (*struct{}, error) {
		return func(ctx context.Context, in *P) (*struct{}, error) {
			who, policy := PP(in).held()
			return on(ctx, who, policy, do)
		}
	}
	accounts := s.deps.Accounts
	route(s, status(op("attach-"+kind+"-policy", http.MethodPut, base+"/policies/{policy}", "Have a "+kind+" hold a policy", "identities"), http.StatusNoContent),
		rule, named(accounts.AttachPolicy))
	route(s, status(op("detach-"+kind+"-policy", http.MethodDelete, base+"/policies/{policy}", "Take a policy from a "+kind, "identities"), http.StatusNoContent),
		rule, named(accounts.DetachPolicy))
	route(s, status(op("put-"+kind+"-inline-policy", http.MethodPut, base+"/inline-policies/{policy}", "Give a "+kind+" a policy of its own, or change it", "identities"), http.StatusNoContent),
		rule, func(ctx context.Context, in *I) (*struct{}, error) {
			who, policy := PI(in).held()
			return on(ctx, who, policy, func(ctx context.Context, h account.Holder, policy string) error {
				return accounts.PutInlinePolicy(ctx, h, policy, PI(in).document())
			})
		})
	route(s, status(op("delete-"+kind+"-inline-policy", http.MethodDelete, base+"/inline-policies/{policy}", "Delete a policy of a "+kind+"'s own", "identities"), http.StatusNoContent),
		rule, named(accounts.DeleteInlinePolicy))
}

// identityRoutes are those of IAM's groups, policies, roles and providers, and of what
// users have of them. They are for administrators, who may give whatever there is:
// policies let nobody in here, only over IAM.
func (s *Server) identityRoutes() {
	s.userIdentityRoutes()
	s.groupRoutes()
	s.policyRoutes()
	s.iamRoleRoutes()
	s.identityProviderRoutes()
}

// heldBy reads what a holder holds.
func (s *Server) heldBy(ctx context.Context, h account.Holder) (HeldPolicies, error) {
	attached, err := s.deps.Accounts.AttachedPolicies(ctx, h)
	if err != nil {
		return HeldPolicies{}, err
	}
	inline, err := s.deps.Accounts.InlinePolicies(ctx, h)
	if err != nil {
		return HeldPolicies{}, err
	}
	held := HeldPolicies{Attached: append([]string{}, attached...), Inline: make([]InlinePolicy, len(inline))}
	for i, one := range inline {
		held.Inline[i] = InlinePolicy(one)
	}
	return held, nil
}
