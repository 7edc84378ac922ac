package coat

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Coder codes bodies. It is safe for concurrent use.
type Coder struct {
	zip     *zstd.Encoder
	unzip   *zstd.Decoder
	buffers [2]sync.Pool // of *[]byte, for a stored chunk and what becomes of it
}

// NewCoder makes a coder. It takes memory when it is first used to compress.
func NewCoder() (*Coder, error) {
	lanes := runtime.GOMAXPROCS(0)
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(lanes),
		zstd.WithWindowSize(CompressedChunk), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	// A frame that says it is more than a chunk is refused before it is unpacked.
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(lanes), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(CompressedChunk))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &Coder{zip: zip, unzip: unzip}, nil
}

// take returns an empty buffer for one chunk of a form.
func (c *Coder) take(f Form) *[]byte {
	if b, _ := c.pool(f).Get().(*[]byte); b != nil {
		*b = (*b)[:0]
		return b
	}
	// Before it is known not to have shrunk, a chunk can be a little more than most.
	return new(make([]byte, 0, f.most()+1<<10))
}

func (c *Coder) give(f Form, b *[]byte) { c.pool(f).Put(b) }

func (c *Coder) pool(f Form) *sync.Pool {
	if f.compressed {
		return &c.buffers[1]
	}
	return &c.buffers[0]
}

// Append appends a whole body as it is stored.
func (c *Coder) Append(dst, body []byte, f Form) []byte {
	start := len(dst)
	var table []byte
	for number, left := int64(0), body; len(left) > 0; number++ {
		n := min(len(left), int(f.chunk()))
		dst = c.sealChunk(dst, left[:n], f, number, n == len(left))
		left = left[n:]
		if f.compressed {
			table = binary.LittleEndian.AppendUint64(table, uint64(len(dst)-start))
		}
	}
	return append(dst, table...)
}
