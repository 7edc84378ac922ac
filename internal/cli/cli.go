package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Server is what `croft server` was told.
type Server struct {
	Address        string         // of the S3 listener, host:port
	ConsoleAddress string         // of the console listener, host:port
	TrustedProxies []netip.Prefix // whose word is taken for who asks
	Parity         int            // -1: the default for the number of drives
	ReducedParity  *int           // of objects of reduced redundancy; nil: 1
	StateDir       string         // empty: .croft on the first drive
	Pools          [][]string     // of drives, expanded; none with a Store
	Store          Store          // an S3 cluster instead of drives
	RootUser       string         // unattended first account, empty without
	RootPassword   string
	MasterKeys     string // of encrypted objects, empty: one is made when it is needed
	KeyCommand     string // that encrypts and decrypts the master key, empty without
	S3             S3     // how S3 is spoken
	OpenBrowser    bool   // started by a double-click
}

// S3 is how S3 is spoken.
type S3 struct {
	Domains        []string // under which each bucket has a host name of its own
	WebsiteDomains []string // under which each bucket that is a website has one
	SignatureV2    bool     // take signatures of Version 2 as well
	WebDAVPlain    bool     // take keys for WebDAV over connections that are not encrypted from everywhere
}

// Store is where objects are when they are not on drives of this machine. Each key
// is given itself or as the name of a file that holds it.
type Store struct {
	URL           string // empty without
	AccessKey     string
	AccessKeyFile string
	SecretKey     string
	SecretKeyFile string
}

// Reindex is what `croft objectstore reindex` was told.
type Reindex struct {
	StateDir string     // empty: .croft on the first drive
	Pools    [][]string // of drives, expanded
}

// Mirror is what `croft mirror` was told.
type Mirror struct {
	Source, Target Store // as places: see remote.ParsePlace
	Jobs           int
	DryRun         bool
	// Versions and Settings are nil where it is left to the mirror.
	Versions, Settings             *bool
	Delete                         bool
	Verify, Content                bool          // compare only; bodies too
	Every                          time.Duration // 0 is once
	BytesPerSecond                 int64         // 0 is no limit
	Include, Exclude               []string
	IncludeBuckets, ExcludeBuckets []string
}

// Command is the parsed command line: exactly one field is set.
type Command struct {
	Server  *Server
	Reindex *Reindex
	Mirror  *Mirror
	Version bool
	Help    bool
}

