package shardfile

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"croft/objectstore/erasure/driveset"
)

// Limiter holds a scrub back.
type Limiter interface {
	// Wait returns when so many more bytes may be read, or with the context's error.
	Wait(ctx context.Context, bytes int) error
}

// verifyBytes is how much of a file is read at once.
const verifyBytes = 8 * BlockBytes

// Verify reads a body's files on all drives that can be read and returns where
// they are missing or wrong, and how many bytes it has read. A nil limiter does
// not hold it back. The error is the limiter's or the context's, or fs.ErrNotExist
// when the body was just removed. It changes nothing.
func (s *Store) Verify(ctx context.Context, b Body, limiter Limiter) (bad driveset.Places, bytes int64, err error) {
	lay, err := s.layout(b)
	if err != nil {
		return 0, 0, err
	}
	if err := s.pin(b.ID); err != nil {
		return 0, 0, err
	}
	defer s.unpin(b.ID)
	v := inspection{store: s, lay: &lay, limiter: limiter, deep: true}
	bad, err = v.run(ctx)
	return bad, v.bytes, err
}

func (s *Store) pin(id ID) error {
	if !s.uses.read(id) {
		return fmt.Errorf("body %s was removed: %w", id, fs.ErrNotExist)
	}
	return nil
}

func (s *Store) unpin(id ID) {
	if s.uses.haveRead(id) {
		s.behind.Go(func() { s.unlink(id) })
	}
}

// inspection looks at a body's files: at everything in them when it is deep,
// otherwise only whether they are there and complete.
type inspection struct {
	store   *Store
	lay     *layout
	limiter Limiter // may be nil
	deep    bool

	mu      sync.Mutex // guards the following 2 fields
	bytes   int64
	refused error // by the limiter or the context
}

// run returns where files are missing or wrong. Those that are still being written
// are neither.
func (v *inspection) run(ctx context.Context) (bad driveset.Places, err error) {
	all := v.store.set.Readable() & driveset.AllPlaces(v.lay.width()) &^ v.store.uses.writing(v.lay.ID)
	good, _ := v.store.set.Each(all, func(d *driveset.Drive) error {
		err := v.file(ctx, d)
		if err != nil && v.refusal() == nil {
			v.store.log.Warn("shard damaged", "drive", d.Path, "body", v.lay.ID.String(), "error", err)
		}
		return err
	})
	if err := v.refusal(); err != nil {
		return 0, err
	}
	return all &^ good, nil
}

func (v *inspection) refusal() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.refused
}

// file looks at one drive's file.
func (v *inspection) file(ctx context.Context, d *driveset.Drive) error {
	lay := v.lay
	if err := d.Settle(); err != nil {
		return err
	}
	f, err := d.Open(lay.ID.file())
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	size, err := f.Size()
	if err != nil {
		return err
	}
	if size != lay.fileBytes() {
		return fmt.Errorf("%w: %d bytes where it should have %d", errShard, size, lay.fileBytes())
	}
	tail := make([]byte, tailBytes)
	if err := v.read(ctx, f, tail, lay.tailOffset()); err != nil {
		return err
	}
	if err := lay.checkTail(d.Place, tail); err != nil || !v.deep {
		return err
	}
	sums := make([]byte, lay.blocks()*sumBytes)
	if err := v.read(ctx, f, sums, lay.shardBytes()); err != nil {
		return err
	}
	buf := v.store.memory.take(verifyBytes)
	defer v.store.memory.put(buf)
	summer := newSummer(lay.ID, d.Place)
	for at := int64(0); at < lay.shardBytes(); at += verifyBytes {
		p := buf[:min(verifyBytes, lay.shardBytes()-at)]
		if err := v.read(ctx, f, p, at); err != nil {
			return err
		}
		if err := summer.check(sums[at/BlockBytes*sumBytes:], p, at/BlockBytes); err != nil {
			return err
		}
	}
	return nil
}

// read is the file's ReadFull when the limiter lets it.
func (v *inspection) read(ctx context.Context, f *driveset.File, p []byte, offset int64) error {
	err := ctx.Err()
	if err == nil && v.limiter != nil {
		err = v.limiter.Wait(ctx, len(p))
	}
	v.mu.Lock()
	if err != nil {
		v.refused = err
	} else {
		v.bytes += int64(len(p))
	}
	v.mu.Unlock()
	if err != nil {
		return err
	}
	return f.ReadFull(p, offset)
}
