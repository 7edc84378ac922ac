package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
)

// UserIdentity is what a user has and holds, besides roles in projects.
type UserIdentity struct {
	User     User          `json:"user"`
	Password bool          `json:"password" doc:"They can log in to the console"`
	Root     bool          `json:"root" doc:"They are CROFT_ROOT_USER, who cannot be deleted"`
	Groups   []UserGroup   `json:"groups"`
	Policies HeldPolicies  `json:"policies"`
	Projects []UserProject `json:"projects" doc:"Where they are members"`
	Keys     []AccessKey   `json:"keys" doc:"S3 access keys, the newest first"`
}

// UserGroup is a group of a user, and what it holds.
type UserGroup struct {
	Name     string   `json:"name"`
	Attached []string `json:"attached"`
	Inline   []string `json:"inline" doc:"The names of its own policies"`
}

// UserProject is a project that a user is a member of.
type UserProject struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
	Role string `json:"role" enum:"owner,maintainer,developer,viewer"`
}

// CreateUserKeyRequest is an access key for a program.
type CreateUserKeyRequest struct {
	Name        string     `json:"name" maxLength:"200"`
	Description string     `json:"description,omitempty" maxLength:"1000"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty"`
	Policy      string     `json:"policy,omitempty" maxLength:"65536" doc:"Narrows it further; empty: whatever its user may"`
}

// SwitchUserKeyRequest disables a key or enables it again.
type SwitchUserKeyRequest struct {
	Disabled bool `json:"disabled"`
}

// UserKeyPath names an access key of a user.
type UserKeyPath struct {
	ID        string `path:"id"`
	AccessKey string `path:"accessKey"`
}

type (
	createUserKeyInput struct {
		ID   string `path:"id"`
		Body CreateUserKeyRequest
	}
	switchUserKeyInput struct {
		UserKeyPath
		Body SwitchUserKeyRequest
	}
)

func (s *Server) userIdentityRoutes() {
	rule := Need(account.InstanceAdmin, instanceScope)
	route(s, op("get-user-identity", http.MethodGet, "/users/{id}/identity", "What a user has and holds", "identities"), rule, s.getUserIdentity)
	route(s, status(op("delete-user", http.MethodDelete, "/users/{id}", "Delete a user with their keys, tokens and policies", "users"), http.StatusNoContent), rule, s.deleteUser)
	route(s, status(op("end-user-sessions", http.MethodPost, "/users/{id}/end-sessions", "End the temporary credentials that a user asked for", "identities"), http.StatusNoContent),
		rule, s.endUserSessions)
	route(s, status(op("create-user-key", http.MethodPost, "/users/{id}/keys", "Make an S3 access key for a user who cannot log in", "identities"), http.StatusCreated), rule, s.createUserKey)
	route(s, status(op("switch-user-key", http.MethodPatch, "/users/{id}/keys/{accessKey}", "Disable a user's S3 access key, or enable it", "identities"), http.StatusNoContent),
		rule, s.switchUserKey)
	route(s, status(op("delete-user-key", http.MethodDelete, "/users/{id}/keys/{accessKey}", "End a user's S3 access key", "identities"), http.StatusNoContent), rule, s.deleteUserKey)
	holderRoutes[UserPolicyPath, userInlineInput](s, "user", "/users/{id}", s.userHolder)
}

// userHolder implements findHolder.
func (s *Server) userHolder(ctx context.Context, id string) (account.Holder, string, error) {
	user, err := s.deps.Accounts.User(ctx, id)
	return account.Holder{Kind: account.UserHolder, ID: user.ID}, user.Name, err
}

// about finds the user that a request is about, and tells the audit log their name.
func (s *Server) about(ctx context.Context, id string) (account.User, error) {
	user, err := s.deps.Accounts.User(ctx, id)
	if err == nil {
		auditing(ctx).Target = user.Name
	}
	return user, err
}

