// Package steplog keeps one step's output in one file: a JSON object a line, in
// the order the output came.
//
// It promises that a line is whole once it can be read, that a byte offset after
// a line stays valid for ever (the file only grows, and the object made of it is
// the same bytes), that a file has a bound, and that secrets given to the writer
// are not in it.
package steplog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"
)

// The streams of a line.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

// Line is one line of output.
type Line struct {
	At     time.Time
	Stream string
	Text   string
}

// wireLine is how a line stands in the file; the names are short because there are many.
type wireLine struct {
	At     time.Time `json:"t"`
	Stream string    `json:"s"`
	Text   string    `json:"line"`
}

func encode(buf *bytes.Buffer, l Line) error {
	encoder := json.NewEncoder(buf) // ends with the newline
	encoder.SetEscapeHTML(false)
	return encoder.Encode(wireLine{l.At.UTC(), l.Stream, l.Text})
}

// Decode reads one line as it stands in the file.
func Decode(data []byte) (Line, error) {
	var w wireLine
	if err := json.Unmarshal(data, &w); err != nil {
		return Line{}, err
	}
	return Line(w), nil
}

// Seal cuts off a last line that was not written to its end, as a crash leaves
// it, and returns the file's size. A file that does not exist has none.
func Seal(path string) (size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size = info.Size()
	end, err := lastNewline(f, size)
	if err != nil || end == size {
		return size, err
	}
	return end, f.Truncate(end)
}

// lastNewline returns the offset after the last newline, 0 without one.
func lastNewline(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		piece := buf[:end-start]
		if _, err := f.ReadAt(piece, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(piece, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}
