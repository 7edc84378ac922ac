package cli

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// domainFlag adds a flag that may be repeated; environment, separated by commas, counts
// where the flag is not given. The function it returns reads the names once the flags
// are parsed.
func domainFlag(flags *flag.FlagSet, name, environment string) func() ([]string, error) {
	var given []string
	flags.Func(name, "", func(value string) error {
		given = append(given, value)
		return nil
	})
	return func() ([]string, error) {
		if len(given) == 0 && environment != "" {
			given = strings.Split(environment, ",")
		}
		var names []string
		for _, value := range given {
			domain := strings.ToLower(strings.TrimSpace(value))
			if !isDomain(domain) {
				return nil, fmt.Errorf("--%s %q: a domain is written like s3.example.com, without a scheme, a port or a star", name, value)
			}
			if !slices.Contains(names, domain) {
				names = append(names, domain)
			}
		}
		return names, nil
	}
}

func isDomain(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
