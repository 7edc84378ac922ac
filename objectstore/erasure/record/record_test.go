package record

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

var update = flag.Bool("update", false, "write the golden file anew: only for entries that are new")

const golden = "testdata/golden.txt"

// examples have something in every field.
func examples() map[string]Entry {
	attrs := objectstore.Attributes{
		ContentType: "text/plain", ContentEncoding: "gzip", ContentDisposition: "inline", ContentLanguage: "de",
		CacheControl: "no-cache", Expires: "never", User: map[string]string{"b": "2", "a": "1"},
		Checksums: map[string]string{"crc32c": "yZRlqg=="}, Tags: map[string]string{"colour": "red"},
		Lock: objectstore.Lock{Mode: objectstore.LockGovernance, Until: Time(1_800_000_000_123), Hold: true},
	}
	part := objectstore.Part{
		Number: 7, Size: 5 << 20, ETag: strings.Repeat("0a", 16), ModifiedAt: Time(1_700_000_000_001),
		Checksums: map[string]string{"sha256": "x"},
	}
	body := Body{ID: [16]byte{1, 2, 3, 15: 16}, Size: 5 << 20, Data: 2, Parity: 2}
	return map[string]Entry{
		"bucket": &Bucket{
			ID: 1 << 40, Ord: 1<<63 - 1, Name: "photos", Owner: "project", Created: 1_700_000_000_000,
			Versioning: "enabled", ObjectLock: true, Lock: objectstore.DefaultLock{Mode: objectstore.LockCompliance, Years: 7, Days: 0},
			Shadows: Shadows{1<<32 | 1, 5<<32 | 9},
		},
		"empty bucket": &Bucket{},
		"version": &Version{
			Bucket: 3, Key: "a/ü\xf0\x9f\x98\x80", Ord: 99, Tail: 1 << 63, Null: true, Size: 10 << 20, Modified: -5,
			ETag: strings.Repeat("f0", 16) + "-2", Attrs: attrs, Parts: []objectstore.Part{part, {Number: 8, ModifiedAt: Time(0)}},
			Bodies: []Body{body, {}}, Shadows: Shadows{7},
		},
		"inline version": &Version{Bucket: 3, Key: "k", Ord: 5, Inline: true, Size: 1, ETag: strings.Repeat("ab", 16)},
		"odd ETag":       &Version{Key: "k", ETag: "what anybody says"},
		"marker":         &Version{Bucket: 3, Key: "k", Ord: 6, Tail: 7, Marker: true, Modified: 8},
		"upload":         &Upload{Bucket: 3, Key: "k", ID: "id", Ord: 4, Started: 5, Attrs: attrs, Shadows: Shadows{6}},
		"part":           &Part{Bucket: 3, Key: "k", Upload: "id", Ord: 4, Part: part, Body: body, Shadows: Shadows{6}},
		"bucket gone":    &Gone{Kind: KindBucketGone, Bucket: 3, Ord: 4, Shadows: Shadows{6}},
		"version gone":   &Gone{Kind: KindVersionGone, Bucket: 3, Key: "k", Ord: 9, Of: 4, Null: true, Shadows: Shadows{6, 7}},
		"upload gone":    &Gone{Kind: KindUploadGone, Bucket: 3, Key: "k", Upload: "id", Ord: 4},
	}
}

func TestRoundTrip(t *testing.T) {
	for name, e := range examples() {
		got, err := Decode(e.Encode())
		if err != nil || !equal(got, e) {
			t.Errorf("%s: %+v became %+v, %v", name, e, got, err)
		}
		if v, ok := e.(*Version); ok {
			s, err := Summary(e.Encode())
			want := Version{
				Bucket: v.Bucket, Key: v.Key, Ord: v.Ord, Tail: v.Tail, Null: v.Null, Marker: v.Marker, Inline: v.Inline,
				Size: v.Size, Modified: v.Modified, ETag: v.ETag,
			}
			if err != nil || !reflect.DeepEqual(*s, want) {
				t.Errorf("%s: summary %+v, %v", name, s, err)
			}
		}
	}
}

// equal compares entries; nothing and empty are the same.
func equal(a, b Entry) bool {
	return bytes.Equal(a.Encode(), b.Encode()) && fmt.Sprint(a) == fmt.Sprint(b)
}

