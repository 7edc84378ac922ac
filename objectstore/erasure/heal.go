package erasure

import (
	"context"
	"errors"
	"fmt"
)

// heal asks Run to look at a version that a read found hurt.
func (s *Store) heal(v *version) {
	select {
	case s.healing <- v:
	default: // the next read or start finds it again
	}
}

// Run keeps redundancy: first it writes the shards that drives lack, because they
// were away or hold damaged records, then it repairs what reads find damaged. It
// returns nil when ctx ends.
func (s *Store) Run(ctx context.Context) error {
	healed := 0
	for _, v := range s.index.all() {
		if ctx.Err() != nil {
			return nil
		}
		if s.lacking(v) != 0 {
			healed += s.healLogged(ctx, v, false)
		}
	}
	if healed > 0 {
		s.log.Info("drives healed", "versions", healed)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case v := <-s.healing:
			s.healLogged(ctx, v, true)
		}
	}
}

func (s *Store) healLogged(ctx context.Context, v *version, verify bool) int {
	n, err := s.healVersion(ctx, v, verify)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("healing failed", "file", v.file.folder+"/"+v.file.base(), "error", err)
	}
	return n
}

// all returns every version there is.
func (x *index) all() []*version {
	x.RLock()
	defer x.RUnlock()
	var all []*version
	for _, b := range x.buckets {
		all = append(all, b.version)
		b.objects.Scan(func(_ string, v *version) bool {
			all = append(all, v)
			all = append(all, v.pieces...)
			return true
		})
		b.uploads.Scan(func(_ string, u *upload) bool {
			all = append(all, u.version)
			all = append(all, u.parts.Values()...)
			return true
		})
	}
	return all
}

// lacking returns the writable drives that do not hold a version which counts.
func (s *Store) lacking(v *version) places {
	s.index.RLock()
	defer s.index.RUnlock()
	if v.gone || v.holders.count() < s.geometry.readQuorum() {
		return 0
	}
	return s.writableDrives() &^ v.holders
}

// owner is the name whose lock guards a version's files.
func (v *version) owner() name {
	if v.rec.kind == kindBucket {
		return v.rec.name
	}
	return objectName(v.rec.bucket, v.rec.key)
}

// healVersion writes a version's missing shards, with verify also the damaged
// ones, and returns 1 when it wrote any.
func (s *Store) healVersion(ctx context.Context, v *version, verify bool) (int, error) {
	if err := s.begin(); err != nil {
		return 0, nil // shutting down
	}
	defer s.inUse.Done()
	s.index.RLock()
	holders, gone := v.holders, v.gone
	s.index.RUnlock()
	if gone {
		return 0, nil
	}
	r, err := s.openShards(v, holders, 0, v.rec.size)
	if err != nil {
		return 0, err
	}
	defer func() { r.hurt = false; _ = r.Close() }()
	targets := s.lacking(v)
	if verify {
		if err := r.verify(ctx); err != nil {
			return 0, err
		}
		if v.rec.size > 0 {
			targets |= s.writableDrives() &^ r.usable
		}
	}
	if targets == 0 {
		return 0, nil
	}
	staged, err := s.stageShards(ctx, r, targets)
	if err != nil {
		s.discard(v.rec.id, targets)
		return 0, err
	}
	r.hurt = false
	_ = r.Close()
	defer s.keys.lock(v.owner())()
	s.index.RLock()
	gone = v.gone
	s.index.RUnlock()
	if gone {
		s.discard(v.rec.id, staged)
		return 0, nil
	}
	done, failures := s.onDrives(staged, func(d *drive) error {
		// Windows lets a file that somebody reads be unlinked, but not be renamed over.
		if err := d.remove([]file{v.file}); err != nil {
			return err
		}
		return d.publish(v.file)
	})
	s.discard(v.rec.id, staged&^done)
	s.index.Lock()
	v.holders |= done
	s.index.Unlock()
	if done == 0 {
		return 0, errors.Join(failures...)
	}
	return 1, errors.Join(failures...)
}

// verify reads all chunks of all open shards; those found wrong leave r.usable.
func (r *shardReader) verify(ctx context.Context) error {
	g := r.store.geometry
	for number := range g.stripes(r.v.rec.size) {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.prepare(g.chunkAt(r.v.rec.size, number))
		r.fetch(r.usable, number, sumBytes+g.chunkAt(r.v.rec.size, number))
	}
	return nil
}

// stageShards rebuilds the shards of some drives into staging files and returns
// where that succeeded.
func (s *Store) stageShards(ctx context.Context, r *shardReader, targets places) (places, error) {
	rec := *r.v.rec
	out := make([]*shardWriter, len(s.drives))
	defer func() {
		for _, o := range out {
			if o != nil && o.file != nil {
				_ = o.file.Close() // closed already where sealing went well
			}
		}
	}()
	r.usable &^= targets
	open, failures := s.onDrives(targets, func(d *drive) error {
		d.discard(rec.id)
		f, err := d.create(rec.id)
		out[d.place] = &shardWriter{drive: d, file: f}
		return err
	})
	for number := range s.geometry.stripes(rec.size) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := r.rebuildAll(number); err != nil {
			return 0, err
		}
		var lost []error
		open, lost = s.onDrives(open, func(d *drive) error {
			chunk := r.buf.chunks[d.place]
			sum := frameSum(rec.id, d.place, number, chunk)
			return errors.Join(out[d.place].add(sum[:]), out[d.place].add(chunk))
		})
		failures = append(failures, lost...)
	}
	open, lost := s.onDrives(open, func(d *drive) error {
		mine := rec
		mine.place = d.place
		return out[d.place].seal(&mine)
	})
	if open == 0 {
		return 0, fmt.Errorf("stage shards: %w", errors.Join(append(failures, lost...)...))
	}
	s.discard(rec.id, targets&^open)
	return open, nil
}

// rebuildAll makes every chunk of a stripe ready.
func (r *shardReader) rebuildAll(number int64) error {
	g := r.store.geometry
	chunk := g.chunkAt(r.v.rec.size, number)
	r.prepare(chunk)
	have, err := r.gather(0, number, sumBytes+chunk)
	if err != nil {
		return err
	}
	shards := make([][]byte, len(r.buf.chunks))
	for i, c := range r.buf.chunks {
		if shards[i] = c; !have.has(i) {
			shards[i] = c[:0:len(c)]
		}
	}
	if err := r.store.coder.Reconstruct(shards); err != nil {
		return readQuorumError(err)
	}
	copy(r.buf.chunks, shards)
	return nil
}
