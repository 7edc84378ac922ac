package coat_test

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"croft/objectstore/erasure/coat"
)

var coats = map[string][2]bool{"encrypted": {true, false}, "compressed": {false, true}, "both": {true, true}}

var sizes = []int{
	0, 1, 15, 4096, coat.EncryptedChunk - 1, coat.EncryptedChunk, coat.EncryptedChunk + 1,
	coat.CompressedChunk - 1, coat.CompressedChunk, coat.CompressedChunk + 1, 3*coat.CompressedChunk + 17,
}

func newCoder(tb testing.TB) *coat.Coder {
	tb.Helper()
	c, err := coat.NewCoder()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// body is half text and half noise, so that some chunks shrink and some do not.
func body(n int, seed uint64) []byte {
	var key [32]byte
	key[0] = byte(seed)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(b)
	for i := range b {
		if i/coat.CompressedChunk%2 == 0 {
			b[i] = "croft "[i%6] ^ b[i]&1
		}
	}
	return b
}

// form is a form for a new body that wears both, one or the other.
func form(tb testing.TB, which [2]bool, key *coat.Key, name string) (coat.Coat, coat.Form) {
	tb.Helper()
	c := coat.New(which[0], which[1])
	f, err := c.Form(key, name)
	if err != nil {
		tb.Fatal(err)
	}
	return c, f
}

// source reads from memory and counts.
type source struct {
	stored []byte
	read   int64
	opens  int
}

func (s *source) open(offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || length < 0 || offset+length > int64(len(s.stored)) {
		return nil, fmt.Errorf("%d bytes at %d of %d", length, offset, len(s.stored))
	}
	s.opens++
	return io.NopCloser(io.TeeReader(bytes.NewReader(s.stored[offset:offset+length]), counter{&s.read})), nil
}

type counter struct{ n *int64 }

func (c counter) Write(p []byte) (int, error) { *c.n += int64(len(p)); return len(p), nil }

// readRange opens and reads a range in one of the two ways there are.
func readRange(c *coat.Coder, stored []byte, f coat.Form, size, offset, length int64, copying bool) ([]byte, error) {
	r, err := c.Open((&source{stored: stored}).open, f, size, int64(len(stored)), offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if copying {
		var out bytes.Buffer
		_, err := r.WriteTo(&out)
		return out.Bytes(), err
	}
	return io.ReadAll(r)
}

func TestWhatGoesInComesOut(t *testing.T) {
	c := newCoder(t)
	for name, which := range coats {
		for _, n := range sizes {
			plain := body(n, 1)
			_, f := form(t, which, coat.NewKey(), "bucket/key")
			stored := c.Append(nil, plain, f)
			if want := f.StoredSize(int64(n)); want >= 0 && want != int64(len(stored)) {
				t.Errorf("%s %d: %d bytes stored, told %d", name, n, len(stored), want)
			}
			for _, copying := range []bool{false, true} {
				got, err := readRange(c, stored, f, int64(n), 0, int64(n), copying)
				if err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("%s %d: %d bytes, %v", name, n, len(got), err)
				}
			}
			if which[1] && n == coat.CompressedChunk && len(stored) > n/3 {
				t.Errorf("%s: text of %d bytes takes %d", name, n, len(stored))
			}
			if len(stored) > n+n/1000+64 {
				t.Errorf("%s: %d bytes take %d", name, n, len(stored))
			}
		}
	}
}

// TestStreamIsTheSame: streaming stores what Append stores, whatever the reads, and
// hashes the plain bytes.
func TestStreamIsTheSame(t *testing.T) {
	c := newCoder(t)
	for name, which := range coats {
		for _, n := range sizes {
			for way, reader := range map[string]func(io.Reader) io.Reader{
				"whole": func(r io.Reader) io.Reader { return r },
				"half":  iotest.HalfReader,
				"eof":   iotest.DataErrReader,
			} {
				plain := body(n, 2)
				_, f := form(t, which, coat.NewKey(), "n")
				h := md5.New()
				e := c.NewEncoder(reader(bytes.NewReader(plain)), f, h)
				stored, err := io.ReadAll(iotest.HalfReader(e))
				if size := e.Finish(); err != nil || size != int64(n) {
					t.Fatalf("%s %d %s: size %d, %v", name, n, way, size, err)
				}
				if sum := md5.Sum(plain); !bytes.Equal(h.Sum(nil), sum[:]) {
					t.Errorf("%s %d %s: another hash", name, n, way)
				}
				if !bytes.Equal(stored, c.Append(nil, plain, f)) {
					t.Errorf("%s %d %s: streamed otherwise", name, n, way)
				}
			}
		}
	}
}

func TestBodyErrorsPass(t *testing.T) {
	c := newCoder(t)
	broken := errors.New("broken")
	for name, which := range coats {
		for _, n := range sizes {
			_, f := form(t, which, coat.NewKey(), "n")
			e := c.NewEncoder(io.MultiReader(bytes.NewReader(body(n, 1)), iotest.ErrReader(broken)), f, md5.New())
			if _, err := io.ReadAll(e); !errors.Is(err, broken) {
				t.Errorf("%s %d: got %v", name, n, err)
			}
			e.Finish()
			if _, err := e.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s %d: read after Finish", name, n)
			}
			if e.Finish() > int64(n) {
				t.Errorf("%s %d: grew", name, n)
			}
		}
	}
	e := c.NewEncoder(stuck{}, coat.Form{}, nil)
	if _, err := e.Read(make([]byte, 1)); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestRanges reads at all boundaries, and no more than the chunks there.
func TestRanges(t *testing.T) {
	c := newCoder(t)
	for name, which := range coats {
		chunk := coat.EncryptedChunk
		if which[1] {
			chunk = coat.CompressedChunk
		}
		n := 4*chunk + chunk/3
		plain := body(n, 3)
		_, f := form(t, which, coat.NewKey(), "n")
		stored := c.Append(nil, plain, f)
		var edges []int
		for i := 0; i <= n; i += chunk {
			for d := -1; d <= 1; d++ {
				if i+d >= 0 && i+d <= n {
					edges = append(edges, i+d)
				}
			}
		}
		edges = append(edges, n-1, n)
		for _, from := range edges {
			for _, to := range edges {
				if to < from {
					continue
				}
				src := &source{stored: stored}
				r, err := c.Open(src.open, f, int64(n), int64(len(stored)), int64(from), int64(to-from))
				if err != nil {
					t.Fatalf("%s %d-%d: %v", name, from, to, err)
				}
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, plain[from:to]) {
					t.Fatalf("%s %d-%d: %d bytes, %v", name, from, to, len(got), err)
				}
				chunks := 0
				if to > from {
					chunks = (to-1)/chunk - from/chunk + 1
				}
				if most := int64(chunks*(chunk+24) + 8); src.read > most {
					t.Errorf("%s %d-%d: %d bytes read of %d chunks", name, from, to, src.read, chunks)
				}
				if chunks == 0 && src.opens > 0 {
					t.Errorf("%s: a range of nothing opened the source", name)
				}
				_ = r.Close()
				if _, err := r.Read(make([]byte, 1)); err == nil || err == io.EOF {
					t.Fatalf("%s: read after Close: %v", name, err)
				}
				_ = r.Close()
			}
		}
		for _, bad := range [][2]int64{{-1, 1}, {0, -1}, {0, int64(n) + 1}, {int64(n), 1}, {1 << 62, 1 << 62}} {
			if _, err := c.Open((&source{stored: stored}).open, f, int64(n), int64(len(stored)), bad[0], bad[1]); err == nil {
				t.Errorf("%s: range %v was opened", name, bad)
			}
		}
	}
}

