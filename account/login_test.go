package account_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/errs"
)

func kindIs(t *testing.T, err error, want errs.Kind, code string) {
	t.Helper()
	got, _ := errs.Public(err)
	if errs.KindOf(err) != want || err == nil || code != "" && got != code {
		t.Fatalf("got %s %q (%v), want %s %q", errs.KindOf(err), got, err, want, code)
	}
}

var here = account.Client{Address: "192.0.2.7", UserAgent: "test"}

func (w *world) try(name, password string, c account.Client) error {
	_, _, err := w.Login(w.t.Context(), name, password, "", c)
	return err
}

func TestLoginAnswersAlikeForUnknownAndWrong(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	unknown, wrong := w.try("nobody", goodPassword, here), w.try("ada", "wrong password", here)
	kindIs(t, unknown, errs.Unauthenticated, "login_failed")
	if unknown.Error() != wrong.Error() {
		t.Fatalf("unknown says %q, wrong says %q", unknown, wrong)
	}
	if err := w.try("ada", goodPassword, here); err != nil {
		t.Fatal(err)
	}
}

func TestLoginForgivesHowANameIsTyped(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	if err := w.try(" Ada ", goodPassword, here); err != nil {
		t.Fatal(err)
	}
}

// A database that takes no writes still knows who is logged in.
func TestSessionsAndTokensOutliveAFullDisk(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", true)
	session, _ := w.login("ada")
	token, _, err := w.CreateToken(t.Context(), ada.ID, "t", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	full := func(tx *gorm.DB) error {
		return tx.Exec("CREATE TRIGGER full1 BEFORE UPDATE ON sessions BEGIN SELECT RAISE(FAIL, 'full'); END").
			Exec("CREATE TRIGGER full2 BEFORE UPDATE ON api_tokens BEGIN SELECT RAISE(FAIL, 'full'); END").Error
	}
	if err := w.db.Write(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(time.Hour)
	must[account.Session](t)(second(w.SessionPrincipal(t.Context(), session)))
	must[account.Principal](t)(w.TokenPrincipal(t.Context(), token))
}

func TestLoginEndsThePreviousSession(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	first, _ := w.login("ada")
	second, _, err := w.Login(t.Context(), "ada", goodPassword, first, here)
	if err != nil {
		t.Fatal(err)
	}
	if second == first {
		t.Fatal("the token was not rotated")
	}
	_, _, err = w.SessionPrincipal(t.Context(), first)
	kindIs(t, err, errs.Unauthenticated, "")
	if _, _, err := w.SessionPrincipal(t.Context(), second); err != nil {
		t.Fatal(err)
	}
}

func TestDisabledUserIsToldOnlyWithTheRightPassword(t *testing.T) {
	w := newWorld(t)
	w.user("boss", true)
	ada := w.user("ada", false)
	yes := true
	must[account.User](t)(w.UpdateUser(t.Context(), ada.ID, account.UserChange{Disabled: &yes}))
	kindIs(t, w.try("ada", "wrong password", here), errs.Unauthenticated, "login_failed")
	kindIs(t, w.try("ada", goodPassword, here), errs.Forbidden, "account_disabled")
}

func TestLoginLimitPerAddress(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	for i := range 10 {
		kindIs(t, w.try(fmt.Sprintf("user%d", i), "wrong password", here), errs.Unauthenticated, "login_failed")
	}
	err := w.try("ada", goodPassword, here)
	kindIs(t, err, errs.RateLimited, "rate_limited")
	var later interface{ RetryAfter() time.Duration }
	if !errors.As(err, &later) || later.RetryAfter() <= 0 || later.RetryAfter() > 10*time.Second {
		t.Fatalf("retry after: %v", err)
	}
	if err := w.try("ada", goodPassword, account.Client{Address: "192.0.2.8"}); err != nil {
		t.Fatalf("from another address: %v", err)
	}
	w.clock.advance(later.RetryAfter())
	if err := w.try("ada", goodPassword, here); err != nil {
		t.Fatalf("after waiting: %v", err)
	}
}

func TestLoginLimitPerName(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	from := func(i int) account.Client { return account.Client{Address: fmt.Sprintf("192.0.2.%d", i)} }
	for i := range 20 {
		kindIs(t, w.try("ada", "wrong password", from(i)), errs.Unauthenticated, "login_failed")
	}
	kindIs(t, w.try("ada", goodPassword, from(99)), errs.RateLimited, "rate_limited")
	w.user("eve", false)
	if err := w.try("eve", goodPassword, from(99)); err != nil {
		t.Fatalf("another name: %v", err)
	}
}

func TestLoginLimitCountsAnIPv6NetworkOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		kindIs(t, w.try(fmt.Sprintf("user%d", i), "wrong password", account.Client{Address: fmt.Sprintf("2001:db8::%d", i)}), errs.Unauthenticated, "")
	}
	kindIs(t, w.try("other", "wrong password", account.Client{Address: "2001:db8::ffff"}), errs.RateLimited, "")
	kindIs(t, w.try("other", "wrong password", account.Client{Address: "2001:db8:0:1::1"}), errs.Unauthenticated, "")
}

