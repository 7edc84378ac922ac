package erasure

import (
	"sync"

	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/shardfile"
)

// pins keep large bodies on the drives while somebody reads the object they are
// part of, also when the object was replaced meanwhile.
type pins struct {
	mu      sync.Mutex // guards the following 2 fields
	readers map[[16]byte]int
	doomed  map[[16]byte]record.Body // to be removed by their last reader
}

func (p *pins) pin(bodies []record.Body) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readers == nil {
		p.readers = make(map[[16]byte]int)
	}
	for _, b := range bodies {
		p.readers[b.ID]++
	}
}

// pinned reports whether somebody reads a body.
func (p *pins) pinned(id [16]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.readers[id] > 0
}

func (p *pins) unpin(s *Store, bodies []record.Body) {
	var remove []shardfile.Body
	p.mu.Lock()
	for _, b := range bodies {
		if p.readers[b.ID]--; p.readers[b.ID] > 0 {
			continue
		}
		delete(p.readers, b.ID)
		if _, ok := p.doomed[b.ID]; ok {
			delete(p.doomed, b.ID)
			remove = append(remove, bodyOf(b))
		}
	}
	p.mu.Unlock()
	if len(remove) > 0 {
		s.bodies.Remove(remove...)
	}
}

// doom removes bodies that nothing refers to any more, those that are being read
// once that has ended. What a crash leaves of them is found as an orphan.
func (p *pins) doom(s *Store, bodies []record.Body) {
	var remove []shardfile.Body
	p.mu.Lock()
	for _, b := range bodies {
		if p.readers[b.ID] == 0 {
			remove = append(remove, bodyOf(b))
			continue
		}
		if p.doomed == nil {
			p.doomed = make(map[[16]byte]record.Body)
		}
		p.doomed[b.ID] = b
	}
	p.mu.Unlock()
	if len(remove) > 0 {
		s.bodies.Remove(remove...)
	}
}
