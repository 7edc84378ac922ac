package seglog

import (
	"math/bits"
	"sync"
)

// buffer is memory that is used again. Its bytes are whatever they were.
type buffer struct {
	b     []byte
	class int
}

// buffers are pools of memory by size: class c has 4 KiB << c bytes.
var buffers [16]sync.Pool

func takeBuffer(n int) *buffer {
	class := max(0, bits.Len(uint(n-1))-12)
	if n == 0 {
		class = 0
	}
	if class >= len(buffers) {
		return &buffer{b: make([]byte, n), class: -1}
	}
	buf, _ := buffers[class].Get().(*buffer)
	if buf == nil {
		buf = &buffer{b: make([]byte, 4096<<class), class: class}
	}
	buf.b = buf.b[:n]
	return buf
}

func (buf *buffer) release() {
	if buf.class >= 0 {
		buffers[buf.class].Put(buf)
	}
}
