package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"croft/account"
)

// Token is an API token.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty" doc:"Missing: never"`
}

// NewToken is an API token with its secret, shown this once.
type NewToken struct {
	Token
	Secret string `json:"token" doc:"Shown only now"`
}

// CreateTokenRequest is a token to make.
type CreateTokenRequest struct {
	Name      string     `json:"name" maxLength:"200"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// AccessKey is an S3 access key.
type AccessKey struct {
	AccessKey  string     `json:"accessKey"`
	Name       string     `json:"name"`
	ProjectID  string     `json:"projectId" doc:"The only project it reaches; empty for all of mine"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty"`

	Description string     `json:"description"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty" doc:"Missing: never"`
	Policy      string     `json:"policy" doc:"All that it is good for, in the language of AWS; empty: whatever its user may"`
	Disabled    bool       `json:"disabled"`
	Root        bool       `json:"root" doc:"It is that of CROFT_ROOT_USER, and cannot be changed here"`
}

// NewAccessKey is an S3 access key with its secret, shown this once.
type NewAccessKey struct {
	AccessKey
	SecretKey string `json:"secretKey" doc:"Shown only now"`
}

// CreateKeyRequest is an access key to make.
type CreateKeyRequest struct {
	Name      string `json:"name" maxLength:"200"`
	ProjectID string `json:"projectId,omitempty" maxLength:"40"`

	Description string     `json:"description,omitempty" maxLength:"1000"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty"`
	Policy      string     `json:"policy,omitempty" maxLength:"65536" doc:"Narrows it further; empty: whatever I may"`
}

// UpdateKeyRequest changes what it names.
type UpdateKeyRequest struct {
	Name         *string    `json:"name,omitempty" maxLength:"200"`
	Description  *string    `json:"description,omitempty" maxLength:"1000"`
	ExpiresAt    *time.Time `json:"expiresAt,omitempty"`
	NeverExpires bool       `json:"neverExpires,omitempty" doc:"Takes the expiry away"`
	Policy       *string    `json:"policy,omitempty" maxLength:"65536" doc:"Empty: whatever I may"`
	Disabled     *bool      `json:"disabled,omitempty"`
}

type (
	createTokenInput struct{ Body CreateTokenRequest }
	createKeyInput   struct{ Body CreateKeyRequest }
	keyInput         struct {
		AccessKey string `path:"accessKey"`
	}
	updateKeyInput struct {
		AccessKey string `path:"accessKey"`
		Body      UpdateKeyRequest
	}
)

func (s *Server) credentialRoutes() {
	rule := Need(account.SelfCredentials, ownScope)
	route(s, op("list-tokens", http.MethodGet, "/me/tokens", "My API tokens", "me"), SignedIn(), s.listTokens)
	route(s, status(op("create-token", http.MethodPost, "/me/tokens", "Make an API token", "me"), http.StatusCreated), rule, s.createToken)
	route(s, status(op("delete-token", http.MethodDelete, "/me/tokens/{id}", "End an API token", "me"), http.StatusNoContent), rule, s.deleteToken)
	route(s, op("list-keys", http.MethodGet, "/me/keys", "My S3 access keys", "me"), SignedIn(), s.listKeys)
	route(s, status(op("create-key", http.MethodPost, "/me/keys", "Make an S3 access key", "me"), http.StatusCreated), rule, s.createKey)
	route(s, op("update-key", http.MethodPatch, "/me/keys/{accessKey}", "Change an S3 access key", "me"), rule, s.updateKey)
	route(s, status(op("delete-key", http.MethodDelete, "/me/keys/{accessKey}", "End an S3 access key", "me"), http.StatusNoContent), rule, s.deleteKey)
}

