package notification

import (
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

// TestRestoreEvents: each step of a restore has its name, and the one that says that the
// copy is there says until when.
func TestRestoreEvents(t *testing.T) {
	until := time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)
	for what, name := range map[objectstore.What]Name{
		objectstore.HappenedRestore: RestoreAsked, objectstore.HappenedRestored: RestoreDone, objectstore.HappenedRestoreEnd: RestoreEnded,
	} {
		h := &objectstore.Happening{What: what, Object: objectstore.Object{
			Bucket: "b", Key: "k", Size: 5, ETag: "e", Tier: "COLD", Restore: objectstore.RestoreState{Until: until},
		}}
		e := eventOf(nameOf(h, &objectstore.Origin{}), "rule", h, &objectstore.Origin{})
		kept, err := parseEvent(e.text())
		if err != nil || kept != e || e.Name != name {
			t.Errorf("%+v is kept as %+v, %v", e, kept, err)
		}
		text, err := kept.JSON()
		if err != nil {
			t.Fatal(err)
		}
		const says = `"glacierEventData":{"restoreEventData":{"lifecycleRestorationExpiryTime":"2030-01-02T00:00:00.000Z","lifecycleRestoreStorageClass":"COLD"}}`
		if strings.Contains(string(text), says) != (name == RestoreDone) || !strings.Contains(string(text), `"size":5`) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if names, err := expand("s3:ObjectRestore:*"); err != nil || len(names) != 3 {
		t.Errorf("%q, %v", names, err)
	}
}
