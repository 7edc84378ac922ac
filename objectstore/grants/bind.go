package grants

import (
	"context"
	"slices"

	"croft/objectstore"
	"croft/objectstore/policy"
)

// Directory knows who is called what now.
type Directory interface {
	// Named returns the IDs of users and of IAM's roles by their names; those that are not
	// there are left out.
	Named(ctx context.Context, users, roles []string) (policy.Bindings, error)
}

// Bind says whom the names in the policy of a bucket mean, to be kept with it: a name may
// be somebody else's later. A name that is nobody's, and whatever else is wrong with the
// text, is a *policy.Error. Without a directory names are taken as they are, and nothing
// is to be kept where there are none.
func Bind(ctx context.Context, d Directory, text, bucket string) (*policy.Bindings, error) {
	if text == "" || d == nil {
		return nil, nil
	}
	p, err := policy.ParseBucket(text, bucket)
	if err != nil {
		return nil, err
	}
	users, roles := p.Mentions()
	if len(users) == 0 && len(roles) == 0 {
		return nil, nil
	}
	bound, err := d.Named(ctx, users, roles)
	if err != nil {
		return nil, err
	}
	return &bound, p.Strangers(&bound)
}

// BindACL says which users the names in an ACL mean, and returns one that does not exist;
// without a directory names are taken as they are.
func BindACL(ctx context.Context, d Directory, acl ACL) (bound ACL, stranger string, err error) {
	var users []string
	for _, g := range acl {
		if g.user() {
			users = append(users, string(g.To))
		}
	}
	if len(users) == 0 || d == nil {
		return acl, "", nil
	}
	names, err := d.Named(ctx, users, nil)
	if err != nil {
		return nil, "", err
	}
	bound = slices.Clone(acl)
	for i := range bound {
		if !bound[i].user() {
			continue
		}
		if bound[i].ID = names.Users[string(bound[i].To)]; bound[i].ID == "" {
			return nil, string(bound[i].To), nil
		}
	}
	return bound, "", nil
}

// Shown is the policy of a bucket as it was put, but that users and roles that are gone
// stand there by their IDs; empty where there is none.
func Shown(ctx context.Context, d Directory, b *objectstore.Bucket) (string, error) {
	text := b.Documents[PolicyDocument]
	bound, err := bindings(b)
	if err != nil || bound == nil || d == nil {
		return text, nil //nolint:nilerr // the text is what mends it
	}
	p, err := policy.ParseBucket(text, b.Name)
	if err != nil {
		return text, nil //nolint:nilerr // so is it here
	}
	users, roles := p.Mentions()
	now, err := d.Named(ctx, users, roles)
	if err != nil {
		return "", err
	}
	return p.Shown(bound, &now), nil
}

// bindings are those that are kept with the policy; nil where it is from before there
// were any.
func bindings(b *objectstore.Bucket) (*policy.Bindings, error) {
	text := b.Documents[BindingsDocument]
	if text == "" {
		return nil, nil
	}
	return policy.ParseBindings(text)
}
