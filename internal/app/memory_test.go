package app

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestUploadMemory(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	if got := uploadMemory(); (runtime.GOOS == "linux" || runtime.GOOS == "windows") && got < 16<<20 {
		t.Errorf("of this machine %d bytes", got)
	}
	debug.SetMemoryLimit(64 << 20)
	if got := uploadMemory(); got != 16<<20 {
		t.Errorf("of 64 MiB %d bytes", got)
	}
}
