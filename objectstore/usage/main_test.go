package usage

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// gorm's cache of prepared statements sweeps itself and cannot be closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}
