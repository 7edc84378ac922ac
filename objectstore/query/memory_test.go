package query

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// TestRecordMemory: small records ask for nothing; what grows many times over in memory asks for
// room while it does, gives it back, and is refused where there is none.
func TestRecordMemory(t *testing.T) {
	full := errors.New("full")
	document, line := Input{JSON: JSONDocument, End: -1}, csvIn()
	line.CSV.Header = HeaderNone
	for _, c := range []struct {
		what, body string
		in         Input
		times      int64 // of the body's length, in memory
	}{
		{"objects", "[" + strings.Repeat("{},", 1<<20) + "{}]", document, 20},
		{"names", `{"":` + strings.Repeat(`0,"":`, 1<<18) + "0}", document, 10},
		{"numbers", "[" + strings.Repeat("0."+strings.Repeat("1", 1000)+",", 14_700) + "0]", document, 1},
		{"values", strings.Repeat(",", 1<<18), line, 20},
	} {
		var used int64
		var held, most int64
		c.in.Memory = func(n int64) (func(), error) {
			used += n
			if held += n; held > most {
				most = held
			}
			return func() { held -= n }, nil
		}
		_, _, err := ask("SELECT COUNT(*) FROM S3Object", c.body, c.in, Output{CSV: &CSVOutput{}})
		if want := c.times * int64(len(c.body)); err != nil || used < want || most != used || held != 0 {
			t.Errorf("%s: asked for %d of %d, %d at once, gave back all but %d: %v", c.what, used, want, most, held, err)
		}
		left := int64(8 << 20)
		c.in.Memory = func(n int64) (func(), error) {
			if left -= n; left < 0 {
				return nil, full
			}
			return func() {}, nil
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err = ask("SELECT COUNT(*) FROM S3Object", c.body, c.in, Output{CSV: &CSVOutput{}})
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, full) || grown > 64<<20 {
			t.Errorf("%s where there is no room: %d bytes, %v", c.what, grown, err)
		}
	}
	for what, in := range map[string]Input{`{"a":[1,2,3],"b":"some text"}`: jsonIn(), "a,b,c": line} {
		in.Memory = func(int64) (func(), error) { return nil, full }
		if _, stats, err := ask("SELECT COUNT(*) FROM S3Object", strings.Repeat(what+"\n", 20_000), in, Output{CSV: &CSVOutput{}}); err != nil {
			t.Errorf("small records, %s: %v, %+v", what, err, stats)
		}
	}
}
