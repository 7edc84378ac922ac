package iamapi

import (
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
	d := account.Deed{Resource: arn}
	if err := q.permit(d); err != nil {
		return nil, err
	}
	var h account.Holder
	facts := q.circumstances()
	if name, ok := account.NameOfARN("user", arn); ok {
		u, err := q.h.Accounts.UserByName(q.ctx, name)
		if err != nil {
			return nil, err
		}
		h = account.Holder{Kind: account.UserHolder, ID: u.ID}
		facts["aws:username"], facts["aws:userid"], facts["aws:principalarn"] = []string{name}, []string{u.ID}, []string{arn}
	} else if name, ok := account.NameOfARN("group", arn); ok {
		g, err := q.h.Accounts.Group(q.ctx, name)
		if err != nil {
			return nil, err
		}
		h = account.Holder{Kind: account.GroupHolder, ID: g.ID}
	} else if name, ok := account.NameOfARN("role", arn); ok {
		r, err := q.h.Accounts.IAMRole(q.ctx, name)
		if err != nil {
			return nil, err
		}
		h = account.Holder{Kind: account.RoleHolder, ID: r.ID}
		facts["aws:principalarn"] = []string{arn}
	} else {
		return nil, invalid("PolicySourceArn is the ARN of a user, a group or a role.")
	}
	held, err := q.h.Accounts.Holdings(q.ctx, h)
	if err != nil {
		return nil, err
	}
	return q.simulate(held, facts)
}

func (q *request) simulateCustom() ([]node, error) {
	if err := q.permit(account.Deed{Resource: "*"}); err != nil {
		return nil, err
	}
	if len(q.members("PolicyInputList")) == 0 {
		return nil, invalid("The request must contain the parameter PolicyInputList.")
	}
	return q.simulate(nil, q.circumstances())
}

func (q *request) simulate(held []account.Held, facts simulated) ([]node, error) {
	if q.form.Get("ResourcePolicy") != "" || q.form.Has("PermissionsBoundaryPolicyInputList.member.1") {
		return nil, unsupported("The simulation takes policies of users, groups and roles: no ResourcePolicy, no permission boundaries.")
	}
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
