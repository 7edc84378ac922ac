package simdisk

import "maps"

const (
	pageSize   = 4096
	sectorSize = 512 // what a drive writes whole or not at all
	sectors    = pageSize / sectorSize
)

// page is never changed once it is part of a content, so that contents share it.
type page [pageSize]byte

// content is a file's bytes. Pages that are not there are zero, and so is what a
// page holds behind the end.
type content struct {
	pages map[int64]*page
	size  int64
}

func newContent() content { return content{pages: make(map[int64]*page)} }

func (c content) clone() content { return content{maps.Clone(c.pages), c.size} }

// page returns a page to read from.
func (c content) page(i int64) *page {
	if p := c.pages[i]; p != nil {
		return p
	}
	return &zeroPage
}

var zeroPage page

func (c content) readAt(b []byte, offset int64) int {
	n := 0
	for n < len(b) && offset+int64(n) < c.size {
		at := offset + int64(n)
		part := c.page(at / pageSize)[at%pageSize:]
		part = part[:min(int64(len(part)), c.size-at)]
		n += copy(b[n:], part)
	}
	return n
}

// writeAt replaces the pages it touches and makes the content longer if need be.
func (c *content) writeAt(b []byte, offset int64) {
	for n := 0; n < len(b); {
		at := offset + int64(n)
		changed := *c.page(at / pageSize)
		n += copy(changed[at%pageSize:], b[n:])
		c.pages[at/pageSize] = &changed
	}
	c.size = max(c.size, offset+int64(len(b)))
}

// copySectors takes sectors of a page from another.
func (c *content) copySectors(i int64, mask uint8, from *page) {
	if mask == 0 {
		return
	}
	changed := *c.page(i)
	for s := range sectors {
		if mask&(1<<s) != 0 {
			copy(changed[s*sectorSize:(s+1)*sectorSize], from[s*sectorSize:])
		}
	}
	c.pages[i] = &changed
}

// cut makes the content no longer than size.
func (c *content) cut(size int64) {
	if size < c.size {
		c.trim(size)
		c.size = size
	}
}

// trim makes all bytes from size on zero.
func (c *content) trim(size int64) {
	for i := range c.pages {
		if i*pageSize >= size {
			delete(c.pages, i)
		}
	}
	if p := c.pages[size/pageSize]; p != nil {
		changed := *p
		clear(changed[size%pageSize:])
		c.pages[size/pageSize] = &changed
	}
}
