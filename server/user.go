package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
)

// User is somebody who can log in.
type User struct {
	ID          string    `json:"id"`
	Name        string    `json:"name" example:"ada"`
	DisplayName string    `json:"displayName" example:"Ada Lovelace"`
	Locale      string    `json:"locale" doc:"Chosen language, empty for the browser's" example:"en"`
	Admin       bool      `json:"admin"`
	Disabled    bool      `json:"disabled"`
	CreatedAt   time.Time `json:"createdAt"`
}

func wireUser(u account.User) User {
	return User{ID: u.ID, Name: u.Name, DisplayName: u.DisplayName, Locale: u.Locale, Admin: u.Admin, Disabled: u.Disabled, CreatedAt: u.CreatedAt}
}

// CreateUserRequest is a user to make.
type CreateUserRequest struct {
	Name        string `json:"name" maxLength:"32"`
	DisplayName string `json:"displayName,omitempty" maxLength:"200"`
	Password    string `json:"password,omitempty" maxLength:"256"`
	NoPassword  bool   `json:"noPassword,omitempty" doc:"They have access keys only and cannot log in, until a password is set"`
	Admin       bool   `json:"admin,omitempty"`
}

// UpdateUserRequest changes what it names.
type UpdateUserRequest struct {
	DisplayName *string `json:"displayName,omitempty" maxLength:"200"`
	Admin       *bool   `json:"admin,omitempty"`
	Disabled    *bool   `json:"disabled,omitempty"`
	Password    *string `json:"password,omitempty" maxLength:"256"`
}

type createUserInput struct{ Body CreateUserRequest }

type updateUserInput struct {
	ID   string `path:"id"`
	Body UpdateUserRequest
}

func (s *Server) userRoutes() {
	route(s, op("list-users", http.MethodGet, "/users", "All users", "users"), Need(account.InstanceRead, instanceScope), s.listUsers)
	route(s, status(op("create-user", http.MethodPost, "/users", "Make a user", "users"), http.StatusCreated),
		Need(account.InstanceAdmin, instanceScope), s.createUser)
	route(s, op("update-user", http.MethodPatch, "/users/{id}", "Change a user", "users"), Need(account.InstanceAdmin, instanceScope), s.updateUser)
}

func (s *Server) listUsers(ctx context.Context, _ *struct{}) (*body[List[User]], error) {
	users, err := s.deps.Accounts.ListUsers(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(users, "", wireUser), nil
}

func (s *Server) createUser(ctx context.Context, in *createUserInput) (*body[User], error) {
	note := auditing(ctx)
	note.Target = in.Body.Name
	if in.Body.Admin {
		note.Detail = "admin"
	}
	if in.Body.NoPassword && (in.Body.Admin || in.Body.Password != "") {
		return nil, errs.New(errs.Invalid, "user_without_password", "Somebody without a password cannot log in, so they are no administrator and have no password.")
	}
	user, err := s.deps.Accounts.CreateUser(ctx, account.NewUser{
		Name: in.Body.Name, DisplayName: in.Body.DisplayName, Password: in.Body.Password, Admin: in.Body.Admin, NoPassword: in.Body.NoPassword,
	})
	if err != nil {
		return nil, err
	}
	return &body[User]{wireUser(user)}, nil
}

func (s *Server) updateUser(ctx context.Context, in *updateUserInput) (*body[User], error) {
	change := account.UserChange{DisplayName: in.Body.DisplayName, Admin: in.Body.Admin, Disabled: in.Body.Disabled, Password: in.Body.Password}
	auditing(ctx).Detail = describeUserChange(change)
	user, err := s.deps.Accounts.UpdateUser(ctx, in.ID, change)
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = user.Name
	return &body[User]{wireUser(user)}, nil
}

// describeUserChange says what changes, and never a password.
func describeUserChange(u account.UserChange) string {
	var parts []string
	flag := func(name string, value *bool) {
		if value != nil && *value {
			parts = append(parts, name)
		} else if value != nil {
			parts = append(parts, "not "+name)
		}
	}
	flag("admin", u.Admin)
	flag("disabled", u.Disabled)
	if u.DisplayName != nil {
		parts = append(parts, "display name")
	}
	if u.Password != nil {
		parts = append(parts, "new password")
	}
	return strings.Join(parts, ", ")
}
