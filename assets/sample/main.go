// Hello greets people, on the command line or over HTTP.
//
//	hello [NAME]              print a greeting
//	hello --serve 127.0.0.1:8080   greet whoever asks
//	hello --version           print the commit it was built from
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"hello/greeting"
)

// version is the commit, set by the pipeline when it links the program.
var version = "unknown"

func main() {
	serve := flag.String("serve", "", "address to serve greetings on, such as 127.0.0.1:8080")
	showVersion := flag.Bool("version", false, "print the commit this was built from")
	flag.Parse()

	switch {
	case *showVersion:
		fmt.Println("hello", version)
	case *serve != "":
		server := &http.Server{Addr: *serve, Handler: handler(), ReadHeaderTimeout: 5 * time.Second}
		log.Printf("serving on http://%s", *serve)
		log.Fatal(server.ListenAndServe())
	default:
		fmt.Fprintln(os.Stdout, greeting.For(flag.Arg(0)))
	}
}

// handler answers GET /?name=NAME with a greeting.
func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, greeting.For(r.URL.Query().Get("name")))
	})
	return mux
}
