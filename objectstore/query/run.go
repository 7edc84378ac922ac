package query

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"time"
)

// Input is what is read, and how it is written. Exactly one of CSV, JSON and Parquet is set.
type Input struct {
	CSV         *CSVInput
	JSON        JSONKind
	Parquet     bool
	Compression Compression
	Size        int64 // of the object, in bytes
	// Open reads the object from a byte on. It may be called again before what was opened
	// before is closed.
	Open func(offset int64) (io.ReadCloser, error)
	// Start and End are the bytes that records have to begin between, both included; End
	// below zero is the last. They are for what is not compressed.
	Start, End int64
	// Memory, when set, is asked for the bytes that Parquet needs, and for what records need beyond
	// freeMemory; who has no room refuses.
	Memory func(bytes int64) (release func(), err error)

	pages int64 // instead of maxPages, in tests
}

// JSONKind is how JSON values stand in an object.
type JSONKind string

// The kinds.
const (
	JSONLines    JSONKind = "LINES"    // one a line
	JSONDocument JSONKind = "DOCUMENT" // one, over many lines
)

// Compression is what the object is compressed with.
type Compression string

// The compressions.
const (
	Plain Compression = "NONE"
	Gzip  Compression = "GZIP"
	Bzip2 Compression = "BZIP2"
)

// Output is how records are written; one of both is set.
type Output struct {
	CSV  *CSVOutput
	JSON *JSONOutput
}

// Stats is how much was read.
type Stats struct {
	Scanned   int64 // bytes of the object
	Processed int64 // bytes, once decompressed
	Returned  int64
}

// Sink takes what was found. Its error ends the run.
type Sink interface {
	// Records gets whole records. p is good until it returns.
	Records(p []byte) error
	// Going is called now and then.
	Going(Stats) error
}

const (
	flushAt  = 128 << 10 // bytes of records that are sent at once
	lookEach = 1000      // records after which Going is called
)

// Run answers the statement. What was found before an error was sent.
func (s *Statement) Run(ctx context.Context, in Input, out Output, to Sink, now time.Time) (Stats, error) {
	r := &run{statement: s, to: to, scope: scope{now: now.UTC()}}
	switch {
	case out.CSV != nil:
		csv := *out.CSV
		csv.complete()
		r.out = &csv
	default:
		json := JSONOutput{Record: "\n"}
		if out.JSON != nil && out.JSON.Record != "" {
			json = *out.JSON
		}
		r.out = &json
	}
	for _, a := range s.sums {
		*a = aggregate{name: a.name, value: a.value}
	}
	r.memory.ask = in.Memory
	defer r.memory.release()
	err := r.read(ctx, in)
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil && len(s.sums) > 0 && s.limit > 0 {
		err = r.write(nil)
	}
	if flushed := r.flush(); err == nil {
		err = flushed
	}
	return r.stats, err
}

// errEnough ends a run whose limit is reached.
var errEnough = errors.New("enough")

type run struct {
	statement *Statement
	out       appender
	to        Sink
	scope     scope
	stats     Stats
	buffer    []byte
	found     int64
	seen      int
	memory    memory
}

// source gives records, and io.EOF after the last.
type source interface {
	next() (record any, began int64, err error)
}

func (r *run) read(ctx context.Context, in Input) error {
	if in.Parquet {
		return r.parquet(ctx, in)
	}
	if in.Start > 0 || in.End >= 0 {
		if in.Compression == Gzip || in.Compression == Bzip2 || in.JSON == JSONDocument {
			return fail("UnsupportedSyntax", "A scan range is for CSV and lines of JSON that are not compressed.")
		}
	}
	body, err := r.open(in, in.before())
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // only read
	var from source
	if in.CSV != nil {
		from, err = r.csv(in, body)
	} else {
		from, err = r.json(in, body)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.statement.limit <= r.found && len(r.statement.sums) == 0 {
			return errEnough
		}
		one, began, err := from.next()
		if errors.Is(err, io.EOF) || err == nil && in.End >= 0 && began > in.End {
			return nil
		}
		if err != nil {
			return readFailure(in, err)
		}
		if err := spread(one, r.statement.from, r.judge); err != nil {
			return err
		}
		if r.seen++; r.seen%lookEach == 0 {
			if err := r.to.Going(r.stats); err != nil {
				return err
			}
		}
	}
}

// readFailure tells what the compression fails with from what reading does.
func readFailure(in Input, err error) error {
	var bzip bzip2.StructuralError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &bzip) ||
		in.Compression != Plain && in.Compression != "" && errors.Is(err, io.ErrUnexpectedEOF) {
		return fail("InvalidCompressionFormat", "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.")
	}
	return err
}

