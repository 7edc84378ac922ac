package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
)

// keyed is a world with a project, its owner, and a developer who has a key.
func keyed(t *testing.T) (w *world, project account.Project, dev account.User, key account.Key) {
	t.Helper()
	w = newWorld(t)
	owner := w.user("olga", true)
	dev = w.user("dev", false)
	project = w.project("web", owner)
	must[account.Member](t)(w.SetMember(t.Context(), project.ID, dev.ID, account.Developer))
	_, key, err := w.CreateKey(t.Context(), dev.ID, "laptop", "")
	if err != nil {
		t.Fatal(err)
	}
	return w, project, dev, key
}

// mayWrite is what an S3 request asks, in its two steps.
func (w *world) mayWrite(accessKey, projectID string) error {
	_, p, err := w.KeyCredential(w.t.Context(), accessKey)
	if err != nil {
		return err
	}
	return w.Authorize(w.t.Context(), p, account.ObjectWrite, account.Resource{ProjectID: projectID, Bucket: "web-media"})
}

// The second request of a key is answered without the database: it is closed.
func TestKeysAndRolesAreRemembered(t *testing.T) {
	w, project, _, key := keyed(t)
	if err := w.mayWrite(key.AccessKey, project.ID); err != nil {
		t.Fatal(err)
	}
	w.KeyUsed(key.AccessKey)
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.mayWrite(key.AccessKey, project.ID); err != nil {
		t.Errorf("the database was asked again: %v", err)
	}
}

// Every change holds for the next request, although the one before was remembered.
func TestChangesHoldAtOnce(t *testing.T) {
	yes := true
	for _, c := range []struct {
		name   string
		change func(context.Context, *world, account.Project, account.User, account.Key) error
		refuse errs.Kind
	}{
		{"the key is ended", func(ctx context.Context, w *world, _ account.Project, dev account.User, key account.Key) error {
			return w.DeleteKey(ctx, dev.ID, key.AccessKey)
		}, errs.Unauthenticated},
		{"the user is disabled", func(ctx context.Context, w *world, _ account.Project, dev account.User, _ account.Key) error {
			_, err := w.UpdateUser(ctx, dev.ID, account.UserChange{Disabled: &yes})
			return err
		}, errs.Unauthenticated},
		{"the role is lowered", func(ctx context.Context, w *world, p account.Project, dev account.User, _ account.Key) error {
			_, err := w.SetMember(ctx, p.ID, dev.ID, account.Viewer)
			return err
		}, errs.Forbidden},
		{"the member is removed", func(ctx context.Context, w *world, p account.Project, dev account.User, _ account.Key) error {
			return w.RemoveMember(ctx, p.ID, dev.ID)
		}, errs.NotFound},
		{"the project is deleted", func(ctx context.Context, w *world, p account.Project, _ account.User, _ account.Key) error {
			return w.DeleteProject(ctx, p.ID)
		}, errs.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, project, dev, key := keyed(t)
			if err := w.mayWrite(key.AccessKey, project.ID); err != nil {
				t.Fatal(err)
			}
			if err := c.change(t.Context(), w, project, dev, key); err != nil {
				t.Fatal(err)
			}
			if err := w.mayWrite(key.AccessKey, project.ID); errs.KindOf(err) != c.refuse {
				t.Errorf("the next request: %v, want %s", err, c.refuse)
			}
		})
	}
}

func TestGrantsHoldAtOnce(t *testing.T) {
	w, project, dev, key := keyed(t)
	other := w.project("other", w.user("otto", false))
	if err := w.mayWrite(key.AccessKey, other.ID); errs.KindOf(err) != errs.NotFound {
		t.Fatal(err)
	}
	must[account.Member](t)(w.SetMember(t.Context(), other.ID, dev.ID, account.Developer))
	if err := w.mayWrite(key.AccessKey, other.ID); err != nil {
		t.Errorf("after joining: %v", err)
	}
	must[account.Member](t)(w.SetMember(t.Context(), project.ID, dev.ID, account.Viewer))
	yes := true
	must[account.User](t)(w.UpdateUser(t.Context(), dev.ID, account.UserChange{Admin: &yes}))
	if err := w.mayWrite(key.AccessKey, project.ID); err != nil {
		t.Errorf("as an administrator: %v", err)
	}
}

func TestTheRootPasswordHoldsAtOnce(t *testing.T) {
	w := newWorld(t)
	for _, password := range []string{"the first secret", "the second secret"} {
		if err := w.EnsureRoot(t.Context(), "operator", password); err != nil {
			t.Fatal(err)
		}
		if secret, _, err := w.KeyCredential(t.Context(), "operator"); err != nil || secret != password {
			t.Errorf("the key's secret is %q, %v", secret, err)
		}
	}
}

