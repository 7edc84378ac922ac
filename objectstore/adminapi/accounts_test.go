package adminapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore/s3api"
)

// book is accounts that note what they are asked, for tests. Whoever is not the operator
// is denied all.
type book struct {
	*fence
	calls []string
}

var _ Accounts = (*book)(nil)

func (b *book) note(c s3api.Credential, format string, args ...any) error {
	b.fence.mu.Lock()
	defer b.fence.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf(format, args...))
	if c.AccessKey != operator {
		return errs.New(errs.Forbidden, "iam_denied", "You may not.")
	}
	return nil
}

func (b *book) last() string {
	b.fence.mu.Lock()
	defer b.fence.mu.Unlock()
	if len(b.calls) == 0 {
		return ""
	}
	return b.calls[len(b.calls)-1]
}

var (
	made  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	alice = User{Name: "alice", Policies: []string{"read", "write"}, Groups: []string{"team"}, CreatedAt: made}
	team  = Group{Name: "team", Members: []string{"alice"}, Policies: []string{"read"}, CreatedAt: made}
	read  = Policy{Name: "read", Document: `{"Version":"2012-10-17"}`, CreatedAt: made, UpdatedAt: made}
	spare = Key{User: "alice", AccessKey: "SPARE", Name: "ci", Description: "of the tests", Policy: `{"Statement":[]}`, Disabled: true}
)

func (b *book) Users(_ context.Context, c s3api.Credential) ([]User, error) {
	return []User{alice, {Name: "bob", Disabled: true}}, b.note(c, "users")
}
func (b *book) User(_ context.Context, c s3api.Credential, name string) (User, error) {
	if name != "alice" {
		return User{}, errs.New(errs.NotFound, "user_not_found", "No such user.")
	}
	return alice, b.note(c, "user %s", name)
}
func (b *book) PutUser(_ context.Context, c s3api.Credential, name string, u UserChange) error {
	return b.note(c, "put user %s %s off=%v %v change=%v", name, u.Secret, *u.Disabled, u.Policies, u.Change)
}
func (b *book) RemoveUser(_ context.Context, c s3api.Credential, name string) error {
	return b.note(c, "remove user %s", name)
}
func (b *book) Groups(_ context.Context, c s3api.Credential) ([]Group, error) {
	return []Group{team}, b.note(c, "groups")
}
func (b *book) Group(_ context.Context, c s3api.Credential, name string) (Group, error) {
	return team, b.note(c, "group %s", name)
}
func (b *book) AddMembers(_ context.Context, c s3api.Credential, group string, users []string) error {
	return b.note(c, "add %v to %s", users, group)
}
func (b *book) RemoveMembers(_ context.Context, c s3api.Credential, group string, users []string) error {
	return b.note(c, "remove %v from %s", users, group)
}
func (b *book) RemoveGroup(_ context.Context, c s3api.Credential, group string) error {
	return b.note(c, "remove group %s", group)
}
func (b *book) Policies(_ context.Context, c s3api.Credential) ([]Policy, error) {
	return []Policy{read}, b.note(c, "policies")
}
func (b *book) Policy(_ context.Context, c s3api.Credential, name string) (Policy, error) {
	return read, b.note(c, "policy %s", name)
}
func (b *book) PutPolicy(_ context.Context, c s3api.Credential, name, document string) error {
	return b.note(c, "put policy %s %s", name, document)
}
func (b *book) RemovePolicy(_ context.Context, c s3api.Credential, name string) error {
	return b.note(c, "remove policy %s", name)
}
func (b *book) Attach(_ context.Context, c s3api.Credential, h Holder, policies []string) ([]string, error) {
	if policies[0] == "held" {
		return nil, nil
	}
	return policies, b.note(c, "attach %v to %s%s", policies, h.User, h.Group)
}
func (b *book) Detach(_ context.Context, c s3api.Credential, h Holder, policies []string) ([]string, error) {
	return policies, b.note(c, "detach %v from %s%s", policies, h.User, h.Group)
}
func (b *book) Keys(_ context.Context, c s3api.Credential, user string) (string, []Key, error) {
	if user == "" {
		user = "alice"
	}
	return user, []Key{spare, {User: "alice", AccessKey: "OTHER"}}, b.note(c, "keys of %s", user)
}
func (b *book) Key(_ context.Context, c s3api.Credential, accessKey string) (Key, error) {
	return spare, b.note(c, "key %s", accessKey)
}
func (b *book) AddKey(_ context.Context, c s3api.Credential, k Key, secret string) (accessKey, newSecret string, err error) {
	return k.AccessKey, secret, b.note(c, "add key %+v %s", k, secret)
}
func (b *book) ChangeKey(_ context.Context, c s3api.Credential, accessKey string, k KeyChange) error {
	text, _ := json.Marshal(k)
	return b.note(c, "change key %s %s", accessKey, text)
}
func (b *book) RemoveKey(_ context.Context, c s3api.Credential, accessKey string) error {
	return b.note(c, "remove key %s", accessKey)
}

