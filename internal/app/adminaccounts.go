package app

import (
	"context"
	"slices"
	"strings"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/adminapi"
	"croft/objectstore/s3api"
)

// adminAccounts lets the admin protocol manage accounts, each call under the
// permission that MinIO has for it. A user of MinIO is an access key with its secret; here
// it is a user with an access key of the same name.
type adminAccounts struct{ access }

var _ adminapi.Accounts = adminAccounts{}

// permit decides about a call, and whom it changes.
func (a adminAccounts) permit(ctx context.Context, c s3api.Credential, action string, whom *account.Holder, documents ...account.Document) error {
	return a.access.permit(ctx, principalOf(c), account.Deed{Action: "admin:" + action, Resource: wholeServer, Whom: whom, Documents: documents})
}

func userHolder(id string) *account.Holder {
	return &account.Holder{Kind: account.UserHolder, ID: id}
}

// Codes of what is not there, which clients tell apart.
func noGroup(err error) error {
	return renamed(err, "group_not_found", "The specified group does not exist.")
}
func noPolicy(err error) error {
	return renamed(err, "policy_not_found", "The canned policy does not exist.")
}

func renamed(err error, code, message string) error {
	if errs.KindOf(err) == errs.NotFound {
		return errs.Wrap(err, errs.NotFound, code, message)
	}
	return err
}

// Users implements adminapi.Accounts.
func (a adminAccounts) Users(ctx context.Context, c s3api.Credential) ([]adminapi.User, error) {
	if err := a.permit(ctx, c, "ListUsers", nil); err != nil {
		return nil, err
	}
	users, err := a.accounts.ListUsers(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]adminapi.User, len(users))
	for i, u := range users {
		if out[i], err = a.user(ctx, u); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a adminAccounts) user(ctx context.Context, u account.User) (adminapi.User, error) {
	out := adminapi.User{Name: u.Name, Disabled: u.Disabled, CreatedAt: u.CreatedAt}
	var err error
	if out.Policies, err = a.accounts.AttachedPolicies(ctx, *userHolder(u.ID)); err != nil {
		return out, err
	}
	groups, err := a.accounts.GroupsOf(ctx, u.ID)
	for _, g := range groups {
		out.Groups = append(out.Groups, g.Name)
	}
	return out, err
}

// User implements adminapi.Accounts.
func (a adminAccounts) User(ctx context.Context, c s3api.Credential, name string) (adminapi.User, error) {
	if err := a.permit(ctx, c, "GetUser", nil); err != nil {
		return adminapi.User{}, err
	}
	u, err := a.accounts.UserByName(ctx, name)
	if err != nil {
		return adminapi.User{}, err
	}
	return a.user(ctx, u)
}

// PutUser implements adminapi.Accounts.
func (a adminAccounts) PutUser(ctx context.Context, c s3api.Credential, name string, u adminapi.UserChange) error {
	action := "CreateUser"
	if u.Change {
		action = map[bool]string{false: "EnableUser", true: "DisableUser"}[*u.Disabled]
	}
	user, err := a.accounts.UserByName(ctx, name)
	fresh := errs.KindOf(err) == errs.NotFound
	switch {
	case fresh && !u.Change:
		if err := a.permit(ctx, c, action, nil); err != nil {
			return err
		}
		if user, err = a.accounts.CreateUser(ctx, account.NewUser{Name: name, NoPassword: true}); err != nil {
			return err
		}
	case err != nil:
		return errs.Wrap(err, errs.KindOf(err), "user_not_found", "The specified user does not exist.")
	default:
		if err := a.permit(ctx, c, action, userHolder(user.ID)); err != nil {
			return err
		}
	}
	err = a.changeUser(ctx, c, user, u)
	if err != nil && fresh {
		// Nobody has seen the user yet who could not be made as was asked.
		if e := a.accounts.DropUser(context.WithoutCancel(ctx), user.ID); e != nil {
			a.log.ErrorContext(ctx, "half a user was left", "user", name, "error", e)
		}
	}
	return err
}

