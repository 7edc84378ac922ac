package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"croft/account"
	"croft/account/iamapi"
	"croft/internal/errs"
)

// call makes a call of IAM or STS, signed for a service as a user, "" as nobody.
func (w *accessWorld) call(user, service, action string, form url.Values) (status int, code, text string) {
	w.t.Helper()
	sent := url.Values{"Action": {action}}
	for name, values := range form {
		sent[name] = values
	}
	body := sent.Encode()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+"/", strings.NewReader(body))
	w.ok(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if user != "" {
		sum := sha256.Sum256([]byte(body))
		key := aws.Credentials{AccessKeyID: w.keys[user][0], SecretAccessKey: w.keys[user][1], SessionToken: w.tokens[user]}
		w.ok(v4.NewSigner().SignHTTP(w.t.Context(), key, r, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now()))
	}
	response, err := w.server.Client().Do(r)
	w.ok(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	w.ok(err)
	var failure struct {
		Code string `xml:"Error>Code"`
	}
	if err := xml.Unmarshal(answer, &failure); err != nil {
		w.t.Errorf("%s is answered with no XML: %v\n%s", action, err, answer)
	}
	return response.StatusCode, failure.Code, string(answer)
}

// iamForm has whatever a call may need; what it does not need it does not look at.
func iamForm() url.Values {
	document := allowing("Allow", "s3:GetObject", "*")
	return url.Values{
		"UserName": {"boss"}, "GroupName": {"team"}, "RoleName": {"night"}, "PolicyName": {"fresh"}, "PolicyArn": {account.IAMARN("policy", "held")},
		"PolicyDocument": {document}, "AssumeRolePolicyDocument": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}`},
		"VersionId": {"v1"}, "Password": {"correct horse battery"}, "Status": {"Inactive"}, "AccessKeyId": {"CROFTNONE"}, "Url": {"https://id.example.com"},
		"ClientIDList.member.1": {"croft"}, "ClientID": {"more"}, "OpenIDConnectProviderArn": {account.IAMARN("oidc-provider", "other.example.com")},
		"PolicySourceArn": {account.IAMARN("user", "boss")}, "ActionNames.member.1": {"s3:GetObject"}, "PolicyInputList.member.1": {document},
		"RoleArn": {account.IAMARN("role", "night")}, "RoleSessionName": {"session"}, "WebIdentityToken": {"a.b.c"}, "Name": {"somebody"}, "Policy": {document},
	}
}

// furnish makes one of everything, held by somebody.
func (w *accessWorld) furnish() {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.accounts.CreatePolicy(ctx, "held", "", allowing("Allow", "s3:GetObject", "*"))
	w.ok(err)
	_, err = w.accounts.CreatePolicy(ctx, "mighty", "", allowing("Allow", "iam:*", "*"))
	w.ok(err)
	group, err := w.accounts.CreateGroup(ctx, "team")
	w.ok(err)
	admins, err := w.accounts.CreateGroup(ctx, "managers")
	w.ok(err)
	w.ok(w.accounts.AttachPolicy(ctx, account.Holder{Kind: account.GroupHolder, ID: group.ID}, "held"))
	w.ok(w.accounts.AttachPolicy(ctx, account.Holder{Kind: account.GroupHolder, ID: admins.ID}, "mighty"))
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/writer"},"Action":"sts:AssumeRole"}]}`
	for _, name := range []string{"night", "strong"} {
		_, err := w.accounts.CreateIAMRole(ctx, account.NewIAMRole{Name: name, Trust: trust})
		w.ok(err)
	}
	strong, err := w.accounts.IAMRole(ctx, "strong")
	w.ok(err)
	w.ok(w.accounts.AttachPolicy(ctx, account.Holder{Kind: account.RoleHolder, ID: strong.ID}, "mighty"))
	_, err = w.accounts.CreateProvider(ctx, account.NewProvider{URL: "https://other.example.com", Clients: []string{"croft"}})
	w.ok(err)
	// Somebody who manages others by policy, and cannot be told from a user otherwise.
	manager, err := w.accounts.CreateUser(ctx, account.NewUser{Name: "manager", NoPassword: true})
	w.ok(err)
	w.users["manager"] = manager.ID
	w.ok(w.accounts.AddToGroup(ctx, "managers", manager.ID))
	for name, n := range map[string]account.NewKey{
		"manager": {Name: "k"}, "narrow": {Name: "k", Policy: allowing("Allow", "s3:*", "*")}, "off": {Name: "k"},
	} {
		user := map[string]string{"manager": manager.ID}[name]
		if user == "" {
			user = w.users["boss"]
		}
		secret, key, err := w.accounts.AddKey(ctx, user, n)
		w.ok(err)
		w.keys[name] = [2]string{key.AccessKey, secret}
	}
	w.ok(w.accounts.UpdateKey(ctx, w.users["boss"], w.keys["off"][0], account.KeyChange{Disabled: ptr(true)}))
	made, err := w.accounts.AssumeRole(ctx, w.as("boss"), "", account.SessionRequest{Policy: allowing("Allow", "s3:*", "*")})
	w.session("session", made, err)
	made, err = w.accounts.SessionToken(ctx, w.as("stranger"), 0)
	w.session("strangers-session", made, err)
}

// everything is all that IAM knows, as an administrator sees it.
func (w *accessWorld) everything() string {
	w.t.Helper()
	var out strings.Builder
	for _, list := range []string{"ListUsers", "ListGroups", "ListPolicies", "ListRoles", "ListOpenIDConnectProviders", "ListAccessKeys", "GetGroup", "ListAttachedUserPolicies",
		"ListAttachedGroupPolicies", "ListAttachedRolePolicies", "ListUserPolicies", "ListGroupPolicies", "ListRolePolicies", "ListPolicyVersions", "GetLoginProfile", "GetRole", "GetOpenIDConnectProvider"} {
		status, _, text := w.call("boss", "iam", list, iamForm())
		if status != 200 {
			w.t.Errorf("%s: %d %s", list, status, text)
		}
		before, _, _ := strings.Cut(text, "<ResponseMetadata>")
		out.WriteString(before)
	}
	return out.String()
}

// TestNobodyMayWhatIsNotTheirs makes every call as everybody who may not.
func TestNobodyMayWhatIsNotTheirs(t *testing.T) {
	w := newAccessWorld(t)
	w.furnish()
	before := w.everything()
	codes := map[string]string{
		"": "MissingAuthenticationToken", "wrong": "SignatureDoesNotMatch", "off": "InvalidClientTokenId",
		"ada": "AccessDenied", "stranger": "AccessDenied", "share": "AccessDenied", "limited": "AccessDenied", "narrow": "AccessDenied",
		"session": "AccessDenied", "strangers-session": "AccessDenied",
	}
	made := 0
	for _, c := range iamapi.Calls() {
		for user, want := range codes {
			if c.Service == "sts" && want == "AccessDenied" && (c.Name != "AssumeRole" || user == "") {
				continue // what anybody may is below
			}
			if c.Name == "AssumeRoleWithWebIdentity" && want == "MissingAuthenticationToken" {
				want = "InvalidIdentityToken"
			}
			status, code, text := w.call(user, c.Service, c.Name, iamForm())
			if made++; code != want {
				t.Errorf("%s as %q: %d %s, want %s\n%s", c.Name, user, status, code, want, text)
			}
		}
		other := map[string]string{"iam": "sts", "sts": "iam"}[c.Service]
		for _, service := range []string{other, "s3"} {
			if _, code, _ := w.call("boss", service, c.Name, iamForm()); code != "SignatureDoesNotMatch" {
				t.Errorf("%s signed for %s: %s", c.Name, service, code)
			}
		}
	}
	if after := w.everything(); after != before {
		t.Errorf("something changed:\n%s\nwas\n%s", after, before)
	}
	if made < 600 {
		t.Errorf("only %d calls were made", made)
	}
	for _, user := range []string{"share", "session", "strangers-session"} {
		for _, action := range []string{"GetSessionToken", "GetFederationToken"} {
			if _, code, _ := w.call(user, "sts", action, iamForm()); code != "AccessDenied" {
				t.Errorf("%s as %s: %s", action, user, code)
			}
		}
	}
}

// TestNobodyMakesHimselfAdministrator has somebody with every right over IAM that a
// policy can give try to get more.
func TestNobodyMakesHimselfAdministrator(t *testing.T) {
	w := newAccessWorld(t)
	w.furnish()
	ctx := t.Context()
	everything := allowing("Allow", "*", "*")
	form := func(pairs ...string) url.Values {
		f := iamForm()
		f.Set("UserName", "ada")
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	for name, c := range map[string]struct {
		action string
		form   url.Values
	}{
		"attach a policy over IAM":         {"AttachUserPolicy", form("UserName", "manager", "PolicyArn", account.PolicyARN("IAMFullAccess"))},
		"attach one over the server":       {"AttachUserPolicy", form("PolicyArn", account.PolicyARN("consoleAdmin"))},
		"to a group":                       {"AttachGroupPolicy", form("PolicyArn", account.PolicyARN("mighty"))},
		"to a role":                        {"AttachRolePolicy", form("PolicyArn", account.PolicyARN("mighty"))},
		"write one":                        {"PutUserPolicy", form("PolicyDocument", everything)},
		"write one for a group":            {"PutGroupPolicy", form("PolicyDocument", everything)},
		"write one for a role":             {"PutRolePolicy", form("PolicyDocument", allowing("Allow", "sts:AssumeRole", "*"))},
		"make one":                         {"CreatePolicy", form("PolicyDocument", everything)},
		"change one that is held":          {"CreatePolicyVersion", form("PolicyDocument", everything, "SetAsDefault", "true")},
		"change one over IAM":              {"CreatePolicyVersion", form("PolicyArn", account.PolicyARN("mighty"))},
		"switch one over IAM":              {"SetDefaultPolicyVersion", form("PolicyArn", account.PolicyARN("mighty"))},
		"delete one over IAM":              {"DeletePolicy", form("PolicyArn", account.PolicyARN("mighty"))},
		"put somebody among the managers":  {"AddUserToGroup", form("GroupName", "managers")},
		"take the administrator's rights":  {"DeleteUser", form("UserName", "boss")},
		"a key of the administrator":       {"CreateAccessKey", form("UserName", "boss")},
		"end keys of the administrator":    {"DeleteAccessKey", form("UserName", "boss", "AccessKeyId", w.keys["boss"][0])},
		"deny the administrator":           {"PutUserPolicy", form("UserName", "boss", "PolicyDocument", allowing("Deny", "s3:*", "*"))},
		"log in as somebody":               {"UpdateLoginProfile", form()},
		"let himself log in":               {"CreateLoginProfile", form("UserName", "manager")},
		"believe another provider":         {"CreateOpenIDConnectProvider", form()},
		"believe a provider for more":      {"AddClientIDToOpenIDConnectProvider", form()},
		"believe its claim named policy":   {"TagOpenIDConnectProvider", form("Tags.member.1.Key", account.PolicyClaimTag, "Tags.member.1.Value", "true")},
		"have a strong role trust himself": {"UpdateAssumeRolePolicy", form("RoleName", "strong", "PolicyDocument", iamForm().Get("AssumeRolePolicyDocument"))},
		"change the managers":              {"DetachGroupPolicy", form("GroupName", "managers", "PolicyArn", account.PolicyARN("mighty"))},
	} {
		if status, code, text := w.call("manager", "iam", c.action, c.form); code != "AccessDenied" {
			t.Errorf("%s: %d %s\n%s", name, status, code, text)
		}
	}
	for _, c := range []struct {
		action string
		form   url.Values
	}{
		{"CreateUser", form("UserName", "fresh")},
		{"AttachUserPolicy", form("PolicyArn", account.PolicyARN("readonly"))},
		{"PutUserPolicy", form()},
		{"AddUserToGroup", form()},
		{"CreateAccessKey", form("UserName", "fresh")},
		{"CreatePolicy", form("PolicyName", "another")},
		{"UpdateAssumeRolePolicy", form("PolicyDocument", iamForm().Get("AssumeRolePolicyDocument"))},
		{"CreateAccessKey", form("UserName", "manager")},
	} {
		if status, code, text := w.call("manager", "iam", c.action, c.form); status != 200 {
			t.Errorf("%s: %d %s\n%s", c.action, status, code, text)
		}
	}
	// A policy that denies everything keeps an administrator from nothing here.
	w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("boss"), "no", allowing("Deny", "*", "*")))
	if status, _, text := w.call("boss", "iam", "DeleteUserPolicy", url.Values{"UserName": {"boss"}, "PolicyName": {"no"}}); status != 200 {
		t.Error("locked out:", text)
	}
	w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("manager"), "no", allowing("Deny", "iam:CreateUser", "*")))
	if _, code, _ := w.call("manager", "iam", "CreateUser", form("UserName", "fresh2")); code != "AccessDenied" {
		t.Error("a deny is not final:", code)
	}
	entries, _, err := w.accounts.ListAudit(ctx, account.AuditFilter{Limit: 500})
	w.ok(err)
	seen, refused := map[string]bool{}, 0
	for _, e := range entries {
		if e.ActorName == "manager" && e.Outcome == "AccessDenied" {
			refused++
		}
		seen[e.ActorName+" "+e.Action+" "+e.Outcome] = true
	}
	for _, want := range []string{"manager iam.CreateUser ok", "manager iam.AttachUserPolicy ok", "boss iam.DeleteUserPolicy ok"} {
		if !seen[want] {
			t.Errorf("the audit log has no %q: %v", want, seen)
		}
	}
	if refused != refusalsAMinute {
		t.Errorf("the audit log has %d refusals", refused)
	}
	for _, e := range entries {
		if strings.Contains(fmt.Sprint(e), "correct horse") || slices.ContainsFunc([]string{"boss", "manager"}, func(user string) bool { return strings.Contains(fmt.Sprint(e), w.keys[user][1]) }) {
			t.Error("the audit log has a secret:", e)
		}
	}
}

