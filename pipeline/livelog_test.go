package pipeline

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// TestLogsOfStagesThatFollow opens the log of one step while that of the step before
// goes, and the folder of both with it.
func TestLogsOfStagesThatFollow(t *testing.T) {
	s := New(Deps{}, Config{StateDir: t.TempDir()})
	var removing sync.WaitGroup
	defer removing.Wait()
	for i := range 2_000 {
		step := fmt.Sprintf("step%d", i)
		log, err := s.openLog("run", step, nil)
		if err != nil {
			t.Fatalf("log %d: %v", i, err)
		}
		s.dropLog(step)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		removing.Go(func() { s.removeLog(log.path) })
	}
	removing.Wait()
	if _, err := os.Stat(s.logPath("run", "step0")); !os.IsNotExist(err) {
		t.Errorf("a log is still there: %v", err)
	}
}
