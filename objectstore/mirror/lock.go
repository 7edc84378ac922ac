package mirror

import (
	"context"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
)

// lock has a copy locked as its source is. Where the target's bucket has no locks it is
// only counted.
func (m *run) lock(ctx context.Context, o *minio.PutObjectOptions, h http.Header, c copying) error {
	mode, until, hold := locked(h)
	if c.locks && mode == "" && hold == "" { // not everybody tells it with the body
		info, err := m.from.StatObject(ctx, c.from, c.key, minio.StatObjectOptions{VersionID: c.id})
		if err != nil {
			return m.ofSource(err)
		}
		mode, until, hold = locked(info.Metadata)
	}
	switch {
	case mode == "" && hold == "":
	case c.locks:
		o.Mode, o.RetainUntilDate, o.LegalHold = minio.RetentionMode(mode), until, minio.LegalHoldStatus(hold)
	default:
		m.seen.lock(c.from)
	}
	return nil
}

// locked is a retention that has not ended, and a legal hold; empty where there is none.
func locked(h http.Header) (mode string, until time.Time, hold string) {
	mode = h.Get("X-Amz-Object-Lock-Mode")
	until, err := time.Parse(time.RFC3339, h.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err != nil || !time.Now().Before(until) {
		mode, until = "", time.Time{}
	}
	if h.Get("X-Amz-Object-Lock-Legal-Hold") == string(minio.LegalHoldEnabled) {
		hold = string(minio.LegalHoldEnabled)
	}
	return mode, until, hold
}
