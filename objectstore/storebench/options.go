package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// options is what the command line says.
type options struct {
	mode      string // "s3" or "engine"
	drives    []int
	only      []string // empty: all
	runs      int
	length    time.Duration // of one run
	count     int           // objects in the large bucket
	clients   int           // 0: each scenario's own
	idle      time.Duration
	heal      int64 // bytes
	parity    int
	dir       string
	binary    string
	inProcess bool
	perf      string
	profile   string
	keep      bool
	noMachine bool
}

const usageText = `storebench s3 -binary CROFT [flags]   the real program over S3 on loopback
storebench engine [flags]             the erasure engine alone, in this process

Scenarios for -only:
`

func parseOptions(args []string, errOut io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("storebench", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() {
		fmt.Fprint(errOut, usageText)
		for _, s := range scenarios() {
			fmt.Fprintf(errOut, "  %-8s %s\n", s.name, s.what)
		}
		fmt.Fprintln(errOut, "\nFlags:")
		flags.PrintDefaults()
	}
	var drives, only string
	var quick bool
	var heal float64
	flags.BoolVar(&quick, "quick", false, "the short form: -duration 3s -objects 200000 -idle 1m -heal 1")
	flags.StringVar(&drives, "drives", "4,16", "numbers of drives, one after the other")
	flags.StringVar(&only, "only", "", "scenarios, comma-separated (default all; idle and heal with the first number of drives only)")
	flags.IntVar(&o.runs, "runs", 3, "runs a figure")
	flags.DurationVar(&o.length, "duration", 10*time.Second, "length of a run")
	flags.IntVar(&o.count, "objects", 1_000_000, "objects in the bucket that is listed and deleted from")
	flags.IntVar(&o.clients, "clients", 0, "clients at once (default each scenario's own)")
	flags.DurationVar(&o.idle, "idle", 10*time.Minute, "how long an idle store is watched")
	flags.Float64Var(&heal, "heal", 10, "GiB of objects in the store that heals")
	flags.IntVar(&o.parity, "parity", -1, "parity of the set (default the store's)")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "folder on the disk to measure; everything lies in a new folder below it")
	flags.StringVar(&o.binary, "binary", "", "s3: the croft program")
	flags.StringVar(&o.perf, "perf", "", "s3: have perf record the server, one file SCENARIO.N of each scenario and number of drives in this folder")
	flags.BoolVar(&o.inProcess, "s3", false, "engine: with the S3 protocol before it, over loopback and still in this process")
	flags.StringVar(&o.profile, "cpuprofile", "", "engine: write a CPU profile of everything that is measured")
	flags.BoolVar(&o.noMachine, "nomachine", false, "leave out what the machine gives by itself; what compares is still measured beside each run")
	flags.BoolVar(&o.keep, "keep", false, "leave drives and logs behind")
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		flags.Usage()
		return o, flag.ErrHelp
	}
	o.mode = args[0]
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	if quick {
		short := map[string]string{"duration": "3s", "objects": "200000", "idle": "1m", "heal": "1"}
		flags.Visit(func(f *flag.Flag) { delete(short, f.Name) })
		for name, value := range short {
			if err := flags.Set(name, value); err != nil {
				return o, err
			}
		}
	}
	o.heal = int64(heal * gib)
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	for n := range strings.SplitSeq(drives, ",") {
		count, err := strconv.Atoi(n)
		if err != nil || count < 1 {
			return o, fmt.Errorf("-drives %s: numbers of drives are expected, such as 4,16", drives)
		}
		o.drives = append(o.drives, count)
	}
	return o, o.check(flags.Args())
}

func (o options) check(rest []string) error {
	known := scenarios()
	for _, name := range o.only {
		if !slices.ContainsFunc(known, func(s scenario) bool { return s.name == name }) {
			return fmt.Errorf("-only %s: there is no such scenario", name)
		}
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case o.mode != "s3" && o.mode != "engine":
		return fmt.Errorf("%q is neither s3 nor engine", o.mode)
	case o.mode == "s3" && o.binary == "":
		return errors.New("s3 needs -binary, the croft program; scripts/bench-store.sh builds it")
	case o.mode == "s3" && (o.profile != "" || o.inProcess):
		return errors.New("-cpuprofile and -s3 are for engine: the server is another process, whose profile -perf makes")
	case o.mode == "engine" && (o.perf != "" || o.binary != ""):
		return errors.New("-perf and -binary are for s3")
	case o.runs < 1 || o.length <= 0 || o.count < 2*folderSize || o.clients < 0:
		return fmt.Errorf("-runs, -duration and -clients must be positive, and -objects at least %d", 2*folderSize)
	}
	return nil
}

// wants reports whether a scenario is to be run with the i-th number of drives.
func (o options) wants(s scenario, i int) bool {
	if len(o.only) > 0 {
		return slices.Contains(o.only, s.name)
	}
	return i == 0 || !s.once
}
