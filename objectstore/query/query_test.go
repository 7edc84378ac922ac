package query

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// gather keeps what was found.
type gather struct {
	out   bytes.Buffer
	going int
}

func (g *gather) Records(p []byte) error { _, err := g.out.Write(p); return err }
func (g *gather) Going(Stats) error      { g.going++; return nil }

var noon = time.Date(2031, 2, 3, 12, 0, 0, 0, time.UTC)

// ask runs a statement over a text.
func ask(statement, body string, in Input, out Output) (string, Stats, error) {
	s, err := Parse(statement)
	if err != nil {
		return "", Stats{}, err
	}
	in.Size = int64(len(body))
	in.Open = func(offset int64) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body[offset:])), nil }
	var g gather
	st, err := s.Run(context.Background(), in, out, &g, noon)
	return g.out.String(), st, err
}

const people = "name,age,town\nAda,36,London\n\"Grace \"\"G\"\" H\",85,\"New York, NY\"\nAlan,41,\nLinus,,Helsinki\n"

func csvIn() Input   { return Input{CSV: &CSVInput{Header: HeaderUse}, End: -1} }
func jsonIn() Input  { return Input{JSON: JSONLines, End: -1} }
func csvOut() Output { return Output{CSV: &CSVOutput{}} }

const events = `{"id":1,"kind":"put","size":10,"who":{"name":"ada","roles":["a","b"]},"at":"2030-05-06T07:08:09Z","ok":true}
{"id":2,"kind":"delete","who":{"name":"eve","roles":[]},"ok":false,"size":null}
{"id":3,"kind":"put","size":2.5,"who":{"name":"Ünal"},"extra":"x"}
`

