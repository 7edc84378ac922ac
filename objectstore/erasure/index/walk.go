package index

import (
	"context"
	"strings"
)

// source are sorted rows that a listing walks over. Several may have one key.
type source interface {
	// seek goes to the first row whose key is from or behind it.
	seek(from string) error
	// here returns the key of the row it is at; false behind the last.
	here() (string, bool)
	// advance goes to the next row.
	advance() error
}

// A listing leaves a common prefix by reading on while it is likely to be short,
// and by seeking behind it otherwise. A seek costs as much as some ten rows.
const (
	leastSteps = 1
	mostSteps  = 16
)

// walk gives a page of up to limit entries, from where the source is, to item and
// roll: a row, which the source is at, or a common prefix. It reports whether there
// is more.
func walk(ctx context.Context, src source, p paging, limit int, item, roll func(key string) error) (truncated bool, err error) {
	steps := 4
	for n := 0; ; n++ {
		key, ok := src.here()
		if !ok || !strings.HasPrefix(key, p.prefix) {
			return false, nil
		}
		if n == limit {
			return true, nil
		}
		if n%256 == 255 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		group, rolled := p.group(key)
		if !rolled {
			if err := item(key); err != nil {
				return false, err
			}
			if err := src.advance(); err != nil {
				return false, err
			}
			continue
		}
		if err := roll(group); err != nil {
			return false, err
		}
		for left := steps; ok && strings.HasPrefix(key, group) && left > 0; left-- {
			if err := src.advance(); err != nil {
				return false, err
			}
			key, ok = src.here()
		}
		if !ok || !strings.HasPrefix(key, group) {
			steps = min(2*steps, mostSteps)
			continue
		}
		steps = max(steps/2, leastSteps)
		from, some := behind(group)
		if !some {
			return false, nil
		}
		if err := src.seek(from); err != nil {
			return false, err
		}
	}
}

// cursor walks over the rows of one statement at a time. Its first column is the
// key.
type cursor struct {
	c   *conn
	row *stmt  // running, unless nil
	key string // of the row it is at
	ok  bool   // whether it is at a row
}

// start runs a statement and goes to its first row.
func (s *cursor) start(sql string, args ...any) (err error) {
	s.close()
	if s.row, err = s.c.start(sql, args); err != nil {
		return err
	}
	return s.advance()
}

func (s *cursor) advance() (err error) {
	s.key = ""
	if s.ok, err = s.row.step(); s.ok && err == nil {
		s.key = string(s.row.view(0))
	}
	return err
}

func (s *cursor) close() {
	s.ok = false
	if s.row != nil {
		s.row.reset()
		s.row = nil
	}
}