// open reads the object, counted and decompressed.
func (r *run) open(in Input, offset int64) (io.ReadCloser, error) {
	body, err := in.Open(offset)
	if err != nil {
		return nil, err
	}
	var plain io.Reader = counted{body, &r.stats.Scanned}
	switch in.Compression {
	case Gzip:
		if plain, err = gzip.NewReader(plain); err != nil {
			_ = body.Close()
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, readFailure(in, err)
		}
	case Bzip2:
		plain = bzip2.NewReader(plain)
	}
	return readCloser{counted{plain, &r.stats.Processed}, body}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

type counted struct {
	in io.Reader
	n  *int64
}

// Read implements io.Reader.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	*c.n += int64(n)
	return n, err
}

func (r *run) csv(in Input, body io.Reader) (source, error) {
	c, err := in.CSV.complete()
	if err != nil {
		return nil, err
	}
	from := &csvReader{c: c, in: bufio.NewReaderSize(body, 64<<10), memory: &r.memory}
	if in.Start == 0 {
		return from, readFailure(in, from.header())
	}
	// The names stand at the beginning of the object, wherever the range is.
	if c.Header == HeaderUse {
		head, err := in.Open(0)
		if err != nil {
			return nil, err
		}
		defer func() { _ = head.Close() }() // only read
		top := &csvReader{c: c, in: bufio.NewReaderSize(head, 4<<10), memory: &r.memory}
		if err := top.header(); err != nil {
			return nil, err
		}
		from.names = top.names
	}
	from.at = in.before()
	_, err = from.raw() // the end of a record that began before
	return from, err
}

func (r *run) json(in Input, body io.Reader) (source, error) {
	limit := int64(MaxRecord)
	if in.JSON == JSONDocument {
		limit = MaxDocument
	}
	if in.Start == 0 && in.End < 0 {
		return newJSON(body, limit, &r.memory), nil
	}
	lines := &csvReader{c: CSVInput{Record: "\n", Quote: `"`, QuoteEscape: `"`}, in: bufio.NewReaderSize(body, 64<<10)}
	if in.Start > 0 {
		lines.at = in.before()
		if _, err := lines.raw(); err != nil {
			return nil, err
		}
	}
	return &lineReader{lines, &r.memory}, nil
}

// before is where to begin to read so that what ends the record before the range is seen,
// which may be two bytes.
func (in *Input) before() int64 {
	end := 1
	if in.CSV != nil {
		end = max(1, len(in.CSV.Record))
	}
	return max(0, in.Start-int64(end))
}

// lineReader reads JSON a line at a time, so that it is known where each begins.
type lineReader struct {
	lines  *csvReader
	memory *memory
}

func (l *lineReader) next() (any, int64, error) {
	for {
		began := l.lines.at
		line, err := l.lines.raw()
		if err != nil {
			return nil, began, err
		}
		if v, _, err := newJSON(bytes.NewReader(line), MaxRecord+1, l.memory).next(); !errors.Is(err, io.EOF) {
			return v, began, err
		}
	}
}

// judge looks at one record.
func (r *run) judge(v any) error {
	s := r.statement
	r.scope.value, r.scope.record = v, record(v)
	if s.where != nil {
		is, err := s.where.of(&r.scope)
		if err != nil {
			return err
		}
		if yes, _ := truth(is); !yes {
			return nil
		}
	}
	if len(s.sums) > 0 {
		for _, a := range s.sums {
			if err := a.add(&r.scope); err != nil {
				return err
			}
		}
		return nil
	}
	if r.found >= s.limit {
		return errEnough
	}
	r.found++
	return r.write(r.scope.record)
}

// write writes what is asked of a record.
func (r *run) write(whole any) error {
	if items := r.statement.items; len(items) > 0 {
		size := 0
		o := &object{names: make([]string, len(items)), values: make([]any, len(items))}
		for i, it := range items {
			v, err := it.value.of(&r.scope)
			if err != nil {
				return err
			}
			if size += sizeOf(v); size > MaxDocument {
				return fail("OverMaxRecordSize", "A record in the result is longer than %d MB.", MaxDocument>>20)
			}
			o.names[i], o.values[i] = it.name, v
		}
		whole = o
	}
	r.buffer = r.out.append(r.buffer, whole)
	if len(r.buffer) >= flushAt {
		return r.flush()
	}
	return nil
}

// sizeOf is about how long a value is once it is written.
func sizeOf(v any) (n int) {
	switch x := v.(type) {
	case string:
		return len(x)
	case written:
		return len(x)
	case []any:
		for _, one := range x {
			n += 1 + sizeOf(one)
		}
	case *object:
		for i, one := range x.values {
			n += len(x.names[i]) + 4 + sizeOf(one)
		}
	}
	return n + 8
}

func (r *run) flush() error {
	if len(r.buffer) == 0 {
		return nil
	}
	r.stats.Returned += int64(len(r.buffer))
	err := r.to.Records(r.buffer)
	r.buffer = r.buffer[:0]
	return err
}
