package account_test

import (
	"slices"
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
)

// The policy as a person would write it down: who may do what in their own project.
// It is written out by hand, and not computed from the code that it tests.
const projectMatrix = `
                  nobody outsider viewer developer maintainer owner admin
project.read      401    404      ok     ok        ok         ok    ok
project.update    401    404      403    403       ok         ok    ok
project.delete    401    404      403    403       403        ok    ok
member.read       401    404      ok     ok        ok         ok    ok
member.write      401    404      403    403       403        ok    ok
repository.read   401    404      ok     ok        ok         ok    ok
repository.write  401    404      403    403       ok         ok    ok
run.read          401    404      ok     ok        ok         ok    ok
run.start         401    404      403    ok        ok         ok    ok
run.cancel        401    404      403    ok        ok         ok    ok
bucket.read       401    404      ok     ok        ok         ok    ok
object.write      401    404      403    ok        ok         ok    ok
bucket.write      401    404      403    403       ok         ok    ok
room.read         401    404      ok     ok        ok         ok    ok
room.post         401    404      ok     ok        ok         ok    ok
audit.read        401    404      403    403       ok         ok    ok
`

// And what they may do with what belongs to no project (a bucket is named so).
const instanceMatrix = `
                  nobody outsider viewer developer maintainer owner admin
project.read      401    403      403    403       403        403   ok
project.update    401    403      403    403       403        403   ok
project.delete    401    403      403    403       403        403   ok
member.read       401    403      403    403       403        403   ok
member.write      401    403      403    403       403        403   ok
repository.read   401    403      403    403       403        403   ok
repository.write  401    403      403    403       403        403   ok
run.read          401    403      403    403       403        403   ok
run.start         401    403      403    403       403        403   ok
run.cancel        401    403      403    403       403        403   ok
bucket.read       401    403      403    403       403        403   ok
object.write      401    403      403    403       403        403   ok
bucket.write      401    403      403    403       403        403   ok
room.read         401    ok       ok     ok        ok         ok    ok
room.post         401    ok       ok     ok        ok         ok    ok
audit.read        401    403      403    403       403        403   ok
project.create    401    ok       ok     ok        ok         ok    ok
instance.read     401    ok       ok     ok        ok         ok    ok
instance.admin    401    403      403    403       403        403   ok
self.read         401    ok       ok     ok        ok         ok    ok
self.update       401    ok       ok     ok        ok         ok    ok
self.credentials  401    ok       ok     ok        ok         ok    ok
`

// parseMatrix returns action → person → outcome.
func parseMatrix(t *testing.T, text string) map[account.Action]map[string]string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	people := strings.Fields(lines[0])
	matrix := make(map[account.Action]map[string]string)
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		if len(fields) != len(people)+1 {
			t.Fatalf("matrix line %q", line)
		}
		row := make(map[string]string)
		for i, person := range people {
			row[person] = fields[i+1]
		}
		matrix[account.Action(fields[0])] = row
	}
	return matrix
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errs.KindOf(err) == errs.Unauthenticated:
		return "401"
	case errs.KindOf(err) == errs.Forbidden:
		return "403"
	case errs.KindOf(err) == errs.NotFound:
		return "404"
	}
	return err.Error()
}

// cast is a project with one person in each role, and another project.
type cast struct {
	*world
	mine, other account.Project
	people      map[string]account.Principal
	users       map[string]account.User
}

