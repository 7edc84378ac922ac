package account_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"croft/account"
	"croft/internal/events"
	"croft/internal/seal"
)

// TestShareUsesAreGathered: opening a link writes nothing; what was counted is shown at
// once, and saved by Run when it ends.
func TestShareUsesAreGathered(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.user("boss", true)
	ada := w.user("ada", false)
	_, made, err := w.CreateShare(ctx, ada.ID, account.NewShare{Bucket: "files", Key: "a"})
	if err != nil {
		t.Fatal(err)
	}
	saved := account.New(w.db, seal.New([seal.KeySize]byte{1}), events.New(), account.Defaults()) // which gathered none of them
	holds := func(what string, s *account.Service, uses int64, last time.Time) {
		t.Helper()
		one := must[account.Share](t)(s.Share(ctx, "files", made.ID))
		all := must[[]account.Share](t)(s.Shares(ctx, "files", time.Time{}))
		if one.Uses != uses || !one.LastUsedAt.Equal(last) || len(all) != 1 || all[0].Uses != uses || !all[0].LastUsedAt.Equal(last) {
			t.Errorf("%s: %+v, listed %+v; want %d and %v", what, one, all, uses, last)
		}
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	var never time.Time
	first := w.clock.now()
	w.ShareUsed(ctx, made.ID)
	w.clock.advance(time.Second)
	second := w.clock.now()
	w.ShareUsed(ctx, made.ID)
	holds("at once", w.Service, 2, second)
	holds("not written", saved, 0, never)
	if err := w.SaveShareUses(stopped); err == nil {
		t.Error("saved by who may write no more")
	}
	holds("not saved", w.Service, 2, second)
	if err := w.Run(stopped); err != nil {
		t.Fatal(err)
	}
	holds("saved", saved, 2, second)
	holds("counted once", w.Service, 2, second)
	// Another process may have seen it since: no time goes back.
	w.clock.advance(-time.Hour)
	w.ShareUsed(ctx, made.ID)
	if err := w.Run(stopped); err != nil || !first.After(w.clock.now()) {
		t.Fatal(err)
	}
	holds("saved again", saved, 3, second)
}

// TestShareUsesAreBounded: links beyond the bound have all uses saved, and lose none.
func TestShareUsesAreBounded(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.user("boss", true)
	_, made, err := w.CreateShare(ctx, w.user("ada", false).ID, account.NewShare{Bucket: "files", Key: "a"})
	if err != nil {
		t.Fatal(err)
	}
	w.ShareUsed(ctx, made.ID)
	for i := range account.MaxShareUses {
		w.ShareUsed(ctx, fmt.Sprint("ended", i)) // meanwhile
	}
	if n := w.UnsavedShareUses(); n != 1 {
		t.Errorf("%d links wait", n)
	}
	w.ShareUsed(ctx, made.ID)
	if one := must[account.Share](t)(w.Share(ctx, "files", made.ID)); one.Uses != 2 {
		t.Errorf("%d uses", one.Uses)
	}
}
