package driveset

import "fmt"

// Bounds of what stays free on a drive: a share of it, so that little is lost of
// tiny ones.
const (
	reserveShare = 16
	maxReserve   = 256 << 20
)

// Room returns ErrFull when bytes more would leave too little free on the drive for
// deleting, for metadata, and for giving back space, which all take some at first.
func (d *Drive) Room(bytes int64) error {
	total, free, err := d.Space()
	if err != nil {
		return err
	}
	if free-bytes < min(total/reserveShare, maxReserve) {
		return fmt.Errorf("%w: %s has %d bytes free and keeps some for itself", ErrFull, d.Path, free)
	}
	return nil
}
