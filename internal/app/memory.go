package app

import (
	"math"
	"runtime/debug"
)

// uploadMemory is what uploads may take together: a quarter of the memory there is,
// or that GOMEMLIMIT leaves. 0 where neither is known.
func uploadMemory() int64 {
	total := machineMemory()
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 && (total == 0 || limit < total) {
		total = limit
	}
	return total / 4
}