func TestStatements(t *testing.T) {
	for _, c := range []struct{ statement, want string }{
		{"SELECT * FROM S3Object LIMIT 2", "Ada,36,London\n\"Grace \"\"G\"\" H\",85,\"New York, NY\"\n"},
		{"select s.name from s3object s where s.age > 40", "\"Grace \"\"G\"\" H\"\nAlan\n"},
		{"SELECT s._1, s.\"age\" FROM S3Object[*] AS s WHERE s._2 = '36'", "Ada,36\n"},
		{"SELECT name FROM S3Object WHERE town LIKE '%on%' OR town LIKE 'Hel_inki'", "Ada\nLinus\n"},
		{"SELECT name FROM S3Object WHERE town = ''", "Alan\n"},
		{"SELECT name FROM S3Object WHERE NOT (age BETWEEN 40 AND 90) AND age <> ''", "Ada\n"},
		{"SELECT name FROM S3Object WHERE name NOT IN ('Ada', 'Alan') AND name NOT LIKE 'G%'", "Linus\n"},
		{"SELECT COUNT(*), SUM(CAST(age AS INT)), MIN(age), MAX(age), AVG(age) FROM S3Object WHERE age <> ''", "3,162,36,85,54\n"},
		{"SELECT COUNT(*) + 1 AS n FROM S3Object WHERE FALSE", "1\n"},
		{"SELECT SUM(age) FROM S3Object WHERE FALSE", "\n"},
		{"SELECT UPPER(name) || '!' , CHAR_LENGTH(town), SUBSTRING(name, 2, 2), SUBSTRING(name FROM -1 FOR 4) FROM S3Object LIMIT 1", "ADA!,6,da,Ad\n"},
		{"SELECT TRIM('  x '), TRIM(LEADING 'a' FROM 'aaba'), TRIM(BOTH 'ab' FROM 'abxba') FROM S3Object LIMIT 1", "x,ba,x\n"},
		{"SELECT COALESCE(NULLIF(town, ''), 'nowhere') FROM S3Object WHERE name = 'Alan'", "nowhere\n"},
		{"SELECT CASE WHEN age > 50 THEN 'old' WHEN age > 40 THEN 'middle' ELSE 'young' END FROM S3Object WHERE age <> ''", "young\nold\nmiddle\n"},
		{"SELECT 1 + 2 * 3 - 4 / 2, 7 % 4, 1 / 2, -(-3), 9223372036854775807 + 1 FROM S3Object LIMIT 1", "5,3,0,3,9223372036854776000\n"},
		{"SELECT EXTRACT(YEAR FROM UTCNOW()), DATE_ADD(month, 1, UTCNOW()), DATE_DIFF(day, `2031-01-01T`, UTCNOW()) FROM S3Object LIMIT 1", "2031,2031-03-03T12:00:00Z,33\n"},
		{"SELECT TO_TIMESTAMP('03.02.2030', 'dd.MM.yyyy'), TO_STRING(UTCNOW(), 'MMMM d, y') FROM S3Object LIMIT 1", "2030-02-03,\"February 3, 2031\"\n"},
		{"SELECT * FROM S3Object LIMIT 1;", "Ada,36,London\n"},
		{"SELECT s.name FROM S3Object s WHERE s.age = 41 ; -- the end", "Alan\n"},
		{"SELECT name FROM S3Object WHERE nothing IS MISSING AND name IS NOT NULL LIMIT 1", "Ada\n"},
		{"SELECT name FROM S3Object WHERE 'a_b' LIKE 'a!_b' ESCAPE '!' LIMIT 1", "Ada\n"},
		{"SELECT * FROM S3Object LIMIT 0", ""},
		{"SELECT s.* FROM S3Object s WHERE s.name = 'Alan'", "Alan,41,\n"},
	} {
		got, _, err := ask(c.statement, people, csvIn(), csvOut())
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q\nwant %q, %v", c.statement, got, c.want, err)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []struct{ statement, want string }{
		{"SELECT * FROM S3Object s WHERE s.id = 2", `{"id":2,"kind":"delete","who":{"name":"eve","roles":[]},"ok":false,"size":null}` + "\n"},
		{"SELECT s.who.name, s.who.roles[1] FROM S3Object[*] s WHERE s.ok", `{"name":"ada","roles":"b"}` + "\n"},
		{"SELECT s.id, s.size FROM S3Object s WHERE s.size IS NULL", `{"id":2,"size":null}` + "\n"},
		{"SELECT s.extra FROM S3Object s", "{}\n{}\n" + `{"extra":"x"}` + "\n"},
		{"SELECT s.id FROM S3Object s WHERE s.size < 5 AND s.kind = 'put'", `{"id":3}` + "\n"},
		{"SELECT AVG(s.size) AS a, COUNT(s.size) FROM S3Object s", `{"a":6.25,"_2":2}` + "\n"},
		{"SELECT s.id FROM S3Object s WHERE s.at < `2031-01-01T`", `{"id":1}` + "\n"},
		{"SELECT * FROM S3Object[*].who.roles[*] r", "{\"_1\":\"a\"}\n{\"_1\":\"b\"}\n"},
		{"SELECT s.WHO.\"name\" FROM S3Object s WHERE s.id = 3", `{"name":"Ünal"}` + "\n"},
	} {
		got, _, err := ask(c.statement, events, jsonIn(), Output{})
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q\nwant %q, %v", c.statement, got, c.want, err)
		}
	}
	for _, c := range []struct{ statement, want string }{
		{"SELECT * FROM S3Object", `{"_1":10}` + "\n" + `{"_1":"x"}` + "\n" + `{"_1":[1,2]}` + "\n"},
		{"SELECT s FROM S3Object s", `{"_1":10}` + "\n" + `{"_1":"x"}` + "\n" + `{"_1":[1,2]}` + "\n"},
		{"SELECT s._1 FROM S3Object s WHERE s = 10", `{"_1":10}` + "\n"},
		{"SELECT s._1[0] a, s[1] b FROM S3Object s WHERE s[0] = 1", `{"a":1,"b":2}` + "\n"},
	} {
		if got, _, err := ask(c.statement, "10\n\"x\"\n[1,2]\n", jsonIn(), Output{}); err != nil || got != c.want {
			t.Errorf("%s\n got %q\nwant %q, %v", c.statement, got, c.want, err)
		}
	}
	document := `{"items": [
	 {"n": 1}, {"n": 2}
	], "total": 2}`
	in := Input{JSON: JSONDocument, End: -1}
	if got, _, err := ask("SELECT i.n FROM S3Object[*].items[*] i WHERE i.n > 1", document, in, Output{}); err != nil || got != `{"n":2}`+"\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestTimes gives times back as exactly as they are known.