func (s *Server) listTokens(ctx context.Context, _ *struct{}) (*body[List[Token]], error) {
	tokens, err := s.deps.Accounts.ListTokens(ctx, account.PrincipalFrom(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return listOf(tokens, "", wireToken), nil
}

func (s *Server) createToken(ctx context.Context, in *createTokenInput) (*body[NewToken], error) {
	auditing(ctx).Detail = in.Body.Name
	var expires time.Time
	if in.Body.ExpiresAt != nil {
		expires = *in.Body.ExpiresAt
	}
	secret, token, err := s.deps.Accounts.CreateToken(ctx, account.PrincipalFrom(ctx).UserID, in.Body.Name, expires)
	if err != nil {
		return nil, err
	}
	return &body[NewToken]{NewToken{Token: wireToken(token), Secret: secret}}, nil
}

func (s *Server) deleteToken(ctx context.Context, in *idInput) (*struct{}, error) {
	return nil, s.deps.Accounts.DeleteToken(ctx, account.PrincipalFrom(ctx).UserID, in.ID)
}

func (s *Server) listKeys(ctx context.Context, _ *struct{}) (*body[List[AccessKey]], error) {
	keys, err := s.deps.Accounts.ListKeys(ctx, account.PrincipalFrom(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return listOf(keys, "", wireKey), nil
}

// createKey limits a key only to a project that its owner may see.
func (s *Server) createKey(ctx context.Context, in *createKeyInput) (*body[NewAccessKey], error) {
	note := auditing(ctx)
	note.Detail, note.ProjectID = in.Body.Name, in.Body.ProjectID
	p := account.PrincipalFrom(ctx)
	if in.Body.ProjectID != "" {
		if _, err := s.deps.Accounts.Project(ctx, in.Body.ProjectID); err != nil {
			return nil, err
		}
		if err := s.deps.Accounts.Authorize(ctx, p, account.ProjectRead, account.Resource{ProjectID: in.Body.ProjectID}); err != nil {
			return nil, err
		}
	}
	wanted := account.NewKey{Name: in.Body.Name, Description: in.Body.Description, ProjectID: in.Body.ProjectID, Policy: strings.TrimSpace(in.Body.Policy)}
	if in.Body.ExpiresAt != nil {
		wanted.Expires = *in.Body.ExpiresAt
	}
	secret, key, err := s.deps.Accounts.AddKey(ctx, p.UserID, wanted)
	if err != nil {
		return nil, err
	}
	note.Target = key.AccessKey
	return &body[NewAccessKey]{NewAccessKey{AccessKey: wireKey(key), SecretKey: secret}}, nil
}

func (s *Server) updateKey(ctx context.Context, in *updateKeyInput) (*body[AccessKey], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.AccessKey, in.Body.describe()
	p := account.PrincipalFrom(ctx)
	change := account.KeyChange{Name: in.Body.Name, Description: in.Body.Description, Expires: in.Body.ExpiresAt, Policy: in.Body.Policy, Disabled: in.Body.Disabled}
	if in.Body.NeverExpires {
		change.Expires = new(time.Time)
	}
	if err := s.deps.Accounts.UpdateKey(ctx, p.UserID, in.AccessKey, change); err != nil {
		return nil, err
	}
	key, _, err := s.deps.Accounts.Key(ctx, in.AccessKey)
	if err != nil {
		return nil, err
	}
	return &body[AccessKey]{wireKey(key)}, nil
}

// describe says for the audit log what is changed.
func (r *UpdateKeyRequest) describe() string {
	var parts []string
	for part, named := range map[string]bool{
		"name": r.Name != nil, "description": r.Description != nil, "expiry": r.ExpiresAt != nil || r.NeverExpires, "policy": r.Policy != nil,
		"disabled": r.Disabled != nil && *r.Disabled, "enabled": r.Disabled != nil && !*r.Disabled,
	} {
		if named {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func (s *Server) deleteKey(ctx context.Context, in *keyInput) (*struct{}, error) {
	return nil, s.deps.Accounts.DeleteKey(ctx, account.PrincipalFrom(ctx).UserID, in.AccessKey)
}

func wireToken(t account.Token) Token {
	return Token{ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt, LastUsedAt: optional(t.LastUsedAt), ExpiresAt: optional(t.ExpiresAt)}
}

func wireKey(k account.Key) AccessKey {
	return AccessKey{
		AccessKey: k.AccessKey, Name: k.Name, ProjectID: k.ProjectID, CreatedAt: k.CreatedAt, LastUsedAt: optional(k.LastUsedAt),
		Description: k.Description, ExpiresAt: optional(k.ExpiresAt), Policy: k.Policy, Disabled: k.Disabled, Root: k.Root,
	}
}

// optional is a time on the wire that may be missing.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