func (a adminAccounts) changeUser(ctx context.Context, c s3api.Credential, user account.User, u adminapi.UserChange) error {
	if u.Secret != "" {
		if err := a.putOwnKey(ctx, user, u.Secret); err != nil {
			return err
		}
	}
	if u.Disabled != nil && *u.Disabled != user.Disabled {
		if _, err := a.accounts.UpdateUser(ctx, user.ID, account.UserChange{Disabled: u.Disabled}); err != nil {
			return err
		}
	}
	if len(u.Policies) > 0 {
		_, err := a.Attach(ctx, c, adminapi.Holder{User: user.Name}, u.Policies)
		return err
	}
	return nil
}

// putOwnKey gives a user the access key of the same name, or changes its secret.
func (a adminAccounts) putOwnKey(ctx context.Context, user account.User, secret string) error {
	_, owner, err := a.accounts.Key(ctx, user.Name)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		_, _, err = a.accounts.AddKey(ctx, user.ID, account.NewKey{Name: user.Name, AccessKey: user.Name, Secret: secret})
		return err
	case err != nil:
		return err
	case owner.ID != user.ID:
		return errs.New(errs.Conflict, "iam_exists", "This access key is taken by another user.")
	}
	return a.accounts.UpdateKey(ctx, user.ID, user.Name, account.KeyChange{Secret: &secret})
}

// RemoveUser implements adminapi.Accounts.
func (a adminAccounts) RemoveUser(ctx context.Context, c s3api.Credential, name string) error {
	user, err := a.change(ctx, c, "DeleteUser", name)
	if err != nil {
		return err
	}
	return a.accounts.DropUser(ctx, user.ID)
}

// change finds a user whom the caller may change. Who may not is not told who is there.
func (a adminAccounts) change(ctx context.Context, c s3api.Credential, action, name string) (account.User, error) {
	if err := a.permit(ctx, c, action, nil); err != nil {
		return account.User{}, err
	}
	user, err := a.accounts.UserByName(ctx, name)
	if err != nil {
		return user, err
	}
	return user, a.permit(ctx, c, action, userHolder(user.ID))
}

// Groups implements adminapi.Accounts.
func (a adminAccounts) Groups(ctx context.Context, c s3api.Credential) ([]adminapi.Group, error) {
	if err := a.permit(ctx, c, "ListGroups", nil); err != nil {
		return nil, err
	}
	groups, err := a.accounts.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]adminapi.Group, len(groups))
	for i, g := range groups {
		if out[i], err = a.group(ctx, g); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a adminAccounts) group(ctx context.Context, g account.Group) (adminapi.Group, error) {
	out := adminapi.Group{Name: g.Name, CreatedAt: g.CreatedAt}
	var err error
	if out.Policies, err = a.accounts.AttachedPolicies(ctx, account.Holder{Kind: account.GroupHolder, ID: g.ID}); err != nil {
		return out, err
	}
	members, err := a.accounts.GroupMembers(ctx, g.Name)
	for _, m := range members {
		out.Members = append(out.Members, m.Name)
	}
	return out, err
}

// Group implements adminapi.Accounts.
func (a adminAccounts) Group(ctx context.Context, c s3api.Credential, name string) (adminapi.Group, error) {
	if err := a.permit(ctx, c, "GetGroup", nil); err != nil {
		return adminapi.Group{}, err
	}
	g, err := a.accounts.Group(ctx, name)
	if err != nil {
		return adminapi.Group{}, noGroup(err)
	}
	return a.group(ctx, g)
}

// AddMembers implements adminapi.Accounts. Who puts somebody into a group gives them its
// policies.
func (a adminAccounts) AddMembers(ctx context.Context, c s3api.Credential, name string, members []string) error {
	if err := a.permit(ctx, c, "AddUserToGroup", nil); err != nil {
		return err
	}
	users, err := a.named(ctx, c, "AddUserToGroup", members)
	if err != nil {
		return err
	}
	group, err := a.accounts.Group(ctx, name)
	if errs.KindOf(err) == errs.NotFound {
		group, err = a.accounts.CreateGroup(ctx, name)
	}
	if err != nil {
		return err
	}
	if err := a.permit(ctx, c, "AddUserToGroup", &account.Holder{Kind: account.GroupHolder, ID: group.ID}); err != nil {
		return err
	}
	for _, u := range users {
		if err := a.accounts.AddToGroup(ctx, name, u.ID); err != nil {
			return err
		}
	}
	return nil
}

