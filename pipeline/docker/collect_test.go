package docker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/internal/ids"
)

func TestCollect(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, map[string]string{
		"a.txt": "a", "b.log": "bb", "bin/app": "app", "bin/sub/tool": "tool", "bin/sub/deep/x.txt": "x", "näme/文.txt": "u",
		"out/passwd": "-> /etc/passwd", "away": "-> ../../etc", "etcetera": "-> /etc", "inward": "-> bin", "empty": "", "weird[1].txt": "w",
	})
	if _, err := e.Run(patient(t), script(t, runID, "ln bin/app bin/again", "mkfifo bin/pipe"), newRecorder()); err != nil {
		t.Fatal(err)
	}
	f := func(pattern string, want ...string) {
		t.Run(pattern, func(t *testing.T) {
			var got []string
			n, err := e.Collect(patient(t), runID, pattern, func(_ context.Context, name string, size int64, body io.Reader) error {
				b, err := io.ReadAll(body)
				if int64(len(b)) != size {
					t.Errorf("%s: %d bytes, size said %d", name, len(b), size)
				}
				got = append(got, name+"="+string(b))
				return err
			})
			slices.Sort(got)
			slices.Sort(want)
			if err != nil || n != len(want) || !slices.Equal(got, want) {
				t.Errorf("got %d %q, %v, want %q", n, got, err, want)
			}
		})
	}
	f("a.txt", "a.txt=a")
	f("./a.txt", "a.txt=a")
	f("nothing")
	f("nothing/here")
	f("a.txt/b")
	f("empty", "empty=")
	f("*.txt", "a.txt=a", "weird[1].txt=w")
	f("**/*.txt", "a.txt=a", "bin/sub/deep/x.txt=x", "näme/文.txt=u", "weird[1].txt=w")
	f("bin", "bin/app=app", "bin/again=app", "bin/sub/tool=tool", "bin/sub/deep/x.txt=x")
	f("bin/", "bin/app=app", "bin/again=app", "bin/sub/tool=tool", "bin/sub/deep/x.txt=x")
	f("bin/*", "bin/app=app", "bin/again=app")
	f("bin/sub/**", "bin/sub/tool=tool", "bin/sub/deep/x.txt=x")
	f("bin/{app,sub/t*}", "bin/app=app", "bin/sub/tool=tool")
	f(`weird\[1\].txt`, "weird[1].txt=w")
	f("näme/*", "näme/文.txt=u")
	// Links are not followed, neither as the file nor on the way to it.
	f("out/passwd")
	f("out/**")
	f("away/hosts")
	f("away/*")
	f("etcetera/*")
	f("inward/*")
}

func TestCollectRefuses(t *testing.T) {
	e := newExecutor(t)
	for _, pattern := range []string{"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "**/../x", "{a,..}/x", "a[", "a\x00b"} {
		_, err := e.Collect(patient(t), "none", pattern, nil)
		if code, _ := errs.Public(err); code != "artifact_pattern_invalid" {
			t.Errorf("%q: got %v", pattern, err)
		}
	}
	_, err := e.Collect(patient(t), ids.New(), "x", nil)
	if code, _ := errs.Public(err); code != "workspace_not_found" {
		t.Errorf("no workspace: got %v", err)
	}
}

func TestCollectStreamsBigFiles(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, nil)
	log := newRecorder()
	if _, err := e.Run(patient(t), script(t, runID, "head -c 150000000 /dev/urandom >big", "sha256sum big"), log); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	n, err := e.Collect(patient(t), runID, "big", func(_ context.Context, _ string, size int64, body io.Reader) error {
		if size != 150000000 {
			t.Errorf("size %d", size)
		}
		_, err := io.Copy(sum, body)
		return err
	})
	if want := fmt.Sprintf("%x  big\n", sum.Sum(nil)); n != 1 || err != nil || plain(log.stdout()) != want {
		t.Errorf("%d, %v: %q, want %q", n, err, want, log.stdout())
	}
}

func TestCollectEndsWithTheCallersError(t *testing.T) {
	e := newExecutor(t)
	runID := newRun(t, e, map[string]string{"a": "1", "b": "2"})
	full := errors.New("store is full")
	calls := 0
	_, err := e.Collect(patient(t), runID, "*", func(context.Context, string, int64, io.Reader) error {
		calls++
		return full
	})
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(patient(t))
	_, err = e.Collect(ctx, runID, "**", func(ctx context.Context, _ string, _ int64, _ io.Reader) error {
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestPrepareRefusesPathsOutside(t *testing.T) {
	e := newExecutor(t)
	for _, name := range []string{"../evil", "/etc/evil", "a/../../evil"} {
		runID := ids.New()
		err := e.Prepare(patient(t), runID, "", tarOf(t, map[string]string{name: "x"}))
		if code, _ := errs.Public(err); code != "workspace_path_invalid" {
			t.Errorf("%s: got %v", name, err)
		}
		removeAndCheck(t, e, runID)
	}
}

func TestPrepareReportsBrokenFiles(t *testing.T) {
	e := newExecutor(t)
	runID := ids.New()
	err := e.Prepare(patient(t), runID, "", io.MultiReader(io.LimitReader(tarOf(t, map[string]string{"a": strings.Repeat("x", 5000)}), 2000)))
	if code, _ := errs.Public(err); code != "workspace_files_unreadable" {
		t.Errorf("got %v", err)
	}
	removeAndCheck(t, e, runID)
}
