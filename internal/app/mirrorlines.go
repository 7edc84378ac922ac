package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"croft/internal/errs"
	"croft/objectstore/mirror"
)

// everyLine is how often progress is written where lines stay.
const everyLine = 10 * time.Second

// maxFailures is how many failures of a mirror are written; all are counted.
const maxFailures = 50

// progressLines writes how far a mirror is.
type progressLines struct {
	out      io.Writer
	terminal bool
	verb     string // of failures; empty is "failed"
	most     int    // failures that are written; 0 is all

	mu       sync.Mutex // guards what follows
	last     time.Time
	open     bool // a line is on the terminal that the next one is written over
	failures int
	notes    map[string]bool // what was said once
}

func (l *progressLines) progress(p mirror.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.terminal && time.Since(l.last) < everyLine {
		return
	}
	l.last = time.Now()
	line := fmt.Sprintf("%d of %s objects, %s, %s/s", p.Present+p.Copied+p.Failed, ofTotal(p), size(p.PresentBytes+p.CopiedBytes), size(int64(p.BytesPerSecond)))
	if p.Left > 0 {
		line += ", about " + p.Left.Round(time.Second).String() + " left"
	}
	if p.Failed > 0 {
		line += fmt.Sprintf(", %d failed", p.Failed)
	}
	l.write(line, l.terminal)
}

// ofTotal is how many objects there are, as far as that is known.
func ofTotal(p mirror.Progress) string {
	if p.Objects == 0 {
		return "?"
	}
	return fmt.Sprint(p.Objects)
}

// write writes a line; over says that the next one takes its place.
func (l *progressLines) write(line string, over bool) {
	line = strings.Map(printable, line)
	if l.open {
		line = "\r\x1b[K" + line
	}
	if !over {
		line += "\n"
	}
	l.open = over
	_, _ = io.WriteString(l.out, line)
}

// printable takes out of a line what terminals obey: keys, and what servers say, may have any characters.
func printable(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return unicode.ReplacementChar
	}
	return r
}

func (l *progressLines) failed(bucket, key string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures++
	if l.most > 0 && l.failures > l.most {
		return
	}
	verb, what := l.verb, bucket
	if verb == "" {
		verb = "failed"
	}
	if key != "" {
		what += "/" + key
	}
	l.write(fmt.Sprintf("%s: %s: %v", verb, what, err), false)
	if l.failures == l.most {
		l.write("further failures are counted only", false)
	}
}

// noted says something about a bucket, once.
func (l *progressLines) noted(bucket, sentence string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := bucket + ": " + sentence
	if l.notes[line] {
		return
	}
	if l.notes == nil {
		l.notes = make(map[string]bool)
	}
	l.notes[line] = true
	l.write(line, false)
}

func (l *progressLines) end(p mirror.Progress, dry bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = 0
	did, removed := "copied and verified", "deleted"
	if dry {
		did, removed = "to copy", "to delete"
	}
	line := fmt.Sprintf("%s: %d objects, %s; there already: %d objects, %s", did, p.Copied, size(p.CopiedBytes), p.Present, size(p.PresentBytes))
	if p.Removed > 0 {
		line += fmt.Sprintf("; %s: %d", removed, p.Removed)
	}
	l.write(line+fmt.Sprintf("; failed: %d; took %s", p.Failed, p.Elapsed.Round(time.Millisecond)), false)
}

// round says which of several mirrors has ended, and what it has seen.
func (l *progressLines) round(number int, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(fmt.Sprintf("round %d, of what was written before %s:", number, began.Format(time.DateTime)), false)
}

// wait waits for the next round and reports whether there is one. err is how the last one ended.
func (l *progressLines) wait(ctx context.Context, err error, every time.Duration) (again bool) {
	if err != nil && ctx.Err() == nil {
		_, message := errs.Public(err)
		l.say("incomplete: " + message)
	}
	timer := time.NewTimer(every)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		l.say("interrupted")
		return false
	}
}

func (l *progressLines) say(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(line, false)
}

// report says what a comparison has found.
func (l *progressLines) report(r mirror.Report, bodies bool) {
	line := fmt.Sprintf("alike: %d objects; different: %d; missing: %d; only at the target: %d", r.Alike, r.Different, r.Missing, r.OnlyThere)
	if bodies {
		line += "; read: " + size(r.Read)
	}
	l.say(line + "; took " + r.Elapsed.Round(time.Millisecond).String())
}

// size is a number of bytes for people.
func size(bytes int64) string {
	value, unit := float64(bytes), 0
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
