package inventory

import (
	"io"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// groupRows is how many rows are in memory before they are written.
const groupRows = 20_000

// parquetWriter writes Parquet, compressed with Snappy.
type parquetWriter struct {
	out     *parquet.GenericWriter[any]
	columns []column
	place   []int // of each column in the file, which has them in order of name
	row     parquet.Row
}

func nodeOf(c column) parquet.Node {
	var n parquet.Node
	switch c.kind {
	case number:
		n = parquet.Int(64)
	case boolean:
		n = parquet.Leaf(parquet.BooleanType)
	case moment:
		n = parquet.Timestamp(parquet.Millisecond)
	default:
		n = parquet.String()
	}
	if !c.always {
		n = parquet.Optional(n)
	}
	return n
}

func schemaOf(columns []column) *parquet.Schema {
	group := parquet.Group{}
	for _, c := range columns {
		group[c.parquet] = nodeOf(c)
	}
	return parquet.NewSchema("s3.inventory", group)
}

func newParquet(to io.Writer, columns []column) *parquetWriter {
	schema := schemaOf(columns)
	w := &parquetWriter{columns: columns, place: make([]int, len(columns)), row: make(parquet.Row, len(columns))}
	for i, c := range columns {
		leaf, _ := schema.Lookup(c.parquet) // it is of these columns
		w.place[i] = leaf.ColumnIndex
	}
	w.out = parquet.NewGenericWriter[any](to, schema, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(groupRows))
	return w
}

func (w *parquetWriter) write(cells []any) error {
	for i, cell := range cells {
		at, there := w.place[i], 1
		if w.columns[i].always {
			there = 0
		}
		var v parquet.Value
		switch c := cell.(type) {
		case string:
			v = parquet.ByteArrayValue([]byte(c))
		case int64:
			v = parquet.Int64Value(c)
		case bool:
			v = parquet.BooleanValue(c)
		case time.Time:
			v = parquet.Int64Value(c.UnixMilli())
		default:
			there = 0
		}
		w.row[at] = v.Level(0, there, at)
	}
	_, err := w.out.WriteRows([]parquet.Row{w.row})
	return err
}

// Close implements rowWriter.
func (w *parquetWriter) Close() error { return w.out.Close() }

// schemaText is what a manifest says of the columns.
func (c *Configuration) schemaText() string {
	columns := c.columns()
	if c.Format == Parquet {
		return schemaOf(columns).String()
	}
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	return strings.Join(names, ", ")
}
