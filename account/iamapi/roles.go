package iamapi

import (
	"time"

	"croft/account"
)

func roleNodes(r account.IAMRole) []node {
	return []node{
		text("Path", "/"), text("RoleName", r.Name), text("RoleId", r.ID), text("Arn", account.IAMARN("role", r.Name)), at("CreateDate", r.CreatedAt),
		document("AssumeRolePolicyDocument", r.Trust), text("Description", r.Description), number("MaxSessionDuration", int(r.MaxSession/time.Second)),
	}
}

func (q *request) createRole() ([]node, error) {
	name, err := q.need("RoleName")
	if err != nil {
		return nil, err
	}
	if err := q.about("role", name); err != nil {
		return nil, err
	}
	trust, err := q.need("AssumeRolePolicyDocument")
	if err != nil {
		return nil, err
	}
	most, err := q.seconds("MaxSessionDuration")
	if err != nil {
		return nil, err
	}
	r, err := q.h.Accounts.CreateIAMRole(q.ctx, account.NewIAMRole{Name: name, Description: q.form.Get("Description"), Trust: trust, MaxSession: most})
	if err != nil {
		return nil, err
	}
	return []node{e("Role", roleNodes(r)...)}, nil
}

func (q *request) getRole() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil {
		return nil, err
	}
	r, err := q.h.Accounts.IAMRole(q.ctx, q.form.Get("RoleName"))
	if err != nil {
		return nil, err
	}
	return []node{e("Role", roleNodes(r)...)}, nil
}

func (q *request) listRoles() ([]node, error) {
	if err := q.about("role", "*"); err != nil {
		return nil, err
	}
	roles, err := q.h.Accounts.ListIAMRoles(q.ctx)
	if err != nil {
		return nil, err
	}
	roles, rest, err := page(q, roles, func(r account.IAMRole) string { return r.Name })
	return append([]node{list("Roles", roles, roleNodes)}, rest...), err
}

func (q *request) updateRole() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil {
		return nil, err
	}
	var c account.IAMRoleChange
	if q.form.Has("Description") {
		description := q.form.Get("Description")
		c.Description = &description
	}
	most, err := q.seconds("MaxSessionDuration")
	if err != nil {
		return nil, err
	}
	if most > 0 {
		c.MaxSession = &most
	}
	return []node{}, q.h.Accounts.UpdateIAMRole(q.ctx, q.form.Get("RoleName"), c)
}

func (q *request) updateTrust() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil {
		return nil, err
	}
	trust, err := q.need("PolicyDocument")
	if err != nil {
		return nil, err
	}
	return nil, q.h.Accounts.UpdateIAMRole(q.ctx, q.form.Get("RoleName"), account.IAMRoleChange{Trust: &trust})
}

func (q *request) deleteRole() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil {
		return nil, err
	}
	return nil, q.h.Accounts.DeleteIAMRole(q.ctx, q.form.Get("RoleName"))
}

// listInstanceProfiles is what tools ask before they delete a role. There are none.
func (q *request) listInstanceProfiles() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil {
		return nil, err
	}
	return []node{e("InstanceProfiles"), truth("IsTruncated", false)}, nil
}