func TestTimes(t *testing.T) {
	at := func(pattern string) string { return "TO_STRING(`1969-07-02T03:04:05.06+08:00`, '" + pattern + "')" }
	utc := func(pattern string) string { return "TO_STRING(`2001-12-31T20:18Z`, '" + pattern + "')" }
	for _, c := range []struct{ value, want string }{
		{at("yy y yyyy"), "69 1969 1969"},
		{at("M MM MMM MMMM MMMMM"), "7 07 Jul July J"},
		{at("d dd a h hh H HH m mm s ss"), "2 02 AM 3 03 3 03 4 04 5 05"},
		{at("S SS SSS SSSS SSSSS SSSSSS SSSSSSS SSSSSSSS SSSSSSSSS n"), "0 06 060 0600 06000 060000 0600000 06000000 060000000 60000000"},
		{at("X XX XXX XXXX XXXXX"), "+08 +0800 +08:00 +0800 +08:00"},
		{at("x xx xxx xxxx xxxxx"), "+08 +0800 +08:00 +0800 +08:00"},
		{at("y-MM-dd''T''H:m:ssXXXX ''Jan'' '''' ''o''''clock''"), "1969-07-02T3:4:05+0800 Jan ' o'clock"},
		{utc("X XX XXX XXXX XXXXX"), "Z Z Z Z Z"},
		{utc("x xx xxx xxxx xxxxx"), "+00 +0000 +00:00 +0000 +00:00"},
		{utc("a h hh H HH"), "PM 8 08 20 20"},
		{"TO_STRING(`2001-01-01T00:00-05:30`, 'h X x')", "12 -0530 -0530"},
		{"`2010T`", "2010T"},
		{"`2010-02T`", "2010-02T"},
		{"`2010-02-03T`", "2010-02-03"},
		{"`2010-02-03T04:05Z`", "2010-02-03T04:05Z"},
		{"`2010-02-03T04:05-00:00`", "2010-02-03T04:05-00:00"},
		{"`2010-02-03T04:05:06.100+01:00`", "2010-02-03T04:05:06.100+01:00"},
		{"CAST('2010-02T' AS TIMESTAMP)", "2010-02T"},
		{"TO_TIMESTAMP('2010-02T')", "2010-02T"},
		{"TO_TIMESTAMP('Feb 2010', 'MMM y')", "2010-02T"},
		{"TO_TIMESTAMP('2010-02-03 04:05 +0100', 'y-M-d H:m XXXX')", "2010-02-03T04:05+01:00"},
		{"TO_TIMESTAMP('2010-02-03 04:05:06.70Z', 'y-M-d H:m:s.SSX')", "2010-02-03T04:05:06.70Z"},
		{"DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"},
		{"DATE_ADD(month, 1, `2010T`)", "2010-02T"},
		{"DATE_ADD(month, 13, `2010T`)", "2011-02T"},
		{"DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09"},
		{"DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00-00:00"},
		{"DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"},
		{"DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"},
		{"DATE_ADD(second, 1, `2017-01-02T03:04Z`)", "2017-01-02T03:04:01Z"},
		{"`2010T` = `2010-01-01T00:00:00Z`", "true"},
	} {
		got, _, err := ask("SELECT "+c.value+" FROM S3Object LIMIT 1", people, csvIn(), csvOut())
		if err != nil || got != c.want+"\n" {
			t.Errorf("%s\n got %q\nwant %q, %v", c.value, got, c.want, err)
		}
	}
}

// TestNumbersOfJSON gives numbers back as they were written.
func TestNumbersOfJSON(t *testing.T) {
	const body = `{"n":[12345678901234567890,-0,1.50,0.1234567890123456789012,1e3,7,2.5],"big":12345678901234567890}` + "\n"
	for _, c := range []struct{ statement, want string }{
		{"SELECT * FROM S3Object", body},
		{"SELECT s.n[0] a, s.n[3] b, COALESCE(s.x, s.n[2]) c FROM S3Object s", `{"a":12345678901234567890,"b":0.1234567890123456789012,"c":1.50}` + "\n"},
		{"SELECT CAST(s.n[0] AS STRING) a, CAST(s.n[2] AS DECIMAL) b, CAST(s.n[4] AS INT) c FROM S3Object s", `{"a":"12345678901234567890","b":1.50,"c":1000}` + "\n"},
		{"SELECT MAX(s.big) a, MIN(s.big) b FROM S3Object s", `{"a":12345678901234567890,"b":12345678901234567890}` + "\n"},
		{"SELECT s.n[2] + 1 a, ABS(s.n[1]) b FROM S3Object s WHERE s.n[4] = 1000 AND s.big > 9223372036854775807", `{"a":2.5,"b":0}` + "\n"},
	} {
		got, _, err := ask(c.statement, body, jsonIn(), Output{})
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q\nwant %q, %v", c.statement, got, c.want, err)
		}
	}
}

