package iamapi

import (
	"slices"
	"strings"

	"croft/account"
)

func userNodes(u account.User) []node {
	return []node{text("Path", "/"), text("UserName", u.Name), text("UserId", u.ID), text("Arn", account.IAMARN("user", u.Name)), at("CreateDate", u.CreatedAt)}
}

// createUser makes a user who has no password and is in no project.
func (q *request) createUser() ([]node, error) {
	name, err := q.need("UserName")
	if err != nil {
		return nil, err
	}
	if err := q.about("user", name); err != nil {
		return nil, err
	}
	u, err := q.h.Accounts.CreateUser(q.ctx, account.NewUser{Name: name, NoPassword: true})
	if err != nil {
		return nil, err
	}
	return []node{e("User", userNodes(u)...)}, nil
}

func (q *request) getUser() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	return []node{e("User", userNodes(u)...)}, nil
}

func (q *request) listUsers() ([]node, error) {
	if err := q.about("user", "*"); err != nil {
		return nil, err
	}
	users, err := q.h.Accounts.ListUsers(q.ctx)
	if err != nil {
		return nil, err
	}
	users, rest, err := page(q, users, func(u account.User) string { return u.Name })
	return append([]node{list("Users", users, userNodes)}, rest...), err
}

// updateUser changes nothing that there is: a name is for good, because policies of
// buckets say it.
func (q *request) updateUser() ([]node, error) {
	u, err := q.user(notOwn)
	if err != nil {
		return nil, err
	}
	if fresh := q.form.Get("NewUserName"); fresh != "" && fresh != u.Name {
		return nil, unsupported("A user keeps its name: policies of buckets, messages and logs say it. Make another user.")
	}
	return nil, nil
}

func (q *request) deleteUser() ([]node, error) {
	u, err := q.user(notOwn)
	if err != nil {
		return nil, err
	}
	return nil, q.h.Accounts.DeleteUser(q.ctx, u.ID)
}

// setPassword lets a user log in to the console, where they are more than keys: so only
// administrators may.
func (q *request) setPassword() ([]node, error) {
	u, err := q.user(byAdmin)
	if err != nil {
		return nil, err
	}
	password, err := q.need("Password")
	if err != nil {
		return nil, err
	}
	has, err := q.h.Accounts.HasPassword(q.ctx, u.ID)
	switch {
	case err != nil:
		return nil, err
	case has && q.action == "CreateLoginProfile":
		return nil, &failure{code: "EntityAlreadyExists", message: "Login Profile for user " + u.Name + " already exists.", status: 409}
	case !has && q.action == "UpdateLoginProfile":
		return nil, errNoLogin(u)
	case q.form.Get("PasswordResetRequired") == "true":
		return nil, unsupported("Croft does not demand a new password at the first login. Leave PasswordResetRequired away.")
	}
	if _, err := q.h.Accounts.UpdateUser(q.ctx, u.ID, account.UserChange{Password: &password}); err != nil {
		return nil, err
	}
	if q.action == "UpdateLoginProfile" {
		return nil, nil
	}
	return []node{loginProfile(u)}, nil
}

func loginProfile(u account.User) node {
	return e("LoginProfile", text("UserName", u.Name), at("CreateDate", u.CreatedAt), truth("PasswordResetRequired", false))
}

func errNoLogin(u account.User) error {
	return &failure{code: "NoSuchEntity", message: "Login Profile for User " + u.Name + " cannot be found.", status: 404}
}

func (q *request) getLoginProfile() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	has, err := q.h.Accounts.HasPassword(q.ctx, u.ID)
	if err != nil {
		return nil, err
	}
	if !has {
		return nil, errNoLogin(u)
	}
	return []node{loginProfile(u)}, nil
}

func (q *request) deleteLoginProfile() ([]node, error) {
	u, err := q.user(byAdmin)
	if err != nil {
		return nil, err
	}
	has, err := q.h.Accounts.HasPassword(q.ctx, u.ID)
	if err != nil {
		return nil, err
	}
	if !has {
		return nil, errNoLogin(u)
	}
	return nil, q.h.Accounts.RemovePassword(q.ctx, u.ID)
}

func keyStatus(k account.Key) string {
	if k.Disabled {
		return "Inactive"
	}
	return "Active"
}

func (q *request) createAccessKey() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	secret, k, err := q.h.Accounts.AddKey(q.ctx, u.ID, account.NewKey{Name: "made with IAM"})
	if err != nil {
		return nil, err
	}
	q.target += " " + k.AccessKey
	return []node{e("AccessKey", text("UserName", u.Name), text("AccessKeyId", k.AccessKey), text("Status", keyStatus(k)),
		text("SecretAccessKey", secret), at("CreateDate", k.CreatedAt))}, nil
}

func (q *request) listAccessKeys() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	keys, err := q.h.Accounts.ListKeys(q.ctx, u.ID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b account.Key) int { return strings.Compare(a.AccessKey, b.AccessKey) })
	keys, rest, err := page(q, keys, func(k account.Key) string { return k.AccessKey })
	return append([]node{text("UserName", u.Name), list("AccessKeyMetadata", keys, func(k account.Key) []node {
		return []node{text("UserName", u.Name), text("AccessKeyId", k.AccessKey), text("Status", keyStatus(k)), at("CreateDate", k.CreatedAt)}
	})}, rest...), err
}

func (q *request) updateAccessKey() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	key, err := q.need("AccessKeyId")
	if err != nil {
		return nil, err
	}
	q.target += " " + short(key)
	status := q.form.Get("Status")
	if status != "Active" && status != "Inactive" {
		return nil, invalid("Status is Active or Inactive.")
	}
	disabled := status == "Inactive"
	return nil, q.h.Accounts.UpdateKey(q.ctx, u.ID, key, account.KeyChange{Disabled: &disabled})
}

func (q *request) deleteAccessKey() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	key, err := q.need("AccessKeyId")
	if err != nil {
		return nil, err
	}
	q.target += " " + short(key)
	return nil, q.h.Accounts.DeleteKey(q.ctx, u.ID, key)
}

func (q *request) accessKeyLastUsed() ([]node, error) {
	key, err := q.need("AccessKeyId")
	if err != nil {
		return nil, err
	}
	k, u, err := q.h.Accounts.Key(q.ctx, key)
	d := account.Deed{Resource: account.IAMARN("user", "*")}
	if err == nil {
		d.Resource, d.Own = account.IAMARN("user", u.Name), u.ID == q.by.Principal.UserID
	}
	if denied := q.permit(d); denied != nil {
		return nil, denied
	}
	if err != nil {
		return nil, err
	}
	used := e("AccessKeyLastUsed", text("ServiceName", "N/A"), text("Region", "N/A"))
	if !k.LastUsedAt.IsZero() {
		used = e("AccessKeyLastUsed", at("LastUsedDate", k.LastUsedAt), text("ServiceName", "s3"), text("Region", "us-east-1"))
	}
	return []node{text("UserName", u.Name), used}, nil
}
