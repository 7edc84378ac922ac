package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/grants"
)

// again deletes a user and makes another of the same name, with a key, as somebody may who
// makes users and nothing else.
func (w *accessWorld) again(name string) {
	w.t.Helper()
	ctx := w.t.Context()
	w.ok(w.accounts.DropUser(ctx, w.users[name]))
	w.newcomer(name)
}

// newcomer makes a user with a key.
func (w *accessWorld) newcomer(name string) {
	w.t.Helper()
	u, err := w.accounts.CreateUser(w.t.Context(), account.NewUser{Name: name, NoPassword: true})
	w.ok(err)
	secret, key, err := w.accounts.CreateKey(w.t.Context(), u.ID, "k", "")
	w.ok(err)
	w.users[name], w.keys[name] = u.ID, [2]string{key.AccessKey, secret}
}

// TestACLsMeanPeopleNotNames: so it is with grants, of a bucket and of an object.
func TestACLsMeanPeopleNotNames(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	w.newcomer("eve")
	grant := url.Values{"acl": {""}, "x-amz-grant-read": {`id="eve"`}}
	w.want("the object", 200, "", "ada", http.MethodPut, "web-data", "a", grant, "")
	w.want("an upload", 200, "", "ada", http.MethodPut, "web-data", "b", url.Values{"x-amz-grant-read": {`id="eve"`}}, "x")
	w.want("the bucket", 200, "", "ada", http.MethodPut, "web-data", "", grant, "")
	w.want("it is eve's", 200, "", "eve", http.MethodGet, "web-data", "a", nil, "")
	w.want("that too", 200, "", "eve", http.MethodGet, "web-data", "b", nil, "")
	w.want("and the listing", 200, "", "eve", http.MethodGet, "web-data", "", nil, "")
	w.again("eve")
	w.want("not another's of that name", 403, "AccessDenied", "eve", http.MethodGet, "web-data", "a", nil, "")
	w.want("not the upload", 403, "AccessDenied", "eve", http.MethodGet, "web-data", "b", nil, "")
	w.want("nor the listing", 403, "AccessDenied", "eve", http.MethodGet, "web-data", "", nil, "")
}

// TestPoliciesMeanPeopleNotNames: who gets the name of somebody that a bucket's policy
// names gets no right of theirs, and the policy says who it was.
func TestPoliciesMeanPeopleNotNames(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	w.newcomer("eve")
	query := url.Values{"policy": {""}}
	text := `{"Version":"2012-10-17",  "Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:user/eve", "stranger"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}]}`
	w.want("a name that is nobody's", 400, "MalformedPolicy", "ada", http.MethodPut, "web-data", "", query, strings.Replace(text, "user/eve", "user/mallory", 1))
	w.want("a name that is nobody's, excepted", 400, "MalformedPolicy", "ada", http.MethodPut, "web-data", "", query,
		`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"mallory"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}]}`)
	w.want("a role that is not there", 400, "MalformedPolicy", "ada", http.MethodPut, "web-data", "", query, strings.Replace(text, "user/eve", "role/eve", 1))
	w.want("the policy", 204, "", "ada", http.MethodPut, "web-data", "", query, text)
	w.want("who is named", 200, "", "eve", http.MethodGet, "web-data", "a", nil, "")
	if _, _, got := w.ask("ada", http.MethodGet, "web-data", "", query, ""); got != text {
		t.Errorf("it is not what was put:\n%s", got)
	}
	id := w.users["eve"]
	w.again("eve")
	w.want("who is called so now", 403, "AccessDenied", "eve", http.MethodGet, "web-data", "a", nil, "")
	w.want("the other who is named", 200, "", "stranger", http.MethodGet, "web-data", "a", nil, "")
	gone := strings.Replace(text, `"arn:aws:iam::000000000000:user/eve"`, `"AIDA`+strings.ToUpper(id)+`"`, 1)
	_, _, got := w.ask("ada", http.MethodGet, "web-data", "", query, "")
	if got != gone {
		t.Errorf("who is gone is\n%s, want\n%s", got, gone)
	}
	w.want("who is gone cannot be named again", 400, "MalformedPolicy", "ada", http.MethodPut, "web-data", "", query, got)
	w.want("the new one can", 204, "", "ada", http.MethodPut, "web-data", "", query, text)
	w.want("and is let in", 200, "", "eve", http.MethodGet, "web-data", "a", nil, "")

	deny := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"eve"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"},
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}]}`
	w.want("a policy that excepts", 204, "", "ada", http.MethodPut, "web-data", "", query, deny)
	w.want("who is excepted", 200, "", "eve", http.MethodGet, "web-data", "a", nil, "")
	w.again("eve")
	w.want("who is called so is not", 403, "AccessDenied", "eve", http.MethodGet, "web-data", "a", nil, "")
	w.want("the policy goes", 204, "", "ada", http.MethodDelete, "web-data", "", query, "")
	if b, err := w.engine.Bucket(t.Context(), "web-data"); err != nil || b.Documents[grants.BindingsDocument] != "" {
		t.Errorf("%v, %v: whom it named stayed", b.Documents, err)
	}
}

// TestPoliciesOfBeforeMeanWhoWasThere: names in documents from before names were bound mean
// those who were there then, and nobody who came later.
func TestPoliciesOfBeforeMeanWhoWasThere(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	w.newcomer("eve")
	w.newcomer("old")
	err := w.db.Write(t.Context(), func(tx *gorm.DB) error { // as the migration finds them
		return tx.Exec("UPDATE users SET by_id = 0 WHERE name IN ('eve', 'old')").Error
	})
	w.ok(err)
	w.set(grants.PolicyDocument, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["eve","old","later"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}]}`)
	w.newcomer("later")
	w.again("eve")
	w.want("who was there", 200, "", "old", http.MethodGet, "web-data", "a", nil, "")
	w.want("who has the name of one who is gone", 403, "AccessDenied", "eve", http.MethodGet, "web-data", "a", nil, "")
	w.want("who has a name that nobody had", 403, "AccessDenied", "later", http.MethodGet, "web-data", "a", nil, "")
}