// TestWaysOfCSV reads and writes CSV with other marks.
func TestWaysOfCSV(t *testing.T) {
	for _, c := range []struct {
		name, body string
		in         CSVInput
		out        CSVOutput
		want       string
	}{
		{"marks", "#no\na;'b;''c'\r\n", CSVInput{Field: ";", Quote: "'", QuoteEscape: "'", Comment: "#"}, CSVOutput{Field: "|", Always: true, Record: "\r\n"}, "\"a\"|\"b;'c\"\r\n"},
		{"escape", `"a\"b",c` + "\n", CSVInput{QuoteEscape: `\`}, CSVOutput{QuoteEscape: `\`}, `"a\"b",c` + "\n"},
		{"record", "a,b~|c,d~|", CSVInput{Record: "~|"}, CSVOutput{}, "a,b\nc,d\n"},
		{"quoted records", "\"a\nb\",c\nd,e\n", CSVInput{QuotedRecords: true}, CSVOutput{}, "\"a\nb\",c\nd,e\n"},
		{"ignore", "h\n1\n", CSVInput{Header: HeaderIgnore}, CSVOutput{}, "1\n"},
		{"no end", "1\n2", CSVInput{}, CSVOutput{}, "1\n2\n"},
		{"mark of order", "\xEF\xBB\xBFa,b\n1,2\n", CSVInput{Header: HeaderUse}, CSVOutput{}, "1,2\n"},
		{"more than names", "a\n1,2\n", CSVInput{Header: HeaderUse}, CSVOutput{}, "1,2\n"},
	} {
		got, _, err := ask("SELECT * FROM S3Object", c.body, Input{CSV: &c.in, End: -1}, Output{CSV: &c.out})
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, want %q, %v", c.name, got, c.want, err)
		}
	}
}

// TestScanRange reads every record once, wherever ranges meet.
func TestScanRange(t *testing.T) {
	var lines strings.Builder
	for i := range 40 {
		lines.WriteString(`{"id":` + plain(int64(i)) + `,"pad":"` + strings.Repeat("x", i%7) + `"}` + "\n")
	}
	for _, c := range []struct {
		body string
		in   Input
		out  Output
		all  string
	}{
		{people, csvIn(), Output{}, ""},
		{lines.String(), jsonIn(), Output{}, ""},
		{strings.ReplaceAll(people, "\n", "\r\n"), Input{CSV: &CSVInput{Header: HeaderUse, Record: "\r\n"}, End: -1}, Output{}, ""},
	} {
		whole, _, err := ask("SELECT * FROM S3Object", c.body, c.in, c.out)
		if err != nil {
			t.Fatal(err)
		}
		for step := 1; step < 60; step += 7 {
			parts := ""
			for from := 0; from < len(c.body); from += step {
				in := c.in
				in.Start, in.End = int64(from), int64(from+step-1)
				got, _, err := ask("SELECT * FROM S3Object", c.body, in, c.out)
				if err != nil {
					t.Fatalf("from %d: %v", from, err)
				}
				parts += got
			}
			if parts != whole {
				t.Errorf("ranges of %d bytes: %q, want %q", step, parts, whole)
			}
		}
	}
	in := csvIn()
	in.Compression, in.Start = Gzip, 3
	if _, _, err := ask("SELECT * FROM S3Object", people, in, Output{}); codeOf(err) != "UnsupportedSyntax" {
		t.Error(err)
	}
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestCompressed reads what gzip and bzip2 made, and says when it is neither.
func TestCompressed(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, people)
	_ = w.Close()
	in := csvIn()
	in.Compression = Gzip
	got, st, err := ask("SELECT name FROM S3Object WHERE age = 36", zipped.String(), in, csvOut())
	if err != nil || got != "Ada\n" || st != (Stats{int64(zipped.Len()), int64(len(people)), 4}) {
		t.Errorf("%q, %+v, %v", got, st, err)
	}
	if _, _, err := ask("SELECT name FROM S3Object", zipped.String()[:zipped.Len()-6], in, csvOut()); codeOf(err) != "InvalidCompressionFormat" {
		t.Errorf("cut off: %v", err)
	}
	for _, compression := range []Compression{Gzip, Bzip2} {
		in.Compression = compression
		if _, _, err := ask("SELECT name FROM S3Object", people, in, csvOut()); codeOf(err) != "InvalidCompressionFormat" {
			t.Errorf("%s: %v", compression, err)
		}
	}
	if _, err := exec.LookPath("bzip2"); err != nil {
		t.Skip("no bzip2 to make a file with")
	}
	cmd := exec.CommandContext(t.Context(), "bzip2", "-c")
	cmd.Stdin, cmd.Stderr = strings.NewReader(people), os.Stderr
	packed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := ask("SELECT name FROM S3Object WHERE age = 36", string(packed), in, csvOut()); err != nil || got != "Ada\n" {
		t.Errorf("bzip2: %q, %v", got, err)
	}
}

// TestRefused says in S3's words what cannot be.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ code, statement string }{
		{"ParseUnexpectedToken", ""},
		{"ParseUnexpectedToken", "SELECT"},
		{"ParseUnexpectedToken", "SELECT * FROM other"},
		{"ParseUnexpectedToken", "DELETE FROM S3Object"},
		{"ParseUnexpectedToken", "SELECT * FROM S3Object WHERE"},
		{"ParseUnexpectedToken", "SELECT * FROM S3Object LIMIT -1"},
		{"ParseUnexpectedToken", "SELECT * FROM S3Object LIMIT 1 2"},
		{"ParseUnexpectedToken", "SELECT * FROM S3Object; SELECT 1"},
		{"ParseUnexpectedToken", "SELECT * FROM S3Object;;"},
		{"ParseUnexpectedToken", "SELECT *; FROM S3Object"},
		{"ParseUnexpectedToken", "SELECT (1 FROM S3Object"},
		{"LexerInvalidChar", "SELECT ? FROM S3Object"},
		{"LexerInvalidLiteral", "SELECT 'x FROM S3Object"},
		{"UnsupportedFunction", "SELECT SLEEP(1) FROM S3Object"},
		{"UnsupportedSqlStructure", "SELECT * FROM S3Object s ORDER BY s.a"},
		{"UnsupportedSqlStructure", "SELECT COUNT(*), s.a FROM S3Object s"},
		{"UnsupportedSqlStructure", "SELECT * FROM S3Object WHERE COUNT(*) > 1"},
		{"UnsupportedSqlStructure", "SELECT SUM(COUNT(*)) FROM S3Object"},
		{"UnsupportedSqlStructure", "SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + " FROM S3Object"},
		{"UnsupportedSqlStructure", "SELECT " + strings.Repeat("NOT ", 5000) + "1 FROM S3Object"},
		{"EvaluatorInvalidArguments", "SELECT LOWER('a', 'b') FROM S3Object"},
		{"EvaluatorInvalidArguments", "SELECT 1/0 FROM S3Object"},
		{"EvaluatorInvalidArguments", "SELECT 'a' LIKE 'a!' ESCAPE '!' FROM S3Object"},
		{"EvaluatorInvalidTimestampFormatPattern", "SELECT TO_STRING(UTCNOW(), 'QQ') FROM S3Object"},
		{"EvaluatorInvalidTimestampFormatPattern", "SELECT TO_STRING(UTCNOW(), 'XXXXXX') FROM S3Object"},
		{"EvaluatorInvalidTimestampFormatPattern", "SELECT TO_STRING(UTCNOW(), 'SSSSSSSSSS') FROM S3Object"},
		{"EvaluatorInvalidTimestampFormatPattern", "SELECT TO_TIMESTAMP('J', 'MMMMM') FROM S3Object"},
		{"EvaluatorInvalidTimestampFormatPattern", "SELECT TO_TIMESTAMP('5', 'n') FROM S3Object"},
		{"CastFailed", "SELECT CAST(name AS INT) FROM S3Object"},
		{"CastFailed", "SELECT CAST(1e300 AS INT) FROM S3Object"},
		{"UnsupportedSyntax", "SELECT CAST(name AS BLOB) FROM S3Object"},
		{"InvalidDataType", "SELECT name + 1 FROM S3Object"},
		{"InvalidDataType", "SELECT SUM(name) FROM S3Object"},
		{"ExpressionTooLong", "SELECT '" + strings.Repeat("x", MaxStatement) + "' FROM S3Object"},
	} {
		if _, _, err := ask(c.statement, people, csvIn(), csvOut()); codeOf(err) != c.code {
			t.Errorf("%.60s: %v, want %s", c.statement, err, c.code)
		}
	}
	long := strings.Repeat("x", MaxRecord+1)
	for _, c := range []struct {
		code, body string
		in         Input
	}{
		{"OverMaxRecordSize", long + "\n", Input{CSV: &CSVInput{}, End: -1}},
		{"OverMaxRecordSize", `{"a":"` + long + `"}`, jsonIn()},
		{"OverMaxRecordSize", `{"a":"` + strings.Repeat(long, 17) + `"}`, Input{JSON: JSONDocument, End: -1}},
		{"CSVParsingError", "a,\"b\n", Input{CSV: &CSVInput{}, End: -1}},
		{"InvalidTextEncoding", "a,\xff\n", Input{CSV: &CSVInput{}, End: -1}},
		{"JSONParsingError", `{"a":1`, jsonIn()},
		{"JSONParsingError", `{"a":}`, jsonIn()},
		{"JSONParsingError", `x`, jsonIn()},
		{"JSONParsingError", strings.Repeat("[", 300), jsonIn()},
	} {
		if _, _, err := ask("SELECT * FROM S3Object", c.body, c.in, Output{}); codeOf(err) != c.code {
			t.Errorf("%.20s: %v, want %s", c.body, err, c.code)
		}
	}
	// No record grows without end.
	grow := "SELECT " + strings.TrimSuffix(strings.Repeat("s._1||s._1,", 40), ",") + " FROM S3Object s"
	if _, _, err := ask(grow, strings.Repeat("y", MaxRecord/2), Input{CSV: &CSVInput{}, End: -1}, Output{}); codeOf(err) != "OverMaxRecordSize" {
		t.Errorf("40 MB of a record: %v", err)
	}
	grow = "SELECT " + strings.TrimSuffix(strings.Repeat("s.n,", 40), ",") + " FROM S3Object s"
	if _, _, err := ask(grow, `{"n":0.`+strings.Repeat("1", MaxRecord/2)+`}`, jsonIn(), Output{}); codeOf(err) != "OverMaxRecordSize" {
		t.Errorf("20 MB of digits: %v", err)
	}
}

// TestStops reads no more than it needs, and ends with who asked.
func TestStops(t *testing.T) {
	body := strings.Repeat("a,b\n", 1<<20)
	if _, st, err := ask("SELECT * FROM S3Object LIMIT 1", body, Input{CSV: &CSVInput{}, End: -1}, Output{}); err != nil || st.Scanned > 1<<20 {
		t.Errorf("%+v, %v", st, err)
	}
	s, err := Parse("SELECT COUNT(*) FROM S3Object")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	in := Input{CSV: &CSVInput{}, End: -1, Open: func(int64) (io.ReadCloser, error) {
		stop()
		return io.NopCloser(strings.NewReader(body)), nil
	}}
	if _, err := s.Run(ctx, in, Output{}, &gather{}, noon); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzParse: no statement and no record makes it fall over.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"SELECT * FROM S3Object", "SELECT s.a[1].b, COUNT(*) FROM S3Object[*].x[*] AS s WHERE a LIKE 'x%' ESCAPE '!' AND b IN (1, 2.5e3) LIMIT 3",
		"SELECT CAST(x AS DECIMAL(3,2)), CASE a WHEN 1 THEN 'b' ELSE `2030T` END FROM S3Object s", "SELECT TRIM(BOTH 'a' FROM b), EXTRACT(year FROM UTCNOW()) FROM S3Object",
		"SELECT DATE_ADD(day, 3, x), SUBSTRING(y FROM 2 FOR 3), z || \"q\" FROM S3Object WHERE NOT a BETWEEN 1 AND 2 OR b IS NOT MISSING",
	} {
		f.Add(s, "a,b,c\n1,\"2\",3\n", true)
		f.Add(s, `{"a":[1,{"b":null}],"x":"2030-01-01"}`, false)
	}
	f.Fuzz(func(t *testing.T, statement, body string, csv bool) {
		in := jsonIn()
		if csv {
			in = csvIn()
		}
		got, st, err := ask(statement, body, in, csvOut())
		if err != nil && codeOf(err) == "" {
			t.Fatalf("%q: %v", statement, err)
		}
		if st.Returned != int64(len(got)) {
			t.Fatalf("returned %d bytes, counted %d", len(got), st.Returned)
		}
	})
}
