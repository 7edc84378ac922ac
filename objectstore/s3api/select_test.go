package s3api

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/parquet-go/parquet-go"

	"croft/internal/errs"
	"croft/objectstore/query"
)

// selected is what a client gets of a stream of events.
type selected struct {
	records string
	kinds   []string
	stats   *types.Stats
}

func runSelect(t *testing.T, f *fixture, key, expression string, change func(*s3.SelectObjectContentInput)) (got selected, err error) {
	t.Helper()
	in := &s3.SelectObjectContentInput{
		Bucket: aws.String("bucket"), Key: aws.String(key), Expression: aws.String(expression), ExpressionType: types.ExpressionTypeSql,
		InputSerialization:  &types.InputSerialization{CSV: &types.CSVInput{FileHeaderInfo: types.FileHeaderInfoUse}, CompressionType: types.CompressionTypeNone},
		OutputSerialization: &types.OutputSerialization{JSON: &types.JSONOutput{}},
	}
	if change != nil {
		change(in)
	}
	out, err := awsClient(f).SelectObjectContent(t.Context(), in)
	if err != nil {
		return got, err
	}
	stream := out.GetStream()
	defer stream.Close()
	for event := range stream.Events() {
		switch e := event.(type) {
		case *types.SelectObjectContentEventStreamMemberRecords:
			got.records += string(e.Value.Payload)
			got.kinds = append(got.kinds, "Records")
		case *types.SelectObjectContentEventStreamMemberStats:
			got.stats = e.Value.Details
			got.kinds = append(got.kinds, "Stats")
		case *types.SelectObjectContentEventStreamMemberProgress:
			got.kinds = append(got.kinds, "Progress")
		case *types.SelectObjectContentEventStreamMemberCont:
			got.kinds = append(got.kinds, "Cont")
		case *types.SelectObjectContentEventStreamMemberEnd:
			got.kinds = append(got.kinds, "End")
		}
	}
	return got, stream.Err()
}

