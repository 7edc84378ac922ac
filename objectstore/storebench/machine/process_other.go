//go:build !linux

package machine

import "time"

// Usage is ErrUnmeasured here.
func (p Process) Usage() (Usage, error) { return Usage{}, ErrUnmeasured }

// Busy is ErrUnmeasured here.
func Busy() (time.Duration, error) { return 0, ErrUnmeasured }

// ResetPeak is ErrUnmeasured here.
func (p Process) ResetPeak() error { return ErrUnmeasured }
