package usage

import (
	"time"

	"croft/internal/errs"
)

// Interval is how often samples are taken, and the finest step.
const Interval = 5 * time.Minute

// Range is how far back a history goes.
type Range string

// The ranges. Each has points of its own step.
const (
	Day   Range = "day"
	Week  Range = "week"
	Month Range = "month"
	Year  Range = "year"
)

// level is a step at which samples are kept.
type level struct {
	of    Range
	step  time.Duration
	spans time.Duration // that a history shows
	keep  time.Duration // a little longer
}

var levels = []level{
	{Day, Interval, 24 * time.Hour, 25 * time.Hour},
	{Week, time.Hour, 7 * 24 * time.Hour, 8 * 24 * time.Hour},
	{Month, 4 * time.Hour, 30 * 24 * time.Hour, 32 * 24 * time.Hour},
	{Year, 24 * time.Hour, 365 * 24 * time.Hour, 370 * 24 * time.Hour},
}

// begins returns the first point of a history that ends now.
func (l level) begins(now time.Time) time.Time {
	return now.Truncate(l.step).Add(l.step - l.spans)
}

func (l level) seconds() int64 { return int64(l.step / time.Second) }

func levelOf(r Range) (level, error) {
	for _, l := range levels {
		if l.of == r {
			return l, nil
		}
	}
	return level{}, errs.Newf(errs.Invalid, "usage_range", "There is no range %q. Ask for day, week, month or year.", r)
}
