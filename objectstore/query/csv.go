package query

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Header says what the first record of CSV is.
type Header string

// The ways of headers.
const (
	HeaderNone   Header = "NONE"   // it is data
	HeaderUse    Header = "USE"    // it names the values
	HeaderIgnore Header = "IGNORE" // it is left out
)

// CSVInput is how CSV is written. Empty fields are as S3 has them.
type CSVInput struct {
	Header        Header
	Comment       string // one character that a record begins with that is left out
	Quote         string
	QuoteEscape   string
	Record        string // what ends records; empty is a line feed, with or without a return
	Field         string
	QuotedRecords bool // records may end within quotes without ending
}

func (c CSVInput) complete() (CSVInput, error) {
	for _, d := range []struct {
		of *string
		is string
	}{{&c.Quote, `"`}, {&c.QuoteEscape, `"`}, {&c.Record, "\n"}, {&c.Field, ","}} {
		if *d.of == "" {
			*d.of = d.is
		}
	}
	if len(c.Quote) != 1 || len(c.QuoteEscape) != 1 || len(c.Comment) > 1 || len(c.Record) > 2 || c.Quote == c.Field || c.Record == c.Field {
		return c, fail("EvaluatorInvalidArguments", "Quotes, escapes and comments are one byte each, what ends a record is one or two, and all differ.")
	}
	if c.Header == "" {
		c.Header = HeaderNone
	}
	return c, nil
}

// csvReader reads records of CSV.
type csvReader struct {
	c      CSVInput
	in     *bufio.Reader
	at     int64 // byte in the input where the next record begins
	names  []string
	record []byte
	memory *memory
}

// next returns the next record and where it began, or io.EOF.
func (r *csvReader) next() (any, int64, error) {
	for {
		began := r.at
		raw, err := r.raw()
		if err != nil {
			return nil, began, err
		}
		if len(raw) == 0 || r.c.Comment != "" && raw[0] == r.c.Comment[0] {
			continue
		}
		if !utf8.Valid(raw) {
			return nil, began, fail("InvalidTextEncoding", "UTF-8 encoding is required. The record at byte %d has other bytes.", began)
		}
		values, err := r.split(raw, began)
		if err != nil {
			return nil, began, err
		}
		o := &object{names: r.names, values: values, positional: true}
		if len(r.names) != len(values) {
			o.names = make([]string, len(values))
			n := copy(o.names, r.names)
			for i := n; i < len(values); i++ {
				o.names[i] = "_" + plain(int64(i+1))
			}
			if r.names == nil {
				r.names = o.names // the same for most records
			}
		}
		return o, began, nil
	}
}

// header reads the first record as the header says.
func (r *csvReader) header() error {
	if r.c.Header == HeaderNone {
		return nil
	}
	for {
		began := r.at
		raw, err := r.raw()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(raw) == 0 || r.c.Comment != "" && raw[0] == r.c.Comment[0] {
			continue
		}
		if r.c.Header == HeaderIgnore {
			return nil
		}
		if !utf8.Valid(raw) {
			return fail("InvalidTextEncoding", "UTF-8 encoding is required. The header has other bytes.")
		}
		names, err := r.split(bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF")), began)
		for _, n := range names {
			name, _ := n.(string)
			r.names = append(r.names, strings.TrimSpace(name))
		}
		return err
	}
}

// raw returns the bytes of the next record without what ends it. They are good until the
// next call.
func (r *csvReader) raw() ([]byte, error) {
	r.record = r.record[:0]
	last := r.c.Record[len(r.c.Record)-1]
	quote, escape := r.c.Quote[0], r.c.QuoteEscape[0]
	within, escaped := false, false
	for {
		part, err := r.in.ReadSlice(last)
		r.at += int64(len(part))
		if len(r.record)+len(part) > MaxRecord {
			return nil, fail("OverMaxRecordSize", "The length of a record in the input or result is greater than maxCharsPerRecord of 1 MB.")
		}
		if r.c.QuotedRecords {
			for _, c := range part {
				switch {
				case escaped:
					escaped = false
				case within && escape != quote && c == escape:
					escaped = true
				case c == quote:
					within = !within
				}
			}
		}
		r.record = append(r.record, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if len(r.record) == 0 {
				return nil, io.EOF
			}
			return trimReturn(r.record, r.c.Record), nil
		case err != nil:
			return nil, err
		}
		if within || !bytes.HasSuffix(r.record, []byte(r.c.Record)) {
			continue
		}
		return trimReturn(r.record[:len(r.record)-len(r.c.Record)], r.c.Record), nil
	}
}

// trimReturn takes lines for what they are that end with a return as well.
func trimReturn(b []byte, record string) []byte {
	if record == "\n" {
		return bytes.TrimSuffix(b, []byte("\r"))
	}
	return b
}

// split cuts a record into its values.
func (r *csvReader) split(raw []byte, began int64) (values []any, err error) {
	r.memory.again()
	if err := r.memory.take(int64(len(raw)) + perValue*int64(1+bytes.Count(raw, []byte(r.c.Field)))); err != nil {
		return nil, err
	}
	quote, escape := r.c.Quote[0], r.c.QuoteEscape[0]
	text := string(raw)
	for {
		if text == "" || text[0] != quote {
			value, rest, more := strings.Cut(text, r.c.Field)
			values = append(values, value)
			if !more {
				return values, nil
			}
			text = rest
			continue
		}
		var value strings.Builder
		i := 1
		for ; i < len(text); i++ {
			if text[i] == escape && i+1 < len(text) && (text[i+1] == quote || text[i+1] == escape) {
				i++
			} else if text[i] == quote {
				break
			}
			value.WriteByte(text[i])
		}
		if i >= len(text) {
			return nil, fail("CSVParsingError", "Encountered an error parsing the CSV file: in the record at byte %d a quote is not closed.", began)
		}
		text = text[i+1:]
		more := strings.HasPrefix(text, r.c.Field)
		if !more && text != "" { // what follows a quote belongs to the value
			rest, after, found := strings.Cut(text, r.c.Field)
			value.WriteString(rest)
			text, more = after, found
		} else if more {
			text = text[len(r.c.Field):]
		}
		values = append(values, value.String())
		if !more {
			return values, nil
		}
	}
}
