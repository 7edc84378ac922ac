package adminapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

type userJSON struct {
	Auth     *userAuthJSON `json:"userAuthInfo,omitempty"`
	Policies string        `json:"policyName,omitempty"`
	Status   string        `json:"status"`
	Groups   []string      `json:"memberOf,omitempty"`
	Updated  time.Time     `json:"updatedAt"`
}

type userAuthJSON struct {
	Kind string `json:"type"`
}

func userOf(u User) userJSON {
	return userJSON{Policies: strings.Join(u.Policies, ","), Status: status(u.Disabled), Groups: u.Groups, Updated: u.CreatedAt}
}

func (h *Handler) listUsers(q *request) error {
	users, err := h.config.Accounts.Users(q.ctx(), q.visit.Credential)
	if err != nil {
		return err
	}
	out := make(map[string]userJSON)
	for _, u := range users {
		out[u.Name] = userOf(u)
	}
	return q.answerSecret(out)
}

func (h *Handler) userInfo(q *request) error {
	u, err := h.config.Accounts.User(q.ctx(), q.visit.Credential, q.query.Get("accessKey"))
	if err != nil {
		return err
	}
	out := userOf(u)
	out.Auth = &userAuthJSON{"builtin"}
	return q.answer(out)
}

// disabled reads a status.
func disabled(text string) (bool, error) {
	switch text {
	case "enabled":
		return false, nil
	case "disabled":
		return true, nil
	}
	return false, fail("InvalidArgument", http.StatusBadRequest, `The status is one of "enabled" and "disabled".`)
}

func (h *Handler) addUser(q *request) error {
	name := q.query.Get("accessKey")
	q.event.Target = name
	var in struct {
		Secret string `json:"secretKey"`
		Policy string `json:"policy"`
		Status string `json:"status"`
	}
	if err := q.secretJSON(&in); err != nil {
		return err
	}
	off := false
	if in.Status != "" {
		var err error
		if off, err = disabled(in.Status); err != nil {
			return err
		}
	}
	u := UserChange{Secret: in.Secret, Disabled: &off, Policies: names(in.Policy)}
	return q.done(h.config.Accounts.PutUser(q.ctx(), q.visit.Credential, name, u))
}

// names are those in a list with commas.
func names(text string) (list []string) {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// done answers what has nothing to say.
func (q *request) done(err error) error {
	if err == nil {
		q.w.WriteHeader(http.StatusOK)
	}
	return err
}

func (h *Handler) removeUser(q *request) error {
	q.event.Target = q.query.Get("accessKey")
	return q.done(h.config.Accounts.RemoveUser(q.ctx(), q.visit.Credential, q.event.Target))
}

func (h *Handler) setUserStatus(q *request) error {
	q.event.Target, q.event.Detail = q.query.Get("accessKey"), q.query.Get("status")
	off, err := disabled(q.event.Detail)
	if err != nil {
		return err
	}
	return q.done(h.config.Accounts.PutUser(q.ctx(), q.visit.Credential, q.event.Target, UserChange{Disabled: &off, Change: true}))
}

func (h *Handler) listGroups(q *request) error {
	groups, err := h.config.Accounts.Groups(q.ctx(), q.visit.Credential)
	if err != nil {
		return err
	}
	out := []string{}
	for _, g := range groups {
		out = append(out, g.Name)
	}
	return q.answer(out)
}

func (h *Handler) groupInfo(q *request) error {
	g, err := h.config.Accounts.Group(q.ctx(), q.visit.Credential, q.query.Get("group"))
	if err != nil {
		return err
	}
	return q.answer(map[string]any{
		"name": g.Name, "status": "enabled", "members": append([]string{}, g.Members...), "policy": strings.Join(g.Policies, ","), "updatedAt": g.CreatedAt,
	})
}

func (h *Handler) updateGroup(q *request) error {
	var in struct {
		Group   string   `json:"group"`
		Members []string `json:"members"`
		Status  string   `json:"groupStatus"`
		Remove  bool     `json:"isRemove"`
	}
	if json.Unmarshal(q.body, &in) != nil {
		return fail("InvalidArgument", http.StatusBadRequest, "The body is not the JSON of this call.")
	}
	q.event.Target, q.event.Detail = in.Group, strings.Join(in.Members, ", ")
	a, c := h.config.Accounts, q.visit.Credential
	switch {
	case in.Status == "disabled":
		return errGroupStatus()
	case !in.Remove:
		return q.done(a.AddMembers(q.ctx(), c, in.Group, in.Members))
	case len(in.Members) == 0:
		q.event.Detail = "removed"
		return q.done(a.RemoveGroup(q.ctx(), c, in.Group))
	}
	q.event.Detail = "without " + q.event.Detail
	return q.done(a.RemoveMembers(q.ctx(), c, in.Group, in.Members))
}

func errGroupStatus() error {
	return fail("NotImplemented", http.StatusNotImplemented, "Groups of Croft cannot be disabled. Detach their policies, or remove their members.")
}

func (h *Handler) setGroupStatus(q *request) error {
	q.event.Target, q.event.Detail = q.query.Get("group"), q.query.Get("status")
	off, err := disabled(q.event.Detail)
	if err == nil && off {
		err = errGroupStatus()
	}
	if err != nil {
		return err
	}
	_, err = h.config.Accounts.Group(q.ctx(), q.visit.Credential, q.event.Target)
	return q.done(err)
}

func (h *Handler) listPolicies(q *request) error {
	policies, err := h.config.Accounts.Policies(q.ctx(), q.visit.Credential)
	if err != nil {
		return err
	}
	out := make(map[string]json.RawMessage)
	for _, p := range policies {
		out[p.Name] = documentOf(p)
	}
	return q.answer(out)
}

func (h *Handler) policyInfo(q *request) error {
	p, err := h.config.Accounts.Policy(q.ctx(), q.visit.Credential, q.query.Get("name"))
	if err != nil {
		return err
	}
	if q.query.Get("v") != "2" {
		return q.answer(documentOf(p))
	}
	return q.answer(map[string]any{"PolicyName": p.Name, "Policy": documentOf(p), "CreateDate": p.CreatedAt, "UpdateDate": p.UpdatedAt})
}

func (h *Handler) addPolicy(q *request) error {
	q.event.Target = q.query.Get("name")
	return q.done(h.config.Accounts.PutPolicy(q.ctx(), q.visit.Credential, q.event.Target, string(q.body)))
}

func (h *Handler) removePolicy(q *request) error {
	q.event.Target = q.query.Get("name")
	return q.done(h.config.Accounts.RemovePolicy(q.ctx(), q.visit.Credential, q.event.Target))
}

func (h *Handler) attachPolicies(q *request) error { return h.holdPolicies(q, true) }

func (h *Handler) detachPolicies(q *request) error { return h.holdPolicies(q, false) }

func (h *Handler) holdPolicies(q *request, attach bool) error {
	var in struct {
		Policies []string `json:"policies"`
		User     string   `json:"user"`
		Group    string   `json:"group"`
	}
	if err := q.secretJSON(&in); err != nil {
		return err
	}
	q.event.Target, q.event.Detail = in.User+in.Group, strings.Join(in.Policies, ", ")
	if len(in.Policies) == 0 || (in.User == "") == (in.Group == "") {
		return fail("InvalidArgument", http.StatusBadRequest, "Name policies, and a user or a group.")
	}
	change, name := h.config.Accounts.Detach, "policiesDetached"
	if attach {
		change, name = h.config.Accounts.Attach, "policiesAttached"
	}
	changed, err := change(q.ctx(), q.visit.Credential, Holder{in.User, in.Group}, in.Policies)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		return fail("XMinioAdminPolicyChangeAlreadyApplied", http.StatusBadRequest, "The specified policy change is already in effect.")
	}
	return q.answerSecret(map[string]any{name: changed, "updatedAt": h.now().UTC()})
}

