package app

import (
	"errors"
	"testing"

	"croft/objectstore/remote"
	"croft/objectstore/replication"
)

// TestNoReplicationElsewhere: where nothing remembers changes, no rule can be made
// that would copy nothing.
func TestNoReplicationElsewhere(t *testing.T) {
	copies, copier, err := (&App{}).openReplication(t.Context(), nil)
	if err != nil || copier.run == nil {
		t.Fatalf("%+v, %v", copier, err)
	}
	if rules, err := copies.Statuses(t.Context(), "bucket"); err != nil || len(rules) != 0 {
		t.Errorf("rules %+v, %v", rules, err)
	}
	_, addErr := copies.Add(t.Context(), "bucket", replication.NewRule{})
	_, pauseErr := copies.SetPaused(t.Context(), "bucket", "id", true)
	for _, err := range []error{addErr, pauseErr, copies.Test(t.Context(), "bucket", replication.NewRule{}), copies.Remove(t.Context(), "bucket", "id")} {
		if !errors.Is(err, remote.ErrUnsupported) {
			t.Errorf("allowed: %v", err)
		}
	}
}
