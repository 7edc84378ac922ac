package erasure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"croft/objectstore"
)

// childTraced is set in the environment of the child that is traced.
const childTraced = "CROFT_ERASURE_TEST_TRACED"

// tracedWrites are one of each kind of write. What they need is made before.
var tracedWrites = []struct {
	name  string
	large bool // a body goes to files of its own
	do    func(ctx context.Context, s *Store, u objectstore.UploadRef) error
}{
	{"small put", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		return putBytes(ctx, s, "small", randomBytes(5000, 1))
	}},
	{"striped put", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		return putBytes(ctx, s, "striped", randomBytes(500_000, 1))
	}},
	{"large put", true, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		return putBytes(ctx, s, "large", randomBytes(5<<20, 2))
	}},
	{"part", true, func(ctx context.Context, s *Store, u objectstore.UploadRef) error {
		_, err := s.PutPart(ctx, objectstore.PutPartRequest{Upload: u, Number: 1, Body: readerOf(randomBytes(100_000, 3)), Size: -1})
		return err
	}},
	{"complete", false, func(ctx context.Context, s *Store, u objectstore.UploadRef) error {
		_, err := s.CompleteUpload(ctx, objectstore.CompleteUploadRequest{Upload: u, Parts: []objectstore.PartChoice{{Number: 1}}})
		return err
	}},
	{"begin upload", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		_, err := s.CreateUpload(ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "k"})
		return err
	}},
	{"copy", true, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		_, err := s.Copy(ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "large", Bucket: "bucket", Key: "copy"})
		return err
	}},
	{"delete", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		_, err := s.Delete(ctx, "bucket", "small")
		return err
	}},
	{"delete all", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		return s.DeleteAll(ctx, "bucket", []string{"large"})[0]
	}},
	{"make bucket", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		_, err := s.CreateBucket(ctx, objectstore.Bucket{Name: "another"})
		return err
	}},
	{"drop bucket", false, func(ctx context.Context, s *Store, _ objectstore.UploadRef) error {
		return s.DeleteBucket(ctx, "another")
	}},
}

// TestTracedChild is the child of TestSyncedBeforeAcknowledged, and nothing otherwise.
func TestTracedChild(t *testing.T) {
	if os.Getenv(childTraced) == "" {
		return
	}
	if err := writeTraced(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// writeTraced does the writes, each between two marks, on drives that were never
// used: the first one has everything to make.
func writeTraced(ctx context.Context) error {
	s, err := Open(ctx, Config{Drives: strings.Split(os.Getenv(childTraced), "\n"), Parity: -1, SegmentBytes: 64 << 10})
	if err != nil {
		return err
	}
	mark := func(text string) { _, _ = os.Stdout.WriteString("mark " + text + "\n") }
	mark("begin first bucket")
	if _, err := s.CreateBucket(ctx, objectstore.Bucket{Name: "bucket"}); err != nil {
		return err
	}
	mark("done first bucket")
	u, err := s.CreateUpload(ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "in parts"})
	if err != nil {
		return err
	}
	for _, w := range tracedWrites {
		mark("begin " + w.name)
		if err := w.do(ctx, s, u.UploadRef); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		mark("done " + w.name)
	}
	return s.Close()
}

// TestSyncedBeforeAcknowledged traces the system calls of each kind of write. When
// it is acknowledged, a write quorum of drives has it in the log, with nothing that
// is not synced: no bytes of a file, no entry of a folder. A body is there already
// before the log says anything of it.
func TestSyncedBeforeAcknowledged(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		skipOutsideCI(t, "no strace", err)
	}
	paths := pathsIn(t.TempDir(), 4)
	output := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-s", "48", "-o", output,
		"-e", "trace=write,pwrite64,pwritev,fsync,fdatasync,openat,mkdirat,renameat,renameat2", os.Args[0], "-test.run", "^TestTracedChild$")
	cmd.Env = append(os.Environ(), childTraced+"="+strings.Join(paths, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("ptrace")) {
			skipOutsideCI(t, "nothing can be traced here", err)
		}
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	w := newWatch(paths)
	for line := range strings.Lines(string(b)) {
		w.see(strings.TrimSpace(line))
	}
	for _, f := range w.failures {
		t.Error(f)
	}
	if want := len(tracedWrites) + 1; w.checked != want {
		t.Errorf("%d writes were looked at, want %d", w.checked, want)
	}
}

// watch follows a trace.
type watch struct {
	drives   []string
	line     int
	open     map[string]call // calls that have not returned, by thread
	files    map[string]state
	marked   string            // the write that goes on
	records  map[string]string // the writes that records of the log were first seen in
	logged   map[string]bool   // drives that the log was written to since
	bodied   map[string]bool   // drives that a body was written to since
	checked  int
	failures []string
}

type call struct {
	text  string
	began int
}

// state is when a file, or a folder's entries, last began to differ from what is
// synced; 0 is that they do not.
type state struct{ changed int }

func newWatch(paths []string) *watch {
	w := &watch{open: map[string]call{}, files: map[string]state{}, records: map[string]string{}}
	for _, p := range paths {
		w.drives = append(w.drives, filepath.Join(p, ".croft"))
	}
	return w
}

