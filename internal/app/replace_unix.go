//go:build !windows

package app

import (
	"fmt"
	"os"
	"syscall"
)

const canReplace = true

// Replace puts the program, as it is on the disk now, in the place of this process: with
// the same arguments, environment and process ID, so that whoever supervises it sees
// nothing. It returns only when that fails. Everything has to be closed before.
func Replace() error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	if err := syscall.Exec(path, os.Args, append(os.Environ(), Restarted+"=1")); err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	return nil
}
