package tiering

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// Deps are what the room works with.
type Deps struct {
	DB     *store.DB
	Sealer *seal.Sealer
	Store  objectstore.Store
	// Named returns the buckets whose rules name a tier; nil: there are no rules.
	Named func(ctx context.Context, tier string) ([]string, error)
	Log   *slog.Logger
}

// Config tunes the room; the zero value of all but the deployment suits a running
// instance.
type Config struct {
	Deployment string        // of the store, for ever
	PartSize   int64         // of bodies that are sent in parts, and the largest that are not; 0 is 16 MiB
	CheckEvery time.Duration // how long an answer to whether a tier can be reached is good for; 0 is 15 s
	SweepEvery time.Duration // how often unfinished uploads are looked for; 0 is 6 h
}

// source is what the room needs of a store.
type source interface {
	objectstore.Store
	objectstore.Tierer
}

// Service is the room's face. Its methods may be called from any goroutine.
type Service struct {
	db     *store.DB
	sealer *seal.Sealer
	source source // nil when the store cannot do it
	named  func(context.Context, string) ([]string, error)
	log    *slog.Logger
	config Config
	wake   chan struct{} // has room for one: somebody wants to know how tiers are

	// checked, in tests, is called when a tier was tried or swept.
	checked func()

	// change is held while tiers are added, changed or removed.
	change sync.Mutex

	mu     sync.RWMutex // guards the following field
	places map[string]*place
}

var _ objectstore.Tiers = (*Service)(nil)

// New makes the service. It does no I/O and starts nothing.
func New(deps Deps, config Config) *Service {
	s := &Service{
		db: deps.DB, sealer: deps.Sealer, named: deps.Named, log: deps.Log, config: config, wake: make(chan struct{}, 1), checked: func() {}, places: map[string]*place{},
	}
	s.source, _ = deps.Store.(source)
	s.config.PartSize = cmp.Or(s.config.PartSize, 16<<20)
	s.config.CheckEvery = cmp.Or(s.config.CheckEvery, 15*time.Second)
	s.config.SweepEvery = cmp.Or(s.config.SweepEvery, 6*time.Hour)
	return s
}

// Available reports whether this store can keep bodies in tiers.
func (s *Service) Available() bool { return s.source != nil }

// Open takes up all tiers. It reaches for none of them. One whose secret key cannot be
// opened says so when it is used, and everything else goes on.
func (s *Service) Open(ctx context.Context) error {
	var rows []tierRow
	if err := s.db.Read(ctx).Find(&rows).Error; err != nil {
		return fmt.Errorf("read tiers: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		t := row.toApp()
		p := s.newPlace(t, newTraffic())
		secret, err := s.sealer.Open(secretPurpose(t.Name), row.SecretKey)
		if err == nil {
			n := NewTier{Tier: t, SecretKey: remote.Secret(secret)}
			p.client, err = remote.Dial(n.target())
		}
		p.unusable = err
		s.places[t.Name] = p
	}
	return nil
}

// Tier implements objectstore.Tiers. It sends nothing.
func (s *Service) Tier(name string) (objectstore.Tier, error) {
	p, err := s.place(name)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s *Service) place(name string) (*place, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.places[name]
	if p == nil {
		return nil, objectstore.ErrTierNotFound
	}
	return p, nil
}

// Names returns the tiers' names in order.
func (s *Service) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.places))
}

// Test reaches for a new tier's bucket, writes, reads and deletes there, and says why
// it cannot be used, or nil. It leaves nothing there.
func (s *Service) Test(ctx context.Context, n NewTier) error {
	p, err := s.prepare(n)
	if err != nil {
		return err
	}
	defer p.client.Close()
	return p.client.InTime(ctx, remote.PersonTime, func(ctx context.Context) error { return s.probe(ctx, p) })
}

// prepare makes the place that a new tier would be.
func (s *Service) prepare(n NewTier) (*place, error) {
	if s.source == nil {
		return nil, ErrUnavailable
	}
	if err := n.clean(); err != nil {
		return nil, err
	}
	if _, err := s.place(n.Name); err == nil {
		return nil, ErrTierExists
	}
	n.CreatedAt = time.Now().UTC().Truncate(time.Millisecond)
	return s.dial(n, newTraffic())
}

func (s *Service) dial(n NewTier, t *traffic) (*place, error) {
	client, err := remote.Dial(n.target())
	if err != nil {
		return nil, err
	}
	p := s.newPlace(n.Tier, t)
	p.client = client
	return p, nil
}

func (s *Service) newPlace(t Tier, is *traffic) *place {
	return &place{
		tier: t, folder: t.Prefix + s.config.Deployment + "/", partSize: s.config.PartSize, parts: objectstore.MaxPartNumber, openTime: openTime, traffic: is, reach: new(reach),
	}
}

// Add makes a tier once its bucket has passed Test and its prefix is marked as the
// tier's. A tier that was known once and whose bodies are there still is added anew
// in the same way.
func (s *Service) Add(ctx context.Context, n NewTier) (Tier, error) {
	p, err := s.prepare(n)
	if err != nil {
		return Tier{}, err
	}
	if err := s.add(ctx, p, n.SecretKey); err != nil {
		p.client.Close()
		return Tier{}, err
	}
	return p.tier, nil
}

