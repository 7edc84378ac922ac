package pools

import (
	"context"

	"croft/objectstore"
)

var _ objectstore.Renamer = (*Store)(nil)

// Rename implements objectstore.Renamer. Where both keys belong into one set it is that set's
// rename; else the object is under both for a moment.
func (s *Store) Rename(ctx context.Context, r objectstore.RenameRequest) (objectstore.Object, error) {
	return write(ctx, s, r.Bucket, r.From, func(from *set) (objectstore.Object, error) {
		return write(ctx, s, r.Bucket, r.Key, func(to *set) (objectstore.Object, error) {
			return from.RenameTo(ctx, to.Store, r)
		})
	})
}
