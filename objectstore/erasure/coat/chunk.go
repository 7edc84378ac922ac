package coat

import (
	"encoding/binary"
	"fmt"
)

// nonce is unique to a chunk under its body's key.
func nonce(number int64, last bool) []byte {
	var n [12]byte
	binary.BigEndian.PutUint64(n[4:], uint64(number))
	if last {
		n[0] = 1
	}
	return n[:]
}

// The forms of a chunk, which its tag vouches for.
const (
	formPlain = 1 // a chunk of a body that is only encrypted
	formZstd  = 2
	formRaw   = 3
)

// sealChunk appends a chunk as it is stored. dst and plain do not overlap.
func (c *Coder) sealChunk(dst, plain []byte, f Form, number int64, last bool) []byte {
	if !f.compressed {
		return f.aead.Seal(dst, nonce(number, last), plain, []byte{formPlain})
	}
	header := len(dst)
	dst = append(dst, make([]byte, headerBytes)...)
	from, form, flag := len(dst), byte(formZstd), uint32(0)
	dst = c.zip.EncodeAll(plain, dst)
	if len(dst)-from > len(plain)-len(plain)/16 { // not worth the time to undo it
		dst = append(dst[:from], plain...)
		form, flag = formRaw, rawFlag
	}
	if f.aead != nil {
		dst = f.aead.Seal(dst[:from], nonce(number, last), dst[from:], []byte{form})
	}
	binary.LittleEndian.PutUint32(dst[header:], uint32(len(dst)-from)|flag)
	binary.LittleEndian.PutUint32(dst[header+4:], uint32(number))
	return dst
}

// chunkHeader reads what stands before a chunk of a compressed body: how many
// bytes follow and in which form they are.
func (f Form) chunkHeader(b []byte, number int64) (length int, form byte, err error) {
	n := binary.LittleEndian.Uint32(b)
	length, form = int(n&^rawFlag), formZstd
	if n&rawFlag != 0 {
		form = formRaw
	}
	if int64(length) > f.chunk()+int64(f.tag()) || binary.LittleEndian.Uint32(b[4:]) != uint32(number) {
		return 0, 0, fmt.Errorf("%w: chunk %d has a foreign header", ErrBroken, number)
	}
	return length, form, nil
}

// openChunk returns the plain bytes of a stored chunk, of which there must be
// size. It works in place; out is what a compressed chunk is unpacked into.
func (c *Coder) openChunk(out, stored []byte, f Form, form byte, number int64, last bool, size int) ([]byte, error) {
	if f.aead != nil {
		plain, err := f.aead.Open(stored[:0], nonce(number, last), stored, []byte{form})
		if err != nil {
			return nil, fmt.Errorf("%w: chunk %d: %w", ErrBroken, number, err)
		}
		stored = plain
	}
	if form == formZstd {
		plain, err := c.unzip.DecodeAll(stored, out[:0])
		if err != nil {
			return nil, fmt.Errorf("%w: chunk %d: %w", ErrBroken, number, err)
		}
		stored = plain
	}
	if len(stored) != size {
		return nil, fmt.Errorf("%w: chunk %d has %d bytes instead of %d", ErrBroken, number, len(stored), size)
	}
	return stored, nil
}