// TestTrustMeansPeopleNotNames is the same of roles, and of whom policies of buckets name.
func TestTrustMeansPeopleNotNames(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	w.put("a", "text")
	w.newcomer("eve")
	trust := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"}]}`
	}
	eve := "arn:aws:iam::000000000000:user/eve"
	form := url.Values{"RoleName": {"night"}, "AssumeRolePolicyDocument": {trust(strings.Replace(eve, "eve", "mallory", 1))}}
	if _, code, text := w.call("boss", "iam", "CreateRole", form); code != "MalformedPolicyDocument" || !strings.Contains(text, "Invalid principal in policy") {
		t.Error("a role that trusts nobody:", text)
	}
	create := func(principal string) account.Holder {
		t.Helper()
		role, err := w.accounts.CreateIAMRole(ctx, account.NewIAMRole{Name: "night", Trust: trust(principal)})
		w.ok(err)
		return account.Holder{Kind: account.RoleHolder, ID: role.ID}
	}
	night := create(eve)
	w.ok(w.accounts.AttachPolicy(ctx, night, "readonly"))
	assume := func(user string) error {
		made, err := w.accounts.AssumeRole(ctx, w.as(user), "", account.SessionRequest{Role: "night", Session: "one"})
		if err == nil {
			w.session("night", made, nil)
		}
		return err
	}
	w.ok(assume("eve"))
	if role, err := w.accounts.IAMRole(ctx, "night"); err != nil || role.Trust != trust(eve) {
		t.Error(role.Trust, err)
	}
	id := w.users["eve"]
	w.again("eve")
	if err := assume("eve"); errs.KindOf(err) != errs.Forbidden {
		t.Error("the role trusts the next of the name:", err)
	}
	if role, err := w.accounts.IAMRole(ctx, "night"); err != nil || role.Trust != trust("AIDA"+strings.ToUpper(id)) {
		t.Error(role.Trust, err)
	}
	w.ok(w.accounts.UpdateIAMRole(ctx, "night", account.IAMRoleChange{Trust: ptr(trust(eve))}))
	w.ok(assume("eve"))

	w.ok(w.accounts.DetachPolicy(ctx, night, "readonly"))
	w.policy(`{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:role/night"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}`,
		`{"Effect":"Allow","Principal":{"AWS":["arn:aws:sts::000000000000:assumed-role/night/one"]},"Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/*"}`)
	w.want("the role that is named", 200, "", "night", http.MethodGet, "web-data", "a", nil, "")
	w.want("its session", 200, "", "night", http.MethodPut, "web-data", "a", nil, "x")
	w.ok(w.accounts.DeleteIAMRole(ctx, "night"))
	create(eve)
	w.ok(assume("eve"))
	w.want("the next role of the name", 403, "AccessDenied", "night", http.MethodGet, "web-data", "a", nil, "")
	w.want("and its session", 403, "AccessDenied", "night", http.MethodPut, "web-data", "a", nil, "x")
	if _, _, text := w.ask("ada", http.MethodGet, "web-data", "", url.Values{"policy": {""}}, ""); !strings.Contains(text, `"AROA`+strings.ToUpper(night.ID)+`"`) || !strings.Contains(text, `:one"`) {
		t.Error(text)
	}
}