func newCast(t *testing.T) *cast {
	t.Helper()
	w := newWorld(t)
	c := &cast{world: w, people: map[string]account.Principal{"nobody": {}}, users: map[string]account.User{}}
	boss := w.user("boss", true)
	c.mine, c.other = w.project("mine", boss), w.project("other", boss)
	for _, name := range []string{"outsider", "viewer", "developer", "maintainer", "owner", "admin"} {
		u := w.user(name, name == "admin")
		c.users[name] = u
		c.people[name] = account.Principal{UserID: u.ID, Name: name, Admin: u.Admin, Via: account.ViaSession, CredentialID: "s"}
		if role := account.Role(name); role.Valid() {
			if _, err := w.SetMember(t.Context(), c.mine.ID, u.ID, role); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

func TestAuthorizeEveryRoleAndAction(t *testing.T) {
	c := newCast(t)
	inProject, onInstance := parseMatrix(t, projectMatrix), parseMatrix(t, instanceMatrix)
	for _, action := range account.Actions() {
		if onInstance[action] == nil {
			t.Errorf("%s is in no matrix", action)
		}
		for person, p := range c.people {
			f := func(where string, r account.Resource, want string) {
				t.Helper()
				if got := outcome(c.Authorize(t.Context(), p, action, r)); got != want {
					t.Errorf("%s %s %s: %s, want %s", person, action, where, got, want)
				}
			}
			f("on the instance", account.Resource{}, onInstance[action][person])
			row := inProject[action]
			if row == nil {
				continue
			}
			f("in their project", account.Resource{ProjectID: c.mine.ID}, row[person])
			f("in their project's bucket", account.Resource{ProjectID: c.mine.ID, Bucket: "b"}, row[person])
			// In another project every member is an outsider.
			elsewhere := row["outsider"]
			if person == "nobody" || person == "admin" {
				elsewhere = row[person]
			}
			f("in another project", account.Resource{ProjectID: c.other.ID}, elsewhere)
			f("in no project there is", account.Resource{ProjectID: "gone"}, elsewhere)
		}
	}
	if len(onInstance) != len(account.Actions()) {
		t.Error("the matrix knows actions that the policy does not")
	}
}

func TestAuthorizeBucketsOfNobodyAndOfCroft(t *testing.T) {
	c := newCast(t)
	for _, action := range []account.Action{account.BucketRead, account.ObjectWrite, account.BucketWrite} {
		for person, p := range c.people {
			own, system, chat := "404", "404", "404"
			switch person {
			case "nobody":
				own, system, chat = "401", "401", "401"
			case "admin":
				own, system = "ok", "403"
				if action == account.BucketRead {
					system = "ok"
				}
			}
			if got := outcome(c.Authorize(t.Context(), p, action, account.Resource{Bucket: "plain"})); got != own {
				t.Errorf("%s %s on a bucket of nobody: %s, want %s", person, action, got, own)
			}
			for _, r := range []account.Resource{{Bucket: "croft-runs"}, {Bucket: "croft-runs", ProjectID: c.mine.ID}} {
				if got := outcome(c.Authorize(t.Context(), p, action, r)); got != system {
					t.Errorf("%s %s on %s: %s, want %s", person, action, r.Bucket, got, system)
				}
			}
			// It holds the files of direct rooms, too.
			if got := outcome(c.Authorize(t.Context(), p, action, account.Resource{Bucket: "croft-chat"})); got != chat {
				t.Errorf("%s %s on chat's files: %s, want %s", person, action, got, chat)
			}
		}
		if err := c.Authorize(t.Context(), account.System(), action, account.Resource{Bucket: "croft-runs"}); err != nil {
			t.Errorf("Croft itself, %s: %v", action, err)
		}
	}
}

// Whoever could make "web-artifacts" before the project "web" does would own what
// that project's runs put there.
func TestAuthorizeArtifactBucketsComeWithTheirProject(t *testing.T) {
	c := newCast(t)
	r := account.Resource{ProjectID: c.mine.ID, Bucket: "web-artifacts"}
	for person, want := range map[string]string{"outsider": "404", "developer": "403", "owner": "403", "admin": "ok"} {
		if got := outcome(c.Authorize(t.Context(), c.people[person], account.BucketWrite, r)); got != want {
			t.Errorf("%s: %s, want %s", person, got, want)
		}
	}
	if got := outcome(c.Authorize(t.Context(), c.people["developer"], account.ObjectWrite, r)); got != "ok" {
		t.Errorf("writing objects: %s", got)
	}
}

func TestAuthorizeDirectRoomsAreClosedToAdministrators(t *testing.T) {
	c := newCast(t)
	room := account.Resource{Members: []string{c.users["viewer"].ID, c.users["outsider"].ID}}
	for person, p := range c.people {
		want := "404"
		switch person {
		case "nobody":
			want = "401"
		case "viewer", "outsider":
			want = "ok"
		}
		for _, action := range []account.Action{account.RoomRead, account.RoomPost} {
			if got := outcome(c.Authorize(t.Context(), p, action, room)); got != want {
				t.Errorf("%s %s: %s, want %s", person, action, got, want)
			}
			if got := outcome(c.Authorize(t.Context(), p, action, account.Resource{Members: []string{}})); got == "ok" {
				t.Errorf("%s %s: let into a room without members", person, action)
			}
		}
	}
}

func TestAuthorizeByCredential(t *testing.T) {
	c := newCast(t)
	as := func(person string, change func(*account.Principal)) account.Principal {
		p := c.people[person]
		change(&p)
		return p
	}
	token := func(p *account.Principal) { p.Via = account.ViaToken }
	key := func(p *account.Principal) { p.Via = account.ViaKey }
	limitedKey := func(p *account.Principal) { p.Via, p.ProjectID = account.ViaKey, c.mine.ID }
	limitedToken := func(p *account.Principal) { p.Via, p.ProjectID = account.ViaToken, c.mine.ID }
	share := func(p *account.Principal) { p.Via, p.ReadOnly = account.ViaKey, true }
	mine, other := account.Resource{ProjectID: c.mine.ID, Bucket: "b"}, account.Resource{ProjectID: c.other.ID, Bucket: "b"}
	f := func(what string, p account.Principal, a account.Action, r account.Resource, want string) {
		t.Helper()
		if got := outcome(c.Authorize(t.Context(), p, a, r)); got != want {
			t.Errorf("%s %s: %s, want %s", what, a, got, want)
		}
	}
	f("token", as("owner", token), account.ProjectDelete, account.Resource{ProjectID: c.mine.ID}, "ok")
	f("token", as("owner", token), account.SelfRead, account.Resource{}, "ok")
	f("token", as("owner", token), account.SelfCredentials, account.Resource{}, "403")
	f("key", as("owner", key), account.SelfCredentials, account.Resource{}, "403")
	f("key", as("owner", key), account.ObjectWrite, mine, "ok")
	f("key", as("admin", key), account.InstanceAdmin, account.Resource{}, "403")
	f("key", as("admin", key), account.RoomRead, account.Resource{}, "403")
	f("limited key", as("owner", limitedKey), account.ObjectWrite, mine, "ok")
	f("limited key", as("outsider", limitedKey), account.BucketRead, mine, "404")
	f("limited key of an admin", as("admin", limitedKey), account.BucketRead, other, "404")
	f("limited key of an admin", as("admin", limitedKey), account.BucketRead, account.Resource{Bucket: "plain"}, "404")
	f("limited token of an admin", as("admin", limitedToken), account.InstanceAdmin, account.Resource{}, "403")
	f("limited token", as("owner", limitedToken), account.SelfUpdate, account.Resource{}, "403")
	f("share key", as("owner", share), account.BucketRead, mine, "ok")
	f("share key", as("owner", share), account.BucketRead, other, "404")
	for _, action := range []account.Action{account.ObjectWrite, account.BucketWrite} {
		f("share key", as("admin", share), action, mine, "403")
	}
	f("another's account", c.people["admin"], account.SelfCredentials, account.Resource{UserID: c.users["viewer"].ID}, "404")
	f("own account", c.people["viewer"], account.SelfUpdate, account.Resource{UserID: c.users["viewer"].ID}, "ok")
	if got := errs.KindOf(c.Authorize(t.Context(), c.people["admin"], "no.such", account.Resource{})); got != errs.Internal {
		t.Errorf("an unknown action was %s", got)
	}
}

func TestAuthorizeSeesAChangeOfRoleAtOnce(t *testing.T) {
	c := newCast(t)
	viewer, r := c.people["viewer"], account.Resource{ProjectID: c.mine.ID}
	if _, err := c.SetMember(t.Context(), c.mine.ID, viewer.UserID, account.Maintainer); err != nil {
		t.Fatal(err)
	}
	if err := c.Authorize(t.Context(), viewer, account.ProjectUpdate, r); err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveMember(t.Context(), c.mine.ID, viewer.UserID); err != nil {
		t.Fatal(err)
	}
	if got := outcome(c.Authorize(t.Context(), viewer, account.ProjectRead, r)); got != "404" {
		t.Fatalf("after leaving: %s", got)
	}
}

func TestWhatIsHiddenLooksLikeWhatDoesNotExist(t *testing.T) {
	c := newCast(t)
	hidden := c.Authorize(t.Context(), c.people["outsider"], account.ProjectRead, account.Resource{ProjectID: c.mine.ID})
	_, missing := c.ProjectBySlug(t.Context(), "missing")
	if hidden.Error() != missing.Error() {
		t.Fatalf("hidden says %q, missing says %q", hidden, missing)
	}
	if !slices.IsSorted(account.Actions()) {
		t.Error("actions are not sorted")
	}
}
