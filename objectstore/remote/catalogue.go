package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

const (
	recordsVersion = 1
	recordsKey     = "croft/store.json"
	// freshTime is how long what was read of the records counts: so late another
	// Croft's change of a bucket may show here. Own changes show at once.
	freshTime = 2 * time.Second
	// changeTries is how often a change of the records is tried that others overtake.
	changeTries = 20
)

// records is the one document that says which buckets there are. It is replaced
// only by whoever read the one before.
type records struct {
	Version    int    `json:"version"`
	Deployment string `json:"deployment"`
	// Write is another in every document, by which a writer knows its own.
	Write   string                  `json:"write"`
	Buckets map[string]bucketRecord `json:"buckets"`
}

// bucketRecord is one bucket.
type bucketRecord struct {
	ID        string    `json:"id"`
	Owner     string    `json:"owner,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	// Making says that the cluster's bucket may be missing yet; nobody sees it.
	Making bool `json:"making,omitempty"`
}

// catalogue reads and changes the records.
type catalogue struct {
	store *Store
	// turn holds one token; who has it may ask the cluster and set known.
	turn  chan struct{}
	known atomic.Pointer[snapshot]
}

// snapshot is the records as they were at a time.
type snapshot struct {
	records records
	etag    string
	at      time.Time
}

func newCatalogue(s *Store) *catalogue {
	c := &catalogue{store: s, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c
}

// find reads the records. Where there are none it refuses a bucket that holds
// something else than what an earlier start left behind.
func (c *catalogue) find(ctx context.Context, made bool) (bool, error) {
	err := c.refresh(ctx)
	if !errors.Is(err, objectstore.ErrObjectNotFound) {
		return err == nil, err
	}
	if made {
		return false, nil
	}
	page, err := c.store.listPage(ctx, c.store.prefix, "", "", "", "", objectstore.DefaultLimit)
	if err != nil {
		return false, err
	}
	for _, o := range page.Contents {
		if !strings.HasPrefix(o.Key, probePrefix) {
			return false, errs.Newf(errs.Conflict, "prefix_in_use",
				"The bucket %s at %s holds something that is not Croft's. Name another prefix.", c.store.prefix, c.store.client.target.Endpoint)
		}
	}
	return false, nil
}

// begin writes the first records.
func (c *catalogue) begin(ctx context.Context) error {
	fresh := records{Version: recordsVersion, Deployment: ids.New(), Buckets: map[string]bucketRecord{}}
	return c.replace(ctx, fresh, "")
}

func (c *catalogue) deployment() string { return c.known.Load().records.Deployment }

// read returns the records as they were at most freshTime ago.
func (c *catalogue) read(ctx context.Context) (*records, error) {
	if known := c.known.Load(); c.fresh(known) {
		return &known.records, nil
	}
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.give()
	if known := c.known.Load(); c.fresh(known) {
		return &known.records, nil
	}
	if err := c.refresh(ctx); err != nil {
		return nil, c.lost(err)
	}
	return &c.known.Load().records, nil
}

func (c *catalogue) fresh(known *snapshot) bool {
	age := c.store.now().Sub(known.at)
	return age >= 0 && age < freshTime
}

// change changes the records in one step: f gets a copy and may refuse.
func (c *catalogue) change(ctx context.Context, f func(*records) error) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.give()
	for range changeTries {
		if err := c.refresh(ctx); err != nil {
			return c.lost(err)
		}
		known := c.known.Load()
		next := known.records
		next.Buckets = make(map[string]bucketRecord, len(known.records.Buckets)+1)
		for name, b := range known.records.Buckets {
			next.Buckets[name] = b
		}
		if err := f(&next); err != nil {
			return err
		}
		err := c.replace(ctx, next, known.etag)
		if !errors.Is(err, objectstore.ErrPreconditionFailed) {
			return err
		}
	}
	return errs.New(errs.Unavailable, "records_busy", "Others are changing buckets all the time. Try again.")
}

// replace writes the records over those of an ETag; empty is none. Where the answer
// got lost the write may have been repeated and have met itself.
func (c *catalogue) replace(ctx context.Context, next records, etag string) error {
	next.Write = ids.New()
	text, err := json.MarshalIndent(next, "", " ")
	if err != nil {
		return err
	}
	condition := objectstore.Condition{ETag: etag, Absent: etag == ""}
	at := c.store.now()
	written, err := c.store.putRecord(ctx, recordsKey, text, condition)
	if errors.Is(err, objectstore.ErrPreconditionFailed) {
		if readErr := c.refresh(ctx); readErr != nil {
			return errors.Join(err, readErr)
		}
		if c.known.Load().records.Write == next.Write {
			return nil
		}
		return err
	}
	if err != nil {
		return err
	}
	c.known.Store(&snapshot{next, written, at})
	return nil
}

// refresh reads the records if they changed. The caller has the turn.
func (c *catalogue) refresh(ctx context.Context) error {
	known := c.known.Load()
	var options minio.GetObjectOptions
	if known != nil {
		options.Set("If-None-Match", `"`+known.etag+`"`)
	}
	at := c.store.now()
	body, info, _, err := c.store.client.GetObject(ctx, c.store.prefix, recordsKey, options)
	if known != nil && answerOf(err).StatusCode == http.StatusNotModified {
		c.known.Store(&snapshot{known.records, known.etag, at})
		return nil
	}
	if err != nil {
		return c.store.explain(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return c.store.explain(err)
	}
	next := &snapshot{etag: info.ETag, at: at}
	if err := json.Unmarshal(text, &next.records); err != nil {
		return fmt.Errorf("read %s: %w", recordsKey, err)
	}
	if v := next.records.Version; v != recordsVersion {
		return errs.Newf(errs.Conflict, "records_newer", "The records in %s are of version %d, which this Croft does not know. Start the newer Croft that wrote them.", c.store.Where(), v)
	}
	if known != nil && known.records.Deployment != next.records.Deployment {
		return errs.Newf(errs.Conflict, "records_of_another", "The records in %s were replaced by those of another Croft. Each needs a prefix of its own.", c.store.Where())
	}
	c.known.Store(next)
	return nil
}

// lost says what it means that records which were there are gone.
func (c *catalogue) lost(err error) error {
	if errors.Is(err, objectstore.ErrObjectNotFound) || errors.Is(err, objectstore.ErrBucketNotFound) {
		return errs.Wrap(err, errs.Unavailable, "records_lost",
			"The records of buckets are gone from "+c.store.Where()+". Restore the object "+recordsKey+" there.")
	}
	return err
}

func (c *catalogue) take(ctx context.Context) error {
	select {
	case <-c.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *catalogue) give() { c.turn <- struct{}{} }

// putRecord writes a small object of Croft's own and returns its ETag.
func (s *Store) putRecord(ctx context.Context, key string, text []byte, condition objectstore.Condition) (etag string, err error) {
	options := minio.PutObjectOptions{ContentType: "application/json"}
	demand(&options, condition)
	info, err := s.client.putBytes(ctx, s.prefix, key, bytes.NewReader(text), md5Of(text), options)
	return info.ETag, s.explain(err)
}

// record reads a small object of Croft's own.
func (s *Store) record(ctx context.Context, key string) ([]byte, error) {
	body, _, _, err := s.client.GetObject(ctx, s.prefix, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s.explain(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return text, s.explain(err)
}
