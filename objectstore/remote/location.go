package remote

import (
	"net/url"
	"strings"
)

// Location is a place in a cluster as it stands on a command line:
//
//	s3://ENDPOINT/PREFIX?region=REGION&style=path|virtual&ca=FILE
//
// s3+http:// instead of s3:// is for a cluster that is reached without encryption.
type Location struct {
	Target Target // without keys, which belong on no command line, and without Authorities
	Prefix string
	// AuthoritiesFile holds, in PEM, the certificates for Target.Authorities; empty
	// without.
	AuthoritiesFile string
}

// ParseLocation reads a location. It opens no file and reaches for nothing.
func ParseLocation(text string) (Location, error) {
	const form = "A store is written s3://ENDPOINT/PREFIX, such as s3://s3.example.com/croft."
	scheme, rest, _ := strings.Cut(text, "://")
	protocol, ok := map[string]string{"s3": "https://", "s3+http": "http://"}[strings.ToLower(scheme)]
	if !ok {
		return Location{}, invalidTarget(form + " Without encryption it is s3+http:// instead.")
	}
	place, query, _ := strings.Cut(rest, "?")
	endpoint, prefix, _ := strings.Cut(place, "/")
	if strings.Contains(endpoint, "@") {
		return Location{}, invalidTarget("Keys do not belong on the command line, where anybody sees them. Put them into CROFT_STORE_ACCESS_KEY and CROFT_STORE_SECRET_KEY.")
	}
	prefix = strings.TrimSuffix(prefix, "/")
	if endpoint == "" || prefix == "" {
		return Location{}, invalidTarget(form)
	}
	l := Location{Target: Target{Endpoint: protocol + endpoint}, Prefix: prefix}
	if _, err := l.Target.address(); err != nil {
		return Location{}, err
	}
	if err := validatePrefix(prefix); err != nil {
		return Location{}, err
	}
	options, err := url.ParseQuery(query)
	if err != nil {
		return Location{}, invalidTarget("What stands behind the ? of the store cannot be read. " + form)
	}
	for name, values := range options {
		value := values[len(values)-1]
		switch name {
		case "region":
			l.Target.Region = value
		case "style":
			l.Target.Style = Style(value)
		case "ca":
			l.AuthoritiesFile = value
		default:
			return Location{}, invalidTarget("The store has no option %q: there are region, style and ca.", name)
		}
	}
	return l, nil
}
