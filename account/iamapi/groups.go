package iamapi

import "croft/account"

func groupNodes(g account.Group) []node {
	return []node{text("Path", "/"), text("GroupName", g.Name), text("GroupId", g.ID), text("Arn", account.IAMARN("group", g.Name)), at("CreateDate", g.CreatedAt)}
}

func (q *request) createGroup() ([]node, error) {
	name, err := q.need("GroupName")
	if err != nil {
		return nil, err
	}
	if err := q.about("group", name); err != nil {
		return nil, err
	}
	g, err := q.h.Accounts.CreateGroup(q.ctx, name)
	if err != nil {
		return nil, err
	}
	return []node{e("Group", groupNodes(g)...)}, nil
}

func (q *request) getGroup() ([]node, error) {
	name, err := q.need("GroupName")
	if err != nil {
		return nil, err
	}
	if err := q.about("group", name); err != nil {
		return nil, err
	}
	g, err := q.h.Accounts.Group(q.ctx, name)
	if err != nil {
		return nil, err
	}
	users, err := q.h.Accounts.GroupMembers(q.ctx, name)
	if err != nil {
		return nil, err
	}
	users, rest, err := page(q, users, func(u account.User) string { return u.Name })
	return append([]node{e("Group", groupNodes(g)...), list("Users", users, userNodes)}, rest...), err
}

func (q *request) listGroups() ([]node, error) {
	if err := q.about("group", "*"); err != nil {
		return nil, err
	}
	return q.groups(q.h.Accounts.ListGroups(q.ctx))
}

func (q *request) listGroupsForUser() ([]node, error) {
	u, err := q.user(ownToo)
	if err != nil {
		return nil, err
	}
	return q.groups(q.h.Accounts.GroupsOf(q.ctx, u.ID))
}

func (q *request) groups(groups []account.Group, err error) ([]node, error) {
	if err != nil {
		return nil, err
	}
	groups, rest, err := page(q, groups, func(g account.Group) string { return g.Name })
	return append([]node{list("Groups", groups, groupNodes)}, rest...), err
}

func (q *request) deleteGroup() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil {
		return nil, err
	}
	return nil, q.h.Accounts.DeleteGroup(q.ctx, q.form.Get("GroupName"))
}

// addUserToGroup gives a user what the group holds.
func (q *request) addUserToGroup() ([]node, error) { return nil, q.membership(q.h.Accounts.AddToGroup) }

func (q *request) removeUserFromGroup() ([]node, error) {
	return nil, q.membership(q.h.Accounts.RemoveFromGroup)
}
