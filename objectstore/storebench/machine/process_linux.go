package machine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// ticks is the kernel's USER_HZ, the unit of times in /proc. It is 100 on every
// architecture that Go runs on.
const ticks = 100

// Usage reads the process's counters.
func (p Process) Usage() (Usage, error) {
	var u Usage
	stat, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return u, err
	}
	// The name in brackets may hold anything; utime and stime are fields 14 and 15.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return u, fmt.Errorf("%s has %d fields", p.file("stat"), len(fields))
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	kernel, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return u, err
	}
	u.CPU = time.Duration(user+kernel) * time.Second / ticks
	kilobytes, err := p.field("status", "VmHWM:")
	if err != nil {
		return u, err
	}
	u.Peak = kilobytes << 10
	u.Written, err = p.field("io", "write_bytes:")
	return u, err
}

// Busy is the time that all cores together were at work for any process, or were
// taken from this machine by its host, since it started.
func Busy() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	// cpu user nice system idle iowait irq softirq steal: interrupts are nobody's.
	fields := bytes.Fields(line)
	if len(fields) < 9 {
		return 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	var total int64
	for _, i := range []int{1, 2, 3, 8} {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return time.Duration(total) * time.Second / ticks, nil
}

// ResetPeak has Peak count from now on.
func (p Process) ResetPeak() error { return os.WriteFile(p.file("clear_refs"), []byte("5"), 0) }

func (p Process) file(name string) string { return fmt.Sprintf("/proc/%d/%s", p.PID, name) }

// field reads the number behind a name at the start of a line.
func (p Process) field(file, name string) (int64, error) {
	content, err := os.ReadFile(p.file(file))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(content) {
		if value, found := bytes.CutPrefix(line, []byte(name)); found {
			return strconv.ParseInt(string(bytes.Fields(value)[0]), 10, 64)
		}
	}
	return 0, fmt.Errorf("%s does not tell %s", p.file(file), name)
}
