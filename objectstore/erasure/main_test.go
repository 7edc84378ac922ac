package erasure

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDrives) != "" {
		writeUntilKilled()
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
