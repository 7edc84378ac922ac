package adminapi

import (
	"context"
	"encoding/json"
	"time"

	"croft/objectstore/s3api"
)

// Accounts are users, groups, policies and access keys. Each method decides whether c
// may, because that hangs on whom it is about. Errors are *errs.Error, besides the
// usual ones of the codes user_not_found, group_not_found, policy_not_found and
// key_not_found. Methods are called concurrently.
type Accounts interface {
	Users(ctx context.Context, c s3api.Credential) ([]User, error)
	User(ctx context.Context, c s3api.Credential, name string) (User, error)
	// PutUser makes a user, or changes one.
	PutUser(ctx context.Context, c s3api.Credential, name string, u UserChange) error
	RemoveUser(ctx context.Context, c s3api.Credential, name string) error

	Groups(ctx context.Context, c s3api.Credential) ([]Group, error)
	Group(ctx context.Context, c s3api.Credential, name string) (Group, error)
	// AddMembers makes a group where there is none.
	AddMembers(ctx context.Context, c s3api.Credential, group string, users []string) error
	RemoveMembers(ctx context.Context, c s3api.Credential, group string, users []string) error
	// RemoveGroup removes a group without members.
	RemoveGroup(ctx context.Context, c s3api.Credential, group string) error

	Policies(ctx context.Context, c s3api.Credential) ([]Policy, error)
	Policy(ctx context.Context, c s3api.Credential, name string) (Policy, error)
	PutPolicy(ctx context.Context, c s3api.Credential, name, document string) error
	RemovePolicy(ctx context.Context, c s3api.Credential, name string) error
	// Attach gives policies to a user or a group, Detach takes them away. They return
	// those that were not held, or were.
	Attach(ctx context.Context, c s3api.Credential, h Holder, policies []string) ([]string, error)
	Detach(ctx context.Context, c s3api.Credential, h Holder, policies []string) ([]string, error)

	// Keys returns the access keys of a user, by an empty name one's own, apart from the
	// one that has the user's name.
	Keys(ctx context.Context, c s3api.Credential, user string) (owner string, keys []Key, err error)
	Key(ctx context.Context, c s3api.Credential, accessKey string) (Key, error)
	AddKey(ctx context.Context, c s3api.Credential, k Key, secret string) (accessKey, newSecret string, err error)
	ChangeKey(ctx context.Context, c s3api.Credential, accessKey string, k KeyChange) error
	RemoveKey(ctx context.Context, c s3api.Credential, accessKey string) error
}

// User is a user with what is held.
type User struct {
	Name      string
	Disabled  bool
	Policies  []string
	Groups    []string
	CreatedAt time.Time
}

// UserChange changes what is set.
type UserChange struct {
	Secret   string // of the access key that has the user's name
	Disabled *bool
	Policies []string // to hold besides
	Change   bool     // the user has to be there
}

// Group is a group with what is held.
type Group struct {
	Name      string
	Members   []string
	Policies  []string
	CreatedAt time.Time
}

// Policy is a policy by its name.
type Policy struct {
	Name      string
	Document  string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Holder is a user or a group, by name: one of the two.
type Holder struct{ User, Group string }

// Key is an access key without its secret.
type Key struct {
	User        string
	AccessKey   string
	Name        string
	Description string
	Policy      string // all that it is good for; empty: whatever its user may
	Disabled    bool
	ExpiresAt   time.Time // zero: never
}

// KeyChange changes what is not nil.
type KeyChange struct {
	Secret      *string
	Name        *string
	Description *string
	Policy      *string
	Disabled    *bool
	ExpiresAt   *time.Time
}

// status is what the protocol calls an account that is or is not disabled.
func status(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

// documentOf is a policy as JSON inside of JSON.
func documentOf(p Policy) json.RawMessage { return json.RawMessage(p.Document) }
