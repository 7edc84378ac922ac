package app

import (
	"testing"

	"croft/objectstore/s3api"
)

// TestKindsAreOfCallsThatThereAre finds names that were mistyped or are gone.
func TestKindsAreOfCallsThatThereAre(t *testing.T) {
	known := map[string]bool{s3api.OperationSite: true, "PostObject": true} // which is no call of the table
	for _, c := range s3api.Calls() {
		known[c.Name] = true
	}
	for name := range requestKinds {
		if !known[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
