package query

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

type address struct {
	Town string  `parquet:"town"`
	Zip  *string `parquet:"zip,optional"`
}

type person struct {
	Name    string    `parquet:"name"`
	Age     *int32    `parquet:"age,optional"`
	Height  float64   `parquet:"height"`
	Born    time.Time `parquet:"born,timestamp(millisecond)"`
	Home    address   `parquet:"home"`
	Tags    []string  `parquet:"tags,list"`
	Balance int64     `parquet:"balance,decimal(2:18)"`
	Staff   bool      `parquet:"staff"`
}

func peopleParquet(t testing.TB, n int, options ...parquet.WriterOption) string {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[person](&out, options...)
	for i := range n {
		age, zip := int32(30+i), "NW1"
		p := person{Name: "p" + plain(int64(i)), Height: 1.5, Born: time.UnixMilli(1e12).UTC(), Home: address{Town: "London", Zip: &zip}, Tags: []string{"a", "b"}, Balance: 12345, Staff: i%2 == 0}
		if i%3 != 0 {
			p.Age = &age
		}
		if _, err := w.Write([]person{p}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func parquetIn() Input { return Input{Parquet: true, End: -1} }

func TestParquet(t *testing.T) {
	for _, options := range [][]parquet.WriterOption{
		{parquet.Compression(&parquet.Snappy)}, {parquet.Compression(&parquet.Gzip), parquet.MaxRowsPerRowGroup(3)}, {parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1)},
	} {
		file := peopleParquet(t, 10, options...)
		for _, c := range []struct{ statement, want string }{
			{"SELECT * FROM S3Object s WHERE s.name = 'p1'", `{"name":"p1","age":31,"height":1.5,"born":"2001-09-09T01:46:40Z","home":{"town":"London","zip":"NW1"},"tags":["a","b"],"balance":123.45,"staff":false}` + "\n"},
			{"SELECT COUNT(*) AS n, SUM(s.age) AS age FROM S3Object s WHERE s.age IS NOT NULL AND s.home.town LIKE 'L%'", `{"n":6,"age":207}` + "\n"},
			{"SELECT s.name, s.tags[1] AS tag FROM S3Object s WHERE s.staff AND s.born > `2000T` LIMIT 1", `{"name":"p0","tag":"b"}` + "\n"},
		} {
			got, _, err := ask(c.statement, file, parquetIn(), Output{})
			if err != nil || got != c.want {
				t.Errorf("%s\n got %s\nwant %s%v", c.statement, got, c.want, err)
			}
		}
	}
}

// TestParquetBroken changes each byte of a file, one at a time: whatever it is then, the
// answer is rows or an error in S3's words.
func TestParquetBroken(t *testing.T) {
	file := peopleParquet(t, 3)
	for i := 0; i < len(file); i += 3 {
		for _, to := range []byte{file[i] ^ 0xFF, 0x7F} {
			broken := file[:i] + string(to) + file[i+1:]
			if _, _, err := ask("SELECT * FROM S3Object", broken, parquetIn(), Output{}); err != nil && codeOf(err) == "" {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
	for _, broken := range []string{"", "PAR1", strings.Repeat("x", 100), file[:len(file)-20] + file[len(file)-8:], "PAR1" + strings.Repeat("\xff", 20) + "\xff\xff\xff\x7fPAR1"} {
		if _, _, err := ask("SELECT * FROM S3Object", broken, parquetIn(), Output{}); codeOf(err) != "ParquetParsingError" {
			t.Errorf("%d bytes: %v", len(broken), err)
		}
	}
}

// TestParquetMemory asks for the memory that it needs, and has none without.
func TestParquetMemory(t *testing.T) {
	full := errors.New("full")
	in := parquetIn()
	asked, released := int64(0), 0
	in.Memory = func(n int64) (func(), error) { asked += n; return func() { released++ }, nil }
	file := peopleParquet(t, 100)
	if _, _, err := ask("SELECT s.name FROM S3Object s", file, in, Output{}); err != nil || asked < int64(len(file))/4 || released != 2 {
		t.Errorf("asked for %d bytes of a file of %d, released %d times, %v", asked, len(file), released, err)
	}
	in.Memory = func(int64) (func(), error) { return nil, full }
	if _, _, err := ask("SELECT s.name FROM S3Object s", file, in, Output{}); !errors.Is(err, full) {
		t.Error(err)
	}
	// Much in one page, which compresses to little.
	var out bytes.Buffer
	type wide struct {
		A string `parquet:"a,gzip"`
	}
	w := parquet.NewGenericWriter[wide](&out, parquet.PageBufferSize(1<<30))
	for range 130 {
		if _, err := w.Write([]wide{{strings.Repeat("x", 1<<10)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	in = parquetIn()
	in.pages = 128 << 10
	if _, _, err := ask("SELECT COUNT(*) FROM S3Object", out.String(), in, Output{}); codeOf(err) != "OverMaxParquetBlockSize" {
		t.Errorf("%d bytes: %v", out.Len(), err)
	}
}

// TestParquetFooterLies has footers that say they hold far more than they do.
func TestParquetFooterLies(t *testing.T) {
	const many = "\xff\xff\xff\xff\x07" // 2³¹-1
	deep := "\x15\x02\x19\xfc\x80\x80\x04" + strings.Repeat("\x48\x01x\x15\x02\x00", 1<<16) + "\x16\x00\x19\x0c\x00"
	for name, c := range map[string]struct{ footer, want string }{
		"a schema":           {"\x15\x02\x19\xfc" + many, "ParquetParsingError"},
		"row groups":         {"\x15\x02\x19\x1c\x48\x01x\x00\x16\x00\x19\xfc" + many, "ParquetParsingError"},
		"row groups inside":  {"\x15\x02\x19\xfc\x80\x80\x40" + strings.Repeat("\x00", 1<<20) + "\x00", "OverMaxParquetBlockSize"},
		"unknown structures": {"\x15\x02\x19\x0c\x16\x00\x19\x0c" + strings.Repeat("\xcc", 15<<20), "ParquetParsingError"},
		"columns in columns": {deep, "OverMaxParquetBlockSize"},
	} {
		t.Run(name, func(t *testing.T) {
			n := len(c.footer)
			file := "PAR1" + c.footer + string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}) + "PAR1"
			if _, _, err := ask("SELECT * FROM S3Object", file, parquetIn(), Output{}); codeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
