package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"go.uber.org/goleak"

	"croft/internal/ids"
	"croft/internal/testimage"
	"croft/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newExecutor makes an executor with an instance of its own and checks at the end that nothing
// of that instance is left on the engine.
func newExecutor(t *testing.T, change ...func(*Config)) *Executor {
	t.Helper()
	testimage.Engine(t)
	cfg := Config{InstanceID: "test-" + ids.New(), StopWait: 10 * time.Second}
	for _, f := range change {
		f(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// newRun prepares a run with the given files and removes it at the end of the test.
func newRun(t *testing.T, e *Executor, files map[string]string) string {
	t.Helper()
	runID := ids.New()
	t.Cleanup(func() { removeAndCheck(t, e, runID) })
	if err := e.Prepare(patient(t), runID, "", tarOf(t, files)); err != nil {
		t.Fatal(err)
	}
	return runID
}

func removeAndCheck(t *testing.T, e *Executor, runID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := e.Remove(ctx, runID); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if left := remains(t, e, runID); !left.none() {
		t.Errorf("left on the engine: %+v", left)
	}
}

func remains(t *testing.T, e *Executor, runID string) things {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	left, err := e.listed(ctx, e.mine(runID))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// patient is the test's context with an end, so that a hanging call fails the test.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func script(t *testing.T, runID string, items ...string) pipeline.StepSpec {
	t.Helper()
	return pipeline.StepSpec{RunID: runID, StepID: ids.New(), Name: "a step", Image: testimage.Busybox(t), Script: items}
}

func tarOf(t *testing.T, files map[string]string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(files[name]))}
		if target, ok := strings.CutPrefix(files[name], "-> "); ok {
			h = &tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
		}
		if strings.HasSuffix(name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, files[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// importImage makes an image out of files for one test.
func importImage(t *testing.T, files map[string]string, changes ...string) string {
	t.Helper()
	api := testimage.Engine(t)
	name := "croft-test/once:" + ids.New()
	body, err := api.ImageImport(patient(t), image.ImportSource{Source: tarOf(t, files), SourceName: "-"}, name,
		image.ImportOptions{Changes: append(changes, "LABEL "+testimage.Label)})
	if err != nil {
		t.Fatal(err)
	}
	removeImageLater(t, name)
	if err := readProgress(body, func(string) {}); err != nil {
		t.Fatal(err)
	}
	_ = body.Close()
	return name
}

// changedImage is the busybox image with a changed configuration, for one test.
func changedImage(t *testing.T, changes ...string) string {
	t.Helper()
	api := testimage.Engine(t)
	ctx := patient(t)
	c, err := api.ContainerCreate(ctx, &container.Config{Image: testimage.Busybox(t)}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	name := "croft-test/once:" + ids.New()
	removeImageLater(t, name)
	_, err = api.ContainerCommit(ctx, c.ID, container.CommitOptions{Reference: name, Changes: changes})
	if err := errors.Join(err, api.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true})); err != nil {
		t.Fatal(err)
	}
	return name
}

// removeImageLater must come before newRun: an image that a container still has is only untagged.
func removeImageLater(t *testing.T, name string) {
	t.Helper()
	api := testimage.Engine(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, _ = api.ImageRemove(ctx, name, image.RemoveOptions{Force: true})
	})
}

// recorder is a log sink that can be waited on.
type recorder struct {
	mu     sync.Mutex // guards the following three fields
	text   map[string]string
	writes []string
	change chan struct{}
	fail   error
}

func newRecorder() *recorder {
	return &recorder{text: map[string]string{}, change: make(chan struct{})}
}

func (r *recorder) WriteLog(_ time.Time, stream string, p []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text[stream] += string(p)
	r.writes = append(r.writes, string(p))
	close(r.change)
	r.change = make(chan struct{})
	return r.fail
}

func (r *recorder) stdout() string { return r.stream("stdout") }
func (r *recorder) stderr() string { return r.stream("stderr") }

func (r *recorder) stream(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text[name]
}

// await returns when line stands in one of the streams.
func (r *recorder) await(t *testing.T, line string) {
	t.Helper()
	late := time.After(3 * time.Minute)
	for {
		r.mu.Lock()
		both, change := "\n"+r.text["stdout"]+"\n"+r.text["stderr"], r.change
		r.mu.Unlock()
		if strings.Contains(both, "\n"+line+"\n") {
			return
		}
		select {
		case <-change:
		case <-late:
			t.Fatalf("no line %q in %q", line, both)
		}
	}
}

// plain takes the echo of the script's items out of an output.
func plain(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "$ ") && !strings.HasPrefix(line, "  ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
