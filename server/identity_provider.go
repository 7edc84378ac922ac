package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
)

// IdentityProviders asks providers of OpenID Connect who they are.
type IdentityProviders interface {
	// Reach asks an issuer for its discovery document and keys. Errors are *errs.Error of
	// code provider_unreachable that say what is wrong.
	Reach(ctx context.Context, issuer string) error
}

// IdentityProvider is an OpenID Connect provider whose tokens count here.
type IdentityProvider struct {
	ID        string    `json:"id"`
	URL       string    `json:"url" doc:"The issuer, to the letter" example:"https://id.example.com/realms/team"`
	Name      string    `json:"name" doc:"What trust policies begin its claims with" example:"id.example.com/realms/team"`
	ARN       string    `json:"arn" doc:"What trust policies call it"`
	Clients   []string  `json:"clients" doc:"The audiences of tokens that count"`
	Roles     []string  `json:"roles" doc:"The roles whose trust policy names it"`
	CreatedAt time.Time `json:"createdAt"`

	PolicyClaim bool `json:"policyClaim" doc:"Who comes with its token, and without a role, holds the policies that the claim policy names"`
}

// CreateIdentityProviderRequest is a provider to believe.
type CreateIdentityProviderRequest struct {
	URL     string   `json:"url" maxLength:"255"`
	Clients []string `json:"clients" minItems:"1" maxItems:"100"`

	PolicyClaim bool `json:"policyClaim,omitempty" doc:"Whoever can write the claim policy at the provider can then have any policy there is"`
}

// UpdateIdentityProviderRequest changes what it names.
type UpdateIdentityProviderRequest struct {
	Clients     []string `json:"clients,omitempty" maxItems:"100"`
	PolicyClaim *bool    `json:"policyClaim,omitempty"`
}

// TestIdentityProviderRequest is an issuer that is asked and not kept.
type TestIdentityProviderRequest struct {
	URL string `json:"url" maxLength:"255"`
}

type (
	createIdentityProviderInput struct{ Body CreateIdentityProviderRequest }
	updateIdentityProviderInput struct {
		ID   string `path:"id"`
		Body UpdateIdentityProviderRequest
	}
	testIdentityProviderInput struct{ Body TestIdentityProviderRequest }
)

func (s *Server) identityProviderRoutes() {
	rule := Need(account.InstanceAdmin, instanceScope)
	route(s, op("list-identity-providers", http.MethodGet, "/identity-providers", "Whose tokens count", "identities"), rule, s.listIdentityProviders)
	route(s, status(op("create-identity-provider", http.MethodPost, "/identity-providers", "Have the tokens of a provider count", "identities"), http.StatusCreated), rule, s.createIdentityProvider)
	route(s, status(op("test-identity-provider", http.MethodPost, "/identity-providers/test", "Whether a provider can be reached and is who it says", "identities"), http.StatusNoContent),
		rule.Unaudited("it changes nothing"), s.testIdentityProvider)
	route(s, op("update-identity-provider", http.MethodPatch, "/identity-providers/{id}", "Say for which clients its tokens count, and for what", "identities"), rule, s.updateIdentityProvider)
	route(s, status(op("delete-identity-provider", http.MethodDelete, "/identity-providers/{id}", "Believe a provider no more; sessions that began with its tokens end", "identities"), http.StatusNoContent),
		rule, s.deleteIdentityProvider)
}