// Usage is what `croft help` prints.
const Usage = `Croft: an S3 object store, pipelines and team chat in one program.

  croft server [flags] PATH...   serve; PATH is a folder or a pattern such as /mnt/disk{1...16}; of several
                                 patterns each is a pool of drives
  croft server [flags] --store s3://ENDPOINT/PREFIX --state DIR
                                 serve with the objects in an S3 cluster, in buckets whose names begin with
                                 PREFIX; s3+http:// reaches it without encryption
  croft objectstore reindex [--state DIR] PATH...
                                 build the object store's catalogue anew from the drives, while Croft is stopped
  croft mirror [flags] SOURCE TARGET
                                 bring buckets and objects from any S3 to a running Croft, or from it to another S3,
                                 and verify them; a place is s3://ENDPOINT/BUCKET/PREFIX, or without bucket or
                                 prefix all of them; what is there already is not copied again
  croft version                  print the version
  croft help                     print this

Flags of "croft server":
  --address HOST:PORT            where S3 listens (default ":9000")
  --console-address HOST:PORT    where the console listens (default ":9001")
  --trusted-proxies ADDRESS      whom S3 and the console believe in X-Forwarded-For and X-Forwarded-Proto: the addresses of
                                 proxies before it, or networks such as 10.0.0.0/8, separated by commas
  --s3-domain NAME               a name under which each bucket has a host name of its own, for clients that address
                                 buckets so: s3.example.com makes photos.s3.example.com the bucket photos;
                                 may be repeated
  --s3-website-domain NAME       the same for buckets that are websites; a name that is used for nothing else,
                                 and not one that the console's is under; may be repeated
  --s3-signature-v2              take requests that old clients sign with Signature Version 2, which covers less
  --webdav-plain                 take access keys for WebDAV over connections that are not encrypted; otherwise only
                                 from this machine, through TLS, and from --trusted-proxies that say https
  --parity N                     drives that may be lost (default by their number; at most half)
  --reduced-parity N             the same for large objects of class REDUCED_REDUNDANCY (default 1)
  --state DIR                    where databases and keys live (default PATH/.croft on the first drive)
  --store URL                    an S3 cluster instead of drives; behind a ? may stand region=REGION,
                                 style=path or style=virtual, ca=FILE (who signs its certificate), joined by &

Flags of "croft mirror":
  --dry-run                      only say what there is to do
  --jobs N                       keys at once (default 8)
  --versions, --versions=false   bring older versions and delete markers, and turn versioning on at the target; or only
                                 what is current (default: bring them where the target's bucket is new or keeps versions)
  --settings, --settings=false   bring what buckets are set to, such as policies and lifecycle rules, and replace what
                                 the target has; or nothing of it (default: bring it to buckets that the mirror makes)
  --include PATTERN, --exclude PATTERN
                                 which keys; * is any characters, / too, and ? is one; may be repeated
  --include-bucket PATTERN, --exclude-bucket PATTERN
                                 which buckets of the source; may be repeated
  --limit RATE                   bytes a second, such as 20M for 20 MiB
  --delete                       delete at the target what the source does not have
  --watch, --watch=INTERVAL      begin again a minute, or that long, after each end, until it is interrupted
  --verify, --verify=content     change nothing, and name every object that is not alike; with content, read each

Environment:
  CROFT_ROOT_USER, CROFT_ROOT_PASSWORD   make or update the first account at start, without the set-up
                                         page; they are also its S3 access key and secret
  CROFT_KMS_MASTER_KEY                   the master key of encrypted objects, 32 bytes in hex or base64; more,
                                         separated by commas, go on opening what was encrypted under them
  CROFT_KMS_COMMAND                      a program that encrypts and decrypts the master key: it gets "encrypt"
                                         or "decrypt" as its last argument and the bytes on standard input
  CROFT_STORE_ACCESS_KEY, CROFT_STORE_SECRET_KEY
                                         the keys for --store; CROFT_STORE_ACCESS_KEY_FILE and
                                         CROFT_STORE_SECRET_KEY_FILE name files that hold them
  CROFT_SOURCE_ACCESS_KEY, CROFT_SOURCE_SECRET_KEY, CROFT_TARGET_ACCESS_KEY, CROFT_TARGET_SECRET_KEY
                                         the keys for "croft mirror", or each with _FILE behind its name
  CROFT_S3_DOMAIN                        --s3-domain; several are separated by commas
  CROFT_S3_WEBSITE_DOMAIN                --s3-website-domain; several are separated by commas
  DOCKER_HOST                            the Docker engine that runs pipelines

Started without arguments, Croft serves the folder "Croft" in your home folder and opens the browser.
`

// Parse reads the arguments after the program's name. getenv reads the
// environment; defaultDir is the data folder of a start without arguments.
func Parse(args []string, getenv func(string) string, defaultDir string) (Command, error) {
	if len(args) == 0 {
		srv, err := parseServer([]string{defaultDir}, getenv)
		if srv != nil {
			srv.OpenBrowser = true
		}
		return Command{Server: srv}, err
	}
	switch args[0] {
	case "server":
		srv, err := parseServer(args[1:], getenv)
		if errors.Is(err, flag.ErrHelp) {
			return Command{Help: true}, nil
		}
		return Command{Server: srv}, err
	case "objectstore":
		r, err := parseReindex(args[1:])
		if errors.Is(err, flag.ErrHelp) {
			return Command{Help: true}, nil
		}
		return Command{Reindex: r}, err
	case "mirror":
		m, err := parseMirror(args[1:], getenv)
		if errors.Is(err, flag.ErrHelp) {
			return Command{Help: true}, nil
		}
		return Command{Mirror: m}, err
	case "version", "--version", "-version":
		return Command{Version: true}, nil
	case "help", "--help", "-help", "-h":
		return Command{Help: true}, nil
	}
	return Command{}, fmt.Errorf("%q is not a command of croft: it has server, objectstore, mirror, version and help", args[0])
}

