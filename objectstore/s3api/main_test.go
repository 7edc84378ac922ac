package s3api

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the package when a handler leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
