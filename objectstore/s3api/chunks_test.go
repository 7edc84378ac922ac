package s3api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// referenceSignature is the seed of the S3 API reference's chunked examples.
func referenceSignature(value string) *signature {
	return &signature{
		accessKey: exampleKey, day: "20130524", region: "us-east-1", value: value,
		at: time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC),
	}
}

func referenceKey() *signer { return newSigner(exampleSecret, "20130524", "us-east-1") }

const referenceSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"

// referenceChunks is the body of the reference's example, signatures and all.
func referenceChunks() string {
	return "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
		strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
		strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
}

func TestChunksOfTheReference(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "eof with data": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			c := newChunkReader(wrap(strings.NewReader(referenceChunks())), newChunkSigner(referenceKey(), referenceSignature(referenceSeed)), nil)
			got, err := io.ReadAll(c)
			if err != nil || string(got) != strings.Repeat("a", 66560) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func TestTrailersOfTheReference(t *testing.T) {
	const seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
	body := "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
		strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
		strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
		"x-amz-checksum-crc32c:sOO8/Q==\r\n" +
		"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
	read := func(body string) (*chunkReader, error) {
		c := newChunkReader(strings.NewReader(body), newChunkSigner(referenceKey(), referenceSignature(seed)), []string{"x-amz-checksum-crc32c"})
		_, err := io.Copy(io.Discard, c)
		return c, err
	}
	c, err := read(body)
	if err != nil || c.trailers["x-amz-checksum-crc32c"] != "sOO8/Q==" {
		t.Fatalf("%v, %v", c.trailers, err)
	}
	if _, err := read(strings.Replace(body, "sOO8/Q==\r\n", "sOO8/Q==\n\r\n", 1)); err != nil {
		t.Errorf("as minio-go writes it: %v", err)
	}
	for name, changed := range map[string]string{
		"two empty lines":   strings.Replace(body, "sOO8/Q==\r\n", "sOO8/Q==\r\n\r\n\r\n", 1),
		"empty line first":  strings.Replace(body, "x-amz-checksum", "\r\nx-amz-checksum", 1),
		"trailer value":     strings.Replace(body, "sOO8/Q==", "sOO8/R==", 1),
		"trailer signature": strings.Replace(body, "d81f82", "d81f83", 1),
		"no signature":      strings.Replace(body, "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n", "", 1),
		"no trailer":        strings.Replace(body, "x-amz-checksum-crc32c:sOO8/Q==\r\n", "", 1),
		"other trailer":     strings.Replace(body, "crc32c", "crc32", 1),
		"twice":             strings.Replace(body, "x-amz-checksum-crc32c:sOO8/Q==\r\n", "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n", 1),
		"after signature":   strings.Replace(body, "435\r\n\r\n", "435\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", 1),
		"cut":               strings.TrimSuffix(body, "\r\n"),
		"more":              body + "0",
	} {
		if _, err := read(changed); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestChunksRefuse changes one byte at a time in the frame and around it, and
// cuts the body everywhere near a border.
func TestChunksRefuse(t *testing.T) {
	whole := referenceChunks()
	read := func(body string) error {
		c := newChunkReader(strings.NewReader(body), newChunkSigner(referenceKey(), referenceSignature(referenceSeed)), nil)
		_, err := io.Copy(io.Discard, c)
		return err
	}
	border := []int{}
	for i := range len(whole) {
		if whole[i] != 'a' || i < 100 || i > len(whole)-200 {
			border = append(border, i)
		}
	}
	for _, i := range append(border, 30000, 66000) {
		changed := []byte(whole)
		changed[i] ^= 1
		if err := read(string(changed)); err == nil {
			// The line end of a header may be \n alone; nothing else may vary.
			t.Errorf("byte %d (%q) changed: accepted", i, whole[i])
		}
		// The last empty line may be missing, as some clients leave it out.
		if err := read(whole[:i]); err == nil && i != len(whole)-2 {
			t.Errorf("cut at %d: accepted", i)
		}
	}
	if err := read(whole + "x"); err == nil {
		t.Error("data after the end: accepted")
	}
	last := strings.LastIndex(whole, "0;chunk-signature=")
	if err := read(whole[:last] + "0\r\n\r\n"); err == nil {
		t.Error("last chunk without a signature: accepted")
	}
}

func TestChunksUnsigned(t *testing.T) {
	good := "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	read := func(body string) (string, error) {
		got, err := io.ReadAll(newChunkReader(strings.NewReader(body), nil, []string{"x-amz-checksum-crc32"}))
		return string(got), err
	}
	if got, err := read(good); err != nil || got != "hello world" {
		t.Fatalf("%q, %v", got, err)
	}
	if got, err := read(good + "\r\n"); err != nil || got != "hello world" { // as minio-go ends
		t.Fatalf("%q, %v", got, err)
	}
	for name, body := range map[string]string{
		"empty":         "",
		"no size":       "\r\nhello\r\n0\r\n\r\n",
		"negative size": "-5\r\nhello\r\n",
		"plus":          "+5\r\nhello\r\n0\r\n\r\n",
		"0x":            "0x5\r\nhello\r\n0\r\n\r\n",
		"huge size":     "ffffffffffffffff\r\nhello",
		"overflow":      strings.Replace(good, "5\r\n", "10000000000000005\r\n", 1),
		"empty size":    "\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
		"size lies":     "4\r\nhello\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n",
		"signed":        strings.Replace(good, "5\r\n", "5;chunk-signature="+strings.Repeat("a", 64)+"\r\n", 1),
		"no trailer":    "5\r\nhello\r\n0\r\n\r\n",
		"a second one":  strings.Replace(good, "==\r\n", "==\r\nx-amz-checksum-sha1:AA==\r\n", 1),
		"data after":    good + "5\r\nhello\r\n",
		"lines after":   good + "\r\n\r\n",
		"long header":   strings.Repeat("0", 5000) + "5\r\nhello\r\n",
		"long trailer":  "0\r\nx-amz-checksum-crc32:" + strings.Repeat("a", maxTrailerBytes) + "\r\n\r\n",
		"no colon":      "0\r\nx-amz-checksum-crc32\r\n\r\n",
		"no end":        "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n",
	} {
		if got, err := read(body); err == nil {
			t.Errorf("%s: accepted as %q", name, got)
		} else if translate(err).status() == 0 || translate(err).code == "InternalError" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChunksBounded: a line without an end is given up on early.
func TestChunksBounded(t *testing.T) {
	for _, start := range []string{"5;", "0\r\nx-amz-checksum-crc32:"} {
		source := &countingReader{r: io.MultiReader(strings.NewReader(start), strings.NewReader(strings.Repeat("0", 1<<20)))}
		_, err := io.ReadAll(newChunkReader(source, nil, []string{"x-amz-checksum-crc32"}))
		if err == nil || source.n > 64<<10 {
			t.Errorf("%q: read %d bytes, %v", start, source.n, err)
		}
	}
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestJoinedCRC(t *testing.T) {
	for _, a := range algorithms {
		if a.crc == nil {
			continue
		}
		for _, split := range []int{0, 1, 7, 1000, 4096, 9999, 10000} {
			data := bytes.Repeat([]byte("0123456789"), 1000)
			sum := func(b []byte) uint64 {
				h := a.make()
				h.Write(b)
				var v uint64
				for _, c := range h.Sum(nil) {
					v = v<<8 | uint64(c)
				}
				return v
			}
			got := a.crc.Join(sum(data[:split]), sum(data[split:]), int64(len(data)-split))
			if got != sum(data) {
				t.Errorf("%s at %d: %x, want %x", a.name, split, got, sum(data))
			}
		}
	}
}

func FuzzChunkReader(f *testing.F) {
	f.Add([]byte(referenceChunks()), true)
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"), false)
	f.Add([]byte("0\r\n\r\n"), false)
	f.Add([]byte("fffffffffffffff\r\n"), false)
	f.Add([]byte("5;chunk-signature=zz\r\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, signed bool) {
		var signer *chunkSigner
		announced := []string{"x-amz-checksum-crc32"}
		if signed {
			signer, announced = newChunkSigner(referenceKey(), referenceSignature(referenceSeed)), nil
		}
		c := newChunkReader(bytes.NewReader(data), signer, announced)
		got, err := io.ReadAll(c)
		if err != nil {
			if f := translate(err); f.status() < 400 || f.status() >= 500 {
				t.Fatalf("a client's fault became %v", err)
			}
			return
		}
		if len(got) > len(data) {
			t.Fatalf("%d bytes out of %d", len(got), len(data))
		}
		if signed && string(got) != strings.Repeat("a", 66560) {
			t.Fatal("a body that nobody signed was accepted")
		}
		if !signed {
			// What was accepted, framed anew, is accepted as the same.
			var frame bytes.Buffer
			if len(got) > 0 {
				fmt.Fprintf(&frame, "%x\r\n%s\r\n", len(got), got)
			}
			fmt.Fprintf(&frame, "0\r\nx-amz-checksum-crc32:%s\r\n\r\n", c.trailers["x-amz-checksum-crc32"])
			again, err := io.ReadAll(newChunkReader(&frame, nil, announced))
			if err != nil || !bytes.Equal(again, got) {
				t.Fatalf("%q became %q, %v", got, again, err)
			}
		}
	})
}
