package main

import (
	"strings"
	"testing"
	"time"

	"croft/objectstore/storebench/machine"
)

func TestMedian(t *testing.T) {
	f := func(want float64, values ...float64) {
		t.Helper()
		if got := sample(values).median(); got != want {
			t.Errorf("the median of %v is %v, want %v", values, got, want)
		}
	}
	f(5, 5)
	f(2, 3, 1, 2)
	f(2.5, 4, 1, 2, 3)
}

func TestNumber(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0", 0.01234: "0.0123", 0.5: "0.50", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234: "1,234", 999_999.6: "1,000,000", 1234567: "1,234,567",
	} {
		if got := number(value); got != want {
			t.Errorf("%v is written %q, want %q", value, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	r := run{latencies: []time.Duration{1e6, 2e6, 3e6, 4e6}}
	if r.quantile(0.5) != 3 || r.quantile(0.99) != 4 || r.quantile(0) != 1 {
		t.Errorf("got %v, %v and %v ms", r.quantile(0.5), r.quantile(0.99), r.quantile(0))
	}
}

// TestFigures: what a program reads.
func TestFigures(t *testing.T) {
	put := row{name: "put4k", what: "4 KiB PUT", figure: "rate", unit: "objects/s", disk: sample{20_000}, diskUnit: "appends/s"}
	put.addRun(run{
		ops: 1000, units: 4096_000, elapsed: time.Second, latencies: []time.Duration{4e6}, measured: true,
		own: 100 * time.Millisecond, others: 0.5, store: machine.Usage{CPU: time.Second, Peak: 64 << 20, Written: 8 << 20},
	}, 1./4096)
	s := set{prefix: "s3", drives: "4drives", rows: []row{put}, machine: []row{{prefix: "disk", name: "write", figure: "rate", unit: "MiB/s", value: sample{1500}}}}
	var out strings.Builder
	report{&out}.figures(s)
	want := `figure disk.4drives.write.rate 1500 MiB/s
figure s3.4drives.put4k.rate 1000 objects/s
figure s3.4drives.put4k.p50 4.00 ms
figure s3.4drives.put4k.p99 4.00 ms
figure s3.4drives.put4k.cpu 1.00 ms/op
figure s3.4drives.put4k.loadcpu 0.10 ms/op
figure s3.4drives.put4k.others 50.0 %
figure s3.4drives.put4k.peak 64.0 MiB
figure s3.4drives.put4k.written 8.19 KiB/op
figure s3.4drives.put4k.diskratio 0.0500 x
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
