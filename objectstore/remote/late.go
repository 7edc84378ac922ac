package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"croft/internal/ids"
	"croft/objectstore"
)

// latePrefix begins the keys of late records.
const latePrefix = "croft/late/"

// lateRecord is what is known of an object only once its body has ended, when S3
// takes no more headers: checksums, and the parts of an upload. The object names
// its record in a header from the start, and the record is durable before the
// object can be seen. It never changes; it goes some time after the object.
type lateRecord struct {
	Bucket     string       `json:"bucket"`
	Key        string       `json:"key"`
	Attributes plain        `json:"attributes"`
	Parts      []partRecord `json:"parts,omitempty"`
}

type partRecord struct {
	Number     int               `json:"number"`
	Size       int64             `json:"size"`
	ETag       string            `json:"etag"`
	ModifiedAt time.Time         `json:"modifiedAt"`
	Checksums  map[string]string `json:"checksums,omitempty"`
}

// newLate names a late record; that of an upload is named by the object's ETag, too,
// because completions with other parts may overtake each other.
func newLate(upload bool) string {
	if upload {
		return "u" + ids.New()
	}
	return "o" + ids.New()
}

func lateKey(late, etag string) string {
	if late[0] == 'u' {
		return latePrefix + late + "-" + etag
	}
	return latePrefix + late
}

func (s *Store) writeLate(ctx context.Context, late, etag string, r lateRecord) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := s.putRecord(ctx, lateKey(late, etag), text, objectstore.Condition{}); err != nil {
		return fmt.Errorf("write late record: %w", err)
	}
	return nil
}

// readLate completes an object by its late record. One that is not there any more
// is returned as errLateGone: mostly the object was overwritten meanwhile.
func (s *Store) readLate(ctx context.Context, late string, o *objectstore.Object) error {
	text, err := s.record(ctx, lateKey(late, o.ETag))
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		return errLateGone
	}
	if err != nil {
		return err
	}
	var r lateRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("read late record: %w", err)
	}
	o.Attributes = r.Attributes.attributes()
	o.Parts = partsOf(r.Parts)
	return nil
}

var errLateGone = errors.New("late record is gone")

func partsOf(records []partRecord) []objectstore.Part {
	var parts []objectstore.Part
	for _, p := range records {
		parts = append(parts, objectstore.Part{Number: p.Number, Size: p.Size, ETag: p.ETag, ModifiedAt: p.ModifiedAt.UTC(), Checksums: p.Checksums})
	}
	return parts
}

func recordsOf(parts []objectstore.Part) []partRecord {
	var records []partRecord
	for _, p := range parts {
		records = append(records, partRecord{Number: p.Number, Size: p.Size, ETag: p.ETag, ModifiedAt: p.ModifiedAt, Checksums: p.Checksums})
	}
	return records
}
