package app

import (
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/server"
)

// TestSimulatorOfOneself: who has access by a policy alone is told about it, and of what the
// bucket says no more than they may read.
func TestSimulatorOfOneself(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	w.put("in/a", "text")
	w.policy(`{"Sid":"secret","Effect":"Deny","Principal":{"AWS":"stranger"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/in/b"}`,
		`{"Sid":"office","Effect":"Allow","Principal":{"AWS":"stranger"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}`)
	w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("stranger"), "own", `{"Version":"2012-10-17","Statement":[{"Sid":"in","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/in/*"}]}`))
	s := w.simulator()
	ask := func(user string, q server.SimulationRequest) ([]server.SimulatedAnswer, error) {
		t.Helper()
		if q.Who == "" {
			q.Who, q.User = "user", user
		}
		if q.Object == "" {
			q.Object = "in/a"
		}
		return s.SimulateOwn(ctx, account.Principal{UserID: w.users[user], Name: user, Admin: user == "boss", Via: account.ViaSession},
			server.SimulatedQuestion{Bucket: "web-data", SimulationRequest: q, Address: "127.0.0.1"})
	}
	one := func(user, object, action string) server.SimulatedAnswer {
		t.Helper()
		answers, err := ask(user, server.SimulationRequest{Object: object, Actions: []string{action}})
		w.ok(err)
		return answers[0]
	}
	if a := one("stranger", "in/a", "s3:GetObject"); !a.Allowed || a.By != "own" || len(a.Statements) != 1 || a.Decided != 0 || a.Statements[0].SID != "in" {
		t.Errorf("by a policy of one's own: %+v", a)
	}
	if a := one("stranger", "in/b", "s3:GetObject"); a.Allowed || a.By != "policy" || a.Decided != -1 || len(a.Statements) != 1 || a.Statements[0].Source == "bucket" {
		t.Errorf("denied by what may not be read: %+v", a)
	}
	guess := map[string][]string{"aws:SourceIp": {"192.0.2.7"}}
	for name := range map[string]bool{"aws:SourceIp": true, "AWS:username": true, "s3:ExistingObjectTag/team": true, "aws:CurrentTime": true, "jwt:sub": true} {
		if _, err := ask("stranger", server.SimulationRequest{Actions: []string{"s3:PutObject"}, Facts: map[string][]string{name: {"x"}}}); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("the policy can be guessed by %s: %v", name, err)
		}
	}
	if _, err := ask("stranger", server.SimulationRequest{Actions: []string{"s3:ListBucket"}, Facts: map[string][]string{"s3:prefix": {"in/"}}}); err != nil {
		t.Errorf("what a request carries: %v", err)
	}
	for user, key := range map[string]string{"stranger": w.keys["ada"][0], "boss": w.keys["ada"][0]} {
		if _, err := ask(user, server.SimulationRequest{Who: "key", Key: key, Actions: []string{"s3:GetObject"}}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%s asks about another's key: %v", user, err)
		}
	}
	if answers, err := ask("stranger", server.SimulationRequest{Who: "key", Key: w.keys["limited"][0], Actions: []string{"s3:GetObject"}}); err != nil || answers[0].Allowed {
		t.Errorf("a key of one's own: %+v %v", answers, err)
	}
	// With the right to read the policy comes all that it says, and every circumstance.
	w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("stranger"), "reads", allowing("Allow", "s3:GetBucketPolicy", "arn:aws:s3:::web-data")))
	answers, err := ask("stranger", server.SimulationRequest{Actions: []string{"s3:PutObject"}, Facts: guess})
	if err != nil || !answers[0].Allowed || answers[0].By != "policy" || len(answers[0].Statements) != 2 {
		t.Errorf("who may read it: %+v %v", answers, err)
	}
}

