package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

var testID = [16]byte{1, 2, 15: 3}

func bodyOf(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

// sizes are telling ones.
var sizes = []int{0, 1, 7, BlockBytes - 1, BlockBytes, BlockBytes + 1, 3*BlockBytes + 12345}

func frames(t testing.TB, body []byte, id [16]byte) []byte {
	t.Helper()
	// A reader that gives little at a time: blocks are blocks all the same.
	got, err := io.ReadAll(NewEncoder(io.MultiReader(bytes.NewReader(body[:len(body)/3]), bytes.NewReader(body[len(body)/3:])), id))
	if err != nil || int64(len(got)) != Size(int64(len(body))) {
		t.Fatalf("%d bytes have frames of %d, %v; they should have %d", len(body), len(got), err, Size(int64(len(body))))
	}
	return got
}

func source(kept []byte) Source {
	return func(offset, length int64) (io.ReadCloser, error) {
		if offset < 0 || length <= 0 || offset+length > int64(len(kept)) {
			return nil, fmt.Errorf("asked for %d bytes at %d of %d", length, offset, len(kept))
		}
		return io.NopCloser(bytes.NewReader(kept[offset : offset+length])), nil
	}
}

func read(kept []byte, id [16]byte, size, offset, length int64) ([]byte, error) {
	r, err := Open(source(kept), id, size, offset, length)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// TestRanges reads every kind of range of bodies of telling sizes.
func TestRanges(t *testing.T) {
	for _, n := range sizes {
		body := bodyOf(n)
		kept := frames(t, body, testID)
		for _, from := range []int{0, 1, BlockBytes - 1, BlockBytes, 2*BlockBytes + 5, n - 1, n} {
			for _, to := range []int{from, from + 1, from + BlockBytes, n} {
				if from < 0 || to > n || to < from {
					continue
				}
				got, err := read(kept, testID, int64(n), int64(from), int64(to-from))
				if err != nil || !bytes.Equal(got, body[from:to]) {
					t.Fatalf("%d bytes, %d to %d: %d bytes, %v", n, from, to, len(got), err)
				}
			}
		}
	}
}

// TestDamage changes, cuts and swaps what is kept: no wrong byte is ever returned.
func TestDamage(t *testing.T) {
	n := int64(3*BlockBytes + 12345)
	body := bodyOf(int(n))
	kept := frames(t, body, testID)
	wrong := func(what string, kept []byte, id [16]byte, from int64) {
		t.Helper()
		got, err := read(kept, id, n, from, n-from)
		if !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %d bytes, %v", what, len(got), err)
		}
		if !bytes.HasPrefix(body[from:], got) {
			t.Errorf("%s: wrong bytes were returned", what)
		}
	}
	for _, at := range []int{0, BlockBytes - 1, BlockBytes, BlockBytes + sumBytes, len(kept) - sumBytes, len(kept) - 1} {
		bad := bytes.Clone(kept)
		bad[at] ^= 4
		wrong(fmt.Sprint("bit of byte ", at), bad, testID, 0)
	}
	swapped := bytes.Clone(kept)
	copy(swapped, kept[framed:2*framed])
	copy(swapped[framed:], kept[:framed])
	wrong("blocks swapped", swapped, testID, 0)
	wrong("blocks swapped, read from the second", swapped, testID, BlockBytes)
	wrong("another body", kept, [16]byte{9}, 0)
	short := func(offset, length int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(kept[offset : offset+length-1])), nil
	}
	r, err := Open(short, testID, n, 0, n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if !errors.Is(err, ErrBroken) || !bytes.HasPrefix(body, got) {
		t.Errorf("cut off: %d bytes, %v", len(got), err)
	}
	if n, again := r.Read(make([]byte, 1)); n != 0 || !errors.Is(again, ErrBroken) {
		t.Errorf("after an error: %d bytes, %v", n, again)
	}
}

// TestFailingBody ends in the body's own error, and nothing looks like its end.
func TestFailingBody(t *testing.T) {
	cause := errors.New("cut off")
	for _, n := range sizes {
		body := io.MultiReader(bytes.NewReader(bodyOf(n)), failing{cause})
		if got, err := io.ReadAll(NewEncoder(body, testID)); !errors.Is(err, cause) {
			t.Errorf("%d bytes before it: %d frames' bytes, %v", n, len(got), err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzRange(f *testing.F) {
	f.Add(uint32(3*BlockBytes), uint32(5), uint32(100))
	f.Fuzz(func(t *testing.T, n, offset, length uint32) {
		n %= 4 * BlockBytes
		offset %= n + 1
		length %= n - offset + 1
		body := bodyOf(int(n))
		got, err := read(frames(t, body, testID), testID, int64(n), int64(offset), int64(length))
		if err != nil || !bytes.Equal(got, body[offset:offset+length]) {
			t.Fatalf("%d bytes, %d at %d: %d bytes, %v", n, length, offset, len(got), err)
		}
	})
}
