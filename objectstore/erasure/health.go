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
	h := objectstore.Health{
		Engine: "erasure", Parity: g.Parity, DataShards: g.Data, ParityShards: g.Parity,
		ReadQuorum: g.ReadQuorum(), WriteQuorum: g.WriteQuorum(), Writable: s.checkWritable() == nil,
	}
	for _, d := range s.set.Health(ctx) {
		d.Healing = s.heal.progress[d.Place].report()
		h.Drives = append(h.Drives, d)
	}
	return h, nil
}
