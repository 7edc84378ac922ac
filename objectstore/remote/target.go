package remote

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"croft/internal/errs"
)

// Style is how requests name a bucket.
type Style string

// The styles. StyleAuto is virtual for the large public clouds, which want it, and
// path for everybody else.
const (
	StyleAuto    Style = ""
	StylePath    Style = "path"    // https://endpoint/bucket/key
	StyleVirtual Style = "virtual" // https://bucket.endpoint/key
)

// DefaultRegion is what requests are signed for where a target names no region;
// clusters that have only one accept it.
const DefaultRegion = "us-east-1"

// Secret is text that is shown to nobody.
type Secret string

// hidden is what is shown of a secret.
const hidden = "(hidden)"

// Format implements fmt.Formatter and shows nothing of the secret.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText keeps the secret out of logs and documents. Whoever stores it seals
// string(secret).
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Target is an S3 cluster and who Croft is there.
type Target struct {
	// Endpoint is HOST, HOST:PORT or one of both behind https://. It is reached
	// through TLS unless it says http://.
	Endpoint string
	Region   string // empty: DefaultRegion
	Style    Style
	// Authorities, in PEM, are trusted to sign the endpoint's certificate besides
	// those that the system trusts.
	Authorities string
	AccessKey   string
	SecretKey   Secret
}

// Validate refuses what cannot be dialled with a sentence that says what to change.
func (t Target) Validate() error {
	if _, err := t.address(); err != nil {
		return err
	}
	switch t.Style {
	case StyleAuto, StylePath, StyleVirtual:
	default:
		return invalidTarget("The style %q is none: a bucket is named by path or virtual.", t.Style)
	}
	if strings.ContainsFunc(t.Region, func(c rune) bool { return c <= ' ' || c == '/' || c > '~' }) {
		return invalidTarget("The region %q is none: it is a word such as %s.", t.Region, DefaultRegion)
	}
	if t.AccessKey == "" || t.SecretKey == "" {
		return invalidTarget("An access key and its secret key are needed to reach %s.", t.Endpoint)
	}
	_, err := t.roots()
	return err
}

// address is where the endpoint is.
type address struct {
	host   string // with the port where one is named
	secure bool
}

func (t Target) address() (address, error) {
	text, secure := t.Endpoint, true
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		switch strings.ToLower(scheme) {
		case "https":
		case "http":
			secure = false
		default:
			return address{}, invalidTarget("The endpoint %q cannot be used: it starts with https:// or, without encryption, with http://.", scheme+"://…")
		}
		text = rest
	}
	// The text may hold a password by mistake, so it is shown only once it is known
	// to be a host.
	u, err := url.Parse("https://" + text)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return address{}, invalidTarget("The endpoint is only a host and perhaps a port, such as s3.example.com or https://10.0.0.7:9000, without keys, path or query.")
	}
	host := u.Hostname()
	_, notAddress := netip.ParseAddr(host)
	if host == "" || notAddress != nil && strings.ContainsFunc(host, notInHost) || strings.HasSuffix(u.Host, ":") {
		return address{}, invalidTarget("The endpoint %q is no host: write it like s3.example.com or 10.0.0.7:9000.", text)
	}
	return address{host: strings.TrimSuffix(u.Host, "/"), secure: secure}, nil
}

func notInHost(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
}

func (t Target) region() string {
	if t.Region == "" {
		return DefaultRegion
	}
	return t.Region
}

func invalidTarget(format string, args ...any) error {
	return errs.Newf(errs.Invalid, "target_invalid", format, args...)
}
