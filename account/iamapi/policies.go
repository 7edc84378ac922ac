package iamapi

import (
	"strconv"
	"strings"

	"croft/account"
)

func (q *request) policyNodes(p account.Policy) ([]node, error) {
	holders, err := q.h.Accounts.HoldersOf(q.ctx, p.Name)
	return []node{
		text("PolicyName", p.Name), text("PolicyId", p.ID), text("Arn", account.PolicyARN(p.Name)), text("Path", "/"),
		text("DefaultVersionId", versionID(p.Version)), number("AttachmentCount", len(holders)), number("PermissionsBoundaryUsageCount", 0),
		truth("IsAttachable", true), text("Description", p.Description), at("CreateDate", p.CreatedAt), at("UpdateDate", p.UpdatedAt),
	}, err
}

func versionID(n int) string { return "v" + strconv.Itoa(n) }

func (q *request) createPolicy() ([]node, error) {
	name, err := q.need("PolicyName")
	if err != nil {
		return nil, err
	}
	if err := q.about("policy", name); err != nil {
		return nil, err
	}
	text, d, err := q.document()
	if err != nil {
		return nil, err
	}
	if err := q.permit(account.Deed{Resource: account.IAMARN("policy", name), Documents: []account.Document{d}}); err != nil {
		return nil, err
	}
	p, err := q.h.Accounts.CreatePolicy(q.ctx, name, q.form.Get("Description"), text)
	if err != nil {
		return nil, err
	}
	nodes, err := q.policyNodes(p)
	return []node{e("Policy", nodes...)}, err
}

// policy finds the policy that a call is about, for those who may.
func (q *request) policy() (account.Policy, error) {
	name, err := q.policyName()
	if err != nil {
		return account.Policy{}, err
	}
	if err := q.permit(account.Deed{Resource: account.PolicyARN(name)}); err != nil {
		return account.Policy{}, err
	}
	return q.h.Accounts.Policy(q.ctx, name)
}

// ownPolicy is policy for calls that change it: one that gives more than S3, in any of
// its versions, only administrators change.
func (q *request) ownPolicy(more ...account.Document) (account.Policy, error) {
	p, err := q.policy()
	if err != nil {
		return p, err
	}
	versions, err := q.h.Accounts.PolicyVersions(q.ctx, p.Name)
	if err != nil {
		return p, err
	}
	for _, v := range versions {
		d, err := q.h.Accounts.CheckDocument(v.Document)
		if err != nil {
			return p, err
		}
		more = append(more, d)
	}
	return p, q.permit(account.Deed{Resource: account.PolicyARN(p.Name), Documents: more})
}

func (q *request) getPolicy() ([]node, error) {
	p, err := q.policy()
	if err != nil {
		return nil, err
	}
	nodes, err := q.policyNodes(p)
	return []node{e("Policy", nodes...)}, err
}

func (q *request) listPolicies() ([]node, error) {
	if err := q.about("policy", "*"); err != nil {
		return nil, err
	}
	all, err := q.h.Accounts.ListPolicies(q.ctx)
	if err != nil {
		return nil, err
	}
	scope, attached := q.form.Get("Scope"), q.form.Get("OnlyAttached") == "true"
	var kept []account.Policy
	for _, p := range all {
		if (scope == "AWS" && !p.BuiltIn) || (scope == "Local" && p.BuiltIn) {
			continue
		}
		if attached {
			holders, err := q.h.Accounts.HoldersOf(q.ctx, p.Name)
			if err != nil {
				return nil, err
			}
			if len(holders) == 0 {
				continue
			}
		}
		kept = append(kept, p)
	}
	kept, rest, err := page(q, kept, func(p account.Policy) string { return p.Name })
	if err != nil {
		return nil, err
	}
	out := list("Policies", kept, func(p account.Policy) []node {
		var nodes []node
		if err == nil {
			nodes, err = q.policyNodes(p)
		}
		return nodes
	})
	return append([]node{out}, rest...), err
}

