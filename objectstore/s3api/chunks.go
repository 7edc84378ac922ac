package s3api

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"slices"
	"strings"
)

const (
	maxChunkHeader  = 256
	maxTrailerBytes = 8 << 10
	chunkSignature  = "chunk-signature="
	trailerSigName  = "x-amz-trailer-signature"
)

// chunkReader decodes an aws-chunked body. It returns io.EOF only after the
// last chunk, the trailers and the end of the source, with every signature
// verified; what it returned before is to be thrown away on any other error.
type chunkReader struct {
	src    *bufio.Reader
	signer *chunkSigner // nil when the chunks are not signed
	// announced are the trailers that must come, lower case; nil when none may.
	announced []string
	trailers  map[string]string

	left uint64 // of the current chunk
	hash hash.Hash
	sig  string // what the current chunk claims
	err  error  // sticky
}

func newChunkReader(src io.Reader, signer *chunkSigner, announced []string) *chunkReader {
	c := &chunkReader{src: bufio.NewReaderSize(src, 4<<10), signer: signer, announced: announced, trailers: map[string]string{}}
	if signer != nil {
		c.hash = sha256.New()
	}
	return c
}

// Read returns decoded bytes.
func (c *chunkReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.left == 0 {
		if c.err = c.next(); c.err != nil {
			return 0, c.err
		}
	}
	n := len(p)
	if uint64(n) > c.left {
		n = int(c.left)
	}
	n, err := c.src.Read(p[:n])
	c.left -= uint64(n)
	if c.signer != nil {
		c.hash.Write(p[:n])
	}
	if err != nil {
		c.err = cut(err)
	} else if c.left == 0 {
		// Close the chunk now, so that no byte of a chunk with a wrong signature
		// is followed by anything.
		c.err = c.closeChunk()
	}
	if c.err != nil {
		return 0, c.err
	}
	return n, nil
}

// next begins a chunk, or ends the body: then it returns io.EOF.
func (c *chunkReader) next() error {
	line, err := c.line(maxChunkHeader)
	if err != nil {
		return err
	}
	digits, extension, signed := strings.Cut(line, ";")
	size, ok := parseHexSize(digits)
	if !ok {
		return errChunk("a chunk's size is not a hexadecimal number.")
	}
	if signed != (c.signer != nil) {
		return errChunk("chunk signatures must be present exactly when the payload is declared signed.")
	}
	if signed {
		value, ok := strings.CutPrefix(extension, chunkSignature)
		if !ok || !isHex(value, sha256.Size) {
			return errChunk("a chunk has no well-formed chunk-signature.")
		}
		c.sig = value
	}
	if size > 0 {
		c.left = size
		return nil
	}
	if signed {
		if err := c.verify(); err != nil {
			return err
		}
	}
	return c.end()
}

// closeChunk verifies a chunk whose data has been read, and its line end.
func (c *chunkReader) closeChunk() error {
	if c.signer != nil {
		if err := c.verify(); err != nil {
			return err
		}
	}
	var crlf [2]byte
	if _, err := io.ReadFull(c.src, crlf[:]); err != nil {
		return cut(err)
	}
	if crlf != [2]byte{'\r', '\n'} {
		return errChunk("a chunk's data is longer than its size says.")
	}
	return nil
}

func (c *chunkReader) verify() error {
	var sum digest
	if want := c.signer.chunk(c.hash.Sum(sum[:0])); !want.is(c.sig) {
		return errSignature()
	}
	c.hash.Reset()
	return nil
}

// end reads the trailers, the empty line after them and the end of the source.
func (c *chunkReader) end() error {
	if err := c.readTrailers(); err != nil {
		return err
	}
	if c.signer == nil && c.announced != nil { // minio-go ends unsigned trailers with two empty lines
		if next, _ := c.src.Peek(3); string(next) == "\r\n" {
			_, _ = c.src.Discard(len(next))
		}
	}
	if _, err := c.src.ReadByte(); err == nil {
		return errChunk("there is data after the last chunk.")
	} else if !errors.Is(err, io.EOF) {
		return cut(err)
	}
	return io.EOF
}

