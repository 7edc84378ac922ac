package cli

import (
	"errors"
	"flag"
	"io"
)

func parseMirror(args []string, getenv func(string) string) (*Mirror, error) {
	place := func(variables string) Store {
		return Store{
			AccessKey: getenv(variables + "_ACCESS_KEY"), AccessKeyFile: getenv(variables + "_ACCESS_KEY_FILE"),
			SecretKey: getenv(variables + "_SECRET_KEY"), SecretKeyFile: getenv(variables + "_SECRET_KEY_FILE"),
		}
	}
	m := &Mirror{Source: place("CROFT_SOURCE"), Target: place("CROFT_TARGET")}
	flags := flag.NewFlagSet("mirror", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&m.Jobs, "jobs", 8, "")
	flags.BoolVar(&m.DryRun, "dry-run", false, "")
	var places []string
	for rest := args; ; { // flags may stand before, between and behind the places
		if err := flags.Parse(rest); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			break
		}
		places, rest = append(places, flags.Arg(0)), flags.Args()[1:]
	}
	if len(places) != 2 {
		return nil, errors.New("croft mirror needs a source and a target, such as s3://s3.example.com/photos s3+http://localhost:9000")
	}
	if m.Jobs < 1 || m.Jobs > 256 {
		return nil, errors.New("--jobs is from 1 to 256")
	}
	m.Source.URL, m.Target.URL = places[0], places[1]
	return m, nil
}
