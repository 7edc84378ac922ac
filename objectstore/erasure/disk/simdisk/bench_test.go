package simdisk

import "testing"

// BenchmarkAppend writes and syncs a page at a time, as a log does.
func BenchmarkAppend(b *testing.B) {
	f, err := NewMachine(1).Drive("d").Create("f")
	if err == nil {
		err = f.Allocate(64 << 20)
	}
	page := make([]byte, pageSize)
	for i := 0; b.Loop() && err == nil; i++ {
		if _, err = f.WriteAt(page, int64(i%(16<<10))*pageSize); err == nil {
			err = f.Sync()
		}
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCrash draws outcomes of a machine of 4 drives that hold 4 MiB each.
func BenchmarkCrash(b *testing.B) {
	m := NewMachine(1)
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := m.Drive(name).WriteFile("f", make([]byte, 4<<20)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		m.Crash()
	}
}
