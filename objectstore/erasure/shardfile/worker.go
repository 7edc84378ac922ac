package shardfile

import (
	"errors"
	"sync"
	"time"

	"croft/objectstore/erasure/driveset"
)

// worker writes one drive's file of a body.
type worker struct {
	writing *writing
	drive   *driveset.Drive
	shard   int
	out     output

	mu    sync.Mutex // guards the following fields
	queue []job
	given int64     // stripes
	done  int64     // of them
	since time.Time // when it last got on, or got something to do
	fate  fate
	wake  chan struct{} // has room for one

	// The writing's mutex guards the following fields.
	ended  bool          // it counts neither as alive nor as pending any more
	owed   time.Duration // that the others have waited for it
	behind bool          // its lane counts it as late
	stuck  bool          // its lane counts it as stuck
}

type job struct {
	stripe *stripe
	chunk  int64
}

// fate is what becomes of a worker's file.
type fate int

const (
	going   fate = iota
	sealed       // nothing more will come; it is to be made durable
	dropped      // it is to be removed
)

func newWorker(w *writing, d *driveset.Drive) *worker {
	return &worker{
		writing: w, drive: d, shard: w.lay.shard(d.Place), out: newOutput(w.body, d.Place),
		since: time.Now(), wake: make(chan struct{}, 1),
	}
}

// give hands a stripe to the worker, which holds it until it is written.
func (k *worker) give(j job) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fate == dropped {
		return
	}
	if k.done == k.given {
		k.since = time.Now()
	}
	k.given++
	j.stripe.hold()
	k.queue = append(k.queue, j)
	k.signal()
}

func (k *worker) signal() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// end decides the worker's fate; the first decision to drop counts.
func (k *worker) end(f fate) {
	k.mu.Lock()
	var left []job
	if k.fate != dropped {
		k.fate = f
		if f == dropped {
			left, k.queue = k.queue, nil
		}
		k.since = time.Now()
	}
	k.mu.Unlock()
	for _, j := range left {
		j.stripe.release()
	}
	k.signal()
}

// next waits for something to write.
func (k *worker) next() (j job, f fate) {
	for {
		k.mu.Lock()
		f = k.fate
		if f != dropped && len(k.queue) > 0 {
			j = k.queue[0]
			k.queue = k.queue[1:]
			k.mu.Unlock()
			return j, going
		}
		k.mu.Unlock()
		if f != going {
			return job{}, f
		}
		<-k.wake
	}
}

// advance notes that an operation was done.
func (k *worker) advance(stripes int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done += stripes
	k.since = time.Now()
}

func (k *worker) run() {
	s, id := k.writing.store, k.writing.body.ID
	err := k.write()
	made := k.out.close()
	if err != nil {
		k.end(dropped)
		if made {
			s.unlinkFile(k.drive, id.file())
		}
	}
	// Whoever has Write's answer finds the file no longer being written.
	wanted, removed := k.writing.report(k, err)
	if err == nil && (!wanted || removed) {
		s.unlinkFile(k.drive, id.file())
	}
	if err == nil && !wanted {
		s.uses.haveWritten(id, k.drive.Place)
	}
}

var errDropped = errors.New("left out")

// write makes the file and everything in it durable.
func (k *worker) write() (err error) {
	id := k.writing.body.ID
	f, err := k.writing.store.create(k.drive, id, id.file())
	if err != nil {
		return err
	}
	k.out.open(f)
	for {
		k.advance(0)
		j, f := k.next()
		switch f {
		case dropped:
			return errDropped
		case sealed:
			return k.seal()
		}
		err := k.add(j)
		j.stripe.release()
		if err != nil {
			return err
		}
		k.advance(1)
	}
}

func (k *worker) add(j job) error {
	return k.out.add(j.stripe.chunk(k.shard, int(k.writing.body.Data), j.chunk))
}

// seal ends the file and makes it and its name durable.
func (k *worker) seal() error {
	lay := k.writing.lay // its size is known by now
	if err := k.out.seal(&lay); err != nil {
		return err
	}
	k.advance(0)
	return k.drive.SyncDir(lay.ID.folder())
}