// A start with the same password ends no session, one with another ends all.
func TestAnotherRootPasswordEndsSessions(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	start := func(password string) account.Principal {
		t.Helper()
		w.clock.advance(time.Second)
		if err := w.EnsureRoot(ctx, "operator", password); err != nil {
			t.Fatal(err)
		}
		w.clock.advance(time.Second)
		_, p, err := w.KeyCredential(ctx, "operator")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	made := must[account.Temporary](t)(w.SessionToken(ctx, start("the first secret"), 0))
	for i, c := range [][2]string{{"the first secret", ""}, {"the second secret", "session_token_expired"}, {"the second secret", "session_token_expired"}} {
		start(c[0])
		if _, _, err := w.TemporaryCredential(ctx, made.AccessKey, made.Token); code(err) != c[1] {
			t.Errorf("after start %d: %v, want %q", i+1, err, c[1])
		}
	}
}

// A request that read a key while it was ended must not bring it back.
func TestAnEndedKeyDoesNotComeBack(t *testing.T) {
	w, project, dev, key := keyed(t)
	read := w.Age()
	if err := w.DeleteKey(t.Context(), dev.ID, key.AccessKey); err != nil {
		t.Fatal(err)
	}
	w.Remember(key.AccessKey, project.ID, dev.ID, read)
	if err := w.mayWrite(key.AccessKey, project.ID); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a key signs after it was ended: %v", err)
	}
	if err := w.RemoveMember(t.Context(), project.ID, dev.ID); err != nil {
		t.Fatal(err)
	}
	w.Remember(key.AccessKey, project.ID, dev.ID, read)
	if role := must[account.Role](t)(w.RoleIn(t.Context(), project.ID, dev.ID)); role != "" {
		t.Errorf("a member who was removed is %s", role)
	}
}

// What is read while a change waits to be committed is forgotten with it.
func TestAKeyReadBeforeTheCommitIsForgotten(t *testing.T) {
	w, project, dev, key := keyed(t)
	held, release := make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { // keeps the one writer busy
		if err := w.db.Write(t.Context(), func(*gorm.DB) error { close(held); <-release; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	running.Go(func() {
		if err := w.DeleteKey(t.Context(), dev.ID, key.AccessKey); err != nil {
			t.Error(err)
		}
	})
	for range 100 { // long enough for the change to be under way
		if err := w.mayWrite(key.AccessKey, project.ID); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Millisecond)
	}
	close(release)
	running.Wait()
	if err := w.mayWrite(key.AccessKey, project.ID); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a key signs after it was ended: %v", err)
	}
}

func TestAFailedChangeForgetsToo(t *testing.T) {
	w, project, _, key := keyed(t)
	if err := w.mayWrite(key.AccessKey, project.ID); err != nil {
		t.Fatal(err)
	}
	err := w.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DELETE FROM access_keys").Error })
	if err != nil {
		t.Fatal(err)
	}
	kindIs(t, w.DeleteKey(t.Context(), "nobody", key.AccessKey), errs.NotFound, "key_not_found")
	if err := w.mayWrite(key.AccessKey, project.ID); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("after a change that failed: %v", err)
	}
}

// What is remembered has an upper bound.
func TestKnownIsBounded(t *testing.T) {
	w, _, dev, key := keyed(t)
	for i := range account.MaxKnown + 10 {
		w.Remember(fmt.Sprint(i), fmt.Sprint(i), dev.ID, w.Age())
	}
	if keys, roles := w.Known(); keys > account.MaxKnown || roles > account.MaxKnown || keys == 0 || roles == 0 {
		t.Errorf("%d keys and %d roles are remembered", keys, roles)
	}
	if _, _, err := w.KeyCredential(t.Context(), key.AccessKey); err != nil {
		t.Error(err)
	}
}

func TestRunSavesWhenKeysWereUsed(t *testing.T) {
	w, _, dev, key := keyed(t)
	w.KeyUsed(key.AccessKey)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	config := account.Defaults()
	config.Now = time.Now
	again := account.New(w.db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	if list := must[[]account.Key](t)(again.ListKeys(t.Context(), dev.ID)); len(list) != 1 || !list[0].LastUsedAt.Equal(w.clock.now()) {
		t.Errorf("after a restart: %+v", list)
	}
}

// So have the bytes of what clients make as large as they like.
func TestKnownIsBoundedInBytes(t *testing.T) {
	w := newWorld(t)
	const size = 10 << 10
	text := strings.Repeat("x", size)
	most := 0
	for i := range account.MaxKnownBytes/size + 10 {
		w.RememberToken(fmt.Sprint(i), size)
		w.RememberToken(fmt.Sprint(i), size) // again, which is nothing more
		w.Read(fmt.Sprintf("%s%08d", text[8:], i))
		temps, ofTemps, readings, ofReadings := w.KnownBytes()
		if ofTemps > account.MaxKnownBytes || ofReadings > account.MaxKnownBytes || ofTemps != temps*size || ofReadings != readings*size {
			t.Fatalf("after %d: %d of %d bytes, %d of %d bytes", i+1, temps, ofTemps, readings, ofReadings)
		}
		most = max(most, temps)
	}
	if temps, _, readings, _ := w.KnownBytes(); temps == 0 || temps == most || readings == 0 || readings > temps {
		t.Errorf("%d tokens and %d policies are remembered, and %d were", temps, readings, most)
	}
}
