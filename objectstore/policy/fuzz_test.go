package policy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// maker makes policies and requests out of few words, so that they often meet.
type maker struct{ *rand.Rand }

func pick[T any](m maker, from ...T) T { return from[m.IntN(len(from))] }

func (m maker) some(from ...string) any {
	if m.IntN(2) == 0 {
		return pick(m, from...)
	}
	list := make([]string, 1+m.IntN(3))
	for i := range list {
		list[i] = pick(m, from...)
	}
	return list
}

func (m maker) policy() string {
	statements := make([]any, 1+m.IntN(3))
	for i := range statements {
		statements[i] = m.statement()
	}
	document := map[string]any{"Statement": statements}
	if len(statements) == 1 && m.IntN(2) == 0 {
		document["Statement"] = statements[0]
	}
	if m.IntN(4) > 0 {
		document["Version"] = pick(m, version2012, version2012, version2008)
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (m maker) statement() map[string]any {
	not := func(name string) string {
		if m.IntN(5) == 0 {
			return "Not" + name
		}
		return name
	}
	users := []string{"ada", "bob", UserARN("ada"), "arn:aws:iam::*:user/bob", "arn:aws:iam::000000000000:root", "000000000000", "*"}
	s := map[string]any{
		"Effect":         pick(m, "Allow", "Allow", "Deny"),
		not("Principal"): pick[any](m, "*", map[string]any{"AWS": m.some(users...)}, map[string]any{"CanonicalUser": m.some("ada", "bob")}),
		not("Action"):    m.some("s3:*", "s3:Get*", "s3:GetObject", "s3:getobject?ersion*", "s3:P?tObject", "*", "s3:*Object*"),
		not("Resource"): m.some("arn:aws:s3:::b/*", "arn:aws:s3:::b*", "arn:aws:s3:::b", "arn:aws:s3:::b/a?c", "arn:aws:s3:::b/${aws:username}/*",
			"arn:aws:s3:::b/${aws:username, 'all'}/x", "arn:aws:s3:::b/${*}${?}*", "arn:aws:s3:::b/*b*c", "arn:aws:s3:::b/*世?"),
	}
	if m.IntN(3) > 0 {
		conditions := map[string]any{}
		for range 1 + m.IntN(2) {
			name, keys := m.condition()
			conditions[name] = keys
		}
		s["Condition"] = conditions
	}
	return s
}

var fuzzKeys = []string{"aws:username", "aws:SourceIp", "s3:prefix", "s3:max-keys", "aws:CurrentTime", "aws:SecureTransport", "s3:RequestObjectTagKeys", "s3:ExistingObjectTag/Team", "aws:PrincipalArn"}

func (m maker) condition() (string, map[string]any) {
	if m.IntN(8) == 0 {
		return null, map[string]any{pick(m, fuzzKeys...): pick(m, "true", "false")}
	}
	names := make([]string, 0, len(operators))
	for name := range operators {
		names = append(names, name)
	}
	slices.Sort(names)
	base := pick(m, names...)
	name := pick(m, "", "", "ForAllValues:", "ForAnyValue:") + base + pick(m, "", "", "IfExists")
	var values []any
	for range 1 + m.IntN(2) {
		var v any
		switch base[:2] {
		case "St":
			v = pick(m, "ada", "ADA", "a*", "a/?", "${aws:username}", "${s3:prefix}", "${aws:username,'x'}*", "", "*", "Team")
		case "Nu":
			v = pick[any](m, "5", 5, "1.5", "-3", 100)
		case "Da":
			v = pick(m, "2026-01-01", "2026-06-01T00:00:00Z", "1767225600")
		case "Bo":
			v = pick[any](m, "true", false, "FALSE")
		case "Bi":
			v = pick(m, "YWRh", "")
		case "Ip", "No":
			v = pick(m, "10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "0.0.0.0/0")
		default:
			v = pick(m, "arn:aws:iam::000000000000:user/ada", "arn:aws:iam::*:user/*", "arn:*:*:*:*:*", "arn:aws:iam::000000000000:user/${aws:username}")
		}
		values = append(values, v)
	}
	if len(values) == 1 && m.IntN(2) == 0 {
		return name, map[string]any{pick(m, fuzzKeys...): values[0]}
	}
	return name, map[string]any{pick(m, fuzzKeys...): values}
}

type values map[string][]string

func (v values) Value(key string) []string { return v[key] }

func (m maker) request() *Request {
	r := &Request{
		Principal: Principal{Name: pick(m, "", "ada", "bob", "eve")},
		Action:    pick(m, "s3:GetObject", "s3:GetObjectVersionTagging", "s3:PutObject", "s3:ListBucket"),
		Resource:  pick(m, "arn:aws:s3:::b", "arn:aws:s3:::b/abc", "arn:aws:s3:::b/ada/x", "arn:aws:s3:::b/all/x", "arn:aws:s3:::b/*?", "arn:aws:s3:::b/bbcc", "arn:aws:s3:::b//x", "arn:aws:s3:::b/世界", "arn:aws:s3:::b/"),
	}
	c := values{}
	if r.Principal.Name != "" {
		c["aws:username"], c["aws:principalarn"] = []string{r.Principal.Name}, []string{r.Principal.ARN()}
	}
	for _, key := range []string{"aws:sourceip", "s3:prefix", "s3:max-keys", "aws:currenttime", "aws:securetransport", "s3:existingobjecttag/Team", "s3:requestobjecttagkeys"} {
		if m.IntN(4) == 0 {
			continue
		}
		from := fuzzValues[key]
		c[key] = []string{pick(m, from...)}
		if key == "s3:requestobjecttagkeys" && m.IntN(2) == 0 {
			c[key] = append(c[key], pick(m, from...))
		}
	}
	if m.IntN(10) > 0 {
		r.Context = c
	}
	return r
}

var fuzzValues = map[string][]string{
	"aws:sourceip": {"10.1.2.3", "192.0.2.1", "2001:db8::1", "::ffff:10.1.2.3", "nowhere"}, "s3:prefix": {"", "a/b", "ada", "a*"},
	"s3:max-keys": {"5", "7", "x", "1.5"}, "aws:currenttime": {"2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z"},
	"aws:securetransport": {"true", "false"}, "s3:existingobjecttag/Team": {"ada", "Team", "YWRh"}, "s3:requestobjecttagkeys": {"Team", "a", "ada"},
}

// compare makes a policy and requests of a seed and holds the evaluator to the slow one.
func compare(t *testing.T, seed uint64) (counts map[Effect]int) {
	m := maker{rand.New(rand.NewPCG(seed, 15))} //nolint:gosec // repeatable, not secret
	text := m.policy()
	p, err := ParseBucket(text, "b")
	if err != nil {
		if fits(err) {
			return nil
		}
		t.Fatalf("seed %d: %v\n%s", seed, err, text)
	}
	counts = map[Effect]int{}
	for range 8 {
		r := m.request()
		got, want := p.Evaluate(r), slow(text, r)
		if got != want {
			t.Fatalf("seed %d: %s, want %s\n%s\n%+v", seed, got, want, text, r)
		}
		e := p.Explain(r)
		if e.Effect != want || (want == NoMatch) != (e.Decided < 0) || (e.Decided >= 0 && (!e.Steps[e.Decided].Applies || e.Steps[e.Decided].Effect != want)) {
			t.Fatalf("seed %d: explained as %+v, want %s", seed, e, want)
		}
		counts[want]++
	}
	return counts
}

// fits reports whether an error is one that the maker runs into on purpose: an action
// that no resource is for.
func fits(err error) bool {
	e, ok := err.(*Error) //nolint:errorlint // it is documented to be one
	return ok && len(e.Path) > 7 && e.Path[len(e.Path)-7:] == ".Action"
}

func TestAgainstTheSlowEvaluator(t *testing.T) {
	total := map[Effect]int{}
	for seed := range uint64(3000) {
		for effect, n := range compare(t, seed) {
			total[effect] += n
		}
	}
	for _, effect := range []Effect{Allow, Deny, NoMatch} {
		if total[effect] < 1000 {
			t.Errorf("only %d of %s: %v", total[effect], effect, total)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compare(t, seed) })
}

// FuzzParse: whatever the text, reading it ends, and what is read can be asked.
func FuzzParse(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(maker{rand.New(rand.NewPCG(seed, 15))}.policy()) //nolint:gosec // repeatable, not secret
	}
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/` + "${aws:username" + `"}]}`)
	f.Add(`{"Statement":[[[[[[[[[[[[`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, bucket := range []string{"b", ""} {
			p, err := parse(text, bucket)
			if err != nil {
				e, ok := err.(*Error) //nolint:errorlint // it is documented to be one
				if !ok || e.Line < 1 || e.Column < 1 || e.Message == "" {
					t.Fatalf("%T %v", err, err)
				}
				continue
			}
			r := &Request{Principal: Principal{Name: "ada"}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/ada/x", Context: values{"aws:username": {"ada"}}}
			if p.Evaluate(r) != p.Explain(r).Effect {
				t.Fatal(fmt.Sprint("explained otherwise: ", text))
			}
			p.Public()
		}
	})
}
