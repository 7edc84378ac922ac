package query

import (
	"strings"
	"time"
)

// moment is a time, and how exactly it is known, as in Ion: 2010-02T is a month.
type moment struct {
	time.Time
	grain  grain
	digits int  // of the fraction of a second, where the grain is a second
	local  bool // the offset is not known, which is written -00:00
}

// grain is how exactly a time is known.
type grain int

const (
	exact grain = iota // to the nanosecond
	byYear
	byMonth
	byDay
	byMinute
	bySecond
)

// timeLayouts are how times may be written: Ion's and those of RFC 3339. A fraction may
// follow the seconds.
var timeLayouts = []struct {
	layout string
	grain  grain
}{
	{"2006T", byYear}, {"2006-01T", byMonth}, {"2006-01-02T", byDay}, {"2006-01-02", byDay}, {"2006-01-02T15:04Z07:00", byMinute},
	{"2006-01-02T15:04:05Z07:00", bySecond}, {"2006-01-02T15:04:05", bySecond}, {"2006-01-02 15:04:05", bySecond}, {"2006-01-02 15:04:05Z07:00", bySecond},
}

func parseTime(s string) (moment, bool) {
	s = strings.TrimSpace(s)
	for _, l := range timeLayouts {
		if t, err := time.Parse(l.layout, s); err == nil {
			return moment{t, l.grain, fraction(s), l.grain <= byDay || strings.HasSuffix(s, "-00:00")}, true
		}
	}
	return moment{}, false
}

// fraction counts the digits of the fraction in a time that could be read.
func fraction(s string) (digits int) {
	_, s, _ = strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	for digits < min(len(s), 9) && isDigit(s[digits]) {
		digits++
	}
	return digits
}

func (m moment) format() string {
	offset := "Z07:00"
	if _, seconds := m.Zone(); m.local && seconds == 0 {
		offset = "-00:00"
	}
	switch m.grain {
	case byYear:
		return m.Format("2006T")
	case byMonth:
		return m.Format("2006-01T")
	case byDay:
		return m.Format("2006-01-02")
	case byMinute:
		return m.Format("2006-01-02T15:04" + offset)
	case bySecond:
		if m.digits > 0 {
			return m.Format("2006-01-02T15:04:05." + strings.Repeat("0", m.digits) + offset)
		}
		return m.Format("2006-01-02T15:04:05" + offset)
	}
	return m.Format(time.RFC3339Nano)
}

// moved is the moment at another time, known at least as exactly as what it was moved by.
func (m moment) moved(to time.Time, by grain) moment {
	m.Time = to
	if m.grain != exact {
		m.grain = max(m.grain, by)
	}
	return m
}

var timeParts = map[string]bool{
	"year": true, "month": true, "day": true, "hour": true, "minute": true, "second": true, "timezone_hour": true, "timezone_minute": true,
}

func partOf(t moment, part string) any {
	_, offset := t.Zone()
	n := map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "minute": t.Minute(), "second": t.Second(),
		"timezone_hour": offset / 3600, "timezone_minute": offset % 3600 / 60,
	}[part]
	return int64(n)
}

// maxTimes bounds how far times are moved, in any part.
const maxTimes = 1 << 40

func dateAdd(part string, by, at any) (any, error) {
	t, err := timeOf(at)
	if t == nil || err != nil || unknown(by) {
		return nil, err
	}
	count, err := cast(by, "INT")
	if err != nil {
		return nil, err
	}
	n := count.(int64)
	if n > maxTimes || n < -maxTimes || (part == "year" || part == "month" || part == "day") && (n > 1e7 || n < -1e7) {
		return nil, fail("EvaluatorInvalidArguments", "That is too far from any date.")
	}
	switch part {
	case "year":
		return t.moved(t.AddDate(int(n), 0, 0), byYear), nil
	case "month":
		return t.moved(t.AddDate(0, int(n), 0), byMonth), nil
	case "day":
		return t.moved(t.AddDate(0, 0, int(n)), byDay), nil
	case "hour", "minute", "second":
		each := map[string]int64{"hour": 3600, "minute": 60, "second": 1}[part]
		finest := byMinute
		if part == "second" {
			finest = bySecond
		}
		return t.moved(time.Unix(t.Unix()+n*each, int64(t.Nanosecond())).In(t.Location()), finest), nil
	}
	return nil, fail("EvaluatorInvalidArguments", "Times are not moved by their %s.", part)
}

func dateDiff(part string, from, to any) (any, error) {
	a, err := timeOf(from)
	if a == nil || err != nil {
		return nil, err
	}
	b, err := timeOf(to)
	if b == nil || err != nil {
		return nil, err
	}
	x, y := a.UTC(), b.UTC()
	seconds := y.Unix() - x.Unix()
	switch part {
	case "year":
		return int64(y.Year() - x.Year()), nil
	case "month":
		return int64((y.Year()-x.Year())*12 + int(y.Month()) - int(x.Month())), nil
	case "day":
		return seconds / 86400, nil
	case "hour":
		return seconds / 3600, nil
	case "minute":
		return seconds / 60, nil
	case "second":
		return seconds, nil
	}
	return nil, fail("EvaluatorInvalidArguments", "Times do not differ by their %s.", part)
}
