package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

const (
	deleteBatch   = 100
	deleteClients = 4
)

// deletes takes objects out of the large bucket from its end, a folder a request,
// and then wants them gone.
func deletes(ctx context.Context, b *bench) error {
	l, err := b.largeBucket(ctx)
	if err != nil {
		return err
	}
	before := l.count
	// Each run may have its share, so that a store which is through early still has
	// all its runs; one folder at least stays.
	var left atomic.Int64
	var share atomic.Int64
	left.Store(int64(l.folders()))
	perRun := (left.Load() - 1) / int64(b.runs)
	if perRun < 1 {
		return fmt.Errorf("deleting %d times needs more objects than %d", b.runs, l.count)
	}
	work := func(ctx context.Context, c client, _ int) (int64, error) {
		if share.Add(-1) < 0 {
			return 0, errNoMore
		}
		folder := int(left.Add(-1))
		var keys []string
		for i := folder * folderSize; i < min((folder+1)*folderSize, before); i++ {
			keys = append(keys, l.key(i))
		}
		return int64(len(keys)), c.remove(ctx, l.name, keys)
	}
	clients := deleteClients
	if b.clients > 0 {
		clients = b.clients
	}
	r := row{name: "delete", what: fmt.Sprintf("DELETE of 100 a request, %s", plural(clients, "client")), figure: "rate", unit: "objects/s"}
	for range b.runs {
		if err := b.probe(ctx, &r, probeAppend); err != nil {
			return err
		}
		share.Store(perRun)
		run, err := b.load(ctx, clients, b.length, work)
		if err != nil {
			return err
		}
		r.addRun(run, 1)
	}
	b.add(r)
	l.count = min(int(left.Load())*folderSize, before)
	return b.once(ctx, func(c client) error { return l.gone(ctx, c, before) })
}

// gone verifies that nothing behind the count is listed or read any more, and
// that what is before it is.
func (l *largeBucket) gone(ctx context.Context, c client, before int) error {
	if err := c.get(ctx, l.name, l.key(l.count-1), l.body(l.count-1).check(true)); err != nil {
		return err
	}
	for _, i := range []int{l.count, (l.count + before) / 2, before - 1} {
		if i < before {
			if err := c.get(ctx, l.name, l.key(i), l.body(i).check(true)); !errors.Is(err, errGone) {
				return fmt.Errorf("%s was deleted; reading it: %w", l.key(i), orFound(err))
			}
		}
	}
	_, err := c.list(ctx, listRequest{bucket: l.name, after: l.key(l.count - 1)}, func(entry []byte) error {
		return fmt.Errorf("%s was deleted and is listed", entry)
	})
	return err
}

var errFound = errors.New("it is there")

func orFound(err error) error {
	if err == nil {
		return errFound
	}
	return err
}
