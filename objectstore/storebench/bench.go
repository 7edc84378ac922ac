package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"croft/objectstore/storebench/machine"
)

// scenario is one thing that is measured.
type scenario struct {
	name string
	what string
	once bool // by default with the first number of drives only
	run  func(ctx context.Context, b *bench) error
}

func scenarios() []scenario {
	small, middle, large := class{"4k", "4 KiB", 4 * kib, 16, 1000}, class{"1m", "1 MiB", mib, 8, 64}, class{"64m", "64 MiB", 64 * mib, 4, 8}
	return []scenario{
		{name: "put4k", what: small.what("PUT"), run: small.puts},
		{name: "get4k", what: small.what("GET, random over what was written"), run: small.gets},
		{name: "put1m", what: middle.what("PUT"), run: middle.puts},
		{name: "get1m", what: middle.what("GET"), run: middle.gets},
		{name: "put64m", what: large.what("PUT"), run: large.puts},
		{name: "get64m", what: large.what("GET"), run: large.gets},
		{name: "list", what: "pages of 1,000 of a large bucket: in order, random, with and without delimiter", run: lists},
		{name: "start", what: "from start to the first object read, after kill -9 in the middle of PUTs", run: starts},
		{name: "idle", what: "bytes written without any request", once: true, run: idles},
		{name: "delete", what: "DELETE in batches of 100, out of the large bucket", run: deletes},
		{name: "heal", what: "a drive replaced by a blank one", once: true, run: heals},
	}
}

// bench measures on one set of drives.
type bench struct {
	options
	dir    string // of this set
	drives []string
	data   int // shards of the set that hold data
	target target
	ring   ring
	disk   *machine.Disk
	errOut io.Writer

	set     set
	stored  map[string]*objects // by class
	large   *largeBucket
	buckets map[string]bool // that exist
}

// measureAll runs the chosen scenarios on each number of drives and prints
// tables as they come and all figures at the end.
func measureAll(ctx context.Context, o options, out, errOut io.Writer) (err error) {
	dir, err := os.MkdirTemp(o.dir, "croft-bench-")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(errOut, "drives and logs stay in", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	fs, memory := machine.FileSystem(dir)
	if memory {
		fmt.Fprintf(errOut, "WARNING: %s is memory, not a disk. Name a folder on a disk with -dir.\n", dir)
	}
	fmt.Fprintf(out, "%s, %s/%s, %d cores, drives are folders on one %s\n", o.mode, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), fs)
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var sets []set
	ring := newRing()
	for i, drives := range o.drives {
		b := &bench{options: o, dir: filepath.Join(dir, fmt.Sprintf("%ddrives", drives)), ring: ring, errOut: errOut, stored: map[string]*objects{}, buckets: map[string]bool{}}
		if err := b.measure(ctx, i, drives); err != nil {
			return fmt.Errorf("%d drives: %w%s", drives, err, b.lastWords())
		}
		report{out}.tables(b.set)
		sets = append(sets, b.set)
		if o.keep {
			continue
		}
		if err := os.RemoveAll(b.dir); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	for _, s := range sets {
		report{out}.figures(s)
	}
	return nil
}

// measure runs the scenarios on fresh drives.
func (b *bench) measure(ctx context.Context, index, drives int) (err error) {
	if err := os.Mkdir(b.dir, 0o755); err != nil {
		return err
	}
	for i := range drives {
		b.drives = append(b.drives, filepath.Join(b.dir, fmt.Sprintf("drive%d", i+1)))
		if err := os.Mkdir(b.drives[i], 0o755); err != nil {
			return err
		}
	}
	if b.disk, err = machine.OpenDisk(filepath.Join(b.dir, "disk"), b.streamBytes()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.disk.Close()) }()
	if b.target, err = b.newTarget(ctx); err != nil {
		return err
	}
	if err := b.target.start(ctx); err != nil {
		return err
	}
	data, parity := b.target.geometry()
	b.data = max(data, 1)
	b.set = set{
		title:  fmt.Sprintf("%d drives, %d data and %d parity", drives, data, parity),
		prefix: b.mode, drives: fmt.Sprintf("%ddrives", drives),
	}
	if b.inProcess {
		b.set.prefix = "engine-s3"
	}
	if !b.noMachine {
		err = b.machineFigures(ctx)
	}
	for _, s := range scenarios() {
		if b.wants(s, index) && err == nil {
			err = b.runScenario(ctx, s)
		}
	}
	// Also after a failure, and after an interrupt: the store must be gone before
	// its folders are.
	return errors.Join(err, b.target.stop(context.WithoutCancel(ctx)))
}

// lastWords is the end of the store's log.
func (b *bench) lastWords() string {
	text, err := os.ReadFile(b.logFile())
	if err != nil || len(text) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "\nThe store's last words:\n" + strings.Join(lines[max(0, len(lines)-30):], "\n")
}

func (b *bench) logFile() string { return filepath.Join(b.dir, "store.log") }

func (b *bench) newTarget(ctx context.Context) (target, error) {
	switch {
	case b.mode == "s3":
		return newCroft(ctx, b.binary, b.drives, []string{"--parity", fmt.Sprint(b.parity)}, b.logFile())
	case b.inProcess:
		return &engineS3{engine: engine{drives: b.drives, parity: b.parity, logFile: b.logFile()}}, nil
	}
	return &engine{drives: b.drives, parity: b.parity, logFile: b.logFile()}, nil
}

func (b *bench) runScenario(ctx context.Context, s scenario) (err error) {
	if b.perf != "" {
		stop, err := b.startPerf(ctx, s)
		if err != nil {
			return err
		}
		defer func() { stop() }()
	}
	if err := s.run(ctx, b); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// plan is how one row is measured.
type plan struct {
	row
	probe   probe
	clients int
	scale   float64 // of units a second, to the row's unit
	work    work
	between func() error // two runs; may be nil
}

// repeat measures one row: before each run what of the disk compares, then a
// short warm-up, then the run.
func (b *bench) repeat(ctx context.Context, p plan) error {
	r, clients := p.row, p.clients
	if b.clients > 0 {
		clients = b.clients
	}
	r.what = fmt.Sprintf("%s, %s", r.what, plural(clients, "client"))
	for n := range b.runs {
		if n > 0 && p.between != nil {
			if err := p.between(); err != nil {
				return err
			}
		}
		if err := b.probe(ctx, &r, p.probe); err != nil {
			return err
		}
		if _, err := b.load(ctx, clients, b.length/10, p.work); err != nil {
			return err
		}
		run, err := b.load(ctx, clients, b.length, p.work)
		if err != nil {
			return err
		}
		r.addRun(run, p.scale)
		b.progress("%s: run %d of %d: %s %s", r.name, n+1, b.runs, number(r.value[n]), r.unit)
	}
	b.add(r)
	return nil
}

// once connects one client for preparations.
func (b *bench) once(ctx context.Context, f func(c client) error) error {
	c, err := b.target.connect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	return f(c)
}

// bucket makes a bucket unless it exists.
func (b *bench) bucket(ctx context.Context, name string) error {
	if b.buckets[name] {
		return nil
	}
	b.buckets[name] = true
	return b.once(ctx, func(c client) error { return c.createBucket(ctx, name) })
}

func (b *bench) add(r row) { b.set.rows = append(b.set.rows, r) }

// progress tells whoever waits.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.errOut, "%s %s: %s\n", time.Now().Format("15:04:05"), b.set.drives, fmt.Sprintf(format, args...))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
