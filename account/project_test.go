package account_test

import (
	"fmt"
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/events"
)

func TestProjects(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss, ada := w.user("boss", true), w.user("ada", false)
	created := events.Subscribe[events.ProjectCreated](w.bus, 4)
	defer created.Close()
	project := must[account.Project](t)(w.CreateProject(ctx, ada.ID, account.NewProject{Slug: "web", Description: " the site "}))
	if project.Name != "web" || project.Description != "the site" || project.Role != account.Owner || project.ArtifactBucket() != "web-artifacts" {
		t.Fatalf("%+v", project)
	}
	if e := <-created.C(); e.ProjectID != project.ID {
		t.Fatalf("announced %q", e.ProjectID)
	}
	_, err := w.CreateProject(ctx, boss.ID, account.NewProject{Slug: "web"})
	kindIs(t, err, errs.Conflict, "project_exists")
	name := "Web site"
	changed := must[account.Project](t)(w.UpdateProject(ctx, project.ID, account.ProjectChange{Name: &name}))
	if changed.Name != name || changed.Description != "the site" || changed.Slug != "web" {
		t.Fatalf("%+v", changed)
	}
	w.project("secret", boss)
	see := func(u account.User) (list []string) {
		for _, p := range must[[]account.Project](t)(w.ListProjects(ctx, account.Principal{UserID: u.ID, Admin: u.Admin, Via: account.ViaSession})) {
			list = append(list, p.Slug+":"+string(p.Role))
		}
		return list
	}
	if got := fmt.Sprint(see(ada), see(boss)); got != "[web:owner] [secret:owner web:]" {
		t.Fatalf("visible: %s", got)
	}
	if err := w.DeleteProject(ctx, project.ID); err != nil {
		t.Fatal(err)
	}
	kindIs(t, w.DeleteProject(ctx, project.ID), errs.NotFound, "project_not_found")
	if len(created.C()) != 1 { // "secret"
		t.Fatal("a refused project was announced")
	}
}

func TestProjectSlugs(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", false)
	f := func(slug, code string) {
		t.Helper()
		_, err := w.CreateProject(t.Context(), ada.ID, account.NewProject{Slug: slug})
		if got, _ := errs.Public(err); err == nil && code != "" || err != nil && got != code {
			t.Errorf("%q: %v, want %q", slug, err, code)
		}
	}
	for _, bad := range []string{"", "a", "Web", "a b", "-ab", "ab-", "a_b", "a.b", "ä", strings.Repeat("a", 41)} {
		f(bad, "project_slug_invalid")
	}
	for _, reserved := range []string{"croft", "croft-runs", "xn--a", "sthree-a"} {
		f(reserved, "project_slug_reserved")
	}
	for _, good := range []string{"ab", "9lives", "a-b--c", "crofters", strings.Repeat("a", 40)} {
		f(good, "")
	}
}

func TestBucketNamesThatAreTaken(t *testing.T) {
	f := func(name, slug string, ok bool) {
		t.Helper()
		if err := account.CheckBucketName(name, slug); (err == nil) != ok {
			t.Errorf("%q for %q: %v", name, slug, err)
		}
	}
	f("photos", "", true)
	f("croft-runs", "", false)
	f("web-artifacts", "", false)
	f("web-artifacts", "shop", false)
	f("web-artifacts", "web", true)
	f("-artifacts", "", false)
}