func TestWhatEverybodyMayOfTheirOwn(t *testing.T) {
	w := newAccessWorld(t)
	w.furnish()
	for _, action := range []string{"GetUser", "ListAccessKeys", "CreateAccessKey", "ListGroupsForUser", "ListAttachedUserPolicies", "ListUserPolicies", "GetLoginProfile"} {
		for _, form := range []url.Values{{}, {"UserName": {"stranger"}}} {
			if status, code, text := w.call("stranger", "iam", action, form); status != 200 {
				t.Errorf("%s %v: %d %s\n%s", action, form, status, code, text)
			}
		}
		if _, code, _ := w.call("strangers-session", "iam", action, url.Values{"UserName": {"stranger"}}); code != "AccessDenied" {
			t.Errorf("%s with a session: %s", action, code)
		}
	}
	for user, want := range map[string]string{
		"stranger": "arn:aws:iam::000000000000:user/stranger", "strangers-session": "arn:aws:iam::000000000000:user/stranger", "narrow": "arn:aws:iam::000000000000:user/boss",
	} {
		if _, _, text := w.call(user, "sts", "GetCallerIdentity", nil); !strings.Contains(text, "<Arn>"+want+"</Arn>") {
			t.Errorf("%s is %s", user, text)
		}
	}
	for name, form := range map[string]url.Values{
		"a path": {"UserName": {"x1"}, "Path": {"/team/"}}, "tags": {"UserName": {"x1"}, "Tags.member.1.Key": {"a"}}, "a boundary": {"UserName": {"x1"}, "PermissionsBoundary": {"arn"}},
	} {
		if _, code, _ := w.call("boss", "iam", "CreateUser", form); code != "InvalidInput" {
			t.Errorf("%s: %s", name, code)
		}
	}
	for action, want := range map[string]string{"": "InvalidAction", "TagUser": "InvalidAction", "CreateUser": "ValidationError", "GetPolicy": "ValidationError"} {
		if _, code, _ := w.call("boss", "iam", action, url.Values{}); code != want {
			t.Errorf("%q: %s, want %s", action, code, want)
		}
	}
}