func (s *Server) getUserIdentity(ctx context.Context, in *idInput) (*body[UserIdentity], error) {
	accounts := s.deps.Accounts
	user, err := accounts.User(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := UserIdentity{User: wireUser(user), Groups: []UserGroup{}, Projects: []UserProject{}, Keys: []AccessKey{}}
	if out.Password, err = accounts.HasPassword(ctx, user.ID); err != nil {
		return nil, err
	}
	if out.Policies, err = s.heldBy(ctx, account.Holder{Kind: account.UserHolder, ID: user.ID}); err != nil {
		return nil, err
	}
	groups, err := accounts.GroupsOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		held, err := s.heldBy(ctx, account.Holder{Kind: account.GroupHolder, ID: group.ID})
		if err != nil {
			return nil, err
		}
		inline := make([]string, len(held.Inline))
		for i, one := range held.Inline {
			inline[i] = one.Name
		}
		out.Groups = append(out.Groups, UserGroup{Name: group.Name, Attached: held.Attached, Inline: inline})
	}
	if out.Projects, err = s.projectsOf(ctx, user.ID); err != nil {
		return nil, err
	}
	keys, err := accounts.ListKeys(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		out.Root = out.Root || key.Root
		out.Keys = append(out.Keys, wireKey(key))
	}
	return &body[UserIdentity]{out}, nil
}

// projectsOf lists where a user is a member, in order of slug.
func (s *Server) projectsOf(ctx context.Context, userID string) ([]UserProject, error) {
	// Of somebody who is no administrator these are the projects that they are in.
	projects, err := s.deps.Accounts.ListProjects(ctx, account.Principal{UserID: userID, Via: account.ViaSession})
	if err != nil {
		return nil, err
	}
	out := make([]UserProject, 0, len(projects))
	for _, project := range projects {
		role, err := s.deps.Accounts.RoleIn(ctx, project.ID, userID)
		if err != nil {
			return nil, err
		}
		out = append(out, UserProject{Slug: project.Slug, Name: project.Name, Role: string(role)})
	}
	slices.SortFunc(out, func(a, b UserProject) int { return strings.Compare(a.Slug, b.Slug) })
	return out, nil
}

// deleteUser leaves the root user, who would come back with the next start.
func (s *Server) deleteUser(ctx context.Context, in *idInput) (*struct{}, error) {
	user, err := s.about(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Accounts.ListKeys(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(keys, func(k account.Key) bool { return k.Root }) {
		return nil, errs.New(errs.Conflict, "user_is_root", "This user is CROFT_ROOT_USER and stays. Start Croft with another one first.")
	}
	return nil, s.deps.Accounts.DropUser(ctx, user.ID)
}

func (s *Server) endUserSessions(ctx context.Context, in *idInput) (*struct{}, error) {
	user, err := s.about(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Accounts.EndSessions(ctx, account.Holder{Kind: account.UserHolder, ID: user.ID})
}

// createUserKey makes keys for programs only: who logs in makes their own, so that
// nobody else has ever seen the secret.
func (s *Server) createUserKey(ctx context.Context, in *createUserKeyInput) (*body[NewAccessKey], error) {
	user, err := s.about(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	login, err := s.deps.Accounts.HasPassword(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	if login {
		return nil, errs.New(errs.Conflict, "user_has_password", "This user logs in to the console, and makes keys of their own there under Settings, S3 keys.")
	}
	name := strings.TrimSpace(in.Body.Name)
	if name == "" {
		return nil, errs.New(errs.Invalid, "name_invalid", "Name the key after what will use it.")
	}
	wanted := account.NewKey{Name: name, Description: in.Body.Description, Policy: strings.TrimSpace(in.Body.Policy)}
	if in.Body.ExpiresAt != nil {
		wanted.Expires = *in.Body.ExpiresAt
	}
	secret, key, err := s.deps.Accounts.AddKey(ctx, user.ID, wanted)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Detail = key.AccessKey
	return &body[NewAccessKey]{NewAccessKey{AccessKey: wireKey(key), SecretKey: secret}}, nil
}

func (s *Server) switchUserKey(ctx context.Context, in *switchUserKeyInput) (*struct{}, error) {
	user, err := s.about(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	word := "enabled"
	if in.Body.Disabled {
		word = "disabled"
	}
	auditing(ctx).Detail = in.AccessKey + " " + word
	return nil, s.deps.Accounts.UpdateKey(ctx, user.ID, in.AccessKey, account.KeyChange{Disabled: &in.Body.Disabled})
}

// deleteUserKey leaves the root's, which would come back with the next start.
func (s *Server) deleteUserKey(ctx context.Context, in *UserKeyPath) (*struct{}, error) {
	user, err := s.about(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Detail = in.AccessKey
	key, owner, err := s.deps.Accounts.Key(ctx, in.AccessKey)
	if err == nil && key.Root && owner.ID == user.ID {
		return nil, errs.New(errs.Conflict, "key_of_root", "This key is that of CROFT_ROOT_USER. Change it there.")
	}
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return nil, err
	}
	return nil, s.deps.Accounts.DeleteKey(ctx, user.ID, in.AccessKey)
}
