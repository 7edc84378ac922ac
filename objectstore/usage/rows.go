package usage

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"croft/objectstore"
)

// seriesRow is what samples belong to: a bucket, or, without a name, all of them.
type seriesRow struct {
	ID            int64 `gorm:"primaryKey"`
	Bucket        string
	BucketCreated int64 // Unix milliseconds
	Since         int64 // Unix seconds
}

// TableName implements gorm's schema.Tabler.
func (seriesRow) TableName() string { return "usage_series" }

// sampleRow is what was asked for in a step that begins At, and what was there at its end.
type sampleRow struct {
	Series int64 `gorm:"primaryKey;autoIncrement:false"`
	Step   int64 `gorm:"primaryKey;autoIncrement:false"` // seconds
	At     int64 `gorm:"primaryKey;autoIncrement:false"` // Unix seconds

	Bytes, Objects, Versions, Unfinished  int64
	Reads, Writes, Lists, Deletes, Others int64
	Refused, Failed, Received, Sent       int64
}

// TableName implements gorm's schema.Tabler.
func (sampleRow) TableName() string { return "usage_samples" }

func (r *sampleRow) usage() objectstore.Usage {
	return objectstore.Usage{Bytes: r.Bytes, Objects: r.Objects, Versions: r.Versions, Unfinished: r.Unfinished}
}

func (r *sampleRow) requests() Requests {
	return Requests{
		Reads: r.Reads, Writes: r.Writes, Lists: r.Lists, Deletes: r.Deletes, Others: r.Others,
		Refused: r.Refused, Failed: r.Failed, Received: r.Received, Sent: r.Sent,
	}
}

func rowOf(u objectstore.Usage, r Requests) sampleRow {
	return sampleRow{
		Bytes: u.Bytes, Objects: u.Objects, Versions: u.Versions, Unfinished: u.Unfinished,
		Reads: r.Reads, Writes: r.Writes, Lists: r.Lists, Deletes: r.Deletes, Others: r.Others,
		Refused: r.Refused, Failed: r.Failed, Received: r.Received, Sent: r.Sent,
	}
}

// merge is how a sample joins an earlier one of the same step: what is there is what
// was seen last, requests are added.
var merge = clause.OnConflict{
	Columns: []clause.Column{{Name: "series"}, {Name: "step"}, {Name: "at"}},
	DoUpdates: func() clause.Set {
		set := clause.AssignmentColumns([]string{"bytes", "objects", "versions", "unfinished"})
		sums := map[string]any{}
		for _, name := range []string{"reads", "writes", "lists", "deletes", "others", "refused", "failed", "received", "sent"} {
			sums[name] = gorm.Expr("usage_samples." + name + " + excluded." + name)
		}
		return append(set, clause.Assignments(sums)...)
	}(),
}

// lastSamples reads the newest samples of all series, by series.
func lastSamples(tx *gorm.DB) (map[int64]sampleRow, error) {
	var rows []sampleRow
	step := levels[0].seconds()
	err := tx.Raw(`SELECT m.* FROM usage_series AS s JOIN usage_samples AS m ON m.series = s.id AND m.step = ? AND m.at =
		(SELECT MAX(at) FROM usage_samples WHERE series = s.id AND step = ?)`, step, step).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the newest usage: %w", err)
	}
	by := make(map[int64]sampleRow, len(rows))
	for _, row := range rows {
		by[row.Series] = row
	}
	return by, nil
}

// prune forgets samples of some series that no history needs: those before the last one
// that is older than the step is kept for. That one says what was there at its beginning.
func prune(tx *gorm.DB, series []int64, l level, now int64) error {
	cutoff := now - int64(l.keep.Seconds())
	return tx.Exec(`DELETE FROM usage_samples WHERE series IN ? AND step = ? AND at <= ? AND at <
		(SELECT MAX(at) FROM usage_samples AS kept WHERE kept.series = usage_samples.series AND kept.step = usage_samples.step AND kept.at <= ?)`,
		series, l.seconds(), cutoff, cutoff).Error
}
