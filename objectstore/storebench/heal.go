package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"croft/objectstore/storebench/machine"
)

const (
	// healBegins is how long a store may take to begin healing by itself.
	healBegins = 30 * time.Second
	// healAtLeast is the part of what the drive held that must be back on it.
	healAtLeast = 0.9
)

// heals fills the store, replaces the last drive by a blank one while the store is
// stopped, and measures from its start until the drive holds everything again.
func heals(ctx context.Context, b *bench) error {
	o, err := b.objects(ctx, "healed", 64*mib)
	if err != nil {
		return err
	}
	if err := b.fill(ctx, o, uint64(max(1, b.heal/o.bytes)), 4); err != nil {
		return err
	}
	r := row{name: "heal", what: fmt.Sprintf("bytes back on a blank drive, %s MiB of objects stored", number(float64(o.next.Load()*64))), figure: "rate", unit: "MiB/s"}
	drive := b.drives[len(b.drives)-1]
	for n := range b.runs {
		held, rate, why, err := b.healOnce(ctx, &r, drive)
		if err != nil {
			return err
		}
		if why != "" {
			b.progress("heal: SKIPPED: %s", why)
			return nil
		}
		r.value = append(r.value, rate/mib)
		b.progress("heal: run %d of %d: %s MiB at %s MiB/s", n+1, b.runs, number(float64(held)/mib), number(r.value[n]))
	}
	b.add(r)
	return nil
}

// healOnce returns how much the drive held and at what rate it came back, or why
// the engine does not heal.
func (b *bench) healOnce(ctx context.Context, r *row, drive string) (held int64, rate float64, why string, err error) {
	if err := b.target.stop(ctx); err != nil {
		return 0, 0, "", err
	}
	if held, err = allocated(drive); err != nil {
		return 0, 0, "", err
	}
	if err := errors.Join(os.RemoveAll(drive), os.Mkdir(drive, 0o755), b.probe(ctx, r, probeWrite)); err != nil {
		return 0, 0, "", err
	}
	began := time.Now()
	if err := b.target.start(ctx); err != nil {
		return 0, 0, "", err
	}
	// Whole is what is at rest with as much as before: a drive that says so at once
	// and is still empty does not heal.
	grown, grewAt := int64(0), began
	for {
		if err := sleep(ctx, 250*time.Millisecond); err != nil {
			return 0, 0, "", err
		}
		drives, err := b.target.health(ctx)
		if err != nil {
			return 0, 0, "", err
		}
		last := drives[len(drives)-1]
		now, err := allocated(drive)
		if err != nil {
			return 0, 0, "", err
		}
		if now > grown {
			grown, grewAt = now, time.Now()
		}
		switch {
		case last.State == "ok" && float64(now) >= healAtLeast*float64(held):
			return held, float64(now) / time.Since(began).Seconds(), "", nil
		case time.Since(grewAt) > healBegins:
			return held, 0, fmt.Sprintf("%v after a blank drive replaced one with %s MiB it holds %s MiB, and its state is %q %s",
				healBegins, number(float64(held)/mib), number(float64(now)/mib), last.State, last.Message), nil
		}
	}
}

// allocated is how many bytes of the disk a folder occupies.
func allocated(folder string) (int64, error) {
	var total int64
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil && entry.Type().IsRegular() {
			info, err = entry.Info()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since it was listed
		}
		if err == nil && info != nil {
			total += machine.Allocated(info)
		}
		return err
	})
	return total, err
}