// sealed is a body that only who holds the secret can read.
func (f *fixture) sealed(body string) []byte {
	f.t.Helper()
	data, err := sealAs(pbkdfAES, secret+operator, []byte(body))
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}

// opened reads an answer that only who holds the secret can read.
func (f *fixture) opened(a string) string {
	f.t.Helper()
	text, err := open(secret+operator, []byte(a))
	if err != nil {
		f.t.Fatalf("%v: %q", err, a)
	}
	return string(text)
}

func TestAccounts(t *testing.T) {
	f := start(t)
	for _, c := range []struct {
		method, path string
		body         []byte
		asked        string // of the accounts
		said         string // a part of the answer
	}{
		{http.MethodPut, "add-user?accessKey=alice", f.sealed(`{"secretKey":"s3cret","status":"enabled","policy":"a, b"}`), "put user alice s3cret off=false [a b] change=false", ""},
		{http.MethodPut, "set-user-status?accessKey=alice&status=disabled", nil, "put user alice  off=true [] change=true", ""},
		{http.MethodDelete, "remove-user?accessKey=alice", nil, "remove user alice", ""},
		{http.MethodGet, "user-info?accessKey=alice", nil, "user alice", `{"userAuthInfo":{"type":"builtin"},"policyName":"read,write","status":"enabled","memberOf":["team"],"updatedAt":"2026-01-02T03:04:05Z"}`},
		{http.MethodGet, "groups", nil, "groups", `["team"]`},
		{http.MethodGet, "group?group=team", nil, "group team", `{"members":["alice"],"name":"team","policy":"read","status":"enabled","updatedAt":"2026-01-02T03:04:05Z"}`},
		{http.MethodPut, "update-group-members", []byte(`{"group":"team","members":["a","b"],"groupStatus":"enabled"}`), "add [a b] to team", ""},
		{http.MethodPut, "update-group-members", []byte(`{"group":"team","members":["a"],"isRemove":true}`), "remove [a] from team", ""},
		{http.MethodPut, "update-group-members", []byte(`{"group":"team","members":[],"isRemove":true}`), "remove group team", ""},
		{http.MethodPut, "set-group-status?group=team&status=enabled", nil, "group team", ""},
		{http.MethodGet, "list-canned-policies", nil, "policies", `{"read":{"Version":"2012-10-17"}}`},
		{http.MethodGet, "info-canned-policy?name=read", nil, "policy read", `{"Version":"2012-10-17"}`},
		{http.MethodGet, "info-canned-policy?name=read&v=2", nil, "policy read", `"PolicyName":"read"`},
		{http.MethodPut, "add-canned-policy?name=read", []byte(`{"Statement":[]}`), `put policy read {"Statement":[]}`, ""},
		{http.MethodDelete, "remove-canned-policy?name=read", nil, "remove policy read", ""},
		{http.MethodDelete, "delete-service-account?accessKey=SPARE", nil, "remove key SPARE", ""},
		{
			http.MethodPost, "update-service-account?accessKey=SPARE", f.sealed(`{"newSecretKey":"changed","newStatus":"off","newExpiration":"1970-01-01T00:00:00Z","newPolicy":null}`),
			`change key SPARE {"Secret":"changed","Name":null,"Description":null,"Policy":null,"Disabled":true,"ExpiresAt":"0001-01-01T00:00:00Z"}`, "",
		},
	} {
		a := f.call(c.method, c.path, c.body)
		if a.status != http.StatusOK && a.status != http.StatusNoContent || f.book.last() != c.asked || !strings.Contains(a.body, c.said) {
			t.Errorf("%s %s: %d %s\nasked %s, want %s", c.method, c.path, a.status, a.body, f.book.last(), c.asked)
		}
	}
	f.refused("XMinioAdminNoSuchUser", http.MethodGet, "user-info?accessKey=none", nil)
	f.refused("InvalidArgument", http.MethodPut, "set-user-status?accessKey=alice&status=away", nil)
	f.refused("InvalidArgument", http.MethodPut, "update-group-members", []byte(`{`))
	f.refused("NotImplemented", http.MethodPut, "set-group-status?group=team&status=disabled", nil)
	f.refused("NotImplemented", http.MethodPut, "update-group-members", []byte(`{"group":"team","groupStatus":"disabled"}`))
	f.refused("InvalidArgument", http.MethodPost, "idp/builtin/policy/attach", f.sealed(`{"policies":["a"],"user":"u","group":"g"}`))
	f.refused("XMinioAdminPolicyChangeAlreadyApplied", http.MethodPost, "idp/builtin/policy/attach", f.sealed(`{"policies":["held"],"user":"u"}`))
	f.refused("InvalidArgument", http.MethodGet, "list-access-keys-bulk?all=true&users=a", nil)
	f.refused("XMinioAdminConfigBadJSON", http.MethodPut, "add-user?accessKey=alice", []byte(`{"secretKey":"in the clear","status":"enabled"}`))
	if e := f.fence.last(); e.Call != "add-user" || e.Target != "alice" || strings.Contains(fmt.Sprint(f.fence.events), "s3cret") || strings.Contains(fmt.Sprint(f.fence.events), "changed") {
		t.Errorf("in the audit log: %+v", f.fence.events)
	}
}

