package seglog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"croft/objectstore/erasure/disk/simdisk"
)

// short reads the payloads back that are hedged, and returns what ends that.
func (s *sim) short(ctx context.Context) error {
	for name, loc := range s.state.entries {
		if loc.Length > hedgeBytes/2 {
			continue
		}
		got := make([]byte, loc.Length)
		if err := s.log.ReadAt(ctx, &loc, got, 0); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !bytes.Equal(got, s.want[name]) {
			return fmt.Errorf("%s: wrong bytes", name)
		}
	}
	return nil
}

// TestHungReads has drives not answer reads: as many as may be lost keep nobody
// waiting, and when one more does a reader can still give up.
func TestHungReads(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 30)
	s.settle()
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	for i := range 2 {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold})
	}
	must(t, s.short(t.Context()))
	asked := func() int { return simDrive(s.m, 0).Count(simdisk.Read) + simDrive(s.m, 1).Count(simdisk.Read) }
	before := asked()
	s.check("two drives hang, and that is known")
	if n := asked() - before; n > 0 {
		t.Errorf("drives that hang were asked %d times more", n)
	}
	simDrive(s.m, 2).Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.short(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with three drives that hang: %v", err)
	}
	release()
	for i := range 3 {
		simDrive(s.m, i).Mend()
	}
	s.check("the drives answer again")
	if s.state.damaged != 0 {
		t.Errorf("damage on %b", s.state.damaged)
	}
}

// TestLateAnswer has a drive answer after others were asked, which cannot help.
func TestLateAnswer(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 5)
	s.settle()
	hold := make(chan struct{})
	for i := range 4 {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold})
	}
	time.AfterFunc(2*hedge, func() { close(hold) })
	must(t, s.short(t.Context()))
}
