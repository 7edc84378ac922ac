// Command storebench measures the object store: the real croft program over S3
// on loopback, from a process of its own, or the engine alone in this one. It
// prints medians of several runs beside what the disk gives in the same run, and
// ends with lines "figure NAME VALUE UNIT".
//
// Whatever is read is verified against what was put, and every answer's status;
// the first thing that is wrong ends the program with a failure. docs/benchmarks.md
// tells what each figure means.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // this is a main
	err := mainWith(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "storebench: FAILED:", err)
		os.Exit(1)
	}
}

func mainWith(ctx context.Context, args []string, out, errOut io.Writer) error {
	o, err := parseOptions(args, errOut)
	if err != nil {
		return err
	}
	return measureAll(ctx, o, out, errOut)
}