func TestLoginLimitHoldsInABurst(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	var tried atomic.Int64
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			if err := w.try("ada", "wrong password", here); errs.KindOf(err) == errs.Unauthenticated {
				tried.Add(1)
			}
		})
	}
	wg.Wait()
	if n := tried.Load(); n != 10 {
		t.Fatalf("%d of 60 guesses at once were tried, want 10", n)
	}
}

func TestRightPasswordsDoNotUseUpTheLimit(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	for range 40 {
		if err := w.try("ada", goodPassword, here); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	day := 24 * time.Hour
	alive := func(token string) bool {
		_, _, err := w.SessionPrincipal(t.Context(), token)
		return err == nil
	}
	idle, _ := w.login("ada")
	w.clock.advance(13 * day)
	if !alive(idle) {
		t.Fatal("ended before its time")
	}
	w.clock.advance(13 * day)
	if !alive(idle) {
		t.Fatal("use did not keep it alive")
	}
	w.clock.advance(14 * day)
	if alive(idle) {
		t.Fatal("an idle session lives on")
	}
	busy, _ := w.login("ada")
	for range 9 {
		w.clock.advance(10*day - time.Second)
		if !alive(busy) {
			t.Fatal("a session in use ended early")
		}
	}
	w.clock.advance(10 * day)
	if alive(busy) {
		t.Fatal("a session outlived its lifetime")
	}
}

func TestSweepRemovesOnlyWhatHasEnded(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	w.login("ada")
	w.clock.advance(15 * 24 * time.Hour)
	kept, _ := w.login("ada")
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Run(ended); err != nil {
		t.Fatal(err)
	}
	var n int64
	if err := w.db.Read(t.Context()).Raw("SELECT count(*) FROM sessions").Scan(&n).Error; err != nil || n != 1 {
		t.Fatalf("%d sessions left, %v", n, err)
	}
	if _, _, err := w.SessionPrincipal(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
}

func TestLastSeenIsWrittenAtMostOnceAMinute(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", false)
	token, session := w.login("ada")
	seen := func() time.Time {
		must[account.Session](t)(second(w.SessionPrincipal(t.Context(), token)))
		return must[[]account.Session](t)(w.ListSessions(t.Context(), ada.ID))[0].LastSeenAt
	}
	w.clock.advance(59 * time.Second)
	if !seen().Equal(session.LastSeenAt) {
		t.Fatal("written within the minute")
	}
	w.clock.advance(time.Second)
	if !seen().Equal(w.clock.now()) {
		t.Fatal("not written after the minute")
	}
}

func second[A, B any](_ A, b B, err error) (B, error) { return b, err }

func TestChangePasswordRotatesAndEndsOthers(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	other, _ := w.login("ada")
	token, session := w.login("ada")
	p, _, err := w.SessionPrincipal(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ChangePassword(t.Context(), p, "wrong password", "another good one")
	kindIs(t, err, errs.Invalid, "password_wrong")
	_, err = w.ChangePassword(t.Context(), p, goodPassword, "short")
	kindIs(t, err, errs.Invalid, "password_short")
	fresh, err := w.ChangePassword(t.Context(), p, goodPassword, "another good one")
	if err != nil {
		t.Fatal(err)
	}
	for name, gone := range map[string]string{"the old token": token, "the other session": other} {
		if _, _, err := w.SessionPrincipal(t.Context(), gone); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s still works: %v", name, err)
		}
	}
	_, again, err := w.SessionPrincipal(t.Context(), fresh)
	if err != nil || again.ID != session.ID || again.CSRF != session.CSRF {
		t.Fatalf("the session did not go on: %+v, %v", again, err)
	}
	kindIs(t, w.try("ada", goodPassword, here), errs.Unauthenticated, "")
	if err := w.try("ada", "another good one", here); err != nil {
		t.Fatal(err)
	}
}

func TestLogoutAndEndSession(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada", false), w.user("eve", false)
	token, session := w.login("ada")
	kindIs(t, w.EndSession(t.Context(), eve.ID, session.ID), errs.NotFound, "session_not_found")
	if err := w.EndSession(t.Context(), ada.ID, session.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.SessionPrincipal(t.Context(), token)
	kindIs(t, err, errs.Unauthenticated, "")
	token, _ = w.login("ada")
	if err := errors.Join(w.Logout(t.Context(), token), w.Logout(t.Context(), token)); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.SessionPrincipal(t.Context(), token)
	kindIs(t, err, errs.Unauthenticated, "")
}
