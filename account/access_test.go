package account_test

import (
	"testing"

	"croft/account"
	"croft/internal/events"
)

func TestChangesOfAccessAreAnnounced(t *testing.T) {
	w := newWorld(t)
	owner := w.user("olga", true)
	other := w.user("otto", false)
	project := w.project("garden", owner)
	changed := events.Subscribe[events.AccessChanged](w.bus, 8)
	defer changed.Close()
	f := func(what, userID string, change func() error) {
		t.Helper()
		err := change()
		select {
		case event := <-changed.C():
			if err != nil || event.UserID != userID {
				t.Errorf("%s: announced %q, %v; want %q", what, event.UserID, err, userID)
			}
		default:
			if userID != "" {
				t.Errorf("%s: nothing announced, %v", what, err)
			}
		}
	}
	yes := true
	f("added", other.ID, func() error {
		_, err := w.SetMember(t.Context(), project.ID, other.ID, account.Viewer)
		return err
	})
	f("removed", other.ID, func() error { return w.RemoveMember(t.Context(), project.ID, other.ID) })
	f("disabled", other.ID, func() error {
		_, err := w.UpdateUser(t.Context(), other.ID, account.UserChange{Disabled: &yes})
		return err
	})
	f("a refused change", "", func() error { return w.RemoveMember(t.Context(), project.ID, owner.ID) })
}