var (
	callLine   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	descriptor = regexp.MustCompile(`^-?\w+<([^>]*)>`)
	offsetOf   = regexp.MustCompile(`, (\d+)(?:\).*)?$`)
	folderName = regexp.MustCompile(`-?\w+<([^>]*)>, "([^"]*)"`)
)

func (w *watch) see(line string) {
	w.line++
	if m := resumed.FindStringSubmatch(line); m != nil {
		c := w.open[m[1]]
		delete(w.open, m[1])
		w.end(m[2], c.text+m[3], c.began)
		return
	}
	m := callLine.FindStringSubmatch(line)
	if m == nil {
		return
	}
	text, unfinished := strings.CutSuffix(m[3], " <unfinished ...>")
	w.begin(m[2], text)
	if unfinished {
		w.open[m[1]] = call{text, w.line}
		return
	}
	w.end(m[2], text, w.line)
}

// begin sees a call that has begun: bytes that are being written are not synced.
func (w *watch) begin(name, text string) {
	if !strings.Contains(name, "write") {
		return
	}
	file := pathOf(text)
	if name == "write" && strings.Contains(text, `"mark `) {
		w.mark(text)
		return
	}
	drive := w.drive(file)
	if drive == "" {
		return
	}
	if strings.HasSuffix(file, ".seg") && !w.late(file, text) && w.marked != "" {
		if w.expectsBody() && len(w.logged) == 0 {
			if n := w.settled(w.bodied); n < 3 {
				w.fail("the log was told when the body was synced on %d drives", n)
			}
		}
		w.logged[drive] = true
	}
	if strings.Contains(file, "/bodies/") {
		w.bodied[drive] = true
	}
	w.files[file] = state{w.line}
}

// late reports whether a record that is being written was known before the write
// that goes on: it goes to a drive that was not waited for. A record is in the same
// place on all drives.
func (w *watch) late(file, text string) bool {
	at := offsetOf.FindStringSubmatch(text)
	record := path.Base(file) + at[1]
	in, known := w.records[record]
	if !known {
		w.records[record] = w.marked
	}
	return known && in != w.marked
}

// end sees a call that has returned.
func (w *watch) end(name, text string, began int) {
	if strings.Contains(text, ") = -1 ") {
		return
	}
	file := pathOf(text)
	switch name {
	case "pwrite64", "pwritev", "write":
		if w.drive(file) != "" {
			w.files[file] = state{w.line}
		}
	case "fsync", "fdatasync":
		if s, ok := w.files[file]; ok && s.changed < began {
			delete(w.files, file)
		}
	case "openat":
		if strings.Contains(text, "O_CREAT") {
			w.entered(text)
		}
	case "mkdirat":
		w.entered(text)
	case "renameat", "renameat2":
		m := folderName.FindAllStringSubmatch(text, 2)
		if len(m) != 2 {
			return
		}
		from, to := path.Join(m[0][1], m[0][2]), path.Join(m[1][1], m[1][2])
		if s, ok := w.files[from]; ok {
			w.files[to] = s
			delete(w.files, from)
		}
		w.entry(to)
	}
}

// entered sees a name that was made.
func (w *watch) entered(text string) {
	if m := folderName.FindStringSubmatch(text); m != nil {
		w.entry(path.Join(m[1], m[2]))
	}
}

func (w *watch) entry(file string) {
	if w.drive(file) != "" && !passing(file) {
		w.files[path.Dir(file)] = state{w.line}
	}
}

// passing are files that nothing durable depends on.
func passing(file string) bool {
	name := path.Base(file)
	return strings.HasPrefix(name, "catalogue") || strings.HasSuffix(name, ".free") || strings.HasSuffix(name, ".new") ||
		strings.Contains(name, "lock") || strings.Contains(name, "probe")
}

func pathOf(text string) string {
	if m := descriptor.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func (w *watch) drive(file string) string {
	for _, d := range w.drives {
		if file == d || strings.HasPrefix(file, d+"/") {
			return d
		}
	}
	return ""
}

// settled counts the drives of some that have nothing that is not synced.
func (w *watch) settled(of map[string]bool) (n int) {
	for d := range of {
		clean := true
		for file := range w.files {
			clean = clean && (w.drive(file) != d || passing(file))
		}
		if clean {
			n++
		}
	}
	return n
}

func (w *watch) expectsBody() bool {
	for _, x := range tracedWrites {
		if x.name == w.marked {
			return x.large
		}
	}
	return false
}

func (w *watch) mark(text string) {
	_, what, _ := strings.Cut(text, `"mark `)
	what, _, _ = strings.Cut(what, `\n`)
	if name, begins := strings.CutPrefix(what, "begin "); begins {
		w.marked, w.logged, w.bodied = name, map[string]bool{}, map[string]bool{}
		return
	}
	if n := w.settled(w.logged); n < 3 {
		w.fail("acknowledged when it was synced on %d drives; not synced: %v", n, w.files)
	}
	if w.expectsBody() && len(w.bodied) < 3 {
		w.fail("bodies were written to %d drives", len(w.bodied))
	}
	w.checked++
	w.marked = ""
}

func (w *watch) fail(format string, args ...any) {
	w.failures = append(w.failures, fmt.Sprintf("%s (line %d): ", w.marked, w.line)+fmt.Sprintf(format, args...))
}
