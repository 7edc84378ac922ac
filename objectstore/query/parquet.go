package query

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/big"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// What Parquet may need in memory. What a file says of itself is not believed: each page
// is looked at before its row group is read.
const (
	maxFooter     = 16 << 20  // bytes
	maxPages      = 128 << 20 // bytes of the largest pages of all columns of a row group together
	maxPageValues = 4 << 20
	pageHeader    = 16 << 10 // bytes in which the header of a page ends
	rowsAtOnce    = 64
)

// objectReader reads an object at any place.
type objectReader struct {
	in   Input
	read *int64
	err  error // of the store, which the library may hide
}

// ReadAt implements io.ReaderAt.
func (r *objectReader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= r.in.Size {
		return 0, io.EOF
	}
	body, err := r.in.Open(offset)
	if err != nil {
		r.err = err
		return 0, err
	}
	defer func() { _ = body.Close() }() // only read
	want := min(int64(len(p)), r.in.Size-offset)
	n, err := io.ReadFull(body, p[:want])
	*r.read += int64(n)
	if err != nil {
		r.err = err
		return n, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func badParquet(format string, args ...any) error {
	return fail("ParquetParsingError", format, args...)
}

// parquet reads all rows of a file.
func (r *run) parquet(ctx context.Context, in Input) (err error) {
	if in.Start > 0 || in.End >= 0 {
		return fail("UnsupportedSyntax", "A scan range is for CSV and lines of JSON that are not compressed.")
	}
	at := &objectReader{in: in, read: &r.stats.Scanned}
	defer func() {
		// The library panics over some files that are none.
		if broken := recover(); broken != nil {
			err = badParquet("Error parsing Parquet file. Please check the file and try again.")
		}
		var ours *Error
		if err != nil && at.err != nil && !errors.As(err, &ours) {
			err = at.err
		}
		r.stats.Processed = r.stats.Scanned
	}()
	file, release, err := openParquet(at, in)
	if err != nil {
		return err
	}
	defer release()
	columns := columnsOf(file.Schema())
	for i, group := range file.RowGroups() {
		need, err := pagesOf(at, file.Metadata().RowGroups[i].Columns)
		if err != nil {
			return err
		}
		if err := r.rows(ctx, in, group, columns, need); err != nil {
			return err
		}
	}
	return nil
}

func openParquet(at *objectReader, in Input) (file *parquet.File, release func(), err error) {
	var tail [8]byte
	size := in.Size
	if size < 12 {
		return nil, nil, badParquet("Error parsing Parquet file. Please check the file and try again: it is too short.")
	}
	if _, err := at.ReadAt(tail[:], size-8); err != nil {
		return nil, nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != "PAR1" || length > min(maxFooter, size-12) {
		return nil, nil, badParquet("Error parsing Parquet file. Please check the file and try again: it does not end as one.")
	}
	footer := make([]byte, length)
	if _, err := at.ReadAt(footer, size-8-length); err != nil {
		return nil, nil, err
	}
	need, err := footerMemory(footer)
	if err != nil {
		return nil, nil, err
	}
	release = func() {}
	if in.Memory != nil {
		if release, err = in.Memory(need); err != nil {
			return nil, nil, err
		}
	}
	file, err = parquet.OpenFile(at, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(256<<10))
	if err != nil {
		release()
		if at.err != nil {
			return nil, nil, at.err
		}
		return nil, nil, badParquet("Error parsing Parquet file. Please check the file and try again: %v.", err)
	}
	return file, release, nil
}

// pagesOf returns how much memory the pages of a row group take, or refuses them.
func pagesOf(at *objectReader, columns []format.ColumnChunk) (need int64, err error) {
	for i := range columns {
		m := &columns[i].MetaData
		begin := m.DataPageOffset
		if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < begin {
			begin = m.DictionaryPageOffset
		}
		if begin < 0 || m.TotalCompressedSize < 0 || begin > at.in.Size-m.TotalCompressedSize {
			return 0, badParquet("A column of the Parquet file is outside of it.")
		}
		var dictionary, largest int64
		for offset, end := begin, begin+m.TotalCompressedSize; offset < end; {
			h, n, err := readPageHeader(at, offset, end)
			if err != nil {
				return 0, err
			}
			size := int64(h.UncompressedPageSize) + int64(h.CompressedPageSize)
			if h.Type == format.DictionaryPage {
				dictionary += size
			} else {
				largest = max(largest, size)
			}
			offset += n + int64(h.CompressedPageSize)
		}
		if need += dictionary + largest; need > cmp.Or(at.in.pages, maxPages) {
			return 0, fail("OverMaxParquetBlockSize", "The pages of a row group need more than %d MB in memory.", maxPages>>20)
		}
	}
	return need, nil
}

func readPageHeader(at *objectReader, offset, end int64) (h format.PageHeader, length int64, err error) {
	buffer := make([]byte, min(pageHeader, end-offset))
	n, err := at.ReadAt(buffer, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	from := new(thrift.CompactProtocol).NewReaderFromBytes(buffer[:n])
	if err := thrift.NewDecoder(from).Decode(&h); err != nil {
		return h, 0, badParquet("A page of the Parquet file at byte %d cannot be read.", offset)
	}
	two := &h.DataPageHeaderV2.V
	values := []int32{h.DataPageHeader.V.NumValues, two.NumValues, two.NumRows, h.DictionaryPageHeader.V.NumValues}
	length = int64(from.BytesRead())
	if slices.Min(values) < 0 || slices.Max(values) > maxPageValues || h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 ||
		int64(h.CompressedPageSize) > end-offset-length {
		return h, 0, badParquet("A page of the Parquet file at byte %d says of itself what cannot be.", offset)
	}
	return h, length, nil
}

// parquetColumn is a column, and how its values are read.
type parquetColumn struct {
	path []string
	list bool
	of   func(parquet.Value) any
}

func columnsOf(schema *parquet.Schema) (columns []parquetColumn) {
	for _, path := range schema.Columns() {
		leaf, _ := schema.Lookup(path...)
		c := parquetColumn{path: path, list: leaf.MaxRepetitionLevel > 0, of: converter(leaf.Node.Type())}
		if c.list && len(path) == 3 && path[1] == "list" { // as lists are written
			c.path = path[:1]
		}
		columns = append(columns, c)
	}
	return columns
}

func (r *run) rows(ctx context.Context, in Input, group parquet.RowGroup, columns []parquetColumn, need int64) error {
	if in.Memory != nil {
		release, err := in.Memory(need)
		if err != nil {
			return err
		}
		defer release()
	}
	rows := group.Rows()
	defer func() { _ = rows.Close() }() // only read
	var buffer [rowsAtOnce]parquet.Row
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := rows.ReadRows(buffer[:])
		for _, row := range buffer[:n] {
			if r.statement.limit <= r.found && len(r.statement.sums) == 0 {
				return errEnough
			}
			if err := spread(rowOf(row, columns), r.statement.from, r.judge); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badParquet("Error parsing Parquet file. Please check the file and try again: %v.", err)
		}
		if n == 0 {
			return badParquet("Error parsing Parquet file. Please check the file and try again: it has fewer rows than it says.")
		}
		if err := r.to.Going(r.stats); err != nil {
			return err
		}
	}
}

// rowOf makes a record of a row.
func rowOf(row parquet.Row, columns []parquetColumn) *object {
	o := &object{positional: true}
	lists := map[int]int{} // where in the record the list of a column is
	for _, v := range row {
		at := v.Column()
		if at < 0 || at >= len(columns) {
			continue
		}
		c := &columns[at]
		in := o
		for _, name := range c.path[:len(c.path)-1] {
			in = in.inner(name)
		}
		name := c.path[len(c.path)-1]
		if !c.list {
			in.names, in.values = append(in.names, name), append(in.values, c.of(v))
			continue
		}
		place, known := lists[at]
		if !known {
			place = len(in.names)
			lists[at] = place
			in.names, in.values = append(in.names, name), append(in.values, []any{})
		}
		if list, ok := in.values[place].([]any); ok && !v.IsNull() {
			in.values[place] = append(list, c.of(v))
		}
	}
	return o
}

// inner is the object under a name, made where there is none.
func (o *object) inner(name string) *object {
	for i, n := range o.names {
		if n == name {
			if in, ok := o.values[i].(*object); ok {
				return in
			}
		}
	}
	in := &object{}
	o.names, o.values = append(o.names, name), append(o.values, in)
	return in
}

// converter reads the values of a type.
func converter(t parquet.Type) func(parquet.Value) any {
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	return func(v parquet.Value) any {
		switch v.Kind() {
		case parquet.Boolean:
			return v.Boolean()
		case parquet.Int32, parquet.Int64:
			n := v.Int64()
			if v.Kind() == parquet.Int32 {
				n = int64(v.Int32())
			}
			return whole(logical, n)
		case parquet.Int96:
			w := v.Int96()
			nanos, day := int64(w[1])<<32|int64(w[0]), int64(w[2])
			return moment{Time: time.Unix((day-2440588)*86400, nanos).UTC()}
		case parquet.Float:
			return finite(float64(v.Float()))
		case parquet.Double:
			return finite(v.Double())
		case parquet.ByteArray, parquet.FixedLenByteArray:
			return fromBytes(logical, v.ByteArray())
		}
		return nil
	}
}

// finite is a number, as JSON and CSV can have it; others are NULL.
func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

func whole(logical format.LogicalTypeValue, n int64) any {
	switch is := logical.(type) {
	case *format.DateType:
		return moment{Time: time.Unix(n*86400, 0).UTC()}
	case *format.TimestampType:
		switch is.Unit.Value.(type) {
		case *format.MilliSeconds:
			return moment{Time: time.UnixMilli(n).UTC()}
		case *format.MicroSeconds:
			return moment{Time: time.UnixMicro(n).UTC()}
		}
		return moment{Time: time.Unix(0, n).UTC()}
	case *format.DecimalType:
		return decimal(big.NewInt(n), is.Scale)
	}
	return n
}

func fromBytes(logical format.LogicalTypeValue, b []byte) any {
	if is, ok := logical.(*format.DecimalType); ok {
		n := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return decimal(n, is.Scale)
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func decimal(n *big.Int, scale int32) any {
	f, _ := new(big.Float).SetInt(n).Float64()
	return finite(f / math.Pow10(int(min(scale, 300))))
}
