package remote

import (
	"context"
	"log/slog"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// Config is what Open needs.
type Config struct {
	Target Target
	// Prefix is the name of the bucket that Croft keeps its own records in, and the
	// beginning of all others' names. One Croft has it for itself.
	Prefix string
	// Temp is the folder for bodies of unknown size that are too large for memory;
	// empty is the system's.
	Temp   string
	Logger *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Store is an object store in an S3 cluster. Open makes one.
type Store struct {
	client  *Client
	prefix  string
	temp    string
	log     *slog.Logger
	now     func() time.Time
	buckets *catalogue
	// ableTo is what the cluster was found to do besides what every one must.
	ableTo abilities
}

var (
	_ objectstore.Store        = (*Store)(nil)
	_ objectstore.BatchDeleter = (*Store)(nil)
)

// Open reaches the cluster, finds out whether it does what is needed, and reads or
// begins the records there. The caller closes the store.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := validatePrefix(c.Prefix); err != nil {
		return nil, err
	}
	client, err := Dial(c.Target)
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, prefix: c.Prefix, temp: c.Temp, log: c.Logger, now: c.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.buckets = newCatalogue(s)
	if err := s.open(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	made, err := s.makeRecords(ctx)
	if err != nil {
		return err
	}
	found, err := s.buckets.find(ctx, made)
	if err != nil {
		return err
	}
	if s.ableTo, err = s.probe(ctx); err != nil || found {
		return err
	}
	return s.buckets.begin(ctx)
}

// makeRecords makes the bucket of records where it is missing and reports whether
// it did.
func (s *Store) makeRecords(ctx context.Context) (bool, error) {
	there, err := s.client.BucketExists(ctx, s.prefix)
	if err != nil || there {
		return false, s.explain(err)
	}
	return true, s.explain(s.client.makeBucket(ctx, s.prefix))
}

// Close lets go of the connections.
func (s *Store) Close() error {
	s.client.Close()
	return nil
}

// Deployment names what the cluster holds under the prefix, for ever.
func (s *Store) Deployment() string { return s.buckets.deployment() }

// Where says in a few words where the objects are.
func (s *Store) Where() string { return s.client.target.Endpoint + "/" + s.prefix }

// there is what a bucket is called in the cluster.
func (s *Store) there(bucket string) string { return s.prefix + "-" + bucket }

// maxPrefix leaves room for names of buckets, which have 63 bytes together with it.
const maxPrefix = 30

func validatePrefix(prefix string) error {
	if len(prefix) > maxPrefix {
		return invalidTarget("The prefix %s is too long: at most %d characters leave room for the names of buckets.", prefix, maxPrefix)
	}
	if err := objectstore.ValidateBucketName(prefix); err != nil {
		_, message := errs.Public(err)
		return invalidTarget("The prefix %q cannot begin a bucket's name. %s", prefix, message)
	}
	return nil
}