func (s *Service) add(ctx context.Context, p *place, secret remote.Secret) error {
	s.change.Lock()
	defer s.change.Unlock()
	if _, err := s.place(p.tier.Name); err == nil {
		return ErrTierExists
	}
	if len(s.Names()) >= MaxTiers {
		return errTooMany
	}
	err := p.client.InTime(ctx, remote.PersonTime, func(ctx context.Context) error {
		if err := s.probe(ctx, p); err != nil {
			return err
		}
		return p.claim(ctx, s.config.Deployment)
	})
	if err != nil {
		return err
	}
	sealed, err := s.sealer.Seal(secretPurpose(p.tier.Name), []byte(strings.TrimSpace(string(secret))))
	if err != nil {
		return err
	}
	if err := s.db.Write(ctx, func(tx *gorm.DB) error {
		row := fromApp(p.tier, sealed)
		return tx.Create(&row).Error
	}); err != nil {
		return fmt.Errorf("keep tier: %w", err)
	}
	s.put(p)
	return nil
}

// put uses a place from now on. What the one before it does goes on to its end.
func (s *Service) put(p *place) {
	s.mu.Lock()
	before := s.places[p.tier.Name]
	s.places[p.tier.Name] = p
	s.mu.Unlock()
	if before != nil && before.client != nil {
		before.client.Close()
	}
}

// Update has Croft use other keys at a tier once they have passed Test there.
func (s *Service) Update(ctx context.Context, name string, a Access) (Tier, error) {
	s.change.Lock()
	defer s.change.Unlock()
	before, err := s.place(name)
	if err != nil {
		return Tier{}, err
	}
	n := NewTier{Tier: before.tier, SecretKey: a.SecretKey}
	n.AccessKey = a.AccessKey
	if a.Authorities != nil {
		n.Authorities = *a.Authorities
	}
	if err := n.clean(); err != nil {
		return Tier{}, err
	}
	p, err := s.dial(n, before.traffic)
	if err != nil {
		return Tier{}, err
	}
	if err := s.update(ctx, p, n.SecretKey); err != nil {
		p.client.Close()
		return Tier{}, err
	}
	return p.tier, nil
}

func (s *Service) update(ctx context.Context, p *place, secret remote.Secret) error {
	err := p.client.InTime(ctx, remote.PersonTime, func(ctx context.Context) error {
		if err := s.probe(ctx, p); err != nil {
			return err
		}
		return p.claim(ctx, s.config.Deployment)
	})
	if err != nil {
		return err
	}
	sealed, err := s.sealer.Seal(secretPurpose(p.tier.Name), []byte(secret))
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&tierRow{}).Where("name = ?", p.tier.Name).
			Updates(map[string]any{"access_key": p.tier.AccessKey, "secret_key": sealed, "authorities": p.tier.Authorities}).Error
	})
	if err != nil {
		return fmt.Errorf("keep tier: %w", err)
	}
	s.put(p)
	return nil
}

// Remove forgets a tier that keeps nothing. Its mark is taken from the bucket where
// that can be reached.
func (s *Service) Remove(ctx context.Context, name string) error {
	s.change.Lock()
	defer s.change.Unlock()
	p, err := s.place(name)
	if err != nil {
		return err
	}
	// From here on nothing is put there, so that what is unused stays so.
	if !p.traffic.close() {
		return inUse(name, "An object is being moved there right now. Try again later.")
	}
	if err := s.remove(ctx, p); err != nil {
		p.traffic.open()
		return err
	}
	return nil
}

func (s *Service) remove(ctx context.Context, p *place) error {
	name := p.tier.Name
	if s.named != nil {
		buckets, err := s.named(ctx, name)
		if err != nil {
			return err
		}
		if len(buckets) > 0 {
			return inUse(name, "Lifecycle rules move objects there, of these buckets: "+strings.Join(buckets, ", ")+". Change the rules first.")
		}
	}
	if s.source != nil {
		usage, err := s.source.TierUsage(ctx)
		if err != nil {
			return err
		}
		if u, used := usage[name]; used {
			return inUse(name, sayUsage(u))
		}
	}
	err := s.db.Write(ctx, func(tx *gorm.DB) error { return tx.Where("name = ?", name).Delete(&tierRow{}).Error })
	if err != nil {
		return fmt.Errorf("forget tier: %w", err)
	}
	s.mu.Lock()
	delete(s.places, name)
	s.mu.Unlock()
	if p.client == nil {
		return nil
	}
	defer p.client.Close()
	if err := p.client.InTime(ctx, checkTime, func(ctx context.Context) error { return p.unclaim(ctx, s.config.Deployment) }); err != nil {
		s.log.InfoContext(ctx, "the mark of a removed tier is left in its bucket", "tier", name, "bucket", p.tier.Bucket, "error", err)
	}
	return nil
}
