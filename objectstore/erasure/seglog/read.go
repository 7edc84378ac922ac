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

// Payload is what was read of one. It is the reader's until Release.
type Payload struct{ buf *buffer }

// Bytes are what was read.
func (p *Payload) Bytes() []byte { return p.buf.b }

// Release gives the memory back.
func (p *Payload) Release() { p.buf.release() }

// Read returns n of a payload's bytes, from offset on. What one drive lacks, has
// wrong or does not say in time is computed from the others, and the first two are
// reported. When that is impossible the error is ErrReadQuorum.
func (l *Log) Read(ctx context.Context, loc *Location, offset, n int64) (*Payload, error) {
	if offset < 0 || n < 0 || offset+n > loc.Length {
		return nil, fmt.Errorf("read %d bytes at %d of a payload of %d", n, offset, loc.Length)
	}
	if loc.geometry().Drives() > len(l.set.Drives) {
		return nil, fmt.Errorf("read from a location on %d drives of %d", loc.geometry().Drives(), len(l.set.Drives))
	}
	r := reading{Log: l, loc: loc, buf: takeBuffer(int(n))}
	firstSum := 0
	var err error
	loc.parts(func(shard int, from, length int64) {
		lo, hi := max(offset, from), min(offset+n, from+length)
		if err == nil && lo < hi {
			if err = ctx.Err(); err == nil {
				err = r.run(ctx, run{shard: shard, sums: loc.sums[firstSum:], length: length}, int(lo-offset), int(hi-offset), lo-from)
			}
		}
		firstSum += blocks(length)
	})
	if err != nil {
		return nil, err // a drive may yet answer into the buffer
	}
	return &Payload{r.buf}, nil
}

// ReadAt is Read into memory of the caller's.
func (l *Log) ReadAt(ctx context.Context, loc *Location, p []byte, offset int64) error {
	read, err := l.Read(ctx, loc, offset, int64(len(p)))
	if err != nil {
		return err
	}
	copy(p, read.Bytes())
	read.Release()
	return nil
}

// reading is a payload being read.
type reading struct {
	*Log
	loc *Location
	buf *buffer
}

// run is the part of a payload that lies in one shard.
type run struct {
	shard  int
	sums   []uint64
	length int64
}

// run fills the buffer from lo to hi with what a run has from an offset on. Only
// the blocks that this touches are read, straight to where they belong if they are
// wanted whole.
func (r *reading) run(ctx context.Context, in run, lo, hi int, offset int64) error {
	first := offset / BlockBytes * BlockBytes
	last := min((offset+int64(hi-lo)+BlockBytes-1)/BlockBytes*BlockBytes, in.length)
	whole := first == offset && last == offset+int64(hi-lo)
	target := r.buf.b[lo:hi]
	var blocks *buffer
	if !whole {
		blocks = takeBuffer(int(last - first))
		target = blocks.b
	}
	sums := in.sums[first/BlockBytes:]
	direct := func(b []byte) error { return r.readBlocks(r.loc, in.shard, sums, b, first) }
	around := func(b []byte, cause error) error {
		return r.reconstruct(ctx, r.loc, in.shard, sums, b, first, cause)
	}
	got, err := r.fastest(ctx, r.loc.place(in.shard), target, direct, func(b []byte) error { return around(b, errSlow) })
	if got == nil {
		return err
	}
	if err != nil {
		if err = around(got, err); err != nil {
			return err
		}
	}
	mine := &got[0] == &target[0]
	switch {
	case !whole:
		copy(r.buf.b[lo:hi], got[offset-first:])
		if mine {
			blocks.release()
		}
	case !mine: // the drive may yet answer into the buffer
		buf := takeBuffer(len(r.buf.b))
		copy(buf.b, r.buf.b[:lo])
		copy(buf.b[lo:hi], got)
		r.buf = buf
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
func (l *Log) reconstruct(ctx context.Context, loc *Location, shard int, sums []uint64, p []byte, from int64, cause error) error {
	g := loc.geometry()
	lo := int64(loc.offset) + from
	hi := lo + int64(len(p))
	first, last := lo/BlockBytes*BlockBytes, (hi+BlockBytes-1)/BlockBytes*BlockBytes
	var order []int
	for _, slow := range []bool{false, true} {
		for s := range g.Drives() {
			if s != shard && l.avoid(loc.place(s)) == slow {
				order = append(order, s)
			}
		}
	}
	got := l.gather(ctx, order, g.Data, loc.place, func(s int) []byte { return l.readShard(loc, s, first, last) })
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(got) < g.Data || g.Parity == 0 {
		return quorumLost(cause)
	}
	shards := make([][]byte, g.Drives())
	for s, b := range got {
		shards[s] = b
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