// broken checks that a stored body is refused, or at worst ends in an error after
// bytes that are right.
func broken(t *testing.T, what string, c *coat.Coder, stored []byte, f coat.Form, plain []byte) {
	t.Helper()
	got, err := readRange(c, slices.Clone(stored), f, int64(len(plain)), 0, int64(len(plain)), false)
	if !errors.Is(err, coat.ErrBroken) {
		t.Errorf("%s: %d bytes, %v", what, len(got), err)
	}
	if !bytes.HasPrefix(plain, got) {
		t.Errorf("%s: wrong bytes came out", what)
	}
}

func TestAlteredBodiesAreRefused(t *testing.T) {
	c := newCoder(t)
	for name, which := range coats {
		if !which[0] {
			continue
		}
		key := coat.NewKey()
		chunk := coat.EncryptedChunk
		if which[1] {
			chunk = coat.CompressedChunk
		}
		plain := body(3*chunk, 4) // whole chunks: a shorter body of whole chunks looks the same
		worn, f := form(t, which, key, "bucket/key")
		stored := c.Append(nil, plain, f)
		end := len(stored)
		if which[1] {
			end -= 3 * 8 // a full read does not need the table
		}
		for i := 0; i < end; i += 1 + end/700 {
			altered := slices.Clone(stored)
			altered[i] ^= 1 << (i % 8)
			broken(t, fmt.Sprintf("%s: byte %d flipped", name, i), c, altered, f, plain)
		}
		for _, cut := range []int{1, 8, 16, 17, chunk / 2, chunk} {
			broken(t, fmt.Sprintf("%s: %d bytes cut off", name, cut), c, stored[:len(stored)-cut], f, plain)
		}
		if !which[1] { // else the table is looked for elsewhere, which only ranges do
			broken(t, name+": grown", c, append(slices.Clone(stored), 0), f, plain)
		}
		broken(t, name+": another key", c, stored, formOf(t, worn, coat.NewKey(), "bucket/key"), plain)
		broken(t, name+": another object", c, stored, formOf(t, worn, key, "bucket/key2"), plain)
		salted := worn
		salted.Salt[3] ^= 1
		broken(t, name+": another salt", c, stored, formOf(t, salted, key, "bucket/key"), plain)
		// Another body under the same key, chunk for chunk.
		_, g := form(t, which, key, "bucket/key")
		broken(t, name+": another body", c, c.Append(nil, plain, g), f, plain)
		if _, err := worn.Form(nil, "bucket/key"); !errors.Is(err, coat.ErrBroken) {
			t.Errorf("%s: a form without a key: %v", name, err)
		}
	}
}

