package app

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machineMemory is what the machine, or the container around us, has in bytes.
func machineMemory() int64 {
	var info unix.Sysinfo_t
	var total int64
	if unix.Sysinfo(&info) == nil {
		total = int64(info.Totalram) * int64(info.Unit) //nolint:unconvert // the types differ between architectures
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 && (total == 0 || limit < total) {
			total = limit
		}
	}
	return total
}
