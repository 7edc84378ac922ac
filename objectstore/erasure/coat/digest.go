package coat

import "hash"

// digest hashes chunks beside those who code them: hashing is what takes longest.
type digest struct {
	work chan *[]byte
	done chan struct{}
}

// ahead is how many chunks may wait to be hashed.
const ahead = 2

// startDigest starts hashing; release gets each chunk when it was hashed.
func startDigest(h hash.Hash, release func(*[]byte)) *digest {
	d := &digest{work: make(chan *[]byte, ahead), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		for b := range d.work {
			_, _ = h.Write(*b) // never fails
			release(b)
		}
	}()
	return d
}

// add hands over the next chunk.
func (d *digest) add(b *[]byte) { d.work <- b }

// finish returns when all chunks were hashed. Nothing is added afterwards.
func (d *digest) finish() {
	close(d.work)
	<-d.done
}
