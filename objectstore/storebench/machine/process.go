package machine

import (
	"errors"
	"time"
)

// ErrUnmeasured says that this system does not tell what a process takes.
var ErrUnmeasured = errors.New("this system does not tell what a process takes")

// Process is a running process of this machine.
type Process struct{ PID int }

// Usage is what a process took since it started.
type Usage struct {
	CPU     time.Duration // of all cores, in user and kernel
	Peak    int64         // most memory resident at once since ResetPeak, in bytes
	Written int64         // bytes it caused to be written to disks
}
