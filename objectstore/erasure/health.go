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
	g := s.geometry
	h := objectstore.Health{
		Engine: "erasure", Parity: g.parity, DataShards: g.data, ParityShards: g.parity,
		ReadQuorum: g.readQuorum(), WriteQuorum: g.writeQuorum(), Writable: s.checkWritable() == nil,
	}
	for _, d := range s.given {
		one := objectstore.Drive{Path: d.path}
		one.State, one.Message = d.status()
		if one.State != objectstore.DriveOffline {
			if total, free, err := space(d.path); err == nil {
				one.TotalBytes, one.FreeBytes = total, free
			}
		}
		h.Drives = append(h.Drives, one)
	}
	return h, nil
}
