package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"croft/objectstore/storebench/machine"
)

// probe names what of the disk a scenario is held against.
type probe int

const (
	noProbe probe = iota
	probeAppend
	probeWrite
	probeRead
)

// grouped is how many 4 KiB appends share one data sync: what 16 clients have
// waiting at a time.
const grouped = 16

func (b *bench) probeLength() time.Duration { return min(time.Second, b.length) }

// streamBytes is how much the disk streams at a time: little where runs are so
// short that nobody will look at the figures.
func (b *bench) streamBytes() int64 {
	if b.length < time.Second {
		return 8 * mib
	}
	return 128 * mib
}

// appendBytes is what one drive gets of a group.
func (b *bench) appendBytes() int { return (grouped*4*kib + b.data - 1) / b.data }

// probe measures the disk beside one run.
func (b *bench) probe(ctx context.Context, r *row, p probe) error {
	var value float64
	var err error
	switch p {
	case noProbe:
		return nil
	case probeAppend:
		value, err = b.disk.Append(ctx, len(b.drives), b.appendBytes(), b.probeLength())
		value, r.diskUnit = value*grouped, "appends/s"
	case probeWrite:
		value, err = b.disk.Write(ctx)
		value, r.diskUnit = value/mib, "MiB/s"
	case probeRead:
		value, err = b.disk.Read(ctx, false)
		value, r.diskUnit = value/mib, "MiB/s"
	}
	r.disk = append(r.disk, value)
	return err
}

// machineFigures measures what the machine gives before any store runs.
func (b *bench) machineFigures(ctx context.Context) error {
	b.progress("measuring the disk and a core")
	length, drives := b.probeLength(), len(b.drives)
	for _, f := range []struct {
		name, what, unit string
		scale            float64
		measure          func() (float64, error)
	}{
		{"disk.append4k1", "4 KiB appends, 16 a data sync, 1 file", "appends/s", grouped, func() (float64, error) {
			return b.disk.Append(ctx, 1, grouped*4*kib, length)
		}},
		{"disk.append4k", "the same, cut over " + plural(drives, "file") + " in step", "appends/s", grouped, func() (float64, error) {
			return b.disk.Append(ctx, drives, b.appendBytes(), length)
		}},
		{"disk.create1", "4 KiB files created, data and folder synced", "files/s", 1, func() (float64, error) {
			return b.disk.Create(ctx, 1, 4*kib, length)
		}},
		{"disk.create", "the same, in " + plural(drives, "folder") + " in step", "files/s", 1, func() (float64, error) {
			return b.disk.Create(ctx, drives, 4*kib, length)
		}},
		{"disk.write", "sequential write, synced", "MiB/s", 1. / mib, func() (float64, error) { return b.disk.Write(ctx) }},
		{"disk.read", "sequential read from the disk", "MiB/s", 1. / mib, func() (float64, error) { return b.disk.Read(ctx, false) }},
		{"disk.cached", "sequential read out of the page cache", "MiB/s", 1. / mib, func() (float64, error) { return b.disk.Read(ctx, true) }},
		{"core.md5", "MD5 on one core", "MiB/s", 1. / mib, func() (float64, error) { return machine.MD5(ctx, length/4) }},
		{"core.loopback", "one connection over loopback", "MiB/s", 1. / mib, func() (float64, error) { return machine.Loopback(ctx, length/4) }},
	} {
		r := row{what: f.what, figure: "rate", unit: f.unit}
		r.prefix, r.name, _ = strings.Cut(f.name, ".")
		for range b.runs {
			value, err := f.measure()
			if err != nil {
				return fmt.Errorf("measure %s: %w", f.name, err)
			}
			r.value = append(r.value, value*f.scale)
		}
		b.set.machine = append(b.set.machine, r)
	}
	return nil
}
