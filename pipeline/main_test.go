package pipeline_test

import (
	"testing"

	"go.uber.org/goleak"
)

// gorm's cache of prepared statements sweeps itself and cannot be closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}
