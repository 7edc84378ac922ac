package erasure

import (
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// Large bodies may be cut otherwise than the log: as their storage class and their
// bucket want it. Each keeps how it was cut.

// usualReduced is the parity of reduced redundancy when nobody says otherwise.
const usualReduced = 1

// checkReduced refuses a parity of reduced redundancy that is none.
func checkReduced(g driveset.Geometry, parity *int) error {
	if parity != nil && (*parity < 0 || *parity > g.Parity) {
		return errs.Newf(errs.Invalid, "reduced_parity_invalid",
			"Reduced redundancy with parity %d makes no sense on these drives, whose parity is %d: give 0 to %d.", *parity, g.Parity, g.Parity)
	}
	return nil
}

// checkParity refuses a bucket's parity that the drives cannot have.
func (s *Store) checkParity(parity *int) error {
	if parity == nil {
		return nil
	}
	drives := s.set.Geometry.Drives()
	if *parity < 0 || *parity > drives/2 {
		return errs.Newf(errs.Invalid, "parity_invalid",
			"A bucket's parity is from 0 to half of the drives: with %d drives up to %d.", drives, drives/2)
	}
	return nil
}

// geometryFor is how large bodies of a class are cut in a bucket now. While too
// many drives are away for that, they get the redundancy of the log instead of
// being refused, unless that is less.
func (s *Store) geometryFor(b *bucket, class objectstore.StorageClass) driveset.Geometry {
	usual := s.set.Geometry
	parity := usual.Parity
	if own := b.now.Load().Parity; own != nil {
		parity = min(*own, usual.Drives()/2)
	}
	if class == objectstore.ClassReduced {
		reduced := usualReduced
		if s.reduced != nil {
			reduced = *s.reduced
		}
		parity = min(parity, reduced)
	}
	g := driveset.Geometry{Data: usual.Drives() - parity, Parity: parity}
	if parity < usual.Parity && s.set.Writable().Count() < g.WriteQuorum() {
		return usual
	}
	return g
}
