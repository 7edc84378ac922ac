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
	a := spoken{"store", "A store is written s3://ENDPOINT/PREFIX, such as s3://s3.example.com/croft.", "CROFT_STORE_ACCESS_KEY and CROFT_STORE_SECRET_KEY"}
	l, path, err := a.parse(text)
	if err != nil {
		return Location{}, err
	}
	if l.Prefix = strings.TrimSuffix(path, "/"); l.Prefix == "" {
		return Location{}, invalidTarget("%s", a.form)
	}
	return l, validatePrefix(l.Prefix)
}

// Place is a cluster, one of its buckets or what begins with a prefix there, as it
// stands on a command line:
//
//	s3://ENDPOINT[/BUCKET[/PREFIX]]?region=REGION&style=path|virtual&ca=FILE
type Place struct {
	Target          Target // as in Location
	Bucket          string // empty is all
	Prefix          string
	AuthoritiesFile string
}

// ParsePlace reads a place, which is called by its role in errors; its keys come from
// two variables of the environment that begin with a prefix.
func ParsePlace(role, variables, text string) (Place, error) {
	a := spoken{
		role, "A " + role + " is written s3://ENDPOINT/BUCKET/PREFIX, such as s3://s3.example.com/photos; without bucket or prefix it is all of them.",
		variables + "_ACCESS_KEY and " + variables + "_SECRET_KEY",
	}
	l, path, err := a.parse(text)
	if err != nil {
		return Place{}, err
	}
	p := Place{Target: l.Target, AuthoritiesFile: l.AuthoritiesFile}
	p.Bucket, p.Prefix, _ = strings.Cut(path, "/")
	if p.Bucket == "" && p.Prefix != "" {
		return Place{}, invalidTarget("%s", a.form)
	}
	return p, nil
}

// spoken is how errors speak of a location.
type spoken struct{ what, form, variables string }

// parse reads a location and what stands behind its endpoint.
func (a spoken) parse(text string) (l Location, path string, err error) {
	scheme, rest, _ := strings.Cut(text, "://")
	protocol, ok := map[string]string{"s3": "https://", "s3+http": "http://"}[strings.ToLower(scheme)]
	if !ok {
		return l, "", invalidTarget("%s", a.form+" Without encryption it is s3+http:// instead.")
	}
	place, query, _ := strings.Cut(rest, "?")
	endpoint, path, _ := strings.Cut(place, "/")
	if strings.Contains(endpoint, "@") {
		return l, "", invalidTarget("Keys do not belong on the command line, where anybody sees them. Put them into %s.", a.variables)
	}
	if endpoint == "" {
		return l, "", invalidTarget("%s", a.form)
	}
	l.Target.Endpoint = protocol + endpoint
	if _, err := l.Target.address(); err != nil {
		return l, "", err
	}
	options, err := url.ParseQuery(query)
	if err != nil {
		return l, "", invalidTarget("What stands behind the ? of the %s cannot be read. %s", a.what, a.form)
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
			return l, "", invalidTarget("The %s has no option %q: there are region, style and ca.", a.what, name)
		}
	}
	return l, path, nil
}
