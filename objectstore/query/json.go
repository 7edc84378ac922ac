package query

import (
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// jsonReader reads JSON values one after the other.
type jsonReader struct {
	decoder *json.Decoder
	meter   *meter
	limit   int64
	memory  *memory
}

// meter stops who reads too much for one record.
type meter struct {
	in    io.Reader
	read  int64
	until int64
}

var errTooMuch = errors.New("a record is too long")

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.read >= m.until {
		return 0, errTooMuch
	}
	n, err := m.in.Read(p[:min(int64(len(p)), m.until-m.read)])
	m.read += int64(n)
	return n, err
}

func newJSON(in io.Reader, limit int64, memory *memory) *jsonReader {
	m := &meter{in: in}
	d := json.NewDecoder(m)
	d.UseNumber()
	return &jsonReader{decoder: d, meter: m, limit: limit, memory: memory}
}

// next returns the next value and where it began, or io.EOF.
func (r *jsonReader) next() (any, int64, error) {
	// What is buffered already counts: it is in memory as well.
	r.meter.until = r.decoder.InputOffset() + r.limit
	r.memory.again()
	t, err := r.decoder.Token()
	began := r.decoder.InputOffset()
	if errors.Is(err, io.EOF) {
		return nil, began, io.EOF
	}
	v, err := r.value(t, err, 0)
	return v, began, err
}

// maxJSONDepth bounds how deep values go.
const maxJSONDepth = 200

// value reads the rest of a value that begins with a token.
func (r *jsonReader) value(t json.Token, err error, depth int) (any, error) {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errTooMuch):
		return nil, fail("OverMaxRecordSize", "The length of a record in the input or result is greater than maxCharsPerRecord of %d MB.", r.limit>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax):
		return nil, fail("JSONParsingError", "Encountered an error parsing the JSON file at byte %d. Check the file and try again.", r.decoder.InputOffset())
	case err != nil:
		return nil, err
	case depth > maxJSONDepth:
		return nil, fail("JSONParsingError", "The JSON goes more than %d levels deep.", maxJSONDepth)
	}
	size := int64(perValue)
	switch text := t.(type) {
	case string:
		size += int64(len(text))
	case json.Number:
		size += int64(len(text))
	}
	if err := r.memory.take(size); err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		n, ok := numeric(string(x))
		if !ok {
			return nil, fail("JSONParsingError", "%.40s is too large a number.", x)
		}
		if plain(n) != string(x) {
			return written(x), nil
		}
		return n, nil
	case string:
		if !utf8.ValidString(x) {
			return nil, fail("InvalidTextEncoding", "UTF-8 encoding is required.")
		}
		return x, nil
	case json.Delim:
		if x == '[' {
			return r.array(depth)
		}
		return r.object(depth)
	}
	return t, nil // true, false and null are what they are
}

func (r *jsonReader) array(depth int) (any, error) {
	all := []any{}
	for {
		t, err := r.decoder.Token()
		if t == json.Delim(']') {
			return all, nil
		}
		v, err := r.value(t, err, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}

func (r *jsonReader) object(depth int) (any, error) {
	o := &object{}
	for {
		t, err := r.decoder.Token()
		if t == json.Delim('}') {
			return o, nil
		}
		name, err := r.value(t, err, depth)
		if err != nil {
			return nil, err
		}
		key, ok := name.(string)
		if !ok {
			return nil, fail("JSONParsingError", "A name in the JSON is no string.")
		}
		t, err = r.decoder.Token()
		v, err := r.value(t, err, depth+1)
		if err != nil {
			return nil, err
		}
		o.names, o.values = append(o.names, key), append(o.values, v)
	}
}

// record makes a record of a value that is none: _1 is the value.
func record(v any) any {
	switch v.(type) {
	case *object:
		return v
	}
	return &object{names: []string{"_1"}, values: []any{v}}
}
