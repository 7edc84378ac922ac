package erasure

import (
	"encoding/binary"
	"fmt"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
	"croft/objectstore/erasure/shardfile"
)

// A value of the catalogue is an entry of the log and where it stands: the
// entry's length, the entry, its location.

func packValue(meta []byte, loc *seglog.Location) []byte {
	b := make([]byte, 0, len(meta)+64)
	b = binary.AppendUvarint(b, uint64(len(meta)))
	b = append(b, meta...)
	return loc.Append(b)
}

func splitValue(value []byte) (meta, rest []byte, err error) {
	n, used := binary.Uvarint(value)
	if used <= 0 || n > uint64(len(value)-used) {
		return nil, nil, fmt.Errorf("%w: value of %d bytes", index.ErrUnusable, len(value))
	}
	return value[used : used+int(n)], value[used+int(n):], nil
}

// unpack reads a value whole.
func unpack[T record.Entry](value []byte) (entry T, loc seglog.Location, err error) {
	meta, rest, err := splitValue(value)
	if err != nil {
		return entry, loc, err
	}
	e, err := record.Decode(meta)
	if err != nil {
		return entry, loc, fmt.Errorf("%w: %w", index.ErrUnusable, err)
	}
	entry, ok := e.(T)
	if !ok {
		return entry, loc, fmt.Errorf("%w: value is a %T", index.ErrUnusable, e)
	}
	if loc, _, err = seglog.DecodeLocation(rest); err != nil {
		return entry, loc, fmt.Errorf("%w: %w", index.ErrUnusable, err)
	}
	return entry, loc, nil
}

// listed reads a version without where it stands, which a listing does not need.
func listed(value []byte) (*record.Version, error) {
	meta, _, err := splitValue(value)
	if err != nil {
		return nil, err
	}
	e, err := record.Decode(meta)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", index.ErrUnusable, err)
	}
	v, ok := e.(*record.Version)
	if !ok {
		return nil, fmt.Errorf("%w: value is a %T", index.ErrUnusable, e)
	}
	return v, nil
}

// weight is about how many bytes an entry takes in the log, on all drives.
func (s *Store) weight(meta []byte, loc *seglog.Location) int64 {
	return int64(len(meta)*loc.Drives()) + loc.Footprint()
}

// object turns a version into what callers see.
func (b *bucket) object(v *record.Version) objectstore.Object {
	o := objectstore.Object{
		Bucket: b.now.Load().Name, Key: v.Key, Size: v.Size, ETag: v.ETag, Marker: v.Marker,
		ModifiedAt: record.Time(v.Modified), Attributes: v.Attrs, Parts: v.Parts,
		Encryption: v.Sealed.By, Compressed: v.Compressed(), StoredSize: v.StoredSize(), Class: v.Class, Tier: v.Tier(),
	}
	if v.Trouble.Tries > 0 {
		o.Restore.Failure = objectstore.RestoreFailure{Tries: v.Trouble.Tries, At: record.Time(v.Trouble.At), Code: v.Trouble.Code}
	}
	if o.Restore.Ongoing = v.Restore.Ongoing(); v.Restore.Until != 0 {
		o.Restore.Until = record.Time(v.Restore.Until)
	}
	if b.versioning() != objectstore.VersioningOff {
		o.VersionID = versionID(v)
	}
	return o
}

func bodyOf(b record.Body) shardfile.Body {
	return shardfile.Body{ID: b.ID, Size: b.Size, Data: b.Data, Parity: b.Parity}
}

// recordBody is a body that wears nothing.
func recordBody(b shardfile.Body) record.Body {
	return record.Body{ID: b.ID, Size: b.Size, Data: b.Data, Parity: b.Parity}
}