// TestSecretAnswers reads what is told encrypted.
func TestSecretAnswers(t *testing.T) {
	f := start(t)
	for _, c := range []struct {
		method, path string
		body         []byte
		asked, said  string
	}{
		{http.MethodGet, "list-users", nil, "users", `"bob":{"status":"disabled"`},
		{http.MethodPost, "idp/builtin/policy/attach", f.sealed(`{"policies":["a","b"],"user":"alice"}`), "attach [a b] to alice", `{"policiesAttached":["a","b"],`},
		{http.MethodPost, "idp/builtin/policy/detach", f.sealed(`{"policies":["a"],"group":"team"}`), "detach [a] from team", `{"policiesDetached":["a"],`},
		{http.MethodGet, "idp/builtin/policy-entities", nil, "groups", `"policyMappings":[{"policy":"read","users":["alice"],"groups":["team"]},{"policy":"write","users":["alice"],"groups":[]}]`},
		{http.MethodGet, "idp/builtin/policy-entities?user=alice", nil, "groups", `"policyMappings":null,"timestamp":`},
		{
			http.MethodPut, "add-service-account", f.sealed(`{"accessKey":"NEW","secretKey":"its-secret","targetUser":"alice","comment":"old","policy":{"Statement":[]},"expiration":"2027-01-02T03:04:05Z"}`),
			`add key {User:alice AccessKey:NEW Name: Description:old Policy:{"Statement":[]} Disabled:false ExpiresAt:2027-01-02 03:04:05 +0000 UTC} its-secret`,
			`{"credentials":{"accessKey":"NEW","expiration":"2027-01-02T03:04:05Z","secretKey":"its-secret"}}`,
		},
		{http.MethodGet, "info-service-account?accessKey=SPARE", nil, "key SPARE", `{"parentUser":"alice","accountStatus":"off","impliedPolicy":false,"policy":"{\"Statement\":[]}","name":"ci","description":"of the tests","expiration":"1970-01-01T00:00:00Z"}`},
		{http.MethodGet, "list-service-accounts?user=alice", nil, "keys of alice", `{"accounts":[{"parentUser":"alice","accountStatus":"off","impliedPolicy":false,"accessKey":"SPARE",`},
		{http.MethodGet, "list-access-keys-bulk?listType=all&users=alice", nil, "keys of alice", `{"alice":{"serviceAccounts":[{"parentUser":"alice"`},
		{http.MethodGet, "list-access-keys-bulk?listType=all&all=true", nil, "keys of bob", `"stsKeys":[]`},
		{http.MethodGet, "list-access-keys-bulk?listType=sts-only", nil, "keys of alice", `{"alice":{"serviceAccounts":[],"stsKeys":[]}}`},
	} {
		if text := f.opened(f.ok(c.method, c.path, c.body)); f.book.last() != c.asked || !strings.Contains(text, c.said) {
			t.Errorf("%s: %s\nasked %s, want %s", c.path, text, f.book.last(), c.asked)
		}
	}
	// Who may not see all keys is told so in the words at which mc asks for their own.
	a := f.send(f.signed(member, f.request(http.MethodGet, "/minio/admin/v3/list-access-keys-bulk?all=true", nil), nil))
	if !strings.Contains(a.body, `"Message":"Access Denied."`) {
		t.Error(a.body)
	}
}