// named finds users, each of whom the caller may change.
func (a adminAccounts) named(ctx context.Context, c s3api.Credential, action string, names []string) ([]account.User, error) {
	users := make([]account.User, len(names))
	for i, name := range names {
		var err error
		if users[i], err = a.change(ctx, c, action, name); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// RemoveMembers implements adminapi.Accounts.
func (a adminAccounts) RemoveMembers(ctx context.Context, c s3api.Credential, name string, members []string) error {
	users, err := a.named(ctx, c, "RemoveUserFromGroup", members)
	if err != nil {
		return err
	}
	if _, err := a.accounts.Group(ctx, name); err != nil {
		return noGroup(err)
	}
	for _, u := range users {
		if err := a.accounts.RemoveFromGroup(ctx, name, u.ID); err != nil {
			return renamed(err, "user_not_found", "The user "+u.Name+" is not in this group.")
		}
	}
	return nil
}

// RemoveGroup implements adminapi.Accounts. What the group held goes with it.
func (a adminAccounts) RemoveGroup(ctx context.Context, c s3api.Credential, name string) error {
	if err := a.permit(ctx, c, "RemoveUserFromGroup", nil); err != nil {
		return err
	}
	group, err := a.accounts.Group(ctx, name)
	if err != nil {
		return noGroup(err)
	}
	holder := account.Holder{Kind: account.GroupHolder, ID: group.ID}
	if err := a.permit(ctx, c, "RemoveUserFromGroup", &holder); err != nil {
		return err
	}
	members, err := a.accounts.GroupMembers(ctx, name)
	if err != nil {
		return err
	}
	if len(members) > 0 {
		return errs.New(errs.Conflict, "group_not_empty", "The specified group is not empty. Remove its members first.")
	}
	held, err := a.accounts.AttachedPolicies(ctx, holder)
	if err != nil {
		return err
	}
	for _, policy := range held {
		if err := a.accounts.DetachPolicy(ctx, holder, policy); err != nil {
			return err
		}
	}
	return a.accounts.DeleteGroup(ctx, name)
}

// Policies implements adminapi.Accounts.
func (a adminAccounts) Policies(ctx context.Context, c s3api.Credential) ([]adminapi.Policy, error) {
	if err := a.permit(ctx, c, "ListUserPolicies", nil); err != nil {
		return nil, err
	}
	policies, err := a.accounts.ListPolicies(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]adminapi.Policy, len(policies))
	for i, p := range policies {
		out[i] = adminPolicy(p)
	}
	return out, nil
}

func adminPolicy(p account.Policy) adminapi.Policy {
	return adminapi.Policy{Name: p.Name, Document: p.Document, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
}

// Policy implements adminapi.Accounts.
func (a adminAccounts) Policy(ctx context.Context, c s3api.Credential, name string) (adminapi.Policy, error) {
	if err := a.permit(ctx, c, "GetPolicy", nil); err != nil {
		return adminapi.Policy{}, err
	}
	p, err := a.accounts.Policy(ctx, name)
	return adminPolicy(p), noPolicy(err)
}

// PutPolicy implements adminapi.Accounts. Who changes a policy changes what its holders
// may, and has to be allowed both what it said and what it says.
func (a adminAccounts) PutPolicy(ctx context.Context, c s3api.Credential, name, document string) error {
	if err := a.permit(ctx, c, "CreatePolicy", nil); err != nil {
		return err
	}
	fresh, err := a.accounts.CheckDocument(document)
	if err != nil {
		return err
	}
	documents := []account.Document{fresh}
	before, err := a.accounts.Policy(ctx, name)
	switch {
	case err == nil && before.BuiltIn:
		return errs.New(errs.Conflict, "policy_built_in", "This policy is built in and cannot be changed.")
	case err == nil:
		old, err := a.accounts.CheckDocument(before.Document)
		if err != nil {
			return err
		}
		documents = append(documents, old)
	case errs.KindOf(err) != errs.NotFound:
		return err
	}
	if err := a.permit(ctx, c, "CreatePolicy", nil, documents...); err != nil {
		return err
	}
	return a.accounts.PutPolicy(ctx, name, document)
}

// RemovePolicy implements adminapi.Accounts: with the versions it has, unless somebody
// holds it.
func (a adminAccounts) RemovePolicy(ctx context.Context, c s3api.Credential, name string) error {
	if err := a.permit(ctx, c, "DeletePolicy", nil); err != nil {
		return err
	}
	p, err := a.accounts.Policy(ctx, name)
	switch {
	case err != nil:
		return noPolicy(err)
	case p.BuiltIn:
		return errs.New(errs.Conflict, "policy_built_in", "This policy is built in and cannot be removed.")
	}
	document, err := a.accounts.CheckDocument(p.Document)
	if err != nil {
		return err
	}
	if err := a.permit(ctx, c, "DeletePolicy", nil, document); err != nil {
		return err
	}
	holders, err := a.accounts.HoldersOf(ctx, name)
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return errs.New(errs.Conflict, "policy_in_use", "The specified policy is in use and cannot be deleted. Detach it first.")
	}
	versions, err := a.accounts.PolicyVersions(ctx, name)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if !v.Default {
			if err := a.accounts.DeletePolicyVersion(ctx, name, v.Number); err != nil {
				return err
			}
		}
	}
	return a.accounts.DeletePolicy(ctx, name)
}

