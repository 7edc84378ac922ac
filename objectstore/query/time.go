package query

import (
	"strconv"
	"strings"
	"time"
)

// timeLayouts are how times may be written: Ion's and those of RFC 3339.
var timeLayouts = []string{
	"2006T", "2006-01T", "2006-01-02T", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05",
	"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
}

func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func formatTime(t time.Time) string { return t.Format(time.RFC3339Nano) }

var timeParts = map[string]bool{
	"year": true, "month": true, "day": true, "hour": true, "minute": true, "second": true, "timezone_hour": true, "timezone_minute": true,
}

func partOf(t time.Time, part string) any {
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
		return t.AddDate(int(n), 0, 0), nil
	case "month":
		return t.AddDate(0, int(n), 0), nil
	case "day":
		return t.AddDate(0, 0, int(n)), nil
	case "hour", "minute", "second":
		each := map[string]int64{"hour": 3600, "minute": 60, "second": 1}[part]
		return time.Unix(t.Unix()+n*each, int64(t.Nanosecond())).In(t.Location()), nil
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

func toTimestamp(_ *scope, args []any) (any, error) {
	if unknown(args[0]) {
		return nil, nil
	}
	if len(args) == 1 {
		return cast(args[0], "TIMESTAMP")
	}
	layout, err := layoutOf(plain(args[1]))
	if err != nil {
		return nil, err
	}
	t, err := time.Parse(layout, plain(args[0]))
	if err != nil {
		return nil, fail("CastFailed", "%.40q is no time of this pattern.", plain(args[0]))
	}
	return t, nil
}

func toString(_ *scope, args []any) (any, error) {
	t, err := timeOf(args[0])
	if t == nil || err != nil || unknown(args[1]) {
		return nil, err
	}
	layout, err := layoutOf(plain(args[1]))
	if err != nil {
		return nil, err
	}
	return t.Format(layout), nil
}

// patternLayouts are the runs of letters in S3's patterns of times.
var patternLayouts = map[string]string{
	"yy": "06", "y": "2006", "yyyy": "2006", "M": "1", "MM": "01", "MMM": "Jan", "MMMM": "January", "d": "2", "dd": "02",
	"a": "PM", "h": "3", "hh": "03", "H": "15", "HH": "15", "m": "4", "mm": "04", "s": "5", "ss": "05",
	"S": "0", "SS": "00", "SSS": "000", "SSSSSS": "000000", "SSSSSSSSS": "000000000",
	"X": "Z07", "XX": "Z0700", "XXX": "Z07:00", "x": "-07", "xx": "-0700", "xxx": "-07:00",
}

func layoutOf(pattern string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			if isDigit(c) { // would be read as a part of the time
				return "", fail("EvaluatorInvalidTimestampFormatPattern", "The pattern %s has a digit.", strconv.Quote(pattern))
			}
			if c == '\'' {
				if end := strings.IndexByte(pattern[i+1:], '\''); end >= 0 {
					out.WriteString(pattern[i+1 : i+1+end])
					i += end + 2
					continue
				}
			}
			out.WriteByte(c)
			i++
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		run := pattern[i : i+n]
		layout, known := patternLayouts[run]
		if !known && run == "T" {
			layout, known = "T", true
		}
		if !known {
			return "", fail("EvaluatorInvalidTimestampFormatPattern", "Patterns of times do not have %.20s.", run)
		}
		out.WriteString(layout)
		i += n
	}
	return out.String(), nil
}
