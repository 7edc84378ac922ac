package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Browser is a headless Chromium with a profile of its own, driven by
// browser/driver.mjs.
type Browser struct {
	tb      testing.TB
	in      io.WriteCloser
	answers *bufio.Reader
	stderr  *output
	id      int
}

// Results is the folder that pictures of pages go to.
func Results(tb testing.TB) string { return filepath.Join(Root(tb), "e2e", "results") }

// NewBrowser starts Chromium.
func NewBrowser(tb testing.TB) *Browser {
	tb.Helper()
	node := NeedCommand(tb, "node")
	chromium := NeedCommand(tb, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	driver := filepath.Join(Root(tb), "e2e", "browser", "driver.mjs")
	if _, err := os.Stat(filepath.Join(Root(tb), "e2e", "node_modules", "playwright-core")); err != nil {
		Lack(tb, "playwright-core is not installed (scripts/npm-ci.sh e2e)")
	}
	b := &Browser{tb: tb, stderr: &output{}}
	cmd := exec.Command(node, driver, chromium, tb.TempDir(), Results(tb), strconv.Itoa(int(patience/time.Millisecond)))
	cmd.SysProcAttr = dieWithUs()
	var err error
	if b.in, err = cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stderr = b.stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	b.answers = bufio.NewReader(out)
	tb.Cleanup(func() {
		_ = b.in.Close() // the driver closes Chromium and ends
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	return b
}

// Write takes what the driver prints on stderr.
func (o *output) Write(p []byte) (int, error) {
	o.add(string(p))
	return len(p), nil
}

// Do does one step of browser/steps.mjs, which must succeed, and decodes its result.
func (b *Browser) Do(step string, args map[string]any, result any) {
	b.tb.Helper()
	b.Begin(step, args)
	b.End(result)
}

// Begin starts a step and returns at once; End waits for it.
func (b *Browser) Begin(step string, args map[string]any) {
	b.tb.Helper()
	b.id++
	line, err := json.Marshal(map[string]any{"id": b.id, "step": step, "args": args})
	if err != nil {
		b.tb.Fatal(err)
	}
	if _, err := b.in.Write(append(line, '\n')); err != nil {
		b.tb.Fatalf("the browser is gone: %v\n%s", err, b.stderr.String())
	}
}

// End waits for the step that was begun and decodes its result.
func (b *Browser) End(result any) {
	b.tb.Helper()
	line, err := b.answers.ReadString('\n')
	if err != nil {
		b.tb.Fatalf("the browser is gone: %v\n%s", err, b.stderr.String())
	}
	var answer struct {
		ID     int
		OK     bool
		Error  string
		Result json.RawMessage
	}
	if err := json.Unmarshal([]byte(line), &answer); err != nil {
		b.tb.Fatalf("the browser said %q: %v", line, err)
	}
	if !answer.OK {
		b.tb.Fatalf("in the browser: %s\n(pictures in %s)", strings.TrimSpace(answer.Error), Results(b.tb))
	}
	if result != nil {
		if err := json.Unmarshal(answer.Result, result); err != nil {
			b.tb.Fatal(fmt.Errorf("result %s: %w", answer.Result, err))
		}
	}
}
