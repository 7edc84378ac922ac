package docker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"golang.org/x/sync/errgroup"

	"croft/internal/errs"
)

const (
	removeRounds = 8
	removePause  = 250 * time.Millisecond
	removeAtOnce = 4
)

// Remove takes away a run's containers, then its network and volume, in rounds until the
// engine lists none of them: some may be on their way out by another hand.
func (e *Executor) Remove(ctx context.Context, runID string) error {
	if runID == "" {
		return errs.New(errs.Invalid, "run_id_invalid", "Remove needs the ID of a run.")
	}
	var last error
	for round := range removeRounds {
		if round > 0 {
			select {
			case <-time.After(time.Duration(round) * removePause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		left, err := e.listed(ctx, e.mine(runID))
		if err != nil {
			return translate(err, "list what the run left")
		}
		if left.none() {
			return nil
		}
		last = e.removeAll(ctx, left)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if unreachable(last) {
			break
		}
	}
	if left, err := e.listed(ctx, e.mine(runID)); err == nil && left.none() {
		return nil
	}
	if last == nil {
		last = errors.New("removed but still listed")
	}
	return translate(last, "remove everything the run left")
}

// Leftovers lists the runs of this Croft that have anything on the engine.
func (e *Executor) Leftovers(ctx context.Context) ([]string, error) {
	left, err := e.listed(ctx, e.mine(""))
	if err != nil {
		return nil, translate(err, "list what runs left")
	}
	var runs []string
	for _, c := range left.containers {
		runs = append(runs, c.Labels[labelRun])
	}
	for _, n := range left.networks {
		runs = append(runs, n.Labels[labelRun])
	}
	for _, v := range left.volumes {
		runs = append(runs, v.Labels[labelRun])
	}
	slices.Sort(runs)
	return slices.Compact(runs), nil
}

// things are what the engine has that carries certain labels.
type things struct {
	containers []container.Summary
	networks   []network.Summary
	volumes    []*volume.Volume
}

func (t things) none() bool { return len(t.containers)+len(t.networks)+len(t.volumes) == 0 }

func (e *Executor) listed(ctx context.Context, which filters.Args) (t things, err error) {
	if t.containers, err = e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: which}); err != nil {
		return t, err
	}
	if t.networks, err = e.api.NetworkList(ctx, network.ListOptions{Filters: which}); err != nil {
		return t, err
	}
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: which})
	t.volumes = volumes.Volumes
	return t, err
}

func (e *Executor) removeAll(ctx context.Context, t things) error {
	var g errgroup.Group
	g.SetLimit(removeAtOnce)
	for _, c := range t.containers {
		g.Go(func() error { return e.removeContainer(ctx, c.ID) })
	}
	failed := []error{g.Wait()}
	for _, n := range t.networks {
		failed = append(failed, ignoreNotFound(e.api.NetworkRemove(ctx, n.ID)))
	}
	for _, v := range t.volumes {
		failed = append(failed, ignoreNotFound(e.api.VolumeRemove(ctx, v.Name, true)))
	}
	return errors.Join(failed...)
}

// removeContainer removes a container by ID or name, running or not, with the unnamed volumes
// its image asked for. One that another hand is removing is a conflict: Remove looks again later.
func (e *Executor) removeContainer(ctx context.Context, id string) error {
	return ignoreNotFound(e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
}

func ignoreNotFound(err error) error {
	if notFound(err) {
		return nil
	}
	return err
}
