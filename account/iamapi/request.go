package iamapi

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/forwarded"
)

// need returns a parameter that has to be there.
func (q *request) need(name string) (string, error) {
	v := q.form.Get(name)
	if v == "" {
		return "", invalid("The request must contain the parameter " + name + ".")
	}
	return v, nil
}

// members returns a list: NAME.member.1, NAME.member.2 …
func (q *request) members(name string) []string {
	var out []string
	for i := 1; i <= 1000; i++ {
		values, ok := q.form[name+".member."+strconv.Itoa(i)]
		if !ok {
			return out
		}
		out = append(out, values[0])
	}
	return out
}

// seconds reads a duration; 0 where there is none.
func (q *request) seconds(name string) (time.Duration, error) {
	v := q.form.Get(name)
	if v == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 1 {
		return 0, invalid(name + " is a number of seconds.")
	}
	return time.Duration(n) * time.Second, nil
}

// facts are what conditions may ask for of a call.
type facts struct{ q *request }

func (f facts) Value(key string) []string {
	if values, ok := f.q.by.Principal.Fact(key); ok {
		return values
	}
	one := func(v string) []string {
		if v == "" {
			return nil
		}
		return []string{v}
	}
	switch key {
	case "iam:policyarn":
		// A policy that is built in can be written in several ways, and has one name.
		if name, ok := account.NameOfARN("policy", f.q.form.Get("PolicyArn")); ok {
			return one(account.PolicyARN(name))
		}
	case "aws:sourceip":
		return one(f.q.by.Address)
	case "aws:useragent":
		return one(f.q.http.UserAgent())
	case "aws:securetransport":
		return one(strconv.FormatBool(forwarded.Secure(f.q.http)))
	case "aws:currenttime":
		return one(time.Now().UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return one(strconv.FormatInt(time.Now().Unix(), 10))
	}
	return nil
}

// permit asks whether the caller may.
func (q *request) permit(d account.Deed) error {
	d.Action, d.Facts = q.call.service+":"+q.action, facts{q}
	if q.target == "" {
		q.target = d.Resource
	}
	return q.h.Accounts.Permit(q.ctx, q.by.Principal, d)
}

// about asks whether the caller may do this to something that has no policies.
func (q *request) about(kind, name string) error {
	return q.permit(account.Deed{Resource: account.IAMARN(kind, name)})
}

// own is what a call may be to the user who makes it.
type own int

const (
	notOwn  own = iota
	ownToo      // everybody may do it to themselves
	byAdmin     // only administrators may, to others too
)

// user finds the user that a call is about, the caller where none is named, and asks
// whether the caller may do it. Whether there is such a user only those learn who may.
func (q *request) user(o own, documents ...account.Document) (account.User, error) {
	name := q.form.Get("UserName")
	p := &q.by.Principal
	if name == "" {
		if o == notOwn || p.Role != "" {
			return account.User{}, invalid("Must specify userName when calling with non-User credentials")
		}
		name = p.Name
	}
	user, err := q.h.Accounts.UserByName(q.ctx, name)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return user, err
	}
	d := account.Deed{
		Resource: account.IAMARN("user", name), Own: o == ownToo && err == nil && user.ID == p.UserID, AdminOnly: o == byAdmin, Documents: documents,
	}
	if err == nil && q.call.changes {
		d.Whom = &account.Holder{Kind: account.UserHolder, ID: user.ID}
	}
	if denied := q.permit(d); denied != nil {
		return account.User{}, denied
	}
	if err != nil {
		return user, &failure{code: "NoSuchEntity", message: fmt.Sprintf("The user with name %s cannot be found.", short(name)), status: 404, cause: err}
	}
	return user, nil
}

// holder finds whose policies a call is about, by what is in its name: User, Group or
// Role.
func (q *request) holder(o own, documents ...account.Document) (account.Holder, error) {
	var h account.Holder
	var name, resource string
	var err error
	switch {
	case strings.Contains(q.action, "User"):
		user, err := q.user(o, documents...)
		return account.Holder{Kind: account.UserHolder, ID: user.ID}, err
	case strings.Contains(q.action, "Group"):
		if name, err = q.need("GroupName"); err != nil {
			return h, err
		}
		var group account.Group
		group, err = q.h.Accounts.Group(q.ctx, name)
		h, resource = account.Holder{Kind: account.GroupHolder, ID: group.ID}, "group"
	default:
		if name, err = q.need("RoleName"); err != nil {
			return h, err
		}
		var role account.IAMRole
		role, err = q.h.Accounts.IAMRole(q.ctx, name)
		h, resource = account.Holder{Kind: account.RoleHolder, ID: role.ID}, "role"
	}
	d := account.Deed{Resource: account.IAMARN(resource, name), Documents: documents}
	if err == nil && q.call.changes {
		d.Whom = &h
	}
	if denied := q.permit(d); denied != nil {
		return h, denied
	}
	return h, err
}

// policy finds the policy that a call names by its ARN. The ARN's form is no secret.
func (q *request) policyName() (string, error) {
	arn, err := q.need("PolicyArn")
	if err != nil {
		return "", err
	}
	name, ok := account.NameOfARN("policy", arn)
	if !ok {
		return "", unsupported("ARN " + short(arn) + " is not valid.")
	}
	return name, nil
}

// document reads the policy that a call brings.
func (q *request) document() (string, account.Document, error) {
	text, err := q.need("PolicyDocument")
	if err != nil {
		return "", nil, err
	}
	d, err := q.h.Accounts.CheckDocument(text)
	return text, d, err
}

// page cuts a list to what a request asks for, and says where the next one begins.
func page[T any](q *request, items []T, key func(T) string) ([]T, []node, error) {
	most := 100
	if v := q.form.Get("MaxItems"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1000 {
			return nil, nil, invalid("MaxItems is between 1 and 1000.")
		}
		most = n
	}
	if marker := q.form.Get("Marker"); marker != "" {
		after, err := base64.URLEncoding.DecodeString(marker)
		if err != nil {
			return nil, nil, invalid("The Marker is not one of ours.")
		}
		for len(items) > 0 && key(items[0]) <= string(after) {
			items = items[1:]
		}
	}
	if prefix := q.form.Get("PathPrefix"); prefix != "" && prefix != "/" {
		items = nil
	}
	if len(items) <= most {
		return items, []node{truth("IsTruncated", false)}, nil
	}
	items = items[:most]
	return items, []node{truth("IsTruncated", true), text("Marker", base64.URLEncoding.EncodeToString([]byte(key(items[most-1]))))}, nil
}

func itself(s string) string { return s }

// member is the name of a field of a list's element.
func member(list string, i int, field string) string {
	return list + ".member." + strconv.Itoa(i) + "." + field
}
