package driveset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
)

// folders returns paths that are not there yet.
func folders(t *testing.T, n int) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		paths = append(paths, filepath.Join(dir, fmt.Sprint("disk", i+1)))
	}
	return paths
}

func openFolders(cfg Config, paths []string) (*Set, error) {
	found, err := Local(paths)
	if err != nil {
		return nil, err
	}
	return Open(cfg, found)
}

func tryFolders(parity int, paths ...string) error {
	s, err := openFolders(Config{Parity: parity}, paths)
	if err == nil {
		s.Close()
	}
	return err
}

func mustOpen(t *testing.T, paths []string) *Set {
	t.Helper()
	s, err := openFolders(Config{Parity: -1}, paths)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// formatted are folders that are a set.
func formatted(t *testing.T, n int) []string {
	t.Helper()
	paths := folders(t, n)
	if err := tryFolders(-1, paths...); err != nil {
		t.Fatal(err)
	}
	return paths
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func formatPath(drive string) string { return filepath.Join(drive, croftDir, formatFile) }

func TestOpenRefusals(t *testing.T) {
	for _, c := range []struct {
		name, code, mention string
		err                 func(t *testing.T) error
	}{
		{"no drives", "drive_count", "at least one", func(t *testing.T) error { return tryFolders(-1) }},
		{"17 drives", "drive_limit", "16", func(t *testing.T) error { return tryFolders(-1, folders(t, 17)...) }},
		{"too much parity", "parity_invalid", "at most half", func(t *testing.T) error { return tryFolders(3, folders(t, 4)...) }},
		{"path is a file", "drive_not_folder", "disk2", func(t *testing.T) error {
			p := folders(t, 4)
			write(t, p[1], "x")
			return tryFolders(-1, p...)
		}},
		{"only path is a file", "drive_not_folder", "disk1", func(t *testing.T) error {
			p := folders(t, 1)
			write(t, p[0], "x")
			return tryFolders(-1, p...)
		}},
		{"its folder is a file", "drive_unreadable", "disk1", func(t *testing.T) error {
			p := folders(t, 2)
			write(t, filepath.Join(p[0], croftDir), "x")
			return tryFolders(-1, p...)
		}},
		{"same path twice", "drive_duplicate", "given twice", func(t *testing.T) error {
			p := folders(t, 2)
			return tryFolders(-1, p[0], p[1], p[0])
		}},
		{"same path spelt otherwise", "drive_duplicate", "given twice", func(t *testing.T) error {
			p := folders(t, 2)
			return tryFolders(-1, p[0], p[0]+"/../disk1")
		}},
		{"same folder by a link", "drive_duplicate", "same folder", func(t *testing.T) error {
			p := formatted(t, 2)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(p[0], link); err != nil {
				skipOutsideCI(t, "no symbolic links here", err)
			}
			return tryFolders(-1, p[0], link)
		}},
		{"copied drive", "drive_duplicate", "a copy", func(t *testing.T) error {
			p := formatted(t, 2)
			b, err := os.ReadFile(formatPath(p[0]))
			if err != nil {
				t.Fatal(err)
			}
			write(t, formatPath(p[1]), string(b))
			return tryFolders(-1, p...)
		}},
		{"foreign drive", "drive_foreign", "different Croft deployments", func(t *testing.T) error {
			a, b := formatted(t, 2), formatted(t, 2)
			return tryFolders(-1, a[0], b[1])
		}},
		{"fewer drives than the format", "drive_count", "set of 4, but 3", func(t *testing.T) error {
			return tryFolders(-1, formatted(t, 4)[:3]...)
		}},
		{"a missing drive more than the format", "drive_offline", "is no drive of this set of 2", func(t *testing.T) error {
			return tryFolders(-1, append(formatted(t, 2), filepath.Join(t.TempDir(), "new"))...)
		}},
		{"other parity", "parity_mismatch", "parity 2", func(t *testing.T) error { return tryFolders(1, formatted(t, 4)...) }},
		{"damaged format, too few left", "read_quorum", "disk1", func(t *testing.T) error {
			p := formatted(t, 3)
			write(t, formatPath(p[0]), "{")
			write(t, formatPath(p[1]), `{"version":99}`)
			return tryFolders(-1, p...)
		}},
		{"damaged format alone", "drive_format", "disk1", func(t *testing.T) error {
			p := formatted(t, 1)
			write(t, formatPath(p[0]), "")
			return tryFolders(-1, p...)
		}},
		{"newer format alone", "drive_format", "newer Croft", func(t *testing.T) error {
			p := formatted(t, 1)
			write(t, formatPath(p[0]), `{"version":4}`)
			return tryFolders(-1, p...)
		}},
		{"data without a format", "drive_format", "its format file is gone", func(t *testing.T) error {
			p := folders(t, 2)
			write(t, filepath.Join(p[1], croftDir, "log", "0000000100000001.seg"), "x")
			return tryFolders(-1, p...)
		}},
		{"blank drives under a known state", "drives_away", "disk1", func(t *testing.T) error {
			_, err := openFolders(Config{Parity: -1, Deployment: "known"}, folders(t, 2))
			return err
		}},
		{"newer drives under a known state", "drive_format", "newer Croft", func(t *testing.T) error {
			p := formatted(t, 2)
			for _, p := range p {
				write(t, formatPath(p), `{"version":4}`)
			}
			_, err := openFolders(Config{Parity: -1, Deployment: "known"}, p)
			return err
		}},
		{"other drives than the state's", "state_of_another", "--state", func(t *testing.T) error {
			_, err := openFolders(Config{Parity: -1, Deployment: "known"}, formatted(t, 2))
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) { wantCode(t, c.err(t), c.code, c.mention) })
	}
}

// TestRefusedDrivesAreUnchanged opens what must not be opened.
func TestRefusedDrivesAreUnchanged(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, p []string) []string{
		"one too few": func(t *testing.T, p []string) []string { return p[:3] },
		"a copy twice": func(t *testing.T, p []string) []string {
			write(t, formatPath(p[1]), read(t, formatPath(p[0])))
			return p
		},
		"too few left": func(t *testing.T, p []string) []string {
			for _, p := range p[:3] {
				write(t, formatPath(p), "{")
			}
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := formatted(t, 4)
			given := change(t, p)
			before := tree(t, filepath.Dir(p[0]))
			if err := tryFolders(-1, given...); err == nil {
				t.Fatal("opened")
			}
			after := tree(t, filepath.Dir(p[0]))
			for _, lines := range [][]string{before, after} {
				for i, l := range lines { // a probe comes and goes
					if name, rest, _ := strings.Cut(l, "|d"); rest != "" {
						lines[i] = name
					}
				}
			}
			if !slices.Equal(before, after) {
				t.Fatalf("changed from\n%q\nto\n%q", before, after)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSecondOpenIsRefused(t *testing.T) {
	p := folders(t, 4)
	s := mustOpen(t, p)
	wantCode(t, tryFolders(-1, p...), "drive_locked", "in use by another Croft process")
	if err := s.Drives[3].WriteSmall("x", nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	mustOpen(t, p)
}

func TestOrderOfDrivesDoesNotMatter(t *testing.T) {
	p := folders(t, 4)
	s := mustOpen(t, p)
	want := idsOf(s)
	for i, d := range s.Drives {
		if err := d.WriteSmall("mark", []byte(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	check := func(when string) {
		t.Helper()
		s := mustOpen(t, p)
		defer s.Close()
		if !slices.Equal(idsOf(s), want) {
			t.Fatalf("%s: %q, want %q", when, idsOf(s), want)
		}
		for i, d := range s.Drives {
			if b, err := d.ReadSmall("mark"); err != nil || string(b) != fmt.Sprint(i) || d.Place != i {
				t.Fatalf("%s: %s is at %d and says %q, %v", when, d.Path, i, b, err)
			}
			if s.Given[i].Path != p[i] {
				t.Fatalf("%s: %s was given at %d", when, s.Given[i].Path, i)
			}
		}
		wantStates(t, s, "oooo")
	}
	slices.Reverse(p)
	check("reversed")
	// The folders themselves swapped, under the same paths.
	for _, m := range [][2]string{{p[0], p[0] + "x"}, {p[1], p[0]}, {p[0] + "x", p[1]}} {
		if err := os.Rename(m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	check("swapped")
}

// TestUnusableDrivesAreOffline: each is named with what to do, and left alone.
func TestUnusableDrivesAreOffline(t *testing.T) {
	p := formatted(t, 8)
	for _, i := range []int{0, 1, 2, 3} {
		if err := os.RemoveAll(p[i]); err != nil {
			t.Fatal(err)
		}
	}
	write(t, p[1], "a file")
	write(t, formatPath(p[2]), "{")
	write(t, filepath.Join(p[3], croftDir), "a file")
	before := tree(t, p[2])
	s := mustOpen(t, p)
	wantStates(t, s, "----oooo")
	for i, mention := range []string{"is missing", "is a file", "format file", "cannot be used as a drive"} {
		wantReason(t, s.Given[i], mention)
	}
	s.Look(t.Context())
	wantStates(t, s, "----oooo")
	if _, err := os.Stat(p[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the missing drive's folder was made")
	}
	if after := tree(t, p[2]); !slices.Equal(before, after) {
		t.Error("the damaged drive was changed")
	}
}

// TestBlankDriveTakesALostOnesPlace, while enough others are here.
func TestBlankDriveTakesALostOnesPlace(t *testing.T) {
	empty := func(t *testing.T, paths ...string) {
		t.Helper()
		for _, p := range paths {
			if err := errors.Join(os.RemoveAll(p), os.Mkdir(p, 0o700)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n, most := range map[int]int{2: 1, 3: 1, 4: 1, 6: 2, 16: 4} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p := formatted(t, n)
			empty(t, p[n-most:]...)
			s := mustOpen(t, p)
			wantStates(t, s, strings.Repeat("o", n-most)+strings.Repeat("h", most))
			if s.Replaced() != AllPlaces(n)&^AllPlaces(n-most) {
				t.Fatalf("replaced %b", s.Replaced())
			}
			for i := range n {
				if err := s.Healed(i); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			if most+1 > n-1 { // of two drives there is only one that knows
				return
			}
			empty(t, p[:most+1]...)
			before := tree(t, p[0])
			s, err := openFolders(Config{Parity: -1}, p)
			if err != nil { // not even to be read
				wantCode(t, err, objectstore.ErrReadQuorum.Code, p[0], "is empty and too few other drives")
			} else {
				s.Look(t.Context())
				wantStates(t, s, strings.Repeat("-", most+1)+strings.Repeat("o", n-most-1))
				wantReason(t, s.Given[0], "is empty and too few other drives")
				s.Close()
			}
			if !slices.Equal(before, tree(t, p[0])) {
				t.Error("the empty folder was written to")
			}
		})
	}
	t.Run("without parity", func(t *testing.T) {
		p := folders(t, 2)
		if err := tryFolders(0, p...); err != nil {
			t.Fatal(err)
		}
		empty(t, p[1])
		wantCode(t, tryFolders(-1, p...), objectstore.ErrReadQuorum.Code, p[1])
		if entries, err := os.ReadDir(p[1]); err != nil || len(entries) != 0 {
			t.Errorf("the empty folder was written to: %v, %v", entries, err)
		}
	})
}

// TestFolderIsEmptiedAndFilled follows the advice that a replaced drive is refused
// with, on one that also holds Croft's state.
func TestFolderIsEmptiedAndFilled(t *testing.T) {
	p := formatted(t, 4)
	for _, f := range []string{"croft.db", "log/1.seg", "bodies/00/x", "epoch"} {
		write(t, filepath.Join(p[0], croftDir, f), "x")
	}
	old := filepath.Join(t.TempDir(), "old")
	if err := errors.Join(os.Rename(p[0], old), os.Mkdir(p[0], 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := tryFolders(-1, p...); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(p[0]), os.Rename(old, p[0])); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, p)
	wantStates(t, s, "-ooo")
	wantReason(t, s.Given[0], "was replaced", "delete bodies, epoch, log and format.json from its .croft folder")
	if err := os.Remove(formatPath(p[0])); err != nil {
		t.Fatal(err)
	}
	s.Look(t.Context())
	wantReason(t, s.Given[0], "its format file is gone", "delete bodies")
	for _, name := range []string{"bodies", "epoch", "log"} {
		if err := os.RemoveAll(filepath.Join(p[0], croftDir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if back := s.Look(t.Context()); back != 1 {
		t.Fatalf("%b came back", back)
	}
	wantStates(t, s, "hooo")
	if got := read(t, filepath.Join(p[0], croftDir, "croft.db")); got != "x" {
		t.Fatal("the state is gone")
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	p := folders(t, 2)
	mine := []string{"photo.jpg", "tmp/mine", ".croft/croft.db"}
	for _, p := range p {
		for _, f := range mine {
			write(t, filepath.Join(p, f), "mine")
		}
	}
	for range 2 {
		if err := tryFolders(-1, p...); err != nil {
			t.Fatal(err)
		}
		for _, f := range mine {
			if got := read(t, filepath.Join(p[0], f)); got != "mine" {
				t.Fatalf("%s: %q", f, got)
			}
		}
	}
}

// TestFoldersOnOneDiskShareIt.
func TestFoldersOnOneDiskShareIt(t *testing.T) {
	p := folders(t, 4)
	for range 2 { // made by the first start, found by the second
		s := mustOpen(t, p)
		h := s.Health(t.Context())
		if h[0].FileSystem == "" || h[0].FileSystem != h[3].FileSystem || h[0].TotalBytes == 0 {
			t.Fatalf("%+v", h)
		}
		if sum := s.Space(t.Context()); sum.Total != h[0].TotalBytes || sum.Least > sum.Free/4 {
			t.Fatalf("%+v of %+v", sum, h[0])
		}
		s.Close()
	}
}

// TestFolderComesBack looks for real folders again.
func TestFolderComesBack(t *testing.T) {
	p := formatted(t, 4)
	s := mustOpen(t, p)
	f, err := s.Drives[1].Create("f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	s.Drives[1].Fence("It was pulled.")
	if err := os.Rename(p[1], p[1]+".away"); err != nil {
		skipOutsideCI(t, "a folder in use cannot be moved here", err)
	}
	s.Look(t.Context())
	wantStates(t, s, "o-oo")
	if err := f.Sync(); !errors.Is(err, ErrAway) {
		t.Fatal(err)
	}
	if err := os.Mkdir(p[1], 0o700); err != nil {
		t.Fatal(err)
	}
	s.Look(t.Context())
	wantStates(t, s, "ohoo")
	if s.Replaced() != 2 {
		t.Fatalf("replaced %b", s.Replaced())
	}
	if err := s.Drives[1].WriteSmall("x", nil); err != nil {
		t.Fatal(err)
	}
	// Nothing is kept open of what was let go of.
	s.Drives[1].Fence("It was pulled.")
	for range 3 {
		s.Look(t.Context())
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		open := 0
		for _, fd := range fds {
			if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(target, filepath.Dir(p[0])) {
				open++
			}
		}
		if open != 2*4+1 { // each drive's folder and lock, and f
			t.Errorf("%d files are open", open)
		}
	}
}

func TestGeometry(t *testing.T) {
	f := func(drives, parity, wantParity, wantRead, wantWrite, wantOthers int) {
		t.Helper()
		g, err := NewGeometry(drives, parity)
		if err != nil || !g.Valid() || g.Parity != wantParity || g.ReadQuorum() != wantRead || g.WriteQuorum() != wantWrite || enoughOthers(g) != wantOthers {
			t.Errorf("%d drives, parity %d: %+v, read %d, write %d, others %d, %v",
				drives, parity, g, g.ReadQuorum(), g.WriteQuorum(), enoughOthers(g), err)
		}
	}
	f(1, -1, 0, 1, 1, 1)
	f(2, -1, 1, 1, 2, 1)
	f(3, -1, 1, 2, 2, 2)
	f(4, -1, 2, 2, 3, 3)
	f(5, -1, 2, 3, 3, 3)
	f(6, -1, 3, 3, 4, 4)
	f(7, -1, 3, 4, 4, 4)
	f(8, -1, 4, 4, 5, 5)
	f(16, -1, 4, 12, 12, 12)
	f(16, 8, 8, 8, 9, 9)
	f(4, 0, 0, 4, 4, 4)
}

// skipOutsideCI skips a test for want of something that CI has to have.
func skipOutsideCI(t *testing.T, lack string, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: %v", lack, err)
	}
	t.Skipf("SKIPPED for want of something: %s: %v", lack, err)
}

// TestLocalNamesProblems: what cannot be looked at is a problem of that drive.
func TestLocalNamesProblems(t *testing.T) {
	found, err := Local([]string{filepath.Join(t.TempDir(), strings.Repeat("x", 300))})
	if err != nil {
		t.Fatal(err)
	}
	if c := found[0]; c.Missing || errs.KindOf(c.Problem) != errs.Invalid {
		t.Fatalf("%+v", c)
	}
}