// TestSimulatorOfRoles says what a session has to be asked with.
func TestSimulatorOfRoles(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	w.sessionsOfRoles()
	_, err := w.accounts.CreateProvider(ctx, account.NewProvider{URL: "https://strict.example.com", Clients: []string{"croft"}})
	w.ok(err)
	const provider = "id.example.com/team"
	for name, c := range map[string]struct {
		q    server.SimulationRequest
		code string
	}{
		"a role":                    {server.SimulationRequest{Role: "worker"}, ""},
		"no role":                   {server.SimulationRequest{}, "role_missing"},
		"an unknown role":           {server.SimulationRequest{Role: "none"}, "iam_not_found"},
		"an unknown provider":       {server.SimulationRequest{Role: "worker", Provider: "none"}, "iam_not_found"},
		"no session's name":         {server.SimulationRequest{Role: "worker", Session: "*"}, "iam_invalid"},
		"claims from nowhere":       {server.SimulationRequest{Role: "worker", Facts: map[string][]string{"jwt:sub": {"a"}}}, "claims_without_provider"},
		"a provider without claims": {server.SimulationRequest{Provider: provider}, "provider_needs_role"},
		"an unknown policy":         {server.SimulationRequest{Provider: provider, Facts: map[string][]string{"jwt:policy": {"none"}}}, "iam_not_found"},
		"a claim that counts not":   {server.SimulationRequest{Provider: "strict.example.com", Facts: map[string][]string{"jwt:policy": {"looks"}}}, "provider_needs_role"},
		"but a role of it":          {server.SimulationRequest{Role: "worker", Provider: "strict.example.com"}, ""},
	} {
		c.q.Who, c.q.Actions, c.q.Object = "role", []string{"s3:GetObject"}, "a"
		_, err := w.simulator().Simulate(ctx, account.Principal{Admin: true, Via: account.ViaSession}, server.SimulatedQuestion{Bucket: "web-data", SimulationRequest: c.q})
		code := ""
		if err != nil {
			code, _ = errs.Public(err)
		}
		if code != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}

// TestSimulatePrincipalPolicy asks IAM about a role and a session of it, which conditions know.
func TestSimulatePrincipalPolicy(t *testing.T) {
	w := newAccessWorld(t)
	w.sessionsOfRoles()
	w.ok(w.accounts.PutInlinePolicy(t.Context(), w.worker(), "own", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}},
		{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:userid":"worker/night"}}}]}`))
	const session = "arn:aws:sts::000000000000:assumed-role/worker/"
	for _, c := range []struct{ source, action, want string }{
		{account.IAMARN("role", "worker"), "s3:GetObject", "allowed"}, {account.IAMARN("role", "worker"), "s3:PutObject", "implicitDeny"},
		{session + "night", "s3:PutObject", "allowed"}, {session + "day", "s3:PutObject", "implicitDeny"}, {session + "night", "s3:DeleteObject", "implicitDeny"},
		{account.IAMARN("user", "stranger"), "s3:GetObject", "implicitDeny"},
	} {
		status, _, text := w.call("boss", "iam", "SimulatePrincipalPolicy", formOf("PolicySourceArn", c.source, "ActionNames.member.1", c.action))
		if status != 200 || !strings.Contains(text, "<EvalDecision>"+c.want+"</EvalDecision>") {
			t.Errorf("%s %s: %d, want %s\n%s", c.source, c.action, status, c.want, text)
		}
	}
	w.ok(w.accounts.PutInlinePolicy(t.Context(), w.holder("stranger"), "asks", allowing("Allow", "iam:SimulatePrincipalPolicy", account.IAMARN("role", "other"))))
	for _, source := range []string{session + "night", session, "arn:aws:sts::000000000000:assumed-role/worker", account.IAMARN("role", "worker")} {
		if status, _, text := w.call("stranger", "iam", "SimulatePrincipalPolicy", formOf("PolicySourceArn", source, "ActionNames.member.1", "s3:GetObject")); status == 200 {
			t.Errorf("asks about %s: %s", source, text)
		}
	}
}
