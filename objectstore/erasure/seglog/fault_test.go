package seglog

import (
	"testing"

	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// TestReadBeforeAllWrote reads what was acknowledged while a drive has not written
// it: that is no damage.
func TestReadBeforeAllWrote(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 2})
	s.append("a", 2)
	for i := range 4 {
		hold := make(chan struct{})
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.Write, Hold: hold})
		s.append("b", 3)
		s.check("before all wrote")
		simDrive(s.m, i).Mend()
		close(hold)
	}
	s.close()
	if s.state.damaged != 0 {
		t.Errorf("damage on %b", s.state.damaged)
	}
}
