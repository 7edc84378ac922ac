package objectstore

import (
	"context"

	"croft/internal/errs"
)

// ErrRenameVersioned refuses to rename where the old key would keep its versions.
var ErrRenameVersioned = errs.New(errs.Conflict, "rename_versioned",
	"Objects can be renamed only in a bucket that never kept versions: elsewhere the versions stay under the old name. Copy the object and delete the old one.")

// RenameRequest moves what one key holds to another key of the bucket.
type RenameRequest struct {
	Bucket string
	From   string
	Key    string // what it holds is replaced
	// Check, when set, sees in the step that renames what both keys hold, nil for nothing,
	// and may refuse, also with nothing to rename. It may change attributes, which the
	// object has then: its tags and system attributes, nothing else. It must not use the store.
	Check func(source, held *Object, attributes *Attributes) error
	// CustomerKey must be the object's, when that has one.
	CustomerKey *CustomerKey
}

// Renamer is another interface of stores that keep Versions.
type Renamer interface {
	// Rename moves an object with all that is kept with it, its time too. Where there is
	// nothing to rename it refuses with ErrObjectNotFound, and with ErrRenameVersioned in a
	// bucket that keeps or kept versions. Whoever looks sees it under one of the names, and
	// after a crash it is under one; only where a store spreads its keys over several sets,
	// and the names belong into two, it is under both for a moment, and may stay so.
	Rename(ctx context.Context, r RenameRequest) (Object, error)
}
