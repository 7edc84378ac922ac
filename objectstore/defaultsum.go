package objectstore

import (
	"encoding/base64"
	"encoding/binary"
	"io"

	"github.com/minio/crc64nvme"
)

const (
	// SumCRC64NVME is where Attributes.Checksums hold an object's default checksum.
	SumCRC64NVME = "crc64nvme"
	// PartSum is where those of a part hold its own until the object is put together. It
	// is not a checksum's name, so that a part shows none that nobody asked for.
	PartSum = "crc64"
)

// DefaultSum makes the checksum that an object is kept with when whoever wrote it named
// none: S3's, a CRC64NVME of the whole object. A store whose objects are somebody
// else's (see Versions) has none.
type DefaultSum struct{ crc uint64 }

// SumFor returns a checksum for a body that goes into the store, nil where it keeps none.
func SumFor(s Store) *DefaultSum {
	if _, own := s.(Versions); !own {
		return nil
	}
	return new(DefaultSum)
}

// WithSum is the request with the default checksum of its body, where the store keeps one.
// It has no Finish of its own.
func WithSum(s Store, r PutRequest) PutRequest {
	if sum := SumFor(s); sum != nil {
		r.Body, r.Finish = io.TeeReader(r.Body, sum), sum.Finish
	}
	return r
}

// WithPartSum is the same for a part.
func WithPartSum(s Store, r PutPartRequest) PutPartRequest {
	if sum := SumFor(s); sum != nil {
		r.Body, r.Finish = io.TeeReader(r.Body, sum), sum.FinishPart
	}
	return r
}

// Write adds to the body; it never fails.
func (s *DefaultSum) Write(p []byte) (int, error) {
	s.crc = crc64nvme.Update(s.crc, p)
	return len(p), nil
}

// String is the checksum in base64, as S3 writes it.
func (s *DefaultSum) String() string { return encodeCRC64(s.crc) }

// Finish gives an object without a checksum this one. Both Finish and FinishPart do
// nothing where the store keeps none.
func (s *DefaultSum) Finish(a *Attributes) error {
	if s != nil && len(a.Checksums) == 0 {
		a.Checksums = map[string]string{SumCRC64NVME: s.String()}
	}
	return nil
}

// FinishPart notes a part's checksum for FinishUpload.
func (s *DefaultSum) FinishPart(kept map[string]string) error {
	if s != nil {
		kept[PartSum] = s.String()
	}
	return nil
}

// FinishUpload makes the checksum of an object of those of its parts, unless it has one
// or a part has none, and takes the parts' away; it is made to be
// CompleteUploadRequest.Finish.
func FinishUpload(a *Attributes, parts []Part) error {
	sum, all := uint64(0), true
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksums[PartSum])
		if all = all && err == nil && len(raw) == 8; all {
			sum = CRC64NVME.Join(sum, binary.BigEndian.Uint64(raw), p.Size)
		}
		delete(p.Checksums, PartSum)
	}
	if all && len(a.Checksums) == 0 {
		a.Checksums = map[string]string{SumCRC64NVME: encodeCRC64(sum)}
	}
	return nil
}

func encodeCRC64(sum uint64) string {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], sum)
	return base64.StdEncoding.EncodeToString(raw[:])
}