func (q *request) deletePolicy() ([]node, error) {
	p, err := q.ownPolicy()
	if err != nil {
		return nil, err
	}
	return nil, q.h.Accounts.DeletePolicy(q.ctx, p.Name)
}

func versionNodes(v account.PolicyVersion) []node {
	return []node{text("VersionId", versionID(v.Number)), truth("IsDefaultVersion", v.Default), at("CreateDate", v.CreatedAt)}
}

func (q *request) createPolicyVersion() ([]node, error) {
	if _, err := q.policy(); err != nil {
		return nil, err
	}
	text, d, err := q.document()
	if err != nil {
		return nil, err
	}
	p, err := q.ownPolicy(d)
	if err != nil {
		return nil, err
	}
	v, err := q.h.Accounts.AddPolicyVersion(q.ctx, p.Name, text, q.form.Get("SetAsDefault") == "true")
	if err != nil {
		return nil, err
	}
	return []node{e("PolicyVersion", versionNodes(v)...)}, nil
}

// version reads the number of a version.
func (q *request) version() (int, error) {
	id, err := q.need("VersionId")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(id, "v"))
	if err != nil || n < 1 || !strings.HasPrefix(id, "v") {
		return 0, invalid("A VersionId looks like v1.")
	}
	return n, nil
}

func (q *request) getPolicyVersion() ([]node, error) {
	p, err := q.policy()
	if err != nil {
		return nil, err
	}
	n, err := q.version()
	if err != nil {
		return nil, err
	}
	versions, err := q.h.Accounts.PolicyVersions(q.ctx, p.Name)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if v.Number == n {
			return []node{e("PolicyVersion", append([]node{document("Document", v.Document)}, versionNodes(v)...)...)}, nil
		}
	}
	return nil, &failure{code: "NoSuchEntity", message: "Policy " + p.Name + " version " + versionID(n) + " does not exist or is not attachable.", status: 404}
}

func (q *request) listPolicyVersions() ([]node, error) {
	p, err := q.policy()
	if err != nil {
		return nil, err
	}
	versions, err := q.h.Accounts.PolicyVersions(q.ctx, p.Name)
	return []node{list("Versions", versions, versionNodes), truth("IsTruncated", false)}, err
}

func (q *request) setDefaultPolicyVersion() ([]node, error) {
	return nil, q.ofVersion(q.h.Accounts.SetDefaultPolicyVersion)
}

func (q *request) deletePolicyVersion() ([]node, error) {
	return nil, q.ofVersion(q.h.Accounts.DeletePolicyVersion)
}

func (q *request) listEntitiesForPolicy() ([]node, error) {
	p, err := q.policy()
	if err != nil {
		return nil, err
	}
	holders, err := q.h.Accounts.HoldersOf(q.ctx, p.Name)
	if err != nil {
		return nil, err
	}
	of := map[account.HolderKind]map[string]bool{account.UserHolder: {}, account.GroupHolder: {}, account.RoleHolder: {}}
	for _, h := range holders {
		of[h.Kind][h.ID] = true
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
	entry := func(out *node, kind account.HolderKind, title, name, id string) {
		if of[kind][id] {
			out.kids = append(out.kids, e("member", text(title+"Name", name), text(title+"Id", id)))
		}
	}
	inUsers, inGroups, inRoles := e("PolicyUsers"), e("PolicyGroups"), e("PolicyRoles")
	for _, u := range users {
		entry(&inUsers, account.UserHolder, "User", u.Name, u.ID)
	}
	for _, g := range groups {
		entry(&inGroups, account.GroupHolder, "Group", g.Name, g.ID)
	}
	for _, r := range roles {
		entry(&inRoles, account.RoleHolder, "Role", r.Name, r.ID)
	}
	return []node{inGroups, inUsers, inRoles, truth("IsTruncated", false)}, nil
}
