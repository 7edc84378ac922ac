package inventory

import (
	"bufio"
	"compress/gzip"
	"io"
	"strconv"
	"strings"
	"time"
)

// rowWriter writes the rows of one file. Close ends the file, not what it is written to.
type rowWriter interface {
	write(cells []any) error
	Close() error
}

// csvWriter writes gzipped CSV without a header, each value in quotes, as S3 does.
type csvWriter struct {
	zip *gzip.Writer
	out *bufio.Writer
	row []byte
}

func newCSV(to io.Writer) *csvWriter {
	zip := gzip.NewWriter(to)
	return &csvWriter{zip: zip, out: bufio.NewWriterSize(zip, 64<<10)}
}

func (w *csvWriter) write(cells []any) error {
	w.row = w.row[:0]
	for i, c := range cells {
		if i > 0 {
			w.row = append(w.row, ',')
		}
		w.row = append(w.row, '"')
		if i == 1 { // the key, which may hold anything, is escaped as in URLs
			w.row = append(w.row, escapeKey(c.(string))...)
		} else {
			w.row = append(w.row, strings.ReplaceAll(plainText(c), `"`, `""`)...)
		}
		w.row = append(w.row, '"')
	}
	w.row = append(w.row, '\n')
	_, err := w.out.Write(w.row)
	return err
}

// Close implements rowWriter.
func (w *csvWriter) Close() error {
	if err := w.out.Flush(); err != nil {
		return err
	}
	return w.zip.Close()
}

func plainText(cell any) string {
	switch v := cell.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return timeText(v)
	}
	return ""
}

const hexDigits = "0123456789ABCDEF"

// escapeKey escapes a key, but for its slashes.
func escapeKey(key string) string {
	var out strings.Builder
	for i := range len(key) {
		c := key[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~/", c) >= 0 {
			out.WriteByte(c)
			continue
		}
		out.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return out.String()
}
