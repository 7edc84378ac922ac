package driveset

import (
	"errors"
	"fmt"
	"time"
)

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

// Full reports whether there is no Room for bytes more. A drive that does not say is
// waited for a moment, and while it still does not is taken to have room.
func (d *Drive) Full(bytes int64) bool {
	if d.silent.Load() > 0 {
		return false
	}
	full := make(chan bool, 1)
	go func() { full <- errors.Is(d.Room(bytes), ErrFull) }()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case is := <-full:
		return is
	case <-t.C:
	}
	d.silent.Add(1)
	go func() { <-full; d.silent.Add(-1) }()
	return false
}
