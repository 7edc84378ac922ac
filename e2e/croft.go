package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should come in a second or two. It
// is for machines that are busy, not a measure of anything.
const patience = 90 * time.Second

var built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Main runs a package's tests and removes the binary that they built.
func Main(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// Binary builds croft from this repository once for the test process.
func Binary(tb testing.TB) string {
	tb.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "croft-e2e-"); built.err != nil {
			return
		}
		built.path = filepath.Join(built.dir, "croft")
		cmd := exec.Command("go", "build", "-o", built.path, ".")
		cmd.Dir = Root(tb)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build croft: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		tb.Fatal(built.err)
	}
	return built.path
}

// Root is the repository's folder.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			tb.Fatal("no go.mod above the test's folder")
		}
		dir = filepath.Dir(dir)
	}
}

// Croft is one data set served by one process at a time.
type Croft struct {
	Drives  []string
	State   string // empty: the default beside the data
	Env     []string
	Flags   []string
	Console string // base URL
	S3      string // base URL

	tb   testing.TB
	proc *process
}

// New prepares a Croft on that many empty drive folders and two free ports of
// loopback, its state folder beside the drives; Start starts it.
func New(tb testing.TB, drives int) *Croft {
	tb.Helper()
	dir := tb.TempDir()
	c := &Croft{tb: tb, State: filepath.Join(dir, "state")}
	for i := range drives {
		drive := filepath.Join(dir, fmt.Sprintf("drive%d", i+1))
		if err := os.Mkdir(drive, 0o755); err != nil {
			tb.Fatal(err)
		}
		c.Drives = append(c.Drives, drive)
	}
	c.S3, c.Console = "http://"+FreeAddress(tb), "http://"+FreeAddress(tb)
	tb.Cleanup(func() {
		c.Kill()
		if tb.Failed() && c.proc != nil {
			tb.Logf("croft's last words:\n%s", lastLines(c.proc.output.String(), 80))
		}
	})
	return c
}

// WithAccount makes the first account at start, without the set-up page. Name
// and password are its S3 keys too.
func (c *Croft) WithAccount(name, password string) *Croft {
	c.Env = append(c.Env, "CROFT_ROOT_USER="+name, "CROFT_ROOT_PASSWORD="+password)
	return c
}

// Args is the command line.
func (c *Croft) Args() []string {
	args := []string{"server", "--address", host(c.S3), "--console-address", host(c.Console)}
	if c.State != "" {
		args = append(args, "--state", c.State)
	}
	return append(append(args, c.Flags...), c.Drives...)
}

// Start starts the program and waits until it is ready.
func (c *Croft) Start() *Croft {
	c.tb.Helper()
	c.proc = start(c.tb, c.Env, c.Args()...)
	deadline := time.Now().Add(patience)
	for {
		resp, err := loopback.Get(c.Console + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return c
			}
		}
		select {
		case <-c.proc.done:
			c.tb.Fatalf("croft ended with code %d instead of serving", c.proc.code())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			c.tb.Fatalf("croft is not ready: %v", err)
		}
	}
}

var setupLink = regexp.MustCompile(`https?://\S+/setup#token=[^\s"]+`)

// SetupLink waits for the one-time link that the program prints, and returns it
// on the console's own address.
func (c *Croft) SetupLink() string {
	c.tb.Helper()
	link := c.proc.waitFor(c.tb, setupLink)
	return c.Console + link[strings.Index(link, "/setup#"):]
}

// Kill ends the program as a power cut would.
func (c *Croft) Kill() {
	if c.proc != nil {
		_ = c.proc.cmd.Process.Kill()
		<-c.proc.done
	}
}

// Stop asks the program to end and wants it to end cleanly.
func (c *Croft) Stop() {
	c.tb.Helper()
	if err := c.proc.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.tb.Fatal(err)
	}
	select {
	case <-c.proc.done:
	case <-time.After(patience):
		c.tb.Fatal("croft does not stop on SIGTERM")
	}
	if code := c.proc.code(); code != 0 {
		c.tb.Fatalf("croft ended with code %d on SIGTERM", code)
	}
}