// Attach implements adminapi.Accounts.
func (a adminAccounts) Attach(ctx context.Context, c s3api.Credential, h adminapi.Holder, policies []string) ([]string, error) {
	return a.hold(ctx, c, h, policies, true)
}

// Detach implements adminapi.Accounts.
func (a adminAccounts) Detach(ctx context.Context, c s3api.Credential, h adminapi.Holder, policies []string) ([]string, error) {
	return a.hold(ctx, c, h, policies, false)
}

func (a adminAccounts) hold(ctx context.Context, c s3api.Credential, h adminapi.Holder, policies []string, attach bool) ([]string, error) {
	const action = "AttachUserOrGroupPolicy"
	if err := a.permit(ctx, c, action, nil); err != nil {
		return nil, err
	}
	holder, err := a.holder(ctx, h)
	if err != nil {
		return nil, err
	}
	var documents []account.Document
	for _, name := range policies {
		p, err := a.accounts.Policy(ctx, name)
		if err != nil {
			return nil, noPolicy(err)
		}
		document, err := a.accounts.CheckDocument(p.Document)
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	if err := a.permit(ctx, c, action, &holder, documents...); err != nil {
		return nil, err
	}
	held, err := a.accounts.AttachedPolicies(ctx, holder)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, name := range policies {
		if slices.Contains(held, name) == attach || slices.Contains(changed, name) {
			continue
		}
		change := a.accounts.DetachPolicy
		if attach {
			change = a.accounts.AttachPolicy
		}
		if err := change(ctx, holder, name); err != nil {
			return changed, err
		}
		changed = append(changed, name)
	}
	return changed, nil
}

func (a adminAccounts) holder(ctx context.Context, h adminapi.Holder) (account.Holder, error) {
	if h.Group != "" {
		g, err := a.accounts.Group(ctx, h.Group)
		return account.Holder{Kind: account.GroupHolder, ID: g.ID}, noGroup(err)
	}
	u, err := a.accounts.UserByName(ctx, h.User)
	return *userHolder(u.ID), err
}

// permitKey decides about the access keys of a user, the caller's own or another's.
func (a adminAccounts) permitKey(ctx context.Context, c s3api.Credential, action string, owner string, changes bool) error {
	p := principalOf(c)
	d := account.Deed{Action: "admin:" + action, Resource: wholeServer, Own: owner == p.UserID && !p.Nobody()}
	if changes {
		d.Whom = userHolder(owner)
	}
	return a.access.permit(ctx, p, d)
}

// keyOwner finds a user by name, the caller by none. Who may not is not told who is there.
func (a adminAccounts) keyOwner(ctx context.Context, c s3api.Credential, action, name string, changes bool) (account.User, error) {
	p := principalOf(c)
	if name == "" || name == p.Name || name == c.AccessKey {
		user := account.User{ID: p.UserID, Name: p.Name}
		return user, a.permitKey(ctx, c, action, p.UserID, changes)
	}
	if err := a.permitKey(ctx, c, action, "", false); err != nil {
		return account.User{}, err
	}
	user, err := a.accounts.UserByName(ctx, name)
	if err != nil {
		return user, err
	}
	return user, a.permitKey(ctx, c, action, user.ID, changes)
}

// Keys implements adminapi.Accounts.
func (a adminAccounts) Keys(ctx context.Context, c s3api.Credential, name string) (string, []adminapi.Key, error) {
	user, err := a.keyOwner(ctx, c, "ListServiceAccounts", name, false)
	if err != nil {
		return "", nil, err
	}
	keys, err := a.accounts.ListKeys(ctx, user.ID)
	var out []adminapi.Key
	for _, k := range keys {
		if k.AccessKey != user.Name {
			out = append(out, adminKey(k, user.Name))
		}
	}
	return user.Name, out, err
}

func adminKey(k account.Key, user string) adminapi.Key {
	return adminapi.Key{
		User: user, AccessKey: k.AccessKey, Name: k.Name, Description: k.Description, Policy: k.Policy, Disabled: k.Disabled, ExpiresAt: k.ExpiresAt,
	}
}

// key finds an access key that the caller may look at or change. Whose is not theirs is
// found by those alone who may look at all.
func (a adminAccounts) key(ctx context.Context, c s3api.Credential, action, accessKey string, changes bool) (account.Key, account.User, error) {
	k, user, err := a.accounts.Key(ctx, accessKey)
	owner := user.ID
	if err != nil {
		owner = ""
	}
	if denied := a.permitKey(ctx, c, action, owner, changes && owner != ""); denied != nil {
		return k, user, denied
	}
	return k, user, err
}

// Key implements adminapi.Accounts.
func (a adminAccounts) Key(ctx context.Context, c s3api.Credential, accessKey string) (adminapi.Key, error) {
	k, user, err := a.key(ctx, c, "ListServiceAccounts", accessKey, false)
	return adminKey(k, user.Name), err
}

// AddKey implements adminapi.Accounts. A key of a credential that is limited would
// reach further than it: Permit refuses that.
func (a adminAccounts) AddKey(ctx context.Context, c s3api.Credential, k adminapi.Key, secret string) (accessKey, newSecret string, err error) {
	user, err := a.keyOwner(ctx, c, "CreateServiceAccount", k.User, true)
	if err != nil {
		return "", "", err
	}
	name := k.Name
	if strings.TrimSpace(name) == "" {
		name = "access key"
	}
	newSecret, made, err := a.accounts.AddKey(ctx, user.ID, account.NewKey{
		Name: name, Description: k.Description, AccessKey: k.AccessKey, Secret: secret, Policy: k.Policy, Expires: k.ExpiresAt,
	})
	return made.AccessKey, newSecret, err
}

// ChangeKey implements adminapi.Accounts.
func (a adminAccounts) ChangeKey(ctx context.Context, c s3api.Credential, accessKey string, change adminapi.KeyChange) error {
	_, user, err := a.key(ctx, c, "UpdateServiceAccount", accessKey, true)
	if err != nil {
		return err
	}
	return a.accounts.UpdateKey(ctx, user.ID, accessKey, account.KeyChange{
		Name: change.Name, Description: change.Description, Secret: change.Secret, Policy: change.Policy, Expires: change.ExpiresAt, Disabled: change.Disabled,
	})
}

// RemoveKey implements adminapi.Accounts.
func (a adminAccounts) RemoveKey(ctx context.Context, c s3api.Credential, accessKey string) error {
	_, user, err := a.key(ctx, c, "RemoveServiceAccount", accessKey, true)
	if err != nil {
		return err
	}
	return a.accounts.DeleteKey(ctx, user.ID, accessKey)
}