func parseServer(args []string, getenv func(string) string) (*Server, error) {
	srv := &Server{
		RootUser: getenv("CROFT_ROOT_USER"), RootPassword: getenv("CROFT_ROOT_PASSWORD"),
		MasterKeys: getenv("CROFT_KMS_MASTER_KEY"), KeyCommand: getenv("CROFT_KMS_COMMAND"),
		Store: Store{
			AccessKey: getenv("CROFT_STORE_ACCESS_KEY"), AccessKeyFile: getenv("CROFT_STORE_ACCESS_KEY_FILE"),
			SecretKey: getenv("CROFT_STORE_SECRET_KEY"), SecretKeyFile: getenv("CROFT_STORE_SECRET_KEY_FILE"),
		},
	}
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&srv.Address, "address", ":9000", "")
	flags.StringVar(&srv.ConsoleAddress, "console-address", ":9001", "")
	flags.Func("trusted-proxies", "", func(value string) (err error) {
		srv.TrustedProxies, err = parseNetworks(value)
		return err
	})
	flags.IntVar(&srv.Parity, "parity", -1, "")
	flags.Func("reduced-parity", "", func(value string) error {
		n, err := strconv.Atoi(value)
		srv.ReducedParity = &n
		return err
	})
	flags.StringVar(&srv.StateDir, "state", "", "")
	flags.StringVar(&srv.Store.URL, "store", "", "")
	domains := domainFlag(flags, "s3-domain", getenv("CROFT_S3_DOMAIN"))
	flags.BoolVar(&srv.S3.SignatureV2, "s3-signature-v2", false, "")
	flags.BoolVar(&srv.S3.WebDAVPlain, "webdav-plain", false, "")
	websites := domainFlag(flags, "s3-website-domain", getenv("CROFT_S3_WEBSITE_DOMAIN"))
	paths, err := parsePaths(flags, args)
	if err != nil {
		return nil, err
	}
	if (srv.RootUser == "") != (srv.RootPassword == "") {
		return nil, errors.New("CROFT_ROOT_USER and CROFT_ROOT_PASSWORD go together: set both, or neither")
	}
	if srv.S3.Domains, err = domains(); err != nil {
		return nil, err
	}
	if srv.S3.WebsiteDomains, err = websites(); err != nil {
		return nil, err
	}
	for _, name := range srv.S3.WebsiteDomains {
		if slices.Contains(srv.S3.Domains, name) {
			return nil, fmt.Errorf("--s3-website-domain %s: that is a domain of --s3-domain; websites need one of their own", name)
		}
	}
	for name, value := range map[string]string{"--address": srv.Address, "--console-address": srv.ConsoleAddress} {
		if !strings.Contains(value, ":") {
			return nil, fmt.Errorf("%s %s: an address is written HOST:PORT or :PORT", name, value)
		}
	}
	if srv.Store.URL != "" {
		return srv, checkStore(srv, paths)
	}
	srv.Pools, err = ExpandPools(paths)
	return srv, err
}

// parseNetworks reads addresses and networks, separated by commas.
func parseNetworks(text string) (networks []netip.Prefix, err error) {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		network, err := netip.ParsePrefix(one)
		if addr, notAddr := netip.ParseAddr(one); notAddr == nil {
			addr = addr.Unmap().WithZone("")
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address like 10.0.0.2 nor a network like 10.0.0.0/8", one)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// checkStore refuses beside a store elsewhere what only drives have.
func checkStore(srv *Server, paths []string) error {
	switch {
	case len(paths) > 0:
		return fmt.Errorf("--store and %s: the objects are either in an S3 cluster or on drives, so give only one", paths[0])
	case srv.StateDir == "":
		return errors.New("--store needs --state DIR: databases and keys stay on this machine, and there is no drive for them")
	case srv.Parity != -1 || srv.ReducedParity != nil:
		return errors.New("--parity and --reduced-parity are for drives: with --store the S3 cluster has its own redundancy")
	}
	return nil
}

func parseReindex(args []string) (*Reindex, error) {
	if len(args) == 0 || args[0] != "reindex" {
		return nil, errors.New("the object store has one command: croft objectstore reindex")
	}
	r := &Reindex{}
	flags := flag.NewFlagSet("reindex", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&r.StateDir, "state", "", "")
	paths, err := parsePaths(flags, args[1:])
	if err != nil {
		return nil, err
	}
	r.Pools, err = ExpandPools(paths)
	return r, err
}

// parsePaths parses flags and returns what is none. The flag package stops at the
// first path; people also write flags behind it.
func parsePaths(flags *flag.FlagSet, args []string) (paths []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		args = flags.Args()
		if len(args) == 0 {
			return paths, nil
		}
		paths = append(paths, args[0])
		args = args[1:]
	}
}
