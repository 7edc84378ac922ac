package app

import (
	"fmt"
	"io"
	"sync"
	"time"

	"croft/objectstore/mirror"
)

// everyLine is how often progress is written where lines stay.
const everyLine = 10 * time.Second

// maxFailures is how many failures are written; all are counted.
const maxFailures = 50

// progressLines writes how far a mirror is.
type progressLines struct {
	out      io.Writer
	terminal bool

	mu       sync.Mutex // guards what follows
	last     time.Time
	open     bool // a line is on the terminal that the next one is written over
	failures int
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
	if l.open {
		line = "\r\x1b[K" + line
	}
	if !over {
		line += "\n"
	}
	l.open = over
	_, _ = io.WriteString(l.out, line)
}

func (l *progressLines) failed(bucket, key string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures++; l.failures > maxFailures {
		return
	}
	l.write(fmt.Sprintf("failed: %s/%s: %v", bucket, key, err), false)
	if l.failures == maxFailures {
		l.write("further failures are counted only", false)
	}
}

func (l *progressLines) end(p mirror.Progress, dry bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	did := "copied and verified"
	if dry {
		did = "to copy"
	}
	l.write(fmt.Sprintf("%s: %d objects, %s; there already: %d objects, %s; failed: %d; took %s",
		did, p.Copied, size(p.CopiedBytes), p.Present, size(p.PresentBytes), p.Failed, p.Elapsed.Round(time.Millisecond)), false)
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
