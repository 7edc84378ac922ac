package seglog

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"croft/objectstore/erasure/disk/simdisk"
)

// TestHungReads has drives not answer reads: as many as may be lost keep nobody
// waiting, and when one more does a reader can still give up.
func TestHungReads(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 30)
	s.settle()
	hold := make(chan struct{})
	for i := range 2 {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold})
	}
	s.check("two drives hang") // all that is read below was asked of them once
	before := simDrive(s.m, 0).Count(simdisk.Read) + simDrive(s.m, 1).Count(simdisk.Read)
	s.check("two drives hang, and that is known")
	if n := simDrive(s.m, 0).Count(simdisk.Read) + simDrive(s.m, 1).Count(simdisk.Read); n != before {
		t.Errorf("drives that hang were asked %d times more", n-before)
	}
	simDrive(s.m, 2).Inject(simdisk.Fault{Kind: simdisk.Read, Hold: hold})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for name, loc := range s.state.entries {
		if loc.Length == 0 {
			continue
		}
		if err := s.log.ReadAt(ctx, &loc, make([]byte, loc.Length), 0); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, three drives hang: %v", name, err)
		}
	}
	if ctx.Err() == nil {
		t.Error("everything was read from one drive of four")
	}
	close(hold)
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
	for name, loc := range s.state.entries {
		got := make([]byte, loc.Length)
		if err := s.log.ReadAt(t.Context(), &loc, got, 0); err != nil || !bytes.Equal(got, s.want[name]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
