package erasure

import (
	"context"
	"io"

	"croft/objectstore"
	"croft/objectstore/erasure/record"
)

// Source is where a copy may come from.
type Source interface {
	GetVersion(ctx context.Context, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error)
}

// Copy implements objectstore.Objects. The bytes are read, verified and
// coded anew.
func (s *Store) Copy(ctx context.Context, r objectstore.CopyRequest) (objectstore.Object, error) {
	return s.CopyFrom(ctx, s, r)
}

// CopyFrom is Copy from another store, of the same union.
func (s *Store) CopyFrom(ctx context.Context, other Source, r objectstore.CopyRequest) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	class, err := r.Class.Kept()
	if err != nil {
		return objectstore.Object{}, err
	}
	if err := s.mayPut(ctx, r.Bucket, r.Key, -1, r.Condition); err != nil {
		return objectstore.Object{}, err
	}
	source, from, err := other.GetVersion(ctx, objectstore.VersionRef{Bucket: r.FromBucket, Key: r.FromKey, ID: r.FromVersion, CustomerKey: r.FromCustomerKey}, nil)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer func() { _ = from.Close() }()
	if r.Check != nil {
		if err := r.Check(source); err != nil {
			return objectstore.Object{}, err
		}
	}
	if err := s.mayPut(ctx, r.Bucket, r.Key, source.Size, r.Condition); err != nil {
		return objectstore.Object{}, err
	}
	attrs := source.Attributes.Clone()
	attrs.Lock = objectstore.Lock{} // a copy starts with the bucket's
	if r.Replace != nil {
		attrs = r.Replace.Clone()
		if attrs.Checksums == nil {
			attrs.Checksums = source.Attributes.Checksums
		}
	}
	if r.Class == objectstore.ClassUnset {
		class = source.Class
	}
	c, err := s.codingFor(ctx, newObject{
		bucket: r.Bucket, key: r.Key, attrs: attrs, class: class, encrypt: r.Encrypt, customer: r.CustomerKey,
	})
	if err != nil {
		return objectstore.Object{}, err
	}
	defer s.etags.expect(source.Size)()
	b, err := s.receive(ctx, from, source.Size, inlineMax, c)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer b.release()
	v := &record.Version{Key: r.Key, Size: source.Size, ETag: source.ETag, Attrs: attrs, Parts: source.Parts, Sealed: c.sealed, Class: class}
	return s.commit(ctx, r.Bucket, objectstore.HappenedCopy, v, b, r.Condition)
}