func (c *chunkReader) readTrailers() error {
	var signed bytes.Buffer
	total, signature := 0, ""
	needsSignature := c.signer != nil && c.announced != nil
	blank := false
	for {
		line, err := c.line(maxTrailerBytes)
		if errors.Is(err, errEndOfSource) && c.announced == nil {
			return nil // some clients leave out the last empty line
		}
		if err != nil {
			return err
		}
		if line == "" && needsSignature && signature == "" && !blank {
			blank = true // minio-go puts an empty line before the trailers' signature
			continue
		}
		if line == "" {
			break
		}
		if total += len(line); total > maxTrailerBytes {
			return fail("MalformedTrailerError", "The trailers are too long.")
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.Trim(name, " \t")), strings.Trim(value, " \t")
		if !ok || signature != "" || (blank && name != trailerSigName) {
			return fail("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
		}
		if name == trailerSigName && needsSignature {
			signature = value
			continue
		}
		if _, twice := c.trailers[name]; twice || !slices.Contains(c.announced, name) {
			return fail("MalformedTrailerError", "The request contained a trailer that x-amz-trailer does not announce.")
		}
		c.trailers[name] = value
		signed.WriteString(name + ":" + value + "\n")
	}
	if len(c.trailers) != len(c.announced) {
		return fail("MalformedTrailerError", "A trailer that x-amz-trailer announces did not come.")
	}
	if needsSignature {
		if want := c.signer.trailer(signed.Bytes()); !want.is(signature) {
			return errSignature()
		}
	}
	return nil
}

// errEndOfSource is a clean end where a line was expected; it reads as a body
// that was cut off.
var errEndOfSource = fail("IncompleteBody", "The request body ended before its last chunk.")

// line reads up to and without the line end, at most limit bytes.
func (c *chunkReader) line(limit int) (string, error) {
	var long []byte
	for {
		part, err := c.src.ReadSlice('\n')
		if len(long)+len(part) > limit {
			return "", errChunk("a line is too long.")
		}
		switch {
		case err == nil:
			return strings.TrimSuffix(string(append(long, part[:len(part)-1]...)), "\r"), nil
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
		case errors.Is(err, io.EOF) && len(long)+len(part) == 0:
			return "", errEndOfSource
		default:
			return "", cut(err)
		}
	}
}

// parseHexSize reads up to fifteen hexadecimal digits, which cannot overflow.
func parseHexSize(s string) (uint64, bool) {
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(c)
	}
	return n, true
}

func errChunk(why string) error {
	return fail("InvalidRequest", "The aws-chunked body is malformed: "+why)
}

// chunkSigner continues a request's signature over its chunks: each signature
// is bound to the one before.
type chunkSigner struct {
	signer   *signer
	scope    string // time and scope, as each text to sign has them
	previous [2 * sha256.Size]byte
	text     []byte // used again and again
}

func newChunkSigner(signer *signer, sig *signature) *chunkSigner {
	c := &chunkSigner{signer: signer, scope: sig.at.UTC().Format(timeFormat) + "\n" + sig.scope() + "\n"}
	copy(c.previous[:], sig.value)
	return c
}

// chunk returns the signature of the next chunk, given its SHA-256.
func (s *chunkSigner) chunk(sum []byte) digest {
	return s.sign("AWS4-HMAC-SHA256-PAYLOAD\n", emptySHA256+"\n", sum)
}

// trailer returns the signature of the trailers in canonical form.
func (s *chunkSigner) trailer(canonical []byte) digest {
	sum := sha256.Sum256(canonical)
	return s.sign("AWS4-HMAC-SHA256-TRAILER\n", "", sum[:])
}

func (s *chunkSigner) sign(algorithm, before string, sum []byte) digest {
	text := append(append(s.text[:0], algorithm...), s.scope...)
	text = append(append(text, s.previous[:]...), '\n')
	text = hex.AppendEncode(append(text, before...), sum)
	value := s.signer.sum(text)
	hex.Encode(s.previous[:], value[:])
	s.text = text
	return value
}
