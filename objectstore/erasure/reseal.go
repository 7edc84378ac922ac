package erasure

import (
	"context"
	"fmt"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// Reseal seals the keys of all encrypted objects and unfinished uploads under the
// newest master key, so that older ones are not needed any more; bodies stay as they
// are. It returns how many it sealed anew. What cannot be opened is left as it is:
// the error tells how many those were, and the first cause. It may run while the
// store is used, and may be repeated.
func (s *Store) Reseal(ctx context.Context) (resealed int, err error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.inUse.Done()
	return s.reseal(ctx, func(*resealer) {})
}

// reseal is Reseal that tells how far it is, page by page and at its end.
func (s *Store) reseal(ctx context.Context, tell func(*resealer)) (resealed int, err error) {
	_, newest, err := s.newKey(ctx, objectstore.EncryptionStore, nil)
	if err != nil {
		return 0, err
	}
	r := &resealer{store: s, newest: newest.MasterID, tell: tell}
	all, err := s.ListBuckets(ctx)
	if err != nil {
		return 0, err
	}
	for _, b := range all {
		in, err := s.buckets.find(b.Name)
		if err != nil {
			continue // it was deleted meanwhile
		}
		if err := r.versions(ctx, in); err != nil {
			return r.done, err
		}
		if err := r.uploads(ctx, in); err != nil {
			return r.done, err
		}
	}
	if r.failed > 0 {
		return r.done, fmt.Errorf("%d keys could not be sealed anew, the first because: %w", r.failed, r.cause)
	}
	return r.done, nil
}

// resealer is one run of Reseal.
type resealer struct {
	store  *Store
	newest string // master key
	tell   func(*resealer)
	// checked are the versions that were looked at, done and failed the keys that were
	// sealed anew or could not be.
	checked int64
	done    int
	failed  int
	cause   error // of the first failure
}

// old reports whether a key is sealed under an older master key.
func (r *resealer) old(s record.Sealed) bool {
	return s.By.UnderMasterKey() && s.MasterID != r.newest
}

// note counts what became of one object. Only what ends the whole run is returned.
func (r *resealer) note(ctx context.Context, did bool, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		if r.failed++; r.cause == nil {
			r.cause = err
		}
	case did:
		r.done++
	}
	return nil
}

func (r *resealer) versions(ctx context.Context, b *bucket) error {
	page := index.ListVersionsRequest{Bucket: b.ID, Limit: objectstore.DefaultLimit}
	for {
		var old []index.Version
		end, err := r.store.index.ListVersions(ctx, page, func(e index.VersionEntry) error {
			r.checked++
			v, err := listed(e.Version.Value)
			if err == nil && r.old(v.Sealed) {
				old = append(old, index.Version{Key: v.Key, Ord: v.Ord})
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, v := range old {
			did, err := r.version(ctx, b, v.Key, v.Ord)
			if err := r.note(ctx, did, err); err != nil {
				return err
			}
		}
		r.tell(r)
		if !end.Truncated {
			return nil
		}
		page.AfterKey, page.AfterOrd = end.NextKey, end.NextOrd
	}
}

func (r *resealer) version(ctx context.Context, b *bucket, key string, ord uint64) (did bool, err error) {
	s := r.store
	b.use.RLock() // the bucket stays
	defer b.use.RUnlock()
	defer s.keys.lock(name{b.ID, key})()
	row, found, err := s.index.ByOrd(ctx, b.ID, key, ord)
	if err != nil || !found {
		return false, err
	}
	h, err := heldIn(row)
	if err != nil || !r.old(h.Sealed) {
		return false, err
	}
	v := *h.Version
	if v.Sealed, err = r.reseal(ctx, h.Sealed); err != nil {
		return false, err
	}
	return true, s.rewrite(ctx, h, &v)
}

func (r *resealer) reseal(ctx context.Context, sealed record.Sealed) (record.Sealed, error) {
	key, err := r.store.openKey(ctx, sealed, nil)
	if err != nil {
		return sealed, err
	}
	return r.store.sealKey(ctx, key, sealed.By, nil)
}

func (r *resealer) uploads(ctx context.Context, b *bucket) error {
	page := index.ListUploadsRequest{Bucket: b.ID, Limit: objectstore.DefaultLimit}
	for {
		var old []*record.Upload
		end, err := r.store.index.ListUploads(ctx, page, func(e index.UploadEntry) error {
			u, _, err := unpack[*record.Upload](e.Upload.Value)
			if err == nil && r.old(u.Sealed) {
				old = append(old, u)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, u := range old {
			did, err := r.upload(ctx, b, u.Key, u.ID)
			if err := r.note(ctx, did, err); err != nil {
				return err
			}
		}
		r.tell(r)
		if !end.Truncated {
			return nil
		}
		page.AfterKey, page.AfterID = end.NextKey, end.NextID
	}
}

func (r *resealer) upload(ctx context.Context, b *bucket, key, id string) (did bool, err error) {
	s := r.store
	b.use.RLock() // the bucket stays
	defer b.use.RUnlock()
	defer s.keys.lock(name{b.ID, key})()
	row, found, err := s.index.Upload(ctx, b.ID, key, id)
	if err != nil || !found || b.dead {
		return false, err
	}
	u, loc, err := unpack[*record.Upload](row.Value)
	if err != nil || !r.old(u.Sealed) {
		return false, err
	}
	if u.Sealed, err = r.reseal(ctx, u.Sealed); err != nil {
		return false, err
	}
	u.Shadows = u.Shadows.With(loc.Segment, s.segmentExists())
	_, err = s.seglog.Append(ctx, seglog.Options{}, entry(u, nil))
	return err == nil, err
}
