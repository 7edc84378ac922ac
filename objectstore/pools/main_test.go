package pools

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childJob) != "" {
		runUntilKilled()
		return
	}
	goleak.VerifyTestMain(m)
}
