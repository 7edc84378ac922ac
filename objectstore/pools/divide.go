package pools

import (
	"croft/internal/errs"
	"croft/objectstore/erasure/driveset"
)

// SetSize is how wide the sets of a pool of drives are: the most that divides the
// drives evenly, up to the widest set there is.
func SetSize(drives int) (int, error) {
	if drives == 1 {
		return 1, nil
	}
	for size := min(drives, driveset.MaxDrives); size > 1; size-- {
		if drives%size == 0 {
			return size, nil
		}
	}
	below, above := drives-1, drives+1
	for ; !divides(below); below-- {
	}
	for ; !divides(above); above++ {
	}
	return 0, errs.Newf(errs.Invalid, "drive_count",
		"%d drives cannot be divided into sets of equal size, of 2 to %d drives. Give %d or %d, or name some of them as a pool of their own: "+
			"`/mnt/a{1...%d} /mnt/b{1...%d}`.", drives, driveset.MaxDrives, below, above, driveset.MaxDrives, drives-driveset.MaxDrives)
}

func divides(drives int) bool {
	for size := driveset.MaxDrives; size > 1; size-- {
		if drives%size == 0 {
			return true
		}
	}
	return false
}
