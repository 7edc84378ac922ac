package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// letters is what a run of letters in S3's patterns of times stands for.
type letters struct {
	write func(time.Time) string
	read  string // Go's layout; empty: TO_TIMESTAMP does not take it
	grain grain  // exact: says nothing about how exactly the time is known
}

// patternLetters are the runs of letters in S3's patterns of times.
var patternLetters = func() map[string]letters {
	all := map[string]letters{
		"yy": layout("06", byYear), "yyyy": layout("2006", byYear),
		"y": {func(t time.Time) string { return strconv.Itoa(t.Year()) }, "2006", byYear},
		"M": layout("1", byMonth), "MM": layout("01", byMonth), "MMM": layout("Jan", byMonth), "MMMM": layout("January", byMonth),
		"MMMMM": {write: func(t time.Time) string { return t.Month().String()[:1] }},
		"d":     layout("2", byDay), "dd": layout("02", byDay), "a": layout("PM", exact), "h": layout("3", byMinute), "hh": layout("03", byMinute),
		"H": {func(t time.Time) string { return strconv.Itoa(t.Hour()) }, "15", byMinute}, "HH": layout("15", byMinute),
		"m": layout("4", byMinute), "mm": layout("04", byMinute), "s": layout("5", bySecond), "ss": layout("05", bySecond),
		"n": {write: func(t time.Time) string { return strconv.Itoa(t.Nanosecond()) }},
		"X": {offset, "Z07", exact}, "XX": layout("Z0700", exact), "XXX": layout("Z07:00", exact),
		"XXXX": layout("Z0700", exact), "XXXXX": layout("Z07:00", exact),
		"x": {shortOffset, "-07", exact}, "xx": layout("-0700", exact), "xxx": layout("-07:00", exact),
		"xxxx": layout("-0700", exact), "xxxxx": layout("-07:00", exact),
		"T": layout("T", exact), // what is between a date and a time may stand without quotes
	}
	for n := 1; n <= 9; n++ {
		all[strings.Repeat("S", n)] = letters{
			func(t time.Time) string { return fmt.Sprintf("%09d", t.Nanosecond())[:n] }, strings.Repeat("0", n), bySecond,
		}
	}
	return all
}()

func layout(of string, grain grain) letters {
	return letters{func(t time.Time) string { return t.Format(of) }, of, grain}
}

// shortOffset has minutes only where there are some.
func shortOffset(t time.Time) string {
	if _, seconds := t.Zone(); seconds%3600 != 0 {
		return t.Format("-0700")
	}
	return t.Format("-07")
}

func offset(t time.Time) string {
	if _, seconds := t.Zone(); seconds == 0 {
		return "Z"
	}
	return shortOffset(t)
}

// walkPattern calls letter with what each run of letters in a pattern of times stands for, and
// between with what stands between them.
func walkPattern(pattern string, letter func(run string, l letters) error, between func(string)) error {
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			if isDigit(c) { // would be read as a part of the time
				return fail("EvaluatorInvalidTimestampFormatPattern", "The pattern %s has a digit.", strconv.Quote(pattern))
			}
			if c == '\'' {
				if text, n, ok := unquote(pattern[i:]); ok {
					if text == "" { // two quotes are one
						text = "'"
					}
					between(text)
					i += n
					continue
				}
			}
			between(pattern[i : i+1])
			i++
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		run := pattern[i : i+n]
		l, known := patternLetters[run]
		if !known {
			return fail("EvaluatorInvalidTimestampFormatPattern", "Patterns of times do not have %.20s.", run)
		}
		if err := letter(run, l); err != nil {
			return err
		}
		i += n
	}
	return nil
}

func toTimestamp(_ *scope, args []any) (any, error) {
	if unknown(args[0]) {
		return nil, nil
	}
	if len(args) == 1 {
		return cast(args[0], "TIMESTAMP")
	}
	var layout strings.Builder
	finest, digits := byYear, 0
	err := walkPattern(plain(args[1]), func(run string, l letters) error {
		if l.read == "" {
			return fail("EvaluatorInvalidTimestampFormatPattern", "TO_TIMESTAMP does not take %s in patterns.", run)
		}
		layout.WriteString(l.read)
		finest = max(finest, l.grain)
		if run[0] == 'S' {
			digits = len(run)
		}
		return nil
	}, func(s string) { layout.WriteString(s) })
	if err != nil {
		return nil, err
	}
	t, err := time.Parse(layout.String(), plain(args[0]))
	if err != nil {
		return nil, fail("CastFailed", "%.40q is no time of this pattern.", plain(args[0]))
	}
	return moment{Time: t, grain: finest, digits: digits, local: finest <= byDay}, nil
}

func toString(_ *scope, args []any) (any, error) {
	t, err := timeOf(args[0])
	if t == nil || err != nil || unknown(args[1]) {
		return nil, err
	}
	var out strings.Builder
	err = walkPattern(plain(args[1]), func(_ string, l letters) error {
		out.WriteString(l.write(t.Time))
		return nil
	}, func(s string) { out.WriteString(s) })
	if err != nil {
		return nil, err
	}
	return out.String(), nil
}
