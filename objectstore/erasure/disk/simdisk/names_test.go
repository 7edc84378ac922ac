package simdisk

import (
	"testing"
)

func TestUnsyncedNamesMayBeLost(t *testing.T) {
	f := func(what string, do func(t *testing.T, d *Drive), want ...string) {
		t.Helper()
		m, d, _ := synced(t)
		do(t, d)
		expect(t, what, seen(m, names), want...)
		m, d, _ = synced(t)
		do(t, d)
		after := names(d)
		for _, name := range []string{".", "a", "b"} {
			if _, err := d.List(name); err == nil {
				try(t, d.SyncDir(name))
			}
		}
		expect(t, what+", synced", seen(m, names), after)
	}
	f("created", func(t *testing.T, d *Drive) { create(t, d, "g") }, "f", "f g")
	f("removed", func(t *testing.T, d *Drive) { try(t, d.Remove("f")) }, "f", "")
	f("renamed", func(t *testing.T, d *Drive) { try(t, d.Rename("f", "g")) }, "f", "g")
	f("replaced", func(t *testing.T, d *Drive) {
		create(t, d, "g")
		try(t, d.Rename("g", "f"))
	}, "f", "f g")
	f("in order", func(t *testing.T, d *Drive) {
		create(t, d, "g")
		create(t, d, "h")
		try(t, d.Remove("g"))
	}, "f", "f g", "f g h", "f h")
	f("folders for themselves", func(t *testing.T, d *Drive) {
		for _, name := range []string{"a", "b"} {
			try(t, d.Mkdir(name))
			try(t, d.SyncDir("."))
			create(t, d, name+"/x")
		}
	}, "f", "a/x f", "b/x f", "a/x b/x f")
	f("folder not synced", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		create(t, d, "a/x")
		try(t, d.SyncDir("a"))
	}, "f", "a/x f")
	f("moved", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		try(t, d.SyncDir("."))
		try(t, d.Rename("f", "a/f"))
	}, "f", "a/f")
	f("moved out of a folder that goes", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		create(t, d, "a/x")
		try(t, d.SyncDir("a"))
		try(t, d.SyncDir("."))
		try(t, d.Rename("a/x", "x"))
		try(t, d.Remove("a"))
	}, "a/x f", "f x")
	f("moved between folders of which one goes", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		try(t, d.Mkdir("b"))
		create(t, d, "a/x")
		try(t, d.SyncDir("a"))
		try(t, d.SyncDir("."))
		try(t, d.Rename("a/x", "b/x"))
		try(t, d.Remove("a"))
	}, "a/x f", "b/x f")
}

// TestReplacedFileIsOneOrTheOther writes a file anew beside itself, synced, and
// renames: the bytes are those before or after.
func TestReplacedFileIsOneOrTheOther(t *testing.T) {
	m, d, _ := synced(t)
	g := create(t, d, "g")
	write(t, g, []byte("new"), 0)
	try(t, g.Sync())
	try(t, d.Rename("g", "f"))
	expect(t, "replaced", seen(m, func(d *Drive) string {
		b, _ := d.ReadFile("f")
		return string(b[:min(3, len(b))])
	}), "aaa", "new")
}
