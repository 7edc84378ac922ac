package server

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"croft/internal/errs"
)

func TestZipNames(t *testing.T) {
	a := archive{ZipRequest: ZipRequest{Base: "base/"}, names: zipNames{}}
	for _, c := range [][2]string{
		{"base/a.txt", "a.txt"},
		{"base/a.txt", "a (2).txt"},
		{"base/a.txt", "a (3).txt"},
		{"base/a (2).txt", "a (2) (2).txt"},
		{"base/b (2).txt", "b (2).txt"},
		{"base/b.txt", "b.txt"},
		{"base/b.txt", "b (3).txt"},
		{"base/b (2).txt", "b (2) (2).txt"},
		{"base/b.txt", "b (4).txt"},
		{"base/folder.d/", "folder.d/"},
		{"base/folder.d/", "folder (2).d/"},
		{"base/folder", "folder"},
		{"base/folder", "folder (2)"},
		{"base/x/../y", "x/_/y"},
		{"base/x/./y", "x/_/y (2)"},
		{"base/x//y", "x/_/y (3)"},
		{"base/x/_/y", "x/_/y (4)"},
		{"base/..\\..\\z\x7f\x01", ".._.._z__"},
		{"base/", "_/"},
		{"base//", "_ (2)/"},
		{"base/_", "_"},
	} {
		if got := a.nameOf(c[0]); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

// TestZipNamesOfManyKeys gives an archive keys that differ and come to the same name, as a
// stranger may put them through a link. Each is to cost as little as the first.
func TestZipNamesOfManyKeys(t *testing.T) {
	a := archive{names: zipNames{}}
	for i := range 20 * 20 * 20 {
		key := string([]rune{rune(1 + i/400), rune(1 + i/20%20), rune(1 + i%20)})
		name := a.nameOf(key)
		want := "___"
		if i > 0 {
			want = fmt.Sprintf("___ (%d)", i+1)
		}
		if name != want {
			t.Fatalf("key %d: %q, want %q", i, name, want)
		}
	}
	if each := testing.AllocsPerRun(20, func() { a.nameOf("\x01\x02\x03") }); each > 50 {
		t.Errorf("another of 8000 takes %.0f allocations: it tries what is taken", each)
	}
	// Names that others took in its way are passed once.
	for i := range 1000 {
		a.nameOf(fmt.Sprintf("other (%d)", i+2))
	}
	if first, second := a.nameOf("other"), a.nameOf("other"); first != "other" || second != "other (1002)" {
		t.Errorf("%q, %q", first, second)
	}
	if each := testing.AllocsPerRun(20, func() { a.nameOf("other") }); each > 50 {
		t.Errorf("another of 1000 takes %.0f allocations: it tries what is taken", each)
	}
}

// TestZipEndsWithItsClient makes an archive of keys none of which may be read, for a client
// that leaves after some.
func TestZipEndsWithItsClient(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	asked := 0
	a := archive{names: zipNames{}, may: func(context.Context, string, string) error {
		if asked++; asked == 3 {
			leave()
		}
		return errs.New(errs.Forbidden, "denied", "No.")
	}}
	z := zip.NewWriter(io.Discard)
	var err error
	for range 10 {
		if err = a.add(ctx, z, "key"); err != nil {
			break
		}
	}
	if !errors.Is(err, context.Canceled) || asked != 3 {
		t.Errorf("%d keys were asked about: %v", asked, err)
	}
}
