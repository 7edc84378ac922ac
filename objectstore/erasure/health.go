package erasure

import (
	"context"

	"croft/objectstore"
)

// Health implements objectstore.DriveReporter.
func (s *Store) Health(ctx context.Context) (objectstore.Health, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.Health{}, err
	}
	g := s.set.Geometry
	return objectstore.Health{
		Engine: "erasure", Parity: g.Parity, DataShards: g.Data, ParityShards: g.Parity,
		ReadQuorum: g.ReadQuorum(), WriteQuorum: g.WriteQuorum(), Writable: s.checkWritable() == nil,
		Drives: s.set.Health(ctx),
	}, nil
}