func TestAProjectKeepsAnOwner(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada", false), w.user("eve", false)
	project := w.project("web", ada)
	set := func(u account.User, role account.Role) error {
		_, err := w.SetMember(ctx, project.ID, u.ID, role)
		return err
	}
	kindIs(t, set(ada, account.Viewer), errs.Conflict, "last_owner")
	kindIs(t, w.RemoveMember(ctx, project.ID, ada.ID), errs.Conflict, "last_owner")
	kindIs(t, set(eve, "king"), errs.Invalid, "role_unknown")
	kindIs(t, w.RemoveMember(ctx, project.ID, eve.ID), errs.NotFound, "member_not_found")
	if err := set(eve, account.Owner); err != nil {
		t.Fatal(err)
	}
	if err := set(ada, account.Viewer); err != nil {
		t.Fatal(err)
	}
	members := must[[]account.Member](t)(w.ListMembers(ctx, project.ID))
	if len(members) != 2 || members[0].User.Name != "ada" || members[0].Role != account.Viewer || members[1].Role != account.Owner {
		t.Fatalf("%+v", members)
	}
	_, err := w.SetMember(ctx, project.ID, "nobody", account.Viewer)
	kindIs(t, err, errs.NotFound, "user_not_found")
	_, err = w.SetMember(ctx, "gone", ada.ID, account.Viewer)
	kindIs(t, err, errs.NotFound, "project_not_found")
}

func TestAnAdministratorRemains(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss := w.user("boss", true)
	no, yes := false, true
	_, err := w.UpdateUser(ctx, boss.ID, account.UserChange{Admin: &no})
	kindIs(t, err, errs.Conflict, "last_admin")
	_, err = w.UpdateUser(ctx, boss.ID, account.UserChange{Disabled: &yes})
	kindIs(t, err, errs.Conflict, "last_admin")
	w.user("second", true)
	must[account.User](t)(w.UpdateUser(ctx, boss.ID, account.UserChange{Admin: &no}))
	token, _ := w.login("boss")
	if p, _, err := w.SessionPrincipal(ctx, token); err != nil || p.Admin {
		t.Fatalf("%+v %v", p, err)
	}
}

func TestUpdateUser(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.user("boss", true)
	ada := w.user("ada", false)
	token, _ := w.login("ada")
	title, locale := "Ada Lovelace", "zh-CN"
	user := must[account.User](t)(w.UpdateUser(ctx, ada.ID, account.UserChange{DisplayName: &title, Locale: &locale}))
	if user.DisplayName != title || user.Locale != locale {
		t.Fatalf("%+v", user)
	}
	if _, _, err := w.SessionPrincipal(ctx, token); err != nil {
		t.Fatalf("a new display name ended the session: %v", err)
	}
	password := "set by the boss"
	must[account.User](t)(w.UpdateUser(ctx, ada.ID, account.UserChange{Password: &password}))
	_, _, err := w.SessionPrincipal(ctx, token)
	kindIs(t, err, errs.Unauthenticated, "")
	if err := w.try("ada", password, here); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"line\nbreak", strings.Repeat("x", 101), "\xff"} {
		_, err := w.UpdateUser(ctx, ada.ID, account.UserChange{DisplayName: &bad})
		kindIs(t, err, errs.Invalid, "name_invalid")
	}
	_, err = w.UpdateUser(ctx, "gone", account.UserChange{})
	kindIs(t, err, errs.NotFound, "user_not_found")
}

func TestAuditPages(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for i := range 5 {
		project := "p"
		if i == 2 {
			project = "other"
		}
		if err := w.Audit(ctx, account.Entry{ActorName: "ada", Action: "create-bucket", Target: fmt.Sprint(i), ProjectID: project, Outcome: "ok"}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(f account.AuditFilter) (targets string) {
		for {
			entries, next, err := w.ListAudit(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				targets += e.Target
			}
			targets += "|"
			if f.Cursor = next; next == "" {
				return targets
			}
		}
	}
	if got := read(account.AuditFilter{Limit: 2}); got != "43|21|0|" {
		t.Errorf("everything: %s", got)
	}
	if got := read(account.AuditFilter{ProjectID: "p", Limit: 2}); got != "43|10|" {
		t.Errorf("a project: %s", got)
	}
	_, _, err := w.ListAudit(ctx, account.AuditFilter{Cursor: "x"})
	kindIs(t, err, errs.Invalid, "cursor_invalid")
}
