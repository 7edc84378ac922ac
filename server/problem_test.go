package server

import (
	"encoding/json"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore/inventory"
	"croft/objectstore/lifecycle"
	"croft/objectstore/notification"
	"croft/objectstore/replication"
	"croft/objectstore/tiering"
)

// TestStatusesSayTheirProblems demands the sentence and the code of what is wrong, for the
// console to say it in another language, and neither where nothing is.
func TestStatusesSayTheirProblems(t *testing.T) {
	of := func(p errs.Problem) map[string]any {
		return map[string]any{
			"tier":        wireTier(tiering.Status{Problem: p}),
			"events":      wireEventTarget(notification.Status{Problem: p}),
			"replication": wireReplication(replication.Status{Problem: p}),
			"lifecycle":   wireLifecycleStatus(lifecycle.Status{Problem: p}),
			"inventory":   wireInventory(&inventory.Configuration{}, &inventory.Status{Problem: p}),
		}
	}
	for name, wire := range of(errs.ProblemOf(errs.New(errs.Unavailable, "target_unavailable", "It is away."))) {
		if text, err := json.Marshal(wire); err != nil || !strings.Contains(string(text), `"problem":"It is away.","problemCode":"target_unavailable"`) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	for name, wire := range of(errs.Problem{}) {
		if text, err := json.Marshal(wire); err != nil || strings.Contains(string(text), `problem`) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
}
