package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestBind(t *testing.T) {
	const text = "{\"Statement\": [\n {\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"ada\", \"e\\u0076e\" ,\"arn:aws:iam::*:user/ada\"],\"CanonicalUser\":\"kim\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\"},\n" +
		" {\"Effect\":\"Deny\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\",\"NotPrincipal\":{\"AWS\":[\"arn:aws:iam::000000000000:role/night\",\"arn:aws:sts::000000000000:assumed-role/day/one\",\"*\"]}}]}\n"
	p, err := ParseBucket(text, "b")
	if err != nil {
		t.Fatal(err)
	}
	users, roles := p.Mentions()
	if strings.Join(users, " ") != "ada eve kim" || strings.Join(roles, " ") != "day night" {
		t.Error(users, roles)
	}
	all := &Bindings{Users: map[string]string{"ada": "a1", "eve": "e1", "kim": "k1"}, Roles: map[string]string{"day": "d1", "night": "n1"}}
	if err := p.Strangers(all); err != nil {
		t.Error(err)
	}
	for _, missing := range []string{"eve", "night"} {
		some := &Bindings{Users: map[string]string{"ada": "a1", "eve": "e1", "kim": "k1"}, Roles: map[string]string{"day": "d1", "night": "n1"}}
		delete(some.Users, missing)
		delete(some.Roles, missing)
		var wrong *Error
		if err := p.Strangers(some); !errors.As(err, &wrong) || wrong.Line < 2 || !strings.Contains(wrong.Message, missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	kept, err := ParseBindings(all.Text())
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Shown(kept, all); got != text {
		t.Errorf("nobody is gone, and it is\n%s", got)
	}
	now := &Bindings{Users: map[string]string{"ada": "a2", "kim": "k1"}, Roles: map[string]string{"night": "n1"}}
	want := strings.NewReplacer("\"ada\"", `"AIDAA1"`, "\"e\\u0076e\"", `"AIDAE1"`, `"arn:aws:iam::*:user/ada"`, `"AIDAA1"`,
		`"arn:aws:sts::000000000000:assumed-role/day/one"`, `"AROAD1:one"`).Replace(text)
	if got := p.Shown(kept, now); got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}
	if _, err := ParseBindings("{"); err == nil {
		t.Error("what cannot be read was")
	}

	simple, err := ParseBucket(`{"Statement":{"Effect":"Allow","Principal":{"AWS":["ada","eve","arn:aws:iam::000000000000:role/night","arn:aws:sts::000000000000:assumed-role/day/one"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`, "b")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(who Principal) bool {
		return simple.Evaluate(&Request{Principal: who, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}) == Allow
	}
	for _, c := range []struct {
		who  Principal
		want bool
	}{
		{Principal{Name: "ada", ID: "a1"}, true},
		{Principal{Name: "ada", ID: "a1", ByID: true}, false},
		{Principal{Role: "night", ID: "n1"}, true},
		{Principal{Role: "night", ID: "n1", ByID: true}, false},
		{Principal{Role: "day", Session: "one", ID: "d1"}, true},
		{Principal{Role: "day", Session: "one", ID: "d1", ByID: true}, false},
		{Principal{Role: "day", Session: "two", ID: "d1"}, false},
	} {
		if got := ask(c.who); got != c.want {
			t.Errorf("unbound, %+v is let in: %v", c.who, got)
		}
	}
	simple.Bind(&Bindings{Users: map[string]string{"ada": "a1"}, Roles: map[string]string{"night": "n1", "day": "d1"}})
	for _, c := range []struct {
		who  Principal
		want bool
	}{
		{Principal{Name: "ada", ID: "a1"}, true},
		{Principal{Name: "ada", ID: "a1", ByID: true}, true},
		{Principal{Name: "ada", ID: "a2"}, false},
		{Principal{Name: "ada"}, false},
		{Principal{Name: "eve", ID: "e1"}, false},
		{Principal{Role: "night", ID: "n1", ByID: true}, true},
		{Principal{Role: "night", ID: "a1"}, false},
		{Principal{Role: "day", Session: "one", ID: "d1", ByID: true}, true},
		{Principal{Role: "day", Session: "one", ID: "d2"}, false},
	} {
		if got := ask(c.who); got != c.want {
			t.Errorf("bound, %+v is let in: %v", c.who, got)
		}
	}
}
