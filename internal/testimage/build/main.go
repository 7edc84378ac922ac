// Command build makes a sample image out of what this machine has, for trying
// pipelines by hand without a registry:
//
//	go run ./internal/testimage/build go
//
// prints croft-sample/go:latest when it is done.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"croft/internal/testimage"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: build go|busybox")
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	name, err := testimage.Sample(ctx, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	fmt.Println(name)
}
