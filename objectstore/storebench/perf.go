package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// startPerf has perf record the store's process, also through what a scenario
// prepares. A scenario that restarts the store is recorded until then.
func (b *bench) startPerf(ctx context.Context, s scenario) (stop func(), err error) {
	if err := os.MkdirAll(b.perf, 0o755); err != nil {
		return nil, err
	}
	process, _ := b.target.process()
	file := filepath.Join(b.perf, fmt.Sprintf("%s.%d", s.name, len(b.drives)))
	cmd := exec.CommandContext(ctx, "perf", "record", "-F", "499", "-g", "-p", strconv.Itoa(process.PID), "-o", file)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(errors.New("-perf needs the program perf and leave to use it"), err)
	}
	b.progress("%s: perf records into %s", s.name, file)
	// perf attaches while the probe before the first run goes on.
	return func() {
		_ = cmd.Process.Signal(os.Interrupt)
		stopped := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // says that it was interrupted
		stopped.Stop()
	}, nil
}
