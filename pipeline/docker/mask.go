package docker

import (
	"bytes"
	"slices"
	"strings"
)

const masked = "***"

// shortestPart is the length from which a single line of a secret of several
// lines is a secret by itself; shorter ones ("{", "") say nothing.
const shortestPart = 4

// masker hides secrets in lines. A secret of several lines is hidden line by line.
type masker struct {
	parts   [][]byte
	longest int
}

func newMasker(secrets []string) *masker {
	m := &masker{}
	for _, secret := range secrets {
		lines := strings.Split(strings.TrimSpace(secret), "\n")
		for _, line := range lines {
			line = strings.TrimSpace(line)
			if line == "" || len(lines) > 1 && len(line) < shortestPart {
				continue
			}
			m.parts = append(m.parts, []byte(line))
			m.longest = max(m.longest, len(line))
		}
	}
	return m
}

// span is a stretch of a line that must not be shown.
type span struct{ from, to int }

// spans finds where secrets stand in line, overlapping ones joined, in order.
func (m *masker) spans(line []byte) []span {
	var found []span
	for _, part := range m.parts {
		for at := 0; ; {
			i := bytes.Index(line[at:], part)
			if i < 0 {
				break
			}
			found = append(found, span{at + i, at + i + len(part)})
			at += i + 1
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	joined := found[:0]
	for _, s := range found {
		if n := len(joined); n > 0 && s.from < joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// mask appends line to dst with its secrets hidden.
func (m *masker) mask(dst, line []byte) []byte {
	at := 0
	for _, s := range m.spans(line) {
		dst = append(append(dst, line[at:s.from]...), masked...)
		at = s.to
	}
	return append(dst, line[at:]...)
}

// cut moves a border at which line is to be split behind a secret that stands across it.
func (m *masker) cut(line []byte, at int) int {
	for _, s := range m.spans(line) {
		if s.from < at && at < s.to {
			return s.to
		}
	}
	return at
}
