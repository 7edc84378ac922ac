package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"croft/account"
)

// formOf makes a form of names and values.
func formOf(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// TestEscalations tries ways in which people with a little of IAM get more of it, each with
// the requests that they would send.
func TestEscalations(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	w.put("home/writer/a", "x")
	inline := func(user, name, document string) {
		t.Helper()
		w.ok(w.accounts.PutInlinePolicy(ctx, w.holder(user), name, document))
	}
	statements := func(all ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`
	}
	call := func(what, user, service, action string, f url.Values, allowed bool) string {
		t.Helper()
		status, code, text := w.call(user, service, action, f)
		if (status == http.StatusOK) != allowed || (!allowed && status != http.StatusForbidden) {
			t.Errorf("%s: %s as %s: %d %s, want allowed %v\n%s", what, action, user, status, code, allowed, text)
		}
		return text
	}

	t.Run("a policy that is built in has one name", func(t *testing.T) {
		attach := `{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*"}`
		inline("writer", "delegate", statements(attach, `{"Effect":"Deny","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{"ArnLike":{"iam:PolicyARN":"arn:aws:iam::aws:policy/readwrite"}}}`))
		inline("reader", "delegate", statements(strings.TrimSuffix(attach, "}")+`,"Condition":{"ArnLike":{"iam:PolicyARN":"arn:aws:iam::000000000000:policy/*"}}}`))
		for _, arn := range []string{"arn:aws:iam::aws:policy/readwrite", "arn:aws:iam::000000000000:policy/readwrite", "arn:aws:iam::aws:policy/service-role/readwrite"} {
			for _, user := range []string{"writer", "reader"} {
				call(arn, user, "iam", "AttachUserPolicy", formOf("UserName", "stranger", "PolicyArn", arn), false)
			}
		}
		call("what is not denied", "writer", "iam", "AttachUserPolicy", formOf("UserName", "stranger", "PolicyArn", "arn:aws:iam::000000000000:policy/readonly"), true)
		w.ok(w.accounts.DetachPolicy(ctx, w.holder("stranger"), "readonly"))
	})

	t.Run("everybody is nobody whom a provider vouches for", func(t *testing.T) {
		provider, err := w.accounts.CreateProvider(ctx, account.NewProvider{URL: providerURL, Clients: []string{"croft"}})
		w.ok(err)
		who := account.WebIdentity{Provider: provider, Subject: "eve", Audience: "croft", Claims: map[string][]string{"sub": {"eve"}}}
		named := `"Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/id.example.com/team"}`
		for principal, allowed := range map[string]bool{
			`"Principal":"*"`: false, `"Principal":{"AWS":"*"}`: false, `"Principal":{"AWS":"arn:aws:iam::000000000000:root"}`: false,
			`"NotPrincipal":{"AWS":"arn:aws:iam::000000000000:user/ada"}`: false, named: true,
		} {
			role, err := w.accounts.CreateIAMRole(ctx, account.NewIAMRole{Name: "open", Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + principal + `,"Action":"sts:*"}]}`})
			w.ok(err)
			_, err = w.accounts.AssumeRoleWithWebIdentity(ctx, who, account.SessionRequest{Role: "open", Session: "eve"})
			if (err == nil) != allowed {
				t.Errorf("%s: %v, want allowed %v", principal, err, allowed)
			}
			w.ok(w.accounts.DeleteIAMRole(ctx, role.Name))
		}
	})

	t.Run("a session is its user to conditions", func(t *testing.T) {
		inline("ada", "delegate", statements(`{"Effect":"Allow","Action":["iam:ListUsers","sts:*"],"Resource":"*"}`,
			`{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:user/ada"}}}`))
		call("with the key", "ada", "iam", "ListUsers", nil, false)
		made, err := w.accounts.FederationToken(ctx, w.as("ada"), account.SessionRequest{Session: "somebody", Policy: statements(`{"Effect":"Allow","Action":"iam:*","Resource":"*"}`)})
		w.session("federated", made, err)
		call("under another name", "federated", "iam", "ListUsers", nil, false)
		inline("ada", "delegate", statements(`{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}`,
			`{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"User","aws:PrincipalAccount":"000000000000"}}}`))
		call("by what they are", "ada", "iam", "ListUsers", nil, false)
	})

	t.Run("sessions narrow one another", func(t *testing.T) {
		first, err := w.accounts.AssumeRole(ctx, w.as("boss"), "", account.SessionRequest{Policy: statements(`{"Effect":"Allow","Action":["s3:GetObject","sts:*"],"Resource":"*"}`)})
		w.session("first", first, err)
		wide := statements(`{"Effect":"Allow","Action":"*","Resource":"*"}`)
		_, _, text := w.call("first", "sts", "AssumeRole", formOf("RoleArn", "arn:xxx:xxx:xxx:xxxx", "RoleSessionName", "second", "Policy", wide))
		w.adopt("second", text)
		w.want("what both allow", 200, "", "second", http.MethodGet, "web-data", "home/writer/a", nil, "")
		w.want("what the first does not", 403, "AccessDenied", "second", http.MethodPut, "web-data", "a", nil, "x")
		call("not even of an administrator", "second", "iam", "CreateUser", formOf("UserName", "mine"), false)
		call("nor its own keys", "second", "iam", "CreateAccessKey", nil, false)
		call("no lasting credential of it", "second", "sts", "GetSessionToken", nil, false)
		status, _, _ := w.call("second", "sts", "AssumeRole", formOf("RoleArn", "arn:aws:iam::000000000000:role/none", "RoleSessionName", "third"))
		if status != http.StatusForbidden {
			t.Errorf("a role that is not there: %d", status)
		}
	})

	t.Run("values are no patterns", func(t *testing.T) {
		_, err := w.accounts.CreatePolicy(ctx, "homes", "", statements(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/home/${jwt:sub}/*"}`,
			`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::web-data","Condition":{"StringLike":{"s3:prefix":"home/${jwt:sub}/*"}}}`))
		w.ok(err)
		provider, err := w.accounts.CreateProvider(ctx, account.NewProvider{URL: "https://values.example.com", Clients: []string{"croft"}, PolicyClaim: true})
		w.ok(err)
		for subject, allowed := range map[string]bool{"writer": true, "*": false, "w?iter": false, "wri*": false, "${jwt:policy}": false, "${*}": false, "Writer": false, "": false, "writer/": false, "x/../writer": false} {
			who := account.WebIdentity{Provider: provider, Subject: subject, Audience: "croft", Claims: map[string][]string{"sub": {subject}, "policy": {"homes"}}}
			made, err := w.accounts.AssumeRoleWithWebIdentity(ctx, who, account.SessionRequest{})
			w.session("guest", made, err)
			for _, q := range []struct {
				key   string
				query url.Values
			}{{"home/writer/a", nil}, {"", url.Values{"prefix": {"home/writer/a"}}}} {
				if status, _, text := w.ask("guest", http.MethodGet, "web-data", q.key, q.query, ""); (status == 200) != allowed {
					t.Errorf("%q reads %q: %d, want allowed %v\n%s", subject, q.key, status, allowed, text)
				}
			}
		}
		// Nor are those that were given twice, or not at all, anything.
		for _, subjects := range [][]string{nil, {"writer", "reader"}} {
			who := account.WebIdentity{Provider: provider, Subject: "writer", Audience: "croft", Claims: map[string][]string{"sub": subjects, "policy": {"homes"}}}
			made, err := w.accounts.AssumeRoleWithWebIdentity(ctx, who, account.SessionRequest{})
			w.session("guest", made, err)
			w.want("no one value", 403, "AccessDenied", "guest", http.MethodGet, "web-data", "home/writer/a", nil, "")
		}
	})

	t.Run("what surrounds S3 is beyond it", func(t *testing.T) {
		inline("stranger", "delegate", statements(`{"Effect":"Allow","Action":"iam:*","Resource":"*"}`))
		for _, document := range []string{
			`{"Effect":"Allow","NotAction":"s3:DeleteBucket","Resource":"*"}`, `{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Allow","Action":["s3:*","sts:AssumeRole"],"Resource":"*"}`,
			`{"Effect":"Allow","Action":"s3*:*","Resource":"*"}`, `{"Effect":"Allow","Action":"?3:*","Resource":"*"}`, `{"Effect":"Allow","Action":"admin:*"}`, `{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::x"}`,
		} {
			for _, c := range []struct {
				action string
				form   url.Values
			}{
				{"PutUserPolicy", formOf("UserName", "writer", "PolicyName", "p", "PolicyDocument", statements(document))},
				{"CreatePolicy", formOf("PolicyName", "p", "PolicyDocument", statements(document))},
			} {
				if status, _, text := w.call("stranger", "iam", c.action, c.form); status == http.StatusOK {
					t.Errorf("%s of %s: %s", c.action, document, text)
				}
			}
		}
		call("a key of an administrator", "stranger", "iam", "CreateAccessKey", formOf("UserName", "boss"), false)
		call("a group of one's own", "stranger", "iam", "PutUserPolicy", formOf("UserName", "stranger", "PolicyName", "p", "PolicyDocument", allowing("Allow", "s3:*", "*")), false)
		for _, name := range []string{"BOSS", "boss ", "boss\x00", "*", "bos?", "../boss"} {
			if status, _, _ := w.call("stranger", "iam", "CreateAccessKey", formOf("UserName", name)); status == http.StatusOK {
				t.Errorf("%q has a key now", name)
			}
			if status, _, _ := w.call("stranger", "iam", "CreateUser", formOf("UserName", name)); status == http.StatusOK {
				t.Errorf("%q is a user now", name)
			}
		}
	})

	t.Run("markers of others", func(t *testing.T) {
		for _, marker := range []string{"!", "YQ==", "/////w==", strings.Repeat("QUFB", 5000)} {
			if status, code, _ := w.call("reader", "iam", "ListUsers", formOf("Marker", marker)); status != http.StatusForbidden {
				t.Errorf("who may not list: %d %s", status, code)
			}
		}
	})

	t.Run("a name that somebody else has now", func(t *testing.T) {
		fresh, err := w.accounts.CreateUser(ctx, account.NewUser{Name: "kim", NoPassword: true})
		w.ok(err)
		secret, key, err := w.accounts.AddKey(ctx, fresh.ID, account.NewKey{Name: "k", AccessKey: "KIMSKEY"})
		w.ok(err)
		w.keys["kim"] = [2]string{key.AccessKey, secret}
		made, err := w.accounts.AssumeRole(ctx, w.as("kim"), "", account.SessionRequest{})
		w.session("kims", made, err)
		call("while there is kim", "kims", "sts", "GetCallerIdentity", nil, true)
		w.ok(w.accounts.DropUser(ctx, fresh.ID))
		w.nextMillisecond()
		again, err := w.accounts.CreateUser(ctx, account.NewUser{Name: "kim", NoPassword: true})
		w.ok(err)
		_, _, err = w.accounts.AddKey(ctx, again.ID, account.NewKey{Name: "k", AccessKey: "KIMSKEY", Secret: secret})
		w.ok(err)
		if status, _, _ := w.call("kims", "sts", "GetCallerIdentity", nil); status == http.StatusOK {
			t.Error("the session of a user who is gone is good, since there is another of the name")
		}
		w.tokens["kim"] = "" // the same name and secret are the new user's, and nothing else
		_, _, text := w.call("kim", "sts", "GetCallerIdentity", nil)
		if strings.Contains(text, fresh.ID) || !strings.Contains(text, again.ID) {
			t.Error(text)
		}
	})

	t.Run("a role that is somebody's no more", func(t *testing.T) {
		trusting := func(user string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + user + `"},"Action":"sts:AssumeRole"}]}`
		}
		make2 := func() {
			role, err := w.accounts.CreateIAMRole(ctx, account.NewIAMRole{Name: "night", Trust: trusting("reader"), MaxSession: time.Hour})
			w.ok(err)
			w.ok(w.accounts.PutInlinePolicy(ctx, account.Holder{Kind: account.RoleHolder, ID: role.ID}, "p", allowing("Allow", "s3:GetObject", anything)))
		}
		make2()
		_, _, text := w.call("reader", "sts", "AssumeRole", formOf("RoleArn", account.IAMARN("role", "night"), "RoleSessionName", "rr"))
		w.adopt("night", text)
		w.want("the role", 200, "", "night", http.MethodGet, "web-data", "home/writer/a", nil, "")
		w.ok(w.accounts.DropIAMRole(ctx, "night"))
		make2()
		w.want("another of its name", 400, "InvalidToken", "night", http.MethodGet, "web-data", "home/writer/a", nil, "")
		for _, arn := range []string{"arn:aws:iam::000000000000:role/NIGHT", "arn:aws:iam::000000000000:role/night/", "arn:aws:iam::000000000000:ROLE/night", "arn:aws:iam::1:role/night", "arn:aws:iam::000000000000:role/*"} {
			if status, _, text := w.call("reader", "sts", "AssumeRole", formOf("RoleArn", arn, "RoleSessionName", "rr")); status == http.StatusOK {
				t.Errorf("%s: %s", arn, text)
			}
		}
	})
}

// adopt keeps the credential that an answer of STS gives under a name.
func (w *accessWorld) adopt(name, text string) {
	w.t.Helper()
	field := func(of string) string {
		_, after, _ := strings.Cut(text, "<"+of+">")
		value, _, ok := strings.Cut(after, "</"+of+">")
		if !ok {
			w.t.Fatalf("no %s in %s", of, text)
		}
		return value
	}
	w.keys[name], w.tokens[name] = [2]string{field("AccessKeyId"), field("SecretAccessKey")}, field("SessionToken")
}