func (s *Server) listIdentityProviders(ctx context.Context, _ *struct{}) (*body[List[IdentityProvider]], error) {
	all, err := s.deps.Accounts.ListProviders(ctx)
	if err != nil {
		return nil, err
	}
	roles, err := s.deps.Accounts.ListIAMRoles(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", func(p account.Provider) IdentityProvider { return wireProvider(p, roles) }), nil
}

// wireProvider says of a provider which roles name it.
func wireProvider(p account.Provider, roles []account.IAMRole) IdentityProvider {
	out := IdentityProvider{
		ID: p.ID, URL: p.URL, Name: p.Name(), ARN: account.IAMARN("oidc-provider", p.Name()),
		Clients: append([]string{}, p.Clients...), Roles: []string{}, CreatedAt: p.CreatedAt, PolicyClaim: p.PolicyClaim,
	}
	for _, role := range roles {
		if strings.Contains(role.Trust, `"`+out.ARN+`"`) {
			out.Roles = append(out.Roles, role.Name)
		}
	}
	return out
}

// clientIDs are those that a request names, each once.
func clientIDs(named []string) []string {
	var out []string
	for _, one := range named {
		if one = strings.TrimSpace(one); one != "" && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

var errNoClient = errs.New(errs.Invalid, "iam_invalid", "Name at least one client: tokens count only when they are for one.")

func (s *Server) createIdentityProvider(ctx context.Context, in *createIdentityProviderInput) (*body[IdentityProvider], error) {
	auditing(ctx).Target = in.Body.URL
	clients := clientIDs(in.Body.Clients)
	if len(clients) == 0 {
		return nil, errNoClient
	}
	if in.Body.PolicyClaim {
		auditing(ctx).Detail = "policy claim"
	}
	p, err := s.deps.Accounts.CreateProvider(ctx, account.NewProvider{URL: in.Body.URL, Clients: clients, PolicyClaim: in.Body.PolicyClaim})
	if err != nil {
		return nil, err
	}
	return &body[IdentityProvider]{wireProvider(p, nil)}, nil
}

func (s *Server) testIdentityProvider(ctx context.Context, in *testIdentityProviderInput) (*struct{}, error) {
	if s.deps.IdentityProviders == nil {
		return nil, errs.New(errs.Unavailable, "provider_unasked", "This Croft asks no providers.")
	}
	return nil, s.deps.IdentityProviders.Reach(ctx, in.Body.URL)
}

// provider finds a provider by its ID, and tells the audit log its address.
func (s *Server) provider(ctx context.Context, id string) (account.Provider, error) {
	all, err := s.deps.Accounts.ListProviders(ctx)
	if err != nil {
		return account.Provider{}, err
	}
	i := slices.IndexFunc(all, func(p account.Provider) bool { return p.ID == id })
	if i < 0 {
		return account.Provider{}, errs.New(errs.NotFound, "iam_not_found", "There is no such provider.")
	}
	auditing(ctx).Target = all[i].URL
	return all[i], nil
}

func (s *Server) updateIdentityProvider(ctx context.Context, in *updateIdentityProviderInput) (*body[IdentityProvider], error) {
	p, err := s.provider(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var changed []string
	if in.Body.Clients != nil {
		clients := clientIDs(in.Body.Clients)
		if len(clients) == 0 {
			return nil, errNoClient
		}
		if err := s.deps.Accounts.SetProviderClients(ctx, p.Name(), func([]string) []string { return clients }); err != nil {
			return nil, err
		}
		p.Clients, changed = clients, append(changed, "clients "+strings.Join(clients, " "))
	}
	if in.Body.PolicyClaim != nil {
		if err := s.deps.Accounts.SetProviderPolicyClaim(ctx, p.Name(), *in.Body.PolicyClaim); err != nil {
			return nil, err
		}
		p.PolicyClaim = *in.Body.PolicyClaim
		changed = append(changed, fmt.Sprintf("policy claim %t", p.PolicyClaim))
	}
	auditing(ctx).Detail = strings.Join(changed, ", ")
	roles, err := s.deps.Accounts.ListIAMRoles(ctx)
	if err != nil {
		return nil, err
	}
	return &body[IdentityProvider]{wireProvider(p, roles)}, nil
}

func (s *Server) deleteIdentityProvider(ctx context.Context, in *idInput) (*struct{}, error) {
	p, err := s.provider(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Accounts.DeleteProvider(ctx, p.Name())
}
