package query

import "strings"

// CSVOutput is how records are written as CSV. Empty fields are as S3 has them.
type CSVOutput struct {
	Always      bool // every value is quoted, otherwise those that need it
	Quote       string
	QuoteEscape string
	Record      string
	Field       string
}

// JSONOutput is how records are written as JSON.
type JSONOutput struct {
	Record string // what follows each; empty is a line feed
}

// appender writes a record behind others.
type appender interface {
	append(out []byte, record any) []byte
}

func (c *CSVOutput) complete() {
	for _, d := range []struct {
		of *string
		is string
	}{{&c.Quote, `"`}, {&c.QuoteEscape, `"`}, {&c.Record, "\n"}, {&c.Field, ","}} {
		if *d.of == "" {
			*d.of = d.is
		}
	}
}

func (c *CSVOutput) append(out []byte, record any) []byte {
	values := []any{record}
	if o, ok := record.(*object); ok {
		values = o.values
	}
	for i, v := range values {
		if i > 0 {
			out = append(out, c.Field...)
		}
		text := plain(v)
		if !c.Always && !strings.Contains(text, c.Field) && !strings.Contains(text, c.Quote) && !strings.ContainsAny(text, c.Record+"\r\n") {
			out = append(out, text...)
			continue
		}
		out = append(out, c.Quote...)
		text = strings.ReplaceAll(text, c.Quote, c.QuoteEscape+c.Quote)
		out = append(append(out, text...), c.Quote...)
	}
	return append(out, c.Record...)
}

func (j *JSONOutput) append(out []byte, record any) []byte {
	return append(appendJSON(out, record), j.Record...)
}
