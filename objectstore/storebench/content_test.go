package main

import (
	"bytes"
	"io"
	"testing"
)

func TestContent(t *testing.T) {
	r := newRing()
	for _, size := range []int64{0, 1, 4096, 1 << 20, ringSize + 5} {
		c := r.body(7, size)
		got, err := io.ReadAll(c.reader())
		if err != nil || int64(len(got)) != size {
			t.Fatalf("%d bytes: read %d, %v", size, len(got), err)
		}
		var pieces []byte
		for p := range c.pieces() {
			pieces = append(pieces, p...)
		}
		if !bytes.Equal(got, pieces) {
			t.Errorf("%d bytes: reader and pieces differ", size)
		}
		if size > 0 && bytes.Equal(got, contentOf(t, r.body(8, size))) {
			t.Errorf("%d bytes: two objects have the same body", size)
		}
	}
}

func TestChecker(t *testing.T) {
	r := newRing()
	f := func(size int64, whole bool, change func([]byte) []byte, wantErr bool) {
		t.Helper()
		c := r.body(1, size)
		got := change(contentOf(t, c))
		k := c.check(whole)
		var err error
		for len(got) > 0 && err == nil {
			n := min(len(got), 10_000)
			err = k.take(got[:n])
			got = got[n:]
		}
		if err == nil {
			err = k.done()
		}
		if (err != nil) != wantErr {
			t.Errorf("%d bytes, whole %v: got error %v, want one: %v", size, whole, err, wantErr)
		}
	}
	same := func(b []byte) []byte { return b }
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	cut := func(b []byte) []byte { return b[:len(b)-1] }
	longer := func(b []byte) []byte { return append(b, 0) }
	swap := func(b []byte) []byte { return append(append([]byte(nil), b[1<<20:]...), b[:1<<20]...) }
	for _, size := range []int64{4096, 64 << 10, 2 << 20} {
		for _, whole := range []bool{false, true} {
			f(size, whole, same, false)
			f(size, whole, flip(0), true)
			f(size, whole, flip(int(size)-1), true)
			f(size, whole, cut, true)
			f(size, whole, longer, true)
		}
	}
	f(64<<10, false, flip(40_000), true)
	f(2<<20, true, flip(40_000), true)
	f(2<<20, false, flip(1<<20), true)
	f(2<<20, false, swap, true)
}

func contentOf(t *testing.T, c content) []byte {
	t.Helper()
	b, err := io.ReadAll(c.reader())
	if err != nil {
		t.Fatal(err)
	}
	return b
}
