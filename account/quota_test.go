package account_test

import (
	"testing"

	"croft/account"
	"croft/internal/errs"
)

func TestProjectQuota(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	project := must[account.Project](t)(w.CreateProject(ctx, w.user("ada", false).ID, account.NewProject{Slug: "web"}))
	is := func(id string, want int64) {
		t.Helper()
		for range 2 { // read, then remembered
			if got := must[int64](t)(w.ProjectQuota(ctx, id)); got != want {
				t.Errorf("quota %d, want %d", got, want)
			}
		}
	}
	is(project.ID, 0)
	is("none", 0)
	if changed := must[account.Project](t)(w.SetProjectQuota(ctx, project.ID, 1<<40)); changed.Quota != 1<<40 || changed.Slug != "web" {
		t.Errorf("%+v", changed)
	}
	is(project.ID, 1<<40) // at once
	_, err := w.SetProjectQuota(ctx, project.ID, -1)
	kindIs(t, err, errs.Invalid, "quota_negative")
	_, err = w.SetProjectQuota(ctx, "none", 1)
	kindIs(t, err, errs.NotFound, "project_not_found")
	is(project.ID, 1<<40)
	name := "Site"
	if changed := must[account.Project](t)(w.UpdateProject(ctx, project.ID, account.ProjectChange{Name: &name})); changed.Quota != 1<<40 {
		t.Errorf("%+v", changed)
	}
	must[account.Project](t)(w.SetProjectQuota(ctx, project.ID, 0))
	is(project.ID, 0)
}