// TestSelectOfAWSSDK asks for what is in CSV, JSON and Parquet.
func TestSelectOfAWSSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "people.csv", "name,age\nAda,36\nGrace,85\n")
	got, err := runSelect(t, f, "people.csv", "SELECT s.name, CAST(s.age AS INT) AS age FROM S3Object s WHERE s.age > 40", nil)
	if err != nil || got.records != `{"name":"Grace","age":85}`+"\n" || !slices.Equal(got.kinds, []string{"Records", "Stats", "End"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if s := got.stats; *s.BytesScanned != 25 || *s.BytesProcessed != 25 || *s.BytesReturned != int64(len(got.records)) {
		t.Errorf("%d, %d, %d", *s.BytesScanned, *s.BytesProcessed, *s.BytesReturned)
	}
	got, err = runSelect(t, f, "people.csv", "SELECT * FROM S3Object", func(in *s3.SelectObjectContentInput) {
		in.ScanRange = &types.ScanRange{Start: aws.Int64(10), End: aws.Int64(20)}
		in.RequestProgress = &types.RequestProgress{Enabled: aws.Bool(true)}
	})
	if err != nil || got.records != `{"name":"Grace","age":"85"}`+"\n" || !slices.Contains(got.kinds, "Progress") {
		t.Errorf("a range: %+v, %v", got, err)
	}

	f.put("bucket", "events.json", `{"a":{"b":[1,2]}}`+"\n"+`{"a":{"b":[3]}}`+"\n")
	got, err = runSelect(t, f, "events.json", "SELECT s.a.b[0] FROM S3Object s", func(in *s3.SelectObjectContentInput) {
		in.InputSerialization = &types.InputSerialization{JSON: &types.JSONInput{Type: types.JSONTypeLines}}
		in.OutputSerialization = &types.OutputSerialization{CSV: &types.CSVOutput{QuoteFields: types.QuoteFieldsAlways, RecordDelimiter: aws.String("\r\n")}}
	})
	if err != nil || got.records != "\"1\"\r\n\"3\"\r\n" {
		t.Errorf("JSON: %+v, %v", got, err)
	}

	type line struct {
		N int64 `parquet:"n"`
	}
	var file bytes.Buffer
	if err := parquet.Write(&file, []line{{1}, {2}, {3}}); err != nil {
		t.Fatal(err)
	}
	f.put("bucket", "lines.parquet", file.String())
	got, err = runSelect(t, f, "lines.parquet", "SELECT SUM(s.n) AS total FROM S3Object s", func(in *s3.SelectObjectContentInput) {
		in.InputSerialization = &types.InputSerialization{Parquet: &types.ParquetInput{}}
	})
	if err != nil || got.records != `{"total":6}`+"\n" {
		t.Errorf("Parquet: %+v, %v", got, err)
	}

	// More than one message holds.
	var many strings.Builder
	many.WriteString("name,age\n")
	for range 60_000 {
		many.WriteString("somebody of some name,33\n")
	}
	f.put("bucket", "many.csv", many.String())
	got, err = runSelect(t, f, "many.csv", "SELECT s.name FROM S3Object s", nil)
	if err != nil || strings.Count(got.records, "\n") != 60_000 || len(got.kinds) < 5 {
		t.Errorf("%d bytes in %d messages, %v", len(got.records), len(got.kinds), err)
	}

	// What goes wrong before the first record is an answer, after it a message.
	if _, err = runSelect(t, f, "people.csv", "SELECT nonsense", nil); codeOf(err) != "ParseUnexpectedToken" {
		t.Errorf("nonsense: %v", err)
	}
	if _, err = runSelect(t, f, "nothing", "SELECT * FROM S3Object", nil); codeOf(err) != "NoSuchKey" {
		t.Errorf("nothing: %v", err)
	}
	f.put("bucket", "broken.csv", many.String()+"x,\"open\n")
	if got, err = runSelect(t, f, "broken.csv", "SELECT * FROM S3Object", nil); codeOf(err) != "CSVParsingError" || len(got.records) == 0 || slices.Contains(got.kinds, "End") {
		t.Errorf("broken: %v, %q", err, got.kinds)
	}
}

// selectXML is a request for one thing, with some text in place of another.
func selectXML(replace ...string) string {
	return strings.NewReplacer(replace...).Replace("<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL</ExpressionType>" +
		"<InputSerialization><CompressionType>NONE</CompressionType><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>")
}

func TestSelectRefuses(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "hello")
	for _, c := range []struct{ name, body, code string }{
		{"good", selectXML(), ""},
		{"not SQL", selectXML("SQL", "XPath"), "InvalidExpressionType"},
		{"no expression", selectXML("<Expression>SELECT * FROM S3Object</Expression>", ""), "MissingRequiredParameter"},
		{"no output", selectXML("<OutputSerialization><CSV/></OutputSerialization>", ""), "MissingRequiredParameter"},
		{"two inputs", selectXML("<CSV/></In", "<CSV/><Parquet/></In"), "InvalidRequestParameter"},
		{"two outputs", selectXML("<CSV/></Out", "<CSV/><JSON/></Out"), "InvalidRequestParameter"},
		{"compression", selectXML("NONE", "LZMA"), "InvalidCompressionFormat"},
		{"header", selectXML("<CSV/></In", "<CSV><FileHeaderInfo>MAYBE</FileHeaderInfo></CSV></In"), "InvalidFileHeaderInfo"},
		{"JSON type", selectXML("<CSV/></In", "<JSON><Type>TREE</Type></JSON></In"), "InvalidJsonType"},
		{"range", selectXML("</SelectObjectContentRequest>", "<ScanRange><Start>5</Start><End>3</End></ScanRange></SelectObjectContentRequest>"), "InvalidScanRange"},
		{"range behind", selectXML("</SelectObjectContentRequest>", "<ScanRange><Start>50</Start></ScanRange></SelectObjectContentRequest>"), "InvalidScanRange"},
		{"strange element", selectXML("<CSV/></In", "<CSV/><Croft/></In"), "MalformedXML"},
	} {
		if a := f.call(http.MethodPost, "/bucket/key?select&select-type=2", c.body); a.code() != c.code || (c.code == "") != (a.status == 200) {
			t.Errorf("%s: %d %q", c.name, a.status, a.body)
		}
	}
	if a := f.call(http.MethodPost, "/bucket/key?select&select-type=1", selectXML()); a.code() != "InvalidArgument" {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Who may not read gets nothing this way either.
	f.guard.mu.Lock()
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.S3 == "s3:GetObject" {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	f.guard.mu.Unlock()
	if a := f.call(http.MethodPost, "/bucket/key?select&select-type=2", selectXML()); a.code() != "AccessDenied" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestSelectCodes: every code that a query may end with has a status.
func TestSelectCodes(t *testing.T) {
	for _, code := range query.Codes {
		if statuses[code] == 0 {
			t.Errorf("%s has no status", code)
		}
	}
	if f := translate(selectFailure(errors.New("x"))); f.code != "InternalError" {
		t.Error(f)
	}
}

// TestSelectMemory: a document that is small as it is sent takes the memory that it has, once it is read, from
// what all requests share.
func TestSelectMemory(t *testing.T) {
	body := "[" + strings.Repeat("{},", 500_000) + "{}]" // about 40 MB
	for memory, want := range map[int64]string{64 << 20: "", 20 << 20: "SlowDown"} {
		f := start(t, func(c *Config) { c.UploadMemory, c.UploadWait = memory, time.Millisecond }).bucket("bucket")
		f.put("bucket", "k", body)
		a := f.call(http.MethodPost, "/bucket/k?select&select-type=2", selectXML("SELECT *", "SELECT COUNT(*)", "<CSV/></In", "<JSON><Type>DOCUMENT</Type></JSON></In"))
		if a.code() != want || (want == "") != (a.status == http.StatusOK) {
			t.Errorf("with %d bytes: %d %.200q", memory, a.status, a.body)
		}
	}
}