// WaitFor waits until what the process has printed since its start matches.
func (c *Croft) WaitFor(pattern string) { c.proc.waitFor(c.tb, regexp.MustCompile(pattern)) }

// Output is what the program has printed since it was last started.
func (c *Croft) Output() string { return c.proc.output.String() }

// Refusal runs croft and wants it to end by itself with a failure. It returns
// what was printed.
func Refusal(tb testing.TB, args ...string) string {
	tb.Helper()
	p := start(tb, nil, args...)
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.done
		tb.Fatalf("croft %s: still serving, should refuse:\n%s", strings.Join(args, " "), p.output.String())
	}
	if p.code() == 0 {
		tb.Fatalf("croft %s: ended with code 0, should fail:\n%s", strings.Join(args, " "), p.output.String())
	}
	return p.output.String()
}

// process is a running croft and what it prints.
type process struct {
	cmd    *exec.Cmd
	done   chan struct{}
	output output
}

func start(tb testing.TB, env []string, args ...string) *process {
	tb.Helper()
	p := &process{cmd: exec.Command(Binary(tb), args...), done: make(chan struct{})}
	p.cmd.Env = append(without(os.Environ(), "CROFT_ROOT_USER", "CROFT_ROOT_PASSWORD"), env...)
	p.cmd.Dir = tb.TempDir()
	p.cmd.SysProcAttr = dieWithUs()
	read, write := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = write, write
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		lines := bufio.NewReader(read)
		for {
			line, err := lines.ReadString('\n')
			p.output.add(line)
			if err != nil {
				return
			}
		}
	}()
	go func() {
		_ = p.cmd.Wait()
		_ = write.Close()
		<-copied
		close(p.done)
	}()
	return p
}

func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }

// waitFor waits until the output has a match and returns it.
func (p *process) waitFor(tb testing.TB, pattern *regexp.Regexp) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	for {
		text, more := p.output.watch()
		if match := pattern.FindString(text); match != "" {
			return match
		}
		select {
		case <-more:
		case <-p.done:
			tb.Fatalf("croft ended with code %d before it printed %s", p.code(), pattern)
		case <-ctx.Done():
			tb.Fatalf("croft did not print %s", pattern)
		}
	}
}

// output collects text and wakes who waits for more.
type output struct {
	mu   sync.Mutex // guards the following two
	text bytes.Buffer
	more chan struct{}
}

func (o *output) add(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(s)
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
}

// watch returns what there is and a channel that is closed when there is more.
func (o *output) watch() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.text.String(), o.more
}

func (o *output) String() string {
	text, _ := o.watch()
	return text
}

// FreeAddress is an address of loopback that nobody listens on, outside the
// range that outgoing connections take their ports from.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", nextPort()))
		if err != nil {
			continue
		}
		address := l.Addr().String()
		_ = l.Close()
		return address
	}
	tb.Fatal("no free port on loopback")
	return ""
}

var ports struct {
	mu   sync.Mutex // guards next
	next int
}

// nextPort starts at a place of this process's own.
func nextPort() int {
	ports.mu.Lock()
	defer ports.mu.Unlock()
	if ports.next == 0 {
		ports.next = os.Getpid() * 64
	}
	ports.next++
	return 11000 + ports.next%20000
}

// lastLines is the end of a text, each line cut to what a reader of a log wants.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		if len(line) > 600 {
			lines[i] = line[:600] + "…"
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func host(url string) string { return strings.TrimPrefix(url, "http://") }

func without(env []string, names ...string) []string {
	var kept []string
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		keep := true
		for _, n := range names {
			keep = keep && n != name
		}
		if keep {
			kept = append(kept, pair)
		}
	}
	return kept
}

// Run runs a program to its end and returns what it printed; it must succeed.
func Run(tb testing.TB, dir string, env []string, name string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			tb.Fatal(err)
		}
		tb.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
