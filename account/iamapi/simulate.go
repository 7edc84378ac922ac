package iamapi

import (
	"slices"
	"strconv"
	"strings"

	"croft/account"
)

// simulated are the facts that a simulation is told.
type simulated map[string][]string

func (s simulated) Value(key string) []string { return s[key] }

// circumstances reads what the request says of the imagined one.
func (q *request) circumstances() simulated {
	out := simulated{}
	for i := 1; i <= 1000; i++ {
		prefix := "ContextEntries.member." + strconv.Itoa(i) + "."
		name := q.form.Get(prefix + "ContextKeyName")
		if name == "" {
			break
		}
		head, tag, tagged := strings.Cut(name, "/")
		key := strings.ToLower(head)
		if tagged {
			key += "/" + tag
		}
		for j := 1; q.form.Has(prefix + "ContextKeyValues.member." + strconv.Itoa(j)); j++ {
			out[key] = append(out[key], q.form.Get(prefix+"ContextKeyValues.member."+strconv.Itoa(j)))
		}
	}
	return out
}

// simulatePrincipal says what the policies of somebody decide. Roles in projects and
// the policies of buckets have a say besides, as ResourcePolicy would in AWS.
func (q *request) simulatePrincipal() ([]node, error) {
	arn, err := q.need("PolicySourceArn")
	if err != nil {
		return nil, err
	}
	role, session, isSession := roleSession(arn)
	resource := arn
	if isSession {
		resource = account.IAMARN("role", role) // whose policies it has
	}
	if err := q.permit(account.Deed{Resource: resource}); err != nil {
		return nil, err
	}
	facts := q.circumstances()
	if name, ok := account.NameOfARN("user", arn); ok {
		u, err := q.h.Accounts.UserByName(q.ctx, name)
		if err != nil {
			return nil, err
		}
		held, err := q.h.Accounts.Holdings(q.ctx, account.Holder{Kind: account.UserHolder, ID: u.ID})
		if err != nil {
			return nil, err
		}
		return q.simulate(held, facts, &account.Principal{UserID: u.ID, Name: u.Name, Via: account.ViaKey})
	}
	if name, ok := account.NameOfARN("group", arn); ok {
		g, err := q.h.Accounts.Group(q.ctx, name)
		if err != nil {
			return nil, err
		}
		held, err := q.h.Accounts.Holdings(q.ctx, account.Holder{Kind: account.GroupHolder, ID: g.ID})
		if err != nil {
			return nil, err
		}
		return q.simulate(held, facts, nil)
	}
	if name, ok := account.NameOfARN("role", arn); ok {
		role, isSession = name, true
	}
	if !isSession {
		return nil, invalid("PolicySourceArn is the ARN of a user, a group, a role, or a session of a role.")
	}
	p, err := q.h.Accounts.ImagineSession(q.ctx, account.ImaginedSession{Role: role, Session: session})
	if err != nil {
		return nil, err
	}
	return q.simulate(p.Grants.Identity, facts, &p)
}

// roleSession reads the ARN of a session that assumed a role.
func roleSession(arn string) (role, session string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:sts::"+account.AccountNumber+":assumed-role/")
	if !ok {
		return "", "", false
	}
	role, session, ok = strings.Cut(rest, "/")
	return role, session, ok && role != "" && session != ""
}

// imagined are the facts of a request by somebody that is not made. What the simulation is
// told counts, but for who they are.
type imagined struct {
	simulated
	who *account.Principal
}

func (i imagined) Value(key string) []string {
	if values, ok := i.who.Fact(key); ok && values != nil {
		return values
	}
	return i.simulated.Value(key)
}

func (q *request) simulateCustom() ([]node, error) {
	if err := q.permit(account.Deed{Resource: "*"}); err != nil {
		return nil, err
	}
	if len(q.members("PolicyInputList")) == 0 {
		return nil, invalid("The request must contain the parameter PolicyInputList.")
	}
	return q.simulate(nil, q.circumstances(), nil)
}

// simulate asks policies about every pair of an action and a resource, as a request by who;
// nil: nobody in particular.
func (q *request) simulate(held []account.Held, told simulated, who *account.Principal) ([]node, error) {
	var facts account.Facts = told
	if who != nil {
		facts = imagined{told, who}
	}
	if q.form.Get("ResourcePolicy") != "" || q.form.Has("PermissionsBoundaryPolicyInputList.member.1") {
		return nil, unsupported("The simulation takes policies of users, groups and roles: no ResourcePolicy, no permission boundaries.")
	}
	held = slices.Clone(held) // which others read
	for i, input := range q.members("PolicyInputList") {
		d, err := q.h.Accounts.CheckDocument(input)
		if err != nil {
			return nil, err
		}
		held = append(held, account.Held{Source: "PolicyInputList." + strconv.Itoa(i+1), Document: d})
	}
	actions := q.members("ActionNames")
	if len(actions) == 0 {
		return nil, invalid("The request must contain the parameter ActionNames.")
	}
	resources := q.members("ResourceArns")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	if len(actions)*len(resources) > 1000 {
		return nil, invalid("Ask for at most 1000 pairs of an action and a resource.")
	}
	out := e("EvaluationResults")
	for _, action := range actions {
		for _, resource := range resources {
			verdict, why := account.Explain(held, &account.Question{Action: action, Resource: resource, Facts: facts})
			decision := map[account.Verdict]string{account.Allows: "allowed", account.Denies: "explicitDeny", account.Silent: "implicitDeny"}[verdict]
			matched := list("MatchedStatements", why, func(s account.Statement) []node {
				return []node{
					text("SourcePolicyId", s.Source), text("SourcePolicyType", "IAM Policy"),
					e("StartPosition", number("Line", s.Line), number("Column", 1)),
				}
			})
			out.kids = append(out.kids, e("member", text("EvalActionName", action), text("EvalResourceName", resource), text("EvalDecision", decision),
				matched, e("MissingContextValues")))
		}
	}
	return []node{out, truth("IsTruncated", false)}, nil
}

// accountSummary counts what there is.
func (q *request) accountSummary() ([]node, error) {
	if err := q.permit(account.Deed{Resource: "*"}); err != nil {
		return nil, err
	}
	users, err := q.h.Accounts.ListUsers(q.ctx)
	if err != nil {
		return nil, err
	}
	groups, err := q.h.Accounts.ListGroups(q.ctx)
	if err != nil {
		return nil, err
	}
	roles, err := q.h.Accounts.ListIAMRoles(q.ctx)
	if err != nil {
		return nil, err
	}
	policies, err := q.h.Accounts.ListPolicies(q.ctx)
	if err != nil {
		return nil, err
	}
	providers, err := q.h.Accounts.ListProviders(q.ctx)
	if err != nil {
		return nil, err
	}
	local := 0
	for _, p := range policies {
		if !p.BuiltIn {
			local++
		}
	}
	out := e("SummaryMap")
	for _, entry := range []struct {
		name  string
		value int
	}{{"Users", len(users)}, {"Groups", len(groups)}, {"Roles", len(roles)}, {"Policies", local}, {"Providers", len(providers)}, {"VersionsPerPolicyQuota", 5}} {
		out.kids = append(out.kids, e("entry", text("key", entry.name), number("value", entry.value)))
	}
	return []node{out}, nil
}