type heldJSON struct {
	User     string   `json:"user,omitempty"`
	Group    string   `json:"group,omitempty"`
	Policies []string `json:"policies"`
}

type holdersJSON struct {
	Policy string   `json:"policy"`
	Users  []string `json:"users"`
	Groups []string `json:"groups"`
}

// policyEntities answers who holds which policies: of the users, groups and policies that
// are named, or of all policies.
func (h *Handler) policyEntities(q *request) error {
	a, c := h.config.Accounts, q.visit.Credential
	users, err := a.Users(q.ctx(), c)
	if err != nil {
		return err
	}
	groups, err := a.Groups(q.ctx(), c)
	if err != nil {
		return err
	}
	asked := func(kind, name string) bool { return slices.Contains(q.query[kind], name) }
	all := len(q.query["user"])+len(q.query["group"])+len(q.query["policy"]) == 0
	var ofUsers, ofGroups []heldJSON
	by := make(map[string]*holdersJSON)
	holders := func(policy string) *holdersJSON {
		if by[policy] == nil {
			by[policy] = &holdersJSON{Policy: policy, Users: []string{}, Groups: []string{}}
		}
		return by[policy]
	}
	for _, u := range users {
		if asked("user", u.Name) {
			ofUsers = append(ofUsers, heldJSON{User: u.Name, Policies: u.Policies})
		}
		for _, p := range u.Policies {
			holders(p).Users = append(holders(p).Users, u.Name)
		}
	}
	for _, g := range groups {
		if asked("group", g.Name) {
			ofGroups = append(ofGroups, heldJSON{Group: g.Name, Policies: g.Policies})
		}
		for _, p := range g.Policies {
			holders(p).Groups = append(holders(p).Groups, g.Name)
		}
	}
	var ofPolicies []holdersJSON
	for name, one := range by {
		if all || asked("policy", name) {
			ofPolicies = append(ofPolicies, *one)
		}
	}
	slices.SortFunc(ofPolicies, func(a, b holdersJSON) int { return strings.Compare(a.Policy, b.Policy) })
	return q.answerSecret(map[string]any{
		"timestamp": h.now().UTC(), "userMappings": ofUsers, "groupMappings": ofGroups, "policyMappings": ofPolicies,
	})
}