// TestGolden reads and writes what earlier versions of the program wrote: the
// format must not change unnoticed.
func TestGolden(t *testing.T) {
	all := examples()
	if *update {
		var b bytes.Buffer
		for _, name := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "%s: %x\n", name, all[name].Encode())
		}
		if err := os.WriteFile(golden, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), ": ")
		raw, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		want := all[name]
		delete(all, name)
		if want == nil {
			t.Fatalf("%s: no such example", name)
		}
		if !bytes.Equal(want.Encode(), raw) {
			t.Errorf("%s is written as %x, it was %x", name, want.Encode(), raw)
		}
		if got, err := Decode(raw); err != nil || !equal(got, want) {
			t.Errorf("%s is read as %+v, %v", name, got, err)
		}
	}
	for name := range all {
		t.Errorf("%s is not in %s", name, golden)
	}
}

// TestNewerFields passes over fields of odd numbers and refuses those of even
// ones, and kinds that are not known.
func TestNewerFields(t *testing.T) {
	for name, e := range examples() {
		b := e.Encode()
		b = b[:len(b)-1] // no fields
		if got, err := Decode(append(slices.Clone(b), 2, 101, 3, 'n', 'e', 'w', 129, 1, 0)); err != nil || !equal(got, e) {
			t.Errorf("%s with odd fields: %+v, %v", name, got, err)
		}
		if _, err := Decode(append(slices.Clone(b), 2, 101, 0, 102, 1, 'x')); !errors.Is(err, ErrNewer) {
			t.Errorf("%s with an even field: %v", name, err)
		}
	}
	if _, err := Decode([]byte{200, 0}); !errors.Is(err, ErrNewer) {
		t.Errorf("an unknown kind: %v", err)
	}
}

// TestCutOff refuses every beginning of an entry, and one with something behind it.
func TestCutOff(t *testing.T) {
	for name, e := range examples() {
		b := e.Encode()
		for n := range b {
			if got, err := Decode(b[:n]); !errors.Is(err, ErrMalformed) {
				t.Errorf("%d of %d bytes of %s: %+v, %v", n, len(b), name, got, err)
			}
		}
		if _, err := Decode(append(b, 0)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s with a byte too many: %v", name, err)
		}
	}
}

func TestShadows(t *testing.T) {
	exists := func(id uint64) bool { return id != 4 }
	s := Shadows{2, 4, 6}
	if got := s.With(5, exists); !slices.Equal(got, Shadows{2, 5, 6}) {
		t.Errorf("got %v", got)
	}
	if got := s.With(6, exists); !slices.Equal(got, Shadows{2, 6}) || !slices.Equal(s, Shadows{2, 4, 6}) {
		t.Errorf("got %v, and %v is left", got, s)
	}
	if !s.Needed(exists) || (Shadows{4}).Needed(exists) || (Shadows(nil)).Needed(exists) {
		t.Error("which are needed")
	}
}

// FuzzDecode never panics, and what it accepts means the same when written again.
func FuzzDecode(f *testing.F) {
	for _, e := range examples() {
		f.Add(e.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || e != nil {
				t.Fatalf("%v, %v", e, err)
			}
			return
		}
		again, err := Decode(e.Encode())
		if err != nil || !bytes.Equal(again.Encode(), e.Encode()) {
			t.Fatalf("%+v became %+v, %v", e, again, err)
		}
		if s, err := Summary(b); (err == nil) != (b[0] == byte(KindVersion)) || err == nil && s.Key != e.(*Version).Key {
			t.Fatalf("summary %+v, %v", s, err)
		}
	})
}

// FuzzVersion writes any version and reads it back.
func FuzzVersion(f *testing.F) {
	f.Add("key", "etag", "type", "name", "value", int64(1), int64(2), uint64(3), true)
	f.Add("k", strings.Repeat("aB", 16)+"-10", "", "", "", int64(1<<62), int64(-1), uint64(1<<63), false)
	f.Fuzz(func(t *testing.T, key, etag, kind, name, value string, size, modified int64, ord uint64, flag bool) {
		v := &Version{
			Bucket: ord, Key: key, Ord: ord, Tail: ^ord, Null: flag, Marker: !flag, Inline: flag, Size: max(size, -(size + 1)), Modified: modified, ETag: etag,
			Attrs:   objectstore.Attributes{ContentType: kind, User: map[string]string{name: value}, Tags: map[string]string{value: name}},
			Parts:   []objectstore.Part{{Number: int(ord % 10000), Size: size, ETag: etag, ModifiedAt: time.UnixMilli(modified).UTC()}},
			Shadows: Shadows{ord},
		}
		got, err := Decode(v.Encode())
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Fatalf("%+v became %+v, %v", v, got, err)
		}
	})
}
