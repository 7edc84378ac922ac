package seglog

import (
	"context"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// ReadAt fills p with the payload's bytes from offset on; both must lie within
// it. What one drive lacks or has wrong is computed from the others and reported.
// When that is impossible the error is ErrReadQuorum.
func (l *Log) ReadAt(ctx context.Context, loc *Location, p []byte, offset int64) error {
	if offset < 0 || offset+int64(len(p)) > loc.Length {
		return fmt.Errorf("read %d bytes at %d of a payload of %d", len(p), offset, loc.Length)
	}
	if loc.geometry().Drives() != len(l.set.Drives) {
		return fmt.Errorf("read from a location on %d drives of %d", loc.geometry().Drives(), len(l.set.Drives))
	}
	if len(p) == 0 {
		return nil
	}
	firstSum := 0
	var err error
	loc.parts(func(shard int, from, n int64) {
		lo, hi := max(offset, from), min(offset+int64(len(p)), from+n)
		if err == nil && lo < hi {
			if err = ctx.Err(); err == nil {
				err = l.readRun(loc, run{shard: shard, sums: loc.sums[firstSum:], length: n}, p[lo-offset:hi-offset], lo-from)
			}
		}
		firstSum += blocks(n)
	})
	return err
}

// run is the part of a payload that lies in one shard.
type run struct {
	shard  int
	sums   []uint64
	length int64
}

// readRun fills p from an offset within a run. Only the blocks that p touches are
// read, straight into p where it covers them whole.
func (l *Log) readRun(loc *Location, r run, p []byte, offset int64) error {
	first := offset / BlockBytes * BlockBytes
	last := min((offset+int64(len(p))+BlockBytes-1)/BlockBytes*BlockBytes, r.length)
	target := p
	var buf *buffer
	if first != offset || last != offset+int64(len(p)) {
		buf = takeBuffer(int(last - first))
		defer buf.release()
		target = buf.b
	}
	sums := r.sums[first/BlockBytes:]
	if err := l.readBlocks(loc, r.shard, sums, target, first); err != nil {
		if err := l.reconstruct(loc, r.shard, sums, target, first, err); err != nil {
			return err
		}
	}
	if buf != nil {
		copy(p, target[offset-first:])
	}
	return nil
}

// readBlocks reads whole blocks from the one drive that has them and checks them.
func (l *Log) readBlocks(loc *Location, shard int, sums []uint64, p []byte, from int64) error {
	place := loc.place(shard)
	d := l.set.Drives[place]
	if !d.Readable() {
		return fmt.Errorf("%s: %w", d.Path, driveset.ErrAway)
	}
	read := func() error {
		err := l.files[place].with(loc.Segment, func(f *driveset.File) error {
			return f.ReadFull(p, loc.Record()+int64(loc.head)+int64(loc.offset)+from)
		})
		if err != nil {
			return err
		}
		if !sumsMatch(sums, p) {
			return fmt.Errorf("%s: %w: payload checksum", d.Path, errRecord)
		}
		return nil
	}
	return l.orDamaged(loc, place, read)
}

// orDamaged reads something from a drive and reports that it is damaged there when
// that fails, unless it was acknowledged without this drive and is still to be
// written to it.
func (l *Log) orDamaged(loc *Location, place int, read func() error) error {
	err := read()
	if err == nil || l.onItsWay(loc.Segment, loc.Record(), place) {
		return err
	}
	if _, ok := l.segmentInUse(loc.Segment); !ok || errors.Is(err, driveset.ErrAway) {
		return err // it was freed meanwhile, or the drive has gone
	}
	if err = read(); err == nil { // it was written meanwhile
		return nil
	}
	l.log.Warn("shard damaged", "drive", l.set.Drives[place].Path, "segment", fmt.Sprintf("%016x", loc.Segment), "record", loc.Record(), "error", err)
	l.reportDamage(loc.Segment, loc.Record(), driveset.Places(0).With(place))
	return err
}

func sumsMatch(sums []uint64, p []byte) bool {
	for i := 0; len(p) > 0; i++ {
		n := min(len(p), BlockBytes)
		if xxh3.Hash(p[:n]) != sums[i] {
			return false
		}
		p = p[n:]
	}
	return true
}

// reconstruct computes the bytes of a run from the same bytes of the other
// shards. Each of those is verified block by block against its drive's own sums,
// the result against the payload's.
func (l *Log) reconstruct(loc *Location, shard int, sums []uint64, p []byte, from int64, cause error) error {
	g := loc.geometry()
	lo := int64(loc.offset) + from
	hi := lo + int64(len(p))
	first, last := lo/BlockBytes*BlockBytes, (hi+BlockBytes-1)/BlockBytes*BlockBytes
	shards := make([][]byte, g.Drives())
	have := 0
	for s := range shards {
		if s == shard || have == g.Data {
			continue
		}
		if b := l.readShard(loc, s, first, last); b != nil {
			shards[s] = b
			have++
		}
	}
	if have < g.Data || g.Parity == 0 {
		return quorumLost(cause)
	}
	n := 0
	for _, b := range shards {
		n = max(n, len(b))
	}
	shards[shard] = make([]byte, 0, n)
	required := make([]bool, g.Drives())
	required[shard] = true
	coder, err := l.set.Coders.For(g)
	if err == nil {
		err = coder.ReconstructSome(shards, required)
	}
	if err != nil {
		return quorumLost(errors.Join(cause, err))
	}
	copy(p, shards[shard][lo-first:])
	if !sumsMatch(sums, p) {
		return quorumLost(fmt.Errorf("%w: computed payload checksum", errRecord))
	}
	return nil
}

// readShard returns the verified bytes of a shard between two offsets, the second
// cut at the shard's end, or nil.
func (l *Log) readShard(loc *Location, shard int, first, last int64) []byte {
	place := loc.place(shard)
	if !l.set.Drives[place].Readable() {
		return nil
	}
	var b []byte
	err := l.orDamaged(loc, place, func() error {
		rec, err := l.readFound(place, loc.Segment, loc.Record())
		if err != nil {
			return err
		}
		if rec == nil || rec.head.geometry != loc.geometry() || uint32(rec.head.before()) != loc.head {
			return fmt.Errorf("%w: head", errRecord)
		}
		b = make([]byte, min(last, int64(rec.head.shardLen))-first)
		err = l.files[place].with(loc.Segment, func(f *driveset.File) error {
			return f.ReadFull(b, loc.Record()+int64(loc.head)+first)
		})
		if err != nil {
			return err
		}
		return rec.head.checkShard(rec.bytes, b, int(first/BlockBytes))
	})
	if err != nil {
		return nil
	}
	return b
}

func quorumLost(cause error) error {
	return errs.Wrap(cause, errs.Unavailable, objectstore.ErrReadQuorum.Code, objectstore.ErrReadQuorum.Message)
}