// TestPolicyClaimIsAskedFor: what a provider's token says of policies counts only where
// an administrator has said so of the provider.
func TestPolicyClaimIsAskedFor(t *testing.T) {
	w := newAccessWorld(t)
	w.furnish()
	arn := account.IAMARN("oidc-provider", "other.example.com")
	signIn := func() (account.Temporary, error) {
		p, err := w.accounts.Provider(t.Context(), "other.example.com")
		w.ok(err)
		who := account.WebIdentity{Provider: p, Subject: "eve", Audience: "croft", Claims: map[string][]string{"policy": {"consoleAdmin"}}}
		return w.accounts.AssumeRoleWithWebIdentity(t.Context(), who, account.SessionRequest{})
	}
	if _, err := signIn(); errs.KindOf(err) != errs.Forbidden {
		t.Error("the claim counts without anybody having said so:", err)
	}
	tag := func(action string, pairs ...string) (code, text string) {
		form := url.Values{"OpenIDConnectProviderArn": {arn}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		_, code, text = w.call("boss", "iam", action, form)
		return code, text
	}
	if code, text := tag("TagOpenIDConnectProvider", "Tags.member.1.Key", "team", "Tags.member.1.Value", "x"); code != "InvalidInput" {
		t.Error("another tag:", text)
	}
	if code, text := tag("TagOpenIDConnectProvider", "Tags.member.1.Key", account.PolicyClaimTag, "Tags.member.1.Value", "yes"); code != "ValidationError" {
		t.Error("neither true nor false:", text)
	}
	if code, text := tag("TagOpenIDConnectProvider", "Tags.member.1.Key", account.PolicyClaimTag, "Tags.member.1.Value", "true"); code != "" {
		t.Fatal(text)
	}
	made, err := signIn()
	w.ok(err)
	w.session("eve", made, nil)
	w.want("with the claim", 200, "", "eve", http.MethodGet, "web-data", "", nil, "")
	if _, text := tag("GetOpenIDConnectProvider"); !strings.Contains(text, account.PolicyClaimTag) {
		t.Error("it is not told:", text)
	}
	if code, text := tag("UntagOpenIDConnectProvider", "TagKeys.member.1", account.PolicyClaimTag); code != "" {
		t.Fatal(text)
	}
	w.want("once it does not count any more", 400, "InvalidToken", "eve", http.MethodGet, "web-data", "", nil, "")
	if _, text := tag("ListOpenIDConnectProviderTags"); strings.Contains(text, account.PolicyClaimTag) {
		t.Error("it is told still:", text)
	}
}
