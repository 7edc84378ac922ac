package pipeline

import (
	"errors"
	"testing"

	"gorm.io/gorm"

	"croft/internal/events"
	"croft/internal/store"
	"croft/migrations"
)

// TestFinalRunsNeverChange tries to change a run that has ended.
func TestFinalRunsNeverChange(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := New(Deps{DB: db, Bus: events.New()}, Config{})
	for i, state := range []RunState{RunQueued, RunRunning, RunSuccess, RunFailed, RunCanceled, RunError} {
		repository := repositoryRow{ID: "repo-" + string(state), ProjectID: "p", Name: string(state), WebhookSecret: []byte{1}}
		run := runRow{ID: "run-" + string(state), Seq: int64(i), RepositoryID: repository.ID, Number: 1, State: state, TriggerKind: TriggerAPI, Revision: 5}
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			return errors.Join(tx.Create(&repository).Error, tx.Create(&run).Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.change(t.Context(), run.ID, func(_ *gorm.DB, run *runRow) error {
			run.Branch = "changed"
			return nil
		})
		var after runRow
		if err := db.Read(t.Context()).Where("id = ?", run.ID).Take(&after).Error; err != nil {
			t.Fatal(err)
		}
		if state.Final() && (!errors.Is(err, errFinal) || after.Revision != 5 || after.Branch != "") {
			t.Errorf("%s: %v, %+v", state, err, after)
		}
		if !state.Final() && (err != nil || after.Revision != 6 || after.Branch != "changed") {
			t.Errorf("%s: %v, %+v", state, err, after)
		}
	}
}
