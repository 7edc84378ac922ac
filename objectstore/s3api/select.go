package s3api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"croft/objectstore"
	"croft/objectstore/query"
)

// selectOperations are the calls that ask for what is in an object.
var selectOperations = []operation{
	{"SelectObjectContent", http.MethodPost, onObject, "select", "", ReadBucket, (*Handler).selectContent},
}

// maxSelect bounds the body of the request, in bytes: a statement, and what it is about.
const maxSelect = query.MaxStatement + 64<<10

// selection is what a request asks for.
type selection struct {
	statement *query.Statement
	in        query.Input
	out       query.Output
	progress  bool
}

func (h *Handler) selectContent(q *request) error {
	if q.query.Get("select-type") != "2" {
		return fail("InvalidArgument", "The select-type has to be 2.")
	}
	data, err := q.body.readAll(maxSelect)
	if err != nil {
		return err
	}
	ask, err := readSelect(data)
	if err != nil {
		return err
	}
	ref, err := h.readable(q)
	if err != nil {
		return err
	}
	// Every part that is read is of the version that was found first.
	o, err := h.describe(q, ref)
	if err != nil {
		return err
	}
	if o.VersionID != "" {
		ref.ID = o.VersionID
	}
	ask.in.Size = o.Size
	if err := ask.cut(o.Size); err != nil {
		return err
	}
	ask.in.Open = func(offset int64) (io.ReadCloser, error) {
		if offset >= o.Size {
			return io.NopCloser(strings.NewReader("")), nil
		}
		now, body, err := h.get(q, ref, &objectstore.Range{Offset: offset, Length: -1})
		if err == nil && (now.ETag != o.ETag || now.Size != o.Size) {
			_ = body.Close()
			err = fail("Busy", "The object was overwritten while it was read. Try again.")
		}
		return body, err
	}
	ask.in.Memory = func(n int64) (func(), error) {
		share, err := h.shares.takeAll(q.r.Context(), n)
		return func() { h.shares.give(share) }, err
	}
	to := &eventStream{w: q.w, progress: ask.progress, quiet: time.Now()}
	stats, err := ask.statement.Run(q.r.Context(), ask.in, ask.out, to, h.now())
	if errors.Is(err, errClientGone) {
		return nil
	}
	if err != nil && !to.begun {
		return selectFailure(err)
	}
	if err != nil {
		f := translate(selectFailure(err))
		q.outcome = f.code
		if f.status() >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
			h.log.Error("s3 select failed", "requestId", q.id, "code", f.code, "error", err)
		}
		_ = to.fail(f.code, f.message) // the client is gone; there is nobody to tell
		return nil
	}
	_ = to.end(stats) // as above
	return nil
}

// selectFailure says to a client what the query says.
func selectFailure(err error) error {
	var e *query.Error
	if errors.As(err, &e) {
		return fail(e.Code, e.Message)
	}
	return err
}

// readSelect reads what is asked for and holds it to S3's rules.
func readSelect(data []byte) (*selection, error) {
	root, err := readElement(data, "SelectObjectContentRequest")
	if err != nil {
		return nil, err
	}
	s := &selection{in: query.Input{End: -1}}
	var expression, kind, enabled, compression, start, end *string
	var input, output, progress, scan *struct{}
	in := func(once **struct{}, known map[string]func(*element) error) func(*element) error {
		return alone(once, func(*struct{}) map[string]func(*element) error { return known })
	}
	err = root.fields(map[string]func(*element) error{
		"Expression": perhaps(&expression), "ExpressionType": perhaps(&kind),
		"RequestProgress": in(&progress, map[string]func(*element) error{"Enabled": perhaps(&enabled)}),
		"ScanRange":       in(&scan, map[string]func(*element) error{"Start": perhaps(&start), "End": perhaps(&end)}),
		"InputSerialization": in(&input, map[string]func(*element) error{
			"CompressionType": perhaps(&compression), "CSV": s.readCSV, "JSON": s.readJSON,
			"Parquet": func(e *element) error { s.in.Parquet = true; return e.fields(nil) },
		}),
		"OutputSerialization": in(&output, map[string]func(*element) error{"CSV": s.writeCSV, "JSON": s.writeJSON}),
	})
	if err != nil {
		return nil, err
	}
	if expression == nil || kind == nil || input == nil || output == nil {
		return nil, fail("MissingRequiredParameter", "The SelectRequest entity is missing a required parameter. Check the service documentation and try again.")
	}
	if !strings.EqualFold(*kind, "SQL") {
		return nil, fail("InvalidExpressionType", "The ExpressionType is invalid. Only SQL expressions are supported.")
	}
	ways := 0
	for _, given := range []bool{s.in.CSV != nil, s.in.JSON != "", s.in.Parquet} {
		if given {
			ways++
		}
	}
	if ways != 1 || (s.out.CSV == nil) == (s.out.JSON == nil) {
		return nil, fail("InvalidRequestParameter", "The value of a parameter in SelectRequest element is invalid: one way of input and one of output are needed.")
	}
	if compression != nil && *compression != "" {
		s.in.Compression = query.Compression(*compression)
	}
	switch s.in.Compression {
	case "", query.Plain:
	case query.Gzip, query.Bzip2:
		if s.in.Parquet {
			return nil, fail("InvalidCompressionFormat", "Parquet is compressed in itself: the compression type has to be NONE.")
		}
	default:
		return nil, fail("InvalidCompressionFormat", "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.")
	}
	if enabled != nil {
		s.progress = *enabled == "true"
	}
	if scan != nil {
		if s.in.Start, s.in.End, err = scanRange(start, end); err != nil {
			return nil, err
		}
	}
	if s.statement, err = query.Parse(*expression); err != nil {
		return nil, selectFailure(err)
	}
	return s, nil
}

