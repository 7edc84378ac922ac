package server

import (
	"context"
	"net/http"
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
}

type (
	createTokenInput struct{ Body CreateTokenRequest }
	createKeyInput   struct{ Body CreateKeyRequest }
	keyInput         struct {
		AccessKey string `path:"accessKey"`
	}
)

func (s *Server) credentialRoutes() {
	rule := Need(account.SelfCredentials, ownScope)
	route(s, op("list-tokens", http.MethodGet, "/me/tokens", "My API tokens", "me"), SignedIn(), s.listTokens)
	route(s, status(op("create-token", http.MethodPost, "/me/tokens", "Make an API token", "me"), http.StatusCreated), rule, s.createToken)
	route(s, status(op("delete-token", http.MethodDelete, "/me/tokens/{id}", "End an API token", "me"), http.StatusNoContent), rule, s.deleteToken)
	route(s, op("list-keys", http.MethodGet, "/me/keys", "My S3 access keys", "me"), SignedIn(), s.listKeys)
	route(s, status(op("create-key", http.MethodPost, "/me/keys", "Make an S3 access key", "me"), http.StatusCreated), rule, s.createKey)
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
	secret, key, err := s.deps.Accounts.CreateKey(ctx, p.UserID, in.Body.Name, in.Body.ProjectID)
	if err != nil {
		return nil, err
	}
	note.Target = key.AccessKey
	return &body[NewAccessKey]{NewAccessKey{AccessKey: wireKey(key), SecretKey: secret}}, nil
}

func (s *Server) deleteKey(ctx context.Context, in *keyInput) (*struct{}, error) {
	return nil, s.deps.Accounts.DeleteKey(ctx, account.PrincipalFrom(ctx).UserID, in.AccessKey)
}

func wireToken(t account.Token) Token {
	return Token{ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt, LastUsedAt: optional(t.LastUsedAt), ExpiresAt: optional(t.ExpiresAt)}
}

func wireKey(k account.Key) AccessKey {
	return AccessKey{AccessKey: k.AccessKey, Name: k.Name, ProjectID: k.ProjectID, CreatedAt: k.CreatedAt, LastUsedAt: optional(k.LastUsedAt)}
}

// optional is a time on the wire that may be missing.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
