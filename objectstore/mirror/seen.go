package mirror

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// seen counts what of a bucket is otherwise at the target, to be told at the end.
type seen struct {
	mu      sync.Mutex // guards what follows
	classes map[[2]string]int64
	locks   map[string]int64
}

func newSeen() *seen { return &seen{classes: make(map[[2]string]int64), locks: make(map[string]int64)} }

// class counts a copy of something that was in a storage class at the source.
func (s *seen) class(bucket, class string) {
	switch class {
	case "", "STANDARD", reducedRedundancy:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.classes[[2]string{bucket, class}]++
}

// lock counts a copy that is not locked as its source is.
func (s *seen) lock(bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks[bucket]++
}

func (s *seen) tell(note func(bucket, sentence string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range slices.SortedFunc(maps.Keys(s.classes), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		note(c[0], fmt.Sprintf("%d objects were of the storage class %s and are of the usual one now. Rules of the target's lifecycle may move them.", s.classes[c], c[1]))
	}
	for _, bucket := range slices.Sorted(maps.Keys(s.locks)) {
		note(bucket, fmt.Sprintf("%d objects are locked at the source and not at the target, whose bucket has no object lock.", s.locks[bucket]))
	}
}
