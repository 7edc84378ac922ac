package erasure

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"croft/internal/errs"
	"croft/objectstore"
)

// shardReader reads a range of one version's own body. Every chunk is checked;
// what is missing or wrong is rebuilt from the other drives' chunks. All shards
// are opened at once, so that the version may be unlinked while it is read.
type shardReader struct {
	store  *Store
	v      *version
	files  [MaxDrives]*os.File
	usable places // open shards that have not been found wrong
	hurt   bool   // some shard is missing or wrong; healing knows

	offset int64 // of the next byte
	end    int64
	buf    *stripe
	ready  places // data chunks of buf's stripe that are there and right
	loaded int64  // the stripe that buf holds; -1 is none
}

// openShards opens a version's shards on the drives that should have it. The
// error is ErrReadQuorum when too few could be opened.
func (s *Store) openShards(v *version, holders places, offset, length int64) (*shardReader, error) {
	r := &shardReader{store: s, v: v, offset: offset, end: offset + length, loaded: -1}
	if length == 0 {
		return r, nil
	}
	var failures []error
	for i, d := range s.drives {
		if !holders.has(i) || !d.readable() {
			continue
		}
		f, err := d.open(v.file)
		if err != nil {
			failures = append(failures, err)
			r.hurt = r.hurt || errors.Is(err, fs.ErrNotExist)
			continue
		}
		r.files[i] = f
		r.usable = r.usable.with(i)
	}
	if r.usable.count() < s.geometry.readQuorum() {
		_ = r.Close()
		return nil, readQuorumError(errors.Join(failures...))
	}
	return r, nil
}

func readQuorumError(cause error) error {
	return errs.Wrap(cause, errs.Unavailable, objectstore.ErrReadQuorum.Code, objectstore.ErrReadQuorum.Message)
}

// Read returns verified bytes.
func (r *shardReader) Read(p []byte) (int, error) {
	if r.offset >= r.end {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	g := r.store.geometry
	number := r.offset / int64(g.stripe())
	start := number * int64(g.stripe())
	chunk := g.chunkAt(r.v.rec.size, number)
	first := int(r.offset-start) / chunk
	if r.loaded != number || !r.ready.has(first) {
		last := int(min(r.end-start, int64(g.stripe()))-1) / chunk
		if err := r.load(number, chunk, first, last); err != nil {
			return 0, err
		}
	}
	// The bytes up to the chunk's end, as far as the range and p go.
	within := int(r.offset-start) % chunk
	n := copy(p, r.buf.chunks[first][within:min(int64(chunk), int64(within)+r.end-r.offset)])
	r.offset += int64(n)
	return n, nil
}

// load makes the data chunks first … last of a stripe ready.
func (r *shardReader) load(number int64, chunk, first, last int) error {
	r.prepare(chunk)
	slot := sumBytes + chunk
	var want places
	for i := first; i <= last; i++ {
		want = want.with(i)
	}
	have := r.fetch(want&r.usable, number, slot)
	if have != want {
		var err error
		if have, err = r.gather(have, number, slot); err != nil {
			return err
		}
		if err := r.rebuild(have, want); err != nil {
			return err
		}
	}
	r.loaded, r.ready = number, want
	return nil
}

// prepare cuts the buffer into frames for chunks of a length.
func (r *shardReader) prepare(chunk int) {
	if r.buf == nil {
		r.buf = r.store.takeStripe()
		r.buf.users.Store(1)
	}
	r.loaded, r.ready = -1, 0
	slot := sumBytes + chunk
	for i := range r.buf.chunks {
		r.buf.chunks[i] = r.buf.buf[i*slot+sumBytes : (i+1)*slot]
	}
}

// gather adds intact chunks of a stripe to those it has until they are enough to
// compute all others.
func (r *shardReader) gather(have places, number int64, slot int) (places, error) {
	data := r.store.geometry.data
	for have.count() < data {
		more, need := places(0), data-have.count()
		for i := range r.store.drives {
			if more.count() < need && r.usable.has(i) && !have.has(i) {
				more = more.with(i)
			}
		}
		if more.count() < need {
			return 0, readQuorumError(fmt.Errorf("stripe %d of %s: only %d intact chunks", number, r.v.file.base(), have.count()))
		}
		have |= r.fetch(more, number, slot)
	}
	return have, nil
}

// rebuild computes the wanted chunks that are not there.
func (r *shardReader) rebuild(have, want places) error {
	required := make([]bool, len(r.buf.chunks))
	shards := make([][]byte, len(r.buf.chunks))
	for i, c := range r.buf.chunks {
		required[i] = want.has(i)
		if have.has(i) {
			shards[i] = c
		} else {
			shards[i] = c[:0:len(c)]
		}
	}
	if err := r.store.coder.ReconstructSome(shards, required); err != nil {
		return readQuorumError(err)
	}
	for i := range r.buf.chunks {
		if want.has(i) {
			r.buf.chunks[i] = shards[i]
		}
	}
	return nil
}

// fetch reads and checks one frame from each of the given drives and returns
// which were right. The others are not asked again.
func (r *shardReader) fetch(from places, number int64, slot int) (good places) {
	var results [MaxDrives]error
	var wg sync.WaitGroup
	for i := range r.store.drives {
		if !from.has(i) {
			continue
		}
		if from.count() == 1 {
			results[i] = r.fetchOne(i, number, slot)
		} else {
			wg.Go(func() { results[i] = r.fetchOne(i, number, slot) })
		}
	}
	wg.Wait()
	for i, err := range results {
		if !from.has(i) {
			continue
		}
		if err == nil {
			good = good.with(i)
			continue
		}
		r.usable = r.usable.without(i)
		r.hurt = true
		r.store.log.Warn("shard damaged", "drive", r.store.drives[i].path, "file", r.v.file.folder+"/"+r.v.file.base(), "error", err)
	}
	return good
}

func (r *shardReader) fetchOne(place int, number int64, slot int) error {
	frame := r.buf.buf[place*slot : (place+1)*slot]
	if err := r.store.drives[place].readAt(r.files[place], frame, r.store.geometry.frameOffset(number)); err != nil {
		return err
	}
	sum := frameSum(r.v.rec.id, place, number, frame[sumBytes:])
	if string(sum[:]) != string(frame[:sumBytes]) {
		return fmt.Errorf("%w: checksum of stripe %d", errShardFile, number)
	}
	return nil
}

// Close lets go of the files and hands a version that was found hurt to healing.
func (r *shardReader) Close() error {
	for i, f := range r.files {
		if f != nil {
			_ = f.Close()
			r.files[i] = nil
		}
	}
	if r.buf != nil {
		r.store.release(r.buf)
		r.buf = nil
	}
	r.offset = r.end
	if r.hurt {
		r.hurt = false
		r.store.heal(r.v)
	}
	return nil
}
