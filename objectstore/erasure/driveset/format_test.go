package driveset

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
)

func someFormat() format {
	return format{
		Version: formatVersion, Deployment: "deployment", Drive: "b", Generation: 3, Claimed: 4, Parity: 1, Ready: true,
		Members: []member{{ID: "a", Since: 1, Mounted: true}, {ID: "b", Since: 3, Filling: true}, {ID: "c", Since: 1}},
	}
}

// TestFormatIsWhole: a format file with any bit wrong or cut off anywhere is not
// taken for another one.
func TestFormatIsWhole(t *testing.T) {
	content, err := someFormat().encode()
	if err != nil {
		t.Fatal(err)
	}
	want, err := decodeFormat(content)
	if err != nil {
		t.Fatal(err)
	}
	if got := someFormat(); want.Sum == "" || func() bool { got.Sum = want.Sum; return !reflect.DeepEqual(got, *want) }() {
		t.Fatalf("got %+v", want)
	}
	for i := range content {
		for bit := range 8 {
			b := slices.Clone(content)
			b[i] ^= 1 << bit
			got, err := decodeFormat(b)
			// Spaces behind the sum may be other ones; another version may be a later
			// one's.
			if err == nil && !reflect.DeepEqual(got, want) || errors.Is(err, errOldFormat) {
				t.Fatalf("bit %d of byte %d: %+v, %v", bit, i, got, err)
			}
		}
		if got, err := decodeFormat(content[:i]); err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("cut at %d: %+v", i, got)
		}
	}
}

func TestFormatMakesSense(t *testing.T) {
	for name, change := range map[string]func(*format){
		"no members":                   func(f *format) { f.Members = nil },
		"17 members":                   func(f *format) { f.Members = make([]member, 17) },
		"a member twice":               func(f *format) { f.Members[0] = f.Members[1] },
		"an unnamed one":               func(f *format) { f.Members[0].ID = "" },
		"negative parity":              func(f *format) { f.Parity = -1 },
		"too much parity":              func(f *format) { f.Parity = 2 },
		"no deployment":                func(f *format) { f.Deployment = "" },
		"no drive":                     func(f *format) { f.Drive = "" },
		"no generation":                func(f *format) { f.Generation = 0 },
		"a version before":             func(f *format) { f.Version = 0 },
		"grown, of the version before": func(f *format) { *f = grownFormat(); f.Version = formatVersion },
		"never grown":                  func(f *format) { *f = grownFormat(); f.Grown = nil },
		"grew to what it was":          func(f *format) { *f = grownFormat(); f.Grown[0].Drives = len(f.Members) },
		"read more before":             func(f *format) { *f = grownFormat(); f.Grown[0].Parity, f.Parity = 0, 2 },
		"grew later than now":          func(f *format) { *f = grownFormat(); f.Grown[0].Until = f.Generation + 1 },
	} {
		f := someFormat()
		change(&f)
		content, err := f.encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeFormat(content); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestFormatVersions tells old from new whatever other fields a version has.
func TestFormatVersions(t *testing.T) {
	for content, want := range map[string]error{
		`{"version": 1, "drives": ["a"]}`:            errOldFormat,
		`{"version": 1, "members": "not a list"}`:    errOldFormat,
		`{"version": 4, "members": {"other": true}}`: errNewFormat,
		`{"version": 99}`:                            errNewFormat,
	} {
		_, err := decodeFormat([]byte(content))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", content, err)
		}
		code, mention := "drive_format", "newer Croft"
		if errors.Is(want, errOldFormat) {
			code, mention = "drive_old_format", "earlier Croft"
		}
		wantCode(t, formatProblem("/mnt/a", err), code, "/mnt/a", mention)
		if _, message := errs.Public(formatProblem("/mnt/a", err)); strings.Contains(message, "delete") {
			t.Errorf("%s: advises to delete: %s", content, message)
		}
	}
}

func FuzzFormat(f *testing.F) {
	content, err := someFormat().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":2,"sum":"0000000000000000"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decodeFormat(b)
		if err != nil {
			return
		}
		again, err := got.encode()
		if err != nil {
			t.Fatal(err)
		}
		if same, err := decodeFormat(again); err != nil || !reflect.DeepEqual(same.Members, got.Members) {
			t.Fatalf("%+v became %+v, %v", got, same, err)
		}
	})
}
