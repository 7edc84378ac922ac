package erasure

import (
	"io"
	"sync"

	"croft/objectstore"
)

// openBody opens a pinned version; the body unpins it and ends the operation.
func (s *Store) openBody(v *version, rng *objectstore.Range) (io.ReadCloser, error) {
	offset, length, err := rng.Resolve(v.bodySize())
	if err != nil {
		return nil, err
	}
	s.index.RLock()
	readable, holders := v.readable(s.geometry), v.holders
	s.index.RUnlock()
	if !readable {
		return nil, objectstore.ErrReadQuorum
	}
	b := &body{store: s, v: v, offset: offset, left: length}
	if len(v.pieces) == 0 {
		b.current, err = s.openShards(v, holders, offset, length)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (s *Store) unpin(v *version) {
	if s.index.unpin(v) {
		s.retire(v.pieces...)
	}
}

// body is an object's body, in one piece or several.
type body struct {
	store   *Store
	v       *version
	current *shardReader
	next    int   // the piece after current
	offset  int64 // to pass over before the first byte, in the pieces from next
	left    int64 // bytes that current does not have
	err     error
	once    sync.Once
}

// Read returns verified bytes. After an error it goes on returning that.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.read(p)
	b.err = err
	return n, err
}

func (b *body) read(p []byte) (int, error) {
	if len(b.v.pieces) == 0 {
		return b.current.Read(p)
	}
	for {
		if b.current != nil {
			n, err := b.current.Read(p)
			if err != io.EOF {
				return n, err
			}
			_ = b.current.Close()
			b.current = nil
		}
		if b.left == 0 {
			return 0, io.EOF
		}
		if err := b.openNext(); err != nil {
			return 0, err
		}
	}
}

func (b *body) openNext() error {
	piece := b.v.pieces[b.next]
	b.next++
	if b.offset >= piece.rec.size {
		b.offset -= piece.rec.size
		return nil
	}
	length := min(b.left, piece.rec.size-b.offset)
	b.store.index.RLock()
	holders := piece.holders
	b.store.index.RUnlock()
	r, err := b.store.openShards(piece, holders, b.offset, length)
	if err != nil {
		return err
	}
	b.current, b.offset = r, 0
	b.left -= length
	return nil
}

// Close implements io.Closer and may be called more than once.
func (b *body) Close() error {
	b.once.Do(func() {
		if b.current != nil {
			_ = b.current.Close()
		}
		b.store.unpin(b.v)
		b.store.inUse.Done()
	})
	return nil
}
