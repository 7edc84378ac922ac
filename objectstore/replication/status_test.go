package replication

import (
	"context"
	"testing"

	"croft/objectstore"
)

// lookEnds is a store that counts what waits at the moment before a look through the
// bucket has found the rest and ends.
type lookEnds struct {
	source
	ends func()
}

func (s *lookEnds) Backlog(context.Context, string) (objectstore.Backlog, error) {
	defer s.ends()
	return objectstore.Backlog{}, nil
}

func TestNotCurrentBeforeWhatALookFound(t *testing.T) {
	r := &runner{}
	r.svc = &Service{source: &lookEnds{ends: func() { r.bookmark.Store(&bookmark{Done: true}) }}}
	r.bookmark.Store(&bookmark{})
	if st, err := r.status(t.Context()); err != nil || st.State != StateCopying {
		t.Fatalf("%s, %v: what the look found is counted by nobody", st.State, err)
	}
}
