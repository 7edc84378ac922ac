package index_test

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	closeLarge()
	os.Exit(code)
}
