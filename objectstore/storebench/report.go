package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// sample is one value a run.
type sample []float64

// median is of the middle run, or of the two in the middle.
func (s sample) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// row is one line of the table and the figures behind it.
type row struct {
	prefix string // of a figure of the machine: "disk" or "core"
	name   string
	what   string
	figure string // what value is: "rate", "time" …
	unit   string
	value  sample
	disk   sample // what the disk gave beside each run, in diskUnit
	// diskUnit is empty where nothing of the disk compares.
	diskUnit string
	p50, p99 sample // milliseconds
	cpu      sample // of the store's process, milliseconds an operation
	own      sample // of the load generator
	others   sample // percent of all cores that other processes took meanwhile
	peak     sample // MiB
	written  sample // KiB an operation
}

// addRun adds one run of b.load. scale turns units a second into the row's unit.
func (r *row) addRun(run run, scale float64) {
	r.value = append(r.value, run.rate()*scale)
	r.p50 = append(r.p50, run.quantile(0.5))
	r.p99 = append(r.p99, run.quantile(0.99))
	if run.measured {
		r.cpu = append(r.cpu, run.perOp(run.store.CPU.Seconds()*1000))
		r.others = append(r.others, run.others*100)
		r.peak = append(r.peak, float64(run.store.Peak)/mib)
		r.written = append(r.written, run.perOp(float64(run.store.Written)/kib))
	}
	if run.measured && run.own > 0 {
		r.own = append(r.own, run.perOp(run.own.Seconds()*1000))
	}
}

func (r *row) ratio() float64 { return r.value.median() / r.disk.median() }

// set is everything measured on one number of drives.
type set struct {
	title   string
	prefix  string // of the store's figures: "s3"
	drives  string // "4drives"
	machine []row  // named with their own prefix
	rows    []row
}

// report writes tables for a person and figures for programs.
type report struct{ out io.Writer }

// tables writes one set.
func (p report) tables(s set) {
	fmt.Fprintf(p.out, "\n%s\n\n", s.title)
	if len(s.machine) > 0 {
		p.machine(s.machine)
	}
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "the store\tmedian\tmin\tmax\t\tp50 ms\tp99 ms\tCPU ms/op\tload's\tothers' %%\tpeak MiB\twritten KiB/op\tthe disk's own\t\tratio\t\n")
	for _, r := range s.rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t", r.name+": "+r.what,
			number(r.value.median()), number(slices.Min(r.value)), number(slices.Max(r.value)), r.unit,
			number(r.p50.median()), number(r.p99.median()), number(r.cpu.median()), number(r.own.median()), number(r.others.median()),
			number(r.peak.median()), number(r.written.median()))
		if r.diskUnit == "" {
			fmt.Fprint(t, "\t\t\t\n")
		} else {
			fmt.Fprintf(t, "%s\t%s\t%s\t\n", number(r.disk.median()), r.diskUnit, number(r.ratio()))
		}
	}
	_ = t.Flush()
}

func (p report) machine(rows []row) {
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "the machine\tmedian\tmin\tmax\t\t\n")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", r.what, number(r.value.median()), number(slices.Min(r.value)), number(slices.Max(r.value)), r.unit)
	}
	_ = t.Flush()
	fmt.Fprintln(p.out)
}

// figures writes a line for each median: figure NAME VALUE UNIT.
func (p report) figures(s set) {
	line := func(name string, value float64, unit string) {
		if !math.IsNaN(value) {
			fmt.Fprintf(p.out, "figure %s %s %s\n", name, strings.ReplaceAll(number(value), ",", ""), unit)
		}
	}
	for _, r := range s.machine {
		line(r.prefix+"."+s.drives+"."+r.name+"."+r.figure, r.value.median(), r.unit)
	}
	for _, r := range s.rows {
		name := s.prefix + "." + s.drives + "." + r.name
		line(name+"."+r.figure, r.value.median(), r.unit)
		line(name+".p50", r.p50.median(), "ms")
		line(name+".p99", r.p99.median(), "ms")
		line(name+".cpu", r.cpu.median(), "ms/op")
		line(name+".loadcpu", r.own.median(), "ms/op")
		line(name+".others", r.others.median(), "%")
		line(name+".peak", r.peak.median(), "MiB")
		line(name+".written", r.written.median(), "KiB/op")
		if r.diskUnit != "" {
			line(name+".diskratio", r.ratio(), "x")
		}
	}
}

// number has three digits or more that count, and groups thousands.
func number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return ""
	case v == 0:
		return "0"
	case a < 0.1:
		return strconv.FormatFloat(v, 'f', 4, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
