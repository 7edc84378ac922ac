package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// watchEvery is how long --watch waits between two rounds where it does not say.
const watchEvery = time.Minute

func parseMirror(args []string, getenv func(string) string) (*Mirror, error) {
	place := func(variables string) Store {
		return Store{
			AccessKey: getenv(variables + "_ACCESS_KEY"), AccessKeyFile: getenv(variables + "_ACCESS_KEY_FILE"),
			SecretKey: getenv(variables + "_SECRET_KEY"), SecretKeyFile: getenv(variables + "_SECRET_KEY_FILE"),
		}
	}
	m := &Mirror{Source: place("CROFT_SOURCE"), Target: place("CROFT_TARGET")}
	places, err := parseAnywhere(mirrorFlags(m), args)
	if err != nil {
		return nil, err
	}
	switch {
	case len(places) != 2:
		return nil, errors.New("croft mirror needs a source and a target, such as s3://s3.example.com/photos s3+http://localhost:9000")
	case m.Jobs < 1 || m.Jobs > 256:
		return nil, errors.New("--jobs is from 1 to 256")
	case m.Verify && (m.DryRun || m.Delete || m.Every > 0 || m.Settings != nil):
		return nil, errors.New("--verify compares only: leave out --dry-run, --delete, --watch and --settings")
	case m.DryRun && m.Every > 0:
		return nil, errors.New("--dry-run looks once: leave out --watch")
	}
	m.Source.URL, m.Target.URL = places[0], places[1]
	return m, nil
}

func mirrorFlags(m *Mirror) *flag.FlagSet {
	flags := flag.NewFlagSet("mirror", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&m.Jobs, "jobs", 8, "")
	flags.BoolVar(&m.DryRun, "dry-run", false, "")
	flags.BoolVar(&m.Delete, "delete", false, "")
	for name, choice := range map[string]**bool{"versions": &m.Versions, "settings": &m.Settings} {
		flags.BoolFunc(name, "", func(text string) error {
			yes, err := strconv.ParseBool(text)
			*choice = &yes
			return err
		})
	}
	for name, patterns := range map[string]*[]string{
		"include": &m.Include, "exclude": &m.Exclude, "include-bucket": &m.IncludeBuckets, "exclude-bucket": &m.ExcludeBuckets,
	} {
		flags.Func(name, "", func(text string) error {
			if text == "" {
				return errors.New("a pattern is not empty")
			}
			*patterns = append(*patterns, text)
			return nil
		})
	}
	flags.Func("limit", "", func(text string) (err error) {
		m.BytesPerSecond, err = parseRate(text)
		return err
	})
	flags.BoolFunc("watch", "", func(text string) (err error) {
		if m.Every = watchEvery; text == "true" {
			return nil
		}
		if m.Every, err = time.ParseDuration(text); err != nil || m.Every < time.Second {
			return errors.New("it is a time of at least a second, such as 30s or 5m")
		}
		return nil
	})
	flags.BoolFunc("verify", "", func(text string) error {
		if m.Verify, m.Content = true, text == "content"; !m.Content && text != "true" {
			return errors.New("it is --verify or --verify=content")
		}
		return nil
	})
	return flags
}

// parseAnywhere parses flags that may stand before, between and behind other arguments, and
// returns those.
func parseAnywhere(flags *flag.FlagSet, args []string) (others []string, err error) {
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return others, nil
		}
		others, rest = append(others, flags.Arg(0)), flags.Args()[1:]
	}
}

// parseRate reads bytes a second: a number, and K, M or G behind it for the powers of 1,024.
func parseRate(text string) (int64, error) {
	number, unit := strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i"), float64(1)
	if n := len(number); n > 0 {
		if power := strings.IndexByte("KMG", number[n-1]); power >= 0 {
			number, unit = number[:n-1], math.Pow(1024, float64(power+1))
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if rate := value * unit; err == nil && rate >= 1 && rate < 1<<50 {
		return int64(rate), nil
	}
	return 0, fmt.Errorf("%q is no number of bytes a second, such as 500K, 20M or 1.5G", text)
}
