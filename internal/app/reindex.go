package app

import (
	"context"
	"errors"
	"log/slog"

	"croft/objectstore/erasure"
)

// Reindex builds the object store's catalogue anew from the drives. It refuses
// while a Croft is running on them.
func Reindex(ctx context.Context, stateDir string, pools [][]string, log *slog.Logger) error {
	a := &App{config: Config{StateDir: stateDir, Pools: pools, Parity: -1, Logger: log}, log: log}
	err := a.openDrives(ctx, erasure.Config{Reindex: true})
	return errors.Join(err, a.close())
}
