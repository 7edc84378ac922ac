package accesslog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"croft/internal/errs"
)

// Query selects entries, the newest first.
type Query struct {
	Before   string // Next of the page before; empty: the newest
	Limit    int    // 1 … 500; else 100
	Bucket   string // when not empty, only this bucket's
	Contains string // when not empty, only entries with this text in what they say, in any case of a-z
}

// Page is what a query found. Next continues it and is empty at the end. A page may
// be short, even empty, and still have a Next: no query reads more than a part of
// the log at once.
type Page struct {
	Entries []Entry
	Next    string
}

const (
	block  = 256 << 10
	atOnce = 64 << 20
)

// Newest returns a page of the log. It includes what is recorded and not written yet.
func (l *Log) Newest(ctx context.Context, q Query) (Page, error) {
	if q.Limit < 1 || q.Limit > 500 {
		q.Limit = 100
	}
	number, offset, err := openCursor(q.Before)
	if err != nil {
		return Page{}, err
	}
	l.Flush()
	sections, err := l.files.sections(number)
	if err != nil {
		return Page{}, fmt.Errorf("read S3 access log: %w", err)
	}
	defer func() { _ = closeAll(sections) }() // only read
	s := search{query: q, want: fold(nil, []byte(q.Contains)), left: l.atOnce}
	s.inLine = escaped(s.want)
	for i, one := range sections {
		end := one.size
		if one.number == number {
			end = min(end, offset)
		}
		full, err := s.back(ctx, one, &end)
		if err != nil {
			return Page{}, fmt.Errorf("read S3 access log: %w", err)
		}
		if full {
			if end > 0 || i < len(sections)-1 {
				s.page.Next = sealCursor(one.number, end)
			}
			break
		}
	}
	return s.page, nil
}

// search is one query on its way back through the files.
type search struct {
	query  Query
	want   []byte // folded
	inLine []byte // want as it stands in a line
	left   int64  // of what may be read
	page   Page
	lower  []byte // of folding lines
	buffer [block]byte
}

// back reads the lines of a file that start before end, the last first, and moves
// end to where it stopped. It returns true when the page is full or enough was read.
func (s *search) back(ctx context.Context, one section, end *int64) (bool, error) {
	for *end > 0 {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if s.left <= 0 {
			return true, nil
		}
		start := max(0, *end-block)
		part := s.buffer[:*end-start]
		if _, err := one.file.ReadAt(part, start); err != nil && err != io.EOF {
			return false, err
		}
		s.left -= int64(len(part))
		for len(part) > 0 {
			at := bytes.LastIndexByte(part[:len(part)-1], newline) + 1
			if at == 0 && start > 0 && len(part) < block {
				break // the line begins in the block before
			}
			// A line longer than a block is none of ours: its pieces are no JSON.
			s.take(part[at:])
			part = part[:at]
			*end = start + int64(len(part))
			if len(s.page.Entries) == s.query.Limit {
				return true, nil
			}
		}
	}
	return false, nil
}

// take adds a line to the page when it is one and matches.
func (s *search) take(line []byte) {
	if s.query.Bucket != "" && !bytes.Contains(line, []byte(`"bucket":"`+s.query.Bucket+`"`)) {
		return
	}
	if len(s.want) > 0 {
		if s.lower = fold(s.lower[:0], line); !bytes.Contains(s.lower, s.inLine) {
			return
		}
	}
	var e Entry
	if json.Unmarshal(line, &e) != nil || (s.query.Bucket != "" && e.Bucket != s.query.Bucket) || !e.contains(s.want) {
		return
	}
	s.page.Entries = append(s.page.Entries, e)
}

// escaped is folded text as it stands in a line.
func escaped(text []byte) []byte {
	quoted := appendQuoted(nil, string(text), len(text))
	return quoted[1 : len(quoted)-1]
}

// contains reports whether one of the entry's texts holds want, which is folded.
func (e *Entry) contains(want []byte) bool {
	if len(want) == 0 {
		return true
	}
	for _, text := range append(e.Keys, e.Key, e.Bucket, e.User, e.AccessKey, e.Remote, e.Operation, e.Error, e.Source, e.RequestID, e.UserAgent, strconv.Itoa(e.Status)) {
		if bytes.Contains(fold(nil, []byte(text)), want) {
			return true
		}
	}
	return false
}

// fold appends text with A-Z in lower case. Other letters are left as they are, so
// that a byte stays a byte.
func fold(out, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return out
}

// A cursor is a file's number and an offset in it. It holds when files are rotated.
func sealCursor(number, offset int64) string {
	return strconv.FormatInt(number, 10) + "-" + strconv.FormatInt(offset, 10)
}

func openCursor(cursor string) (number, offset int64, err error) {
	if cursor == "" {
		return 0, 0, nil
	}
	before, after, _ := strings.Cut(cursor, "-")
	number, errNumber := strconv.ParseInt(before, 10, 64)
	offset, errOffset := strconv.ParseInt(after, 10, 64)
	if errNumber != nil || errOffset != nil || number < 1 || offset < 0 {
		return 0, 0, errs.New(errs.Invalid, "cursor_invalid", "The cursor is not one of ours.")
	}
	return number, offset, nil
}
