package machine

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	d, err := OpenDisk(dir, 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	const length = 10 * time.Millisecond
	for name, f := range map[string]func() (float64, error){
		"append 1": func() (float64, error) { return d.Append(t.Context(), 1, 64<<10, length) },
		"append 3": func() (float64, error) { return d.Append(t.Context(), 3, 20_000, length) },
		"create":   func() (float64, error) { return d.Create(t.Context(), 2, 4096, length) },
		"write":    func() (float64, error) { return d.Write(t.Context()) },
		"read":     func() (float64, error) { return d.Read(t.Context(), false) },
		"cached":   func() (float64, error) { return d.Read(t.Context(), true) },
		"md5":      func() (float64, error) { return MD5(t.Context(), length) },
		"loopback": func() (float64, error) { return Loopback(t.Context(), length) },
	} {
		if rate, err := f(); err != nil || rate <= 0 {
			t.Errorf("%s: %v, %v", name, rate, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

// TestProcess: each counter sees what it is there to see.
func TestProcess(t *testing.T) {
	self := Process{PID: os.Getpid()}
	before, err := self.Usage()
	if errors.Is(err, ErrUnmeasured) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	busyBefore, err := Busy()
	if err != nil {
		t.Fatal(err)
	}

	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	memory := make([]byte, 64<<20)
	for i := range memory {
		memory[i] = byte(i)
	}
	if _, err := f.Write(memory[:8<<20]); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
		_ = mixed(memory[:4096])
	}

	after, err := self.Usage()
	if err != nil {
		t.Fatal(err)
	}
	busy, err := Busy()
	if err != nil {
		t.Fatal(err)
	}
	if cpu := after.CPU - before.CPU; cpu < 30*time.Millisecond || busy-busyBefore < cpu/2 {
		t.Errorf("%v of CPU and %v of all cores in more than 100 ms of work", cpu, busy-busyBefore)
	}
	if after.Peak < 64<<20 {
		t.Errorf("a peak of %d bytes beside 64 MiB in use", after.Peak)
	}
	if written := after.Written - before.Written; written != 0 && written < 8<<20 {
		t.Errorf("%d bytes written of 8 MiB", written) // none where the folder is memory
	}
	if _, err := (Process{PID: -1}).Usage(); err == nil {
		t.Error("a process that is none has counters")
	}

	runtime.KeepAlive(memory)
	debug.FreeOSMemory()
	if err := self.ResetPeak(); err != nil {
		t.Fatal(err)
	}
	if later, err := self.Usage(); err != nil || later.Peak > after.Peak-32<<20 {
		t.Errorf("after 64 MiB were given back the peak is %d of %d bytes, %v", later.Peak, after.Peak, err)
	}
}

func mixed(p []byte) (sum byte) {
	for _, b := range p {
		sum ^= b
	}
	return sum
}