func formOf(tb testing.TB, worn coat.Coat, key *coat.Key, name string) coat.Form {
	tb.Helper()
	f, err := worn.Form(key, name)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// TestChunksStayInPlace: chunks that change places, and bodies cut at a chunk whose
// size is told accordingly, are refused.
func TestChunksStayInPlace(t *testing.T) {
	c := newCoder(t)
	key := coat.NewKey()
	_, f := form(t, coats["encrypted"], key, "n")
	plain := bytes.Repeat([]byte{7}, 3*coat.EncryptedChunk)
	stored := c.Append(nil, plain, f)
	const whole = coat.EncryptedChunk + 16
	swapped := slices.Concat(stored[whole:2*whole], stored[:whole], stored[2*whole:])
	broken(t, "swapped", c, swapped, f, plain)
	broken(t, "cut at a chunk", c, stored[:2*whole], f, plain[:2*coat.EncryptedChunk])

	_, f = form(t, coats["compressed"], nil, "n")
	random := slices.Concat(body(2*coat.CompressedChunk, 1)[coat.CompressedChunk:], body(2*coat.CompressedChunk, 2)[coat.CompressedChunk:])
	stored = c.Append(nil, random, f) // both stand as they are
	const raw = coat.CompressedChunk + 8
	swapped = slices.Concat(stored[raw:2*raw], stored[:raw], stored[2*raw:])
	broken(t, "swapped, compressed", c, swapped, f, random)
	// A table that points to another chunk.
	stored = slices.Clone(stored)
	copy(stored[2*raw:], make([]byte, 8))
	if got, err := readRange(c, stored, f, int64(len(random)), coat.CompressedChunk, 10, false); !errors.Is(err, coat.ErrBroken) {
		t.Errorf("wrong table: %q, %v", got, err)
	}
	copy(stored[2*raw:], bytes.Repeat([]byte{0xff}, 8))
	if got, err := readRange(c, stored, f, int64(len(random)), coat.CompressedChunk, 10, false); !errors.Is(err, coat.ErrBroken) {
		t.Errorf("wild table: %q, %v", got, err)
	}
}

// TestDamagedFrames: without encryption the drives' own checksums
// vouch for the bytes; what still comes is an error or the right size.
func TestDamagedFrames(t *testing.T) {
	c := newCoder(t)
	plain := bytes.Repeat([]byte("croft keeps bytes "), 20000)
	_, f := form(t, coats["compressed"], nil, "n")
	stored := c.Append(nil, plain, f)
	for i := range stored {
		altered := slices.Clone(stored)
		altered[i] ^= 0x10
		got, err := readRange(c, altered, f, int64(len(plain)), 0, int64(len(plain)), true)
		if err == nil && !bytes.Equal(got, plain) {
			t.Fatalf("byte %d flipped and %d bytes came out", i, len(got))
		}
	}
}

// TestSizesAreHeld: a body that is not as long as it is told to be is refused, and
// one that says it is enormous before it takes any memory.
func TestSizesAreHeld(t *testing.T) {
	c := newCoder(t)
	_, f := form(t, coats["compressed"], nil, "n")
	plain := bytes.Repeat([]byte("croft "), 100)
	stored := c.Append(nil, plain, f)
	broken(t, "told shorter", c, stored, f, plain[:599])
	broken(t, "told longer", c, stored, f, append(slices.Clone(plain), 'c'))
	src := &source{stored: stored[:3]}
	if _, err := c.Open(src.open, f, 600, 3, 0, 1); !errors.Is(err, coat.ErrBroken) || src.opens > 0 {
		t.Errorf("3 bytes stored: %v, opened %d times", err, src.opens)
	}

	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	bomb := zip.EncodeAll(make([]byte, 64<<20), nil)
	stored = binary.LittleEndian.AppendUint32(nil, uint32(len(bomb)))
	stored = append(append(stored, 0, 0, 0, 0), bomb...)
	stored = append(stored, make([]byte, 8)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	broken(t, "a bomb", c, stored, f, plain)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("unpacking a bomb took %d bytes", took)
	}
}

// TestNoTwoBodiesLookAlike: the same bytes under the same key are stored otherwise.
func TestNoTwoBodiesLookAlike(t *testing.T) {
	c := newCoder(t)
	key, plain := coat.NewKey(), make([]byte, 4096)
	seen := map[string]bool{}
	for range 50 {
		_, f := form(t, coats["encrypted"], key, "n")
		stored := string(c.Append(nil, plain, f))
		for i := 0; i+16 <= len(stored); i += 16 {
			if seen[stored[i:i+16]] {
				t.Fatal("a block was stored twice")
			}
			seen[stored[i:i+16]] = true
		}
	}
}

func FuzzRange(f *testing.F) {
	c := newCoder(f)
	f.Add(uint32(300000), uint32(100), uint32(70000), uint8(0), uint8(1))
	f.Add(uint32(600000), uint32(262143), uint32(262146), uint8(1), uint8(2))
	f.Add(uint32(0), uint32(0), uint32(0), uint8(2), uint8(3))
	f.Fuzz(func(t *testing.T, size, from, to uint32, which, seed uint8) {
		n := int64(size % (5 * coat.CompressedChunk))
		lo, hi := int64(from)%(n+1), int64(to)%(n+1)
		lo, hi = min(lo, hi), max(lo, hi)
		plain := body(int(n), uint64(seed))
		_, fo := form(t, [][2]bool{{true, false}, {false, true}, {true, true}}[which%3], coat.NewKey(), "n")
		e := c.NewEncoder(bytes.NewReader(plain), fo, nil)
		stored, err := io.ReadAll(e)
		e.Finish()
		if err != nil {
			t.Fatal(err)
		}
		got, err := readRange(c, stored, fo, n, lo, hi-lo, seed%2 == 0)
		if err != nil || !bytes.Equal(got, plain[lo:hi]) {
			t.Fatalf("%d-%d of %d: %d bytes, %v", lo, hi, n, len(got), err)
		}
	})
}

func BenchmarkCoat(b *testing.B) {
	c := newCoder(b)
	text := bytes.Repeat([]byte("2026-11-22T10:00:00Z level=info msg=\"request served\" path=/b/k status=200 bytes=4096\n"), 1<<15)[:2<<20]
	for name, which := range coats {
		_, f := form(b, which, coat.NewKey(), "n")
		stored := c.Append(nil, text, f)
		b.Run(name+"/write", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				e := c.NewEncoder(bytes.NewReader(text), f, nil)
				_, _ = io.Copy(io.Discard, struct{ io.Reader }{e})
				e.Finish()
			}
			b.ReportMetric(float64(len(stored))/float64(len(text)), "stored/plain")
		})
		b.Run(name+"/read", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := c.Open((&source{stored: stored}).open, f, int64(len(text)), int64(len(stored)), 0, int64(len(text)))
				if err != nil {
					b.Fatal(err)
				}
				_, _ = r.WriteTo(io.Discard)
				_ = r.Close()
			}
		})
	}
}