// scanRange reads a range. Without a start the end is how many bytes of the object's end
// are meant, which is kept as a negative start.
func scanRange(start, end *string) (from, to int64, err error) {
	wrong := fail("InvalidScanRange", "The provided scan range is not valid.")
	to = -1
	if end != nil {
		if to, err = strconv.ParseInt(*end, 10, 64); err != nil || to < 0 {
			return 0, 0, wrong
		}
	}
	if start == nil {
		if end == nil || to == 0 {
			return 0, 0, wrong
		}
		return -to, -1, nil
	}
	if from, err = strconv.ParseInt(*start, 10, 64); err != nil || from < 0 || to >= 0 && from > to {
		return 0, 0, wrong
	}
	return from, to, nil
}

// cut fits the range to an object.
func (s *selection) cut(size int64) error {
	if s.in.Start < 0 {
		s.in.Start = max(0, size+s.in.Start)
	}
	if s.in.Start > 0 && s.in.Start >= size {
		return fail("InvalidScanRange", "The provided scan range is not valid: it begins behind the object.")
	}
	return nil
}

func (s *selection) readCSV(e *element) error {
	if s.in.CSV != nil {
		return errMalformedXML()
	}
	c := &query.CSVInput{}
	s.in.CSV = c
	var header, quotedRecords string
	err := e.fields(map[string]func(*element) error{
		"FileHeaderInfo": once(&header), "Comments": onceAsIs(&c.Comment), "QuoteEscapeCharacter": onceAsIs(&c.QuoteEscape),
		"RecordDelimiter": onceAsIs(&c.Record), "FieldDelimiter": onceAsIs(&c.Field), "QuoteCharacter": onceAsIs(&c.Quote),
		"AllowQuotedRecordDelimiter": once(&quotedRecords),
	})
	if err != nil {
		return err
	}
	c.QuotedRecords = strings.EqualFold(quotedRecords, "true")
	switch c.Header = query.Header(strings.ToUpper(header)); c.Header {
	case "", query.HeaderNone, query.HeaderUse, query.HeaderIgnore:
		return nil
	}
	return fail("InvalidFileHeaderInfo", "The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.")
}

func (s *selection) readJSON(e *element) error {
	kind := ""
	if err := e.fields(map[string]func(*element) error{"Type": once(&kind)}); err != nil {
		return err
	}
	switch s.in.JSON = query.JSONKind(strings.ToUpper(kind)); s.in.JSON {
	case query.JSONLines, query.JSONDocument:
		return nil
	}
	return fail("InvalidJsonType", "The JsonType is invalid. Only DOCUMENT and LINES are supported.")
}

func (s *selection) writeCSV(e *element) error {
	if s.out.CSV != nil {
		return errMalformedXML()
	}
	c := &query.CSVOutput{}
	s.out.CSV = c
	var quotes string
	err := e.fields(map[string]func(*element) error{
		"QuoteFields": once(&quotes), "QuoteEscapeCharacter": onceAsIs(&c.QuoteEscape), "RecordDelimiter": onceAsIs(&c.Record),
		"FieldDelimiter": onceAsIs(&c.Field), "QuoteCharacter": onceAsIs(&c.Quote),
	})
	if err != nil {
		return err
	}
	switch strings.ToUpper(quotes) {
	case "", "ASNEEDED":
	case "ALWAYS":
		c.Always = true
	default:
		return fail("InvalidQuoteFields", "The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.")
	}
	return nil
}

func (s *selection) writeJSON(e *element) error {
	if s.out.JSON != nil {
		return errMalformedXML()
	}
	s.out.JSON = &query.JSONOutput{}
	return e.fields(map[string]func(*element) error{"RecordDelimiter": onceAsIs(&s.out.JSON.Record)})
}
