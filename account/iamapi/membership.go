package iamapi

import (
	"context"

	"croft/account"
	"croft/internal/errs"
)

// membership changes whether a user is in a group. Whoever may do it to the group has to
// be one who may touch the user, too.
func (q *request) membership(change func(ctx context.Context, group, userID string) error) error {
	name, err := q.need("GroupName")
	if err != nil {
		return err
	}
	userName, err := q.need("UserName")
	if err != nil {
		return err
	}
	d := account.Deed{Resource: account.IAMARN("group", name)}
	group, err := q.h.Accounts.Group(q.ctx, name)
	if err == nil {
		d.Whom = &account.Holder{Kind: account.GroupHolder, ID: group.ID}
	}
	if denied := q.permit(d); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	q.target += " " + short(userName)
	user, err := q.h.Accounts.UserByName(q.ctx, userName)
	if errs.KindOf(err) == errs.NotFound {
		return &failure{code: "NoSuchEntity", message: "The user with name " + short(userName) + " cannot be found.", status: 404, cause: err}
	}
	if err != nil {
		return err
	}
	d.Whom = &account.Holder{Kind: account.UserHolder, ID: user.ID}
	if err := q.permit(d); err != nil {
		return err
	}
	return change(q.ctx, name, user.ID)
}
