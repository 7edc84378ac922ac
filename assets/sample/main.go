// Hello greets people on the command line.
//
//	hello [NAME...]   print a greeting for each, or for the world
//	hello --version   print the commit it was built from
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"hello/greeting"
)

// version is the commit, set by the pipeline when it links the program.
var version = "unknown"

func main() {
	showVersion := flag.Bool("version", false, "print the commit this was built from")
	flag.Parse()
	if *showVersion {
		fmt.Println("hello", version)
		return
	}
	greet(os.Stdout, flag.Args())
}

// greet writes one line a name.
func greet(w io.Writer, names []string) {
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		fmt.Fprintln(w, greeting.For(name))
	}
}
