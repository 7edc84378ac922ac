package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/storebench/machine"
)

// engine is the erasure engine alone, in this process.
type engine struct {
	drives  []string
	parity  int
	logFile string

	log   *os.File
	store *erasure.Store // nil while stopped
	end   func()
	ended chan error // what Run returned

	shards struct{ data, parity int }
}

var _ target = (*engine)(nil)

func (e *engine) start(ctx context.Context) (err error) {
	if e.log, err = os.OpenFile(e.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(e.log, nil))
	if e.store, err = erasure.Open(ctx, erasure.Config{Drives: e.drives, Parity: e.parity, Logger: logger}); err != nil {
		return errors.Join(err, e.log.Close())
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	e.end, e.ended = end, make(chan error, 1)
	store, ended := e.store, e.ended
	go func() { ended <- store.Run(running) }()
	health, err := store.Health(ctx)
	if err != nil {
		return errors.Join(err, e.stop(ctx))
	}
	e.shards.data, e.shards.parity = health.DataShards, health.ParityShards
	return nil
}

func (e *engine) geometry() (data, parity int) { return e.shards.data, e.shards.parity }

func (e *engine) stop(context.Context) error {
	if e.store == nil {
		return nil
	}
	e.end()
	err := <-e.ended
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	err = errors.Join(err, e.store.Close(), e.log.Close()) //nolint:contextcheck // closing is not cut short
	e.store = nil
	return err
}

func (e *engine) kill() error { return errCannotKill }

func (e *engine) process() (machine.Process, bool) { return machine.Process{PID: os.Getpid()}, true }

func (e *engine) connect(context.Context) (client, error) { return engineClient{e.store}, nil }

func (e *engine) health(ctx context.Context) ([]driveHealth, error) {
	health, err := e.store.Health(ctx)
	if err != nil {
		return nil, err
	}
	var drives []driveHealth
	for _, d := range health.Drives {
		drives = append(drives, driveHealth{State: string(d.State), Message: d.Message})
	}
	return drives, nil
}

// engineClient calls a store without any protocol between.
type engineClient struct{ store objectstore.Store }

var _ client = engineClient{}

func (c engineClient) createBucket(ctx context.Context, bucket string) error {
	_, err := c.store.CreateBucket(ctx, objectstore.Bucket{Name: bucket})
	return err
}

func (c engineClient) put(ctx context.Context, bucket, key string, body content) error {
	_, err := c.store.Put(ctx, objectstore.PutRequest{Bucket: bucket, Key: key, Body: body.reader(), Size: body.size})
	return err
}

func (c engineClient) get(ctx context.Context, bucket, key string, k *checker) error {
	_, body, err := c.store.Get(ctx, bucket, key, nil)
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		return errGone
	}
	if err != nil {
		return err
	}
	err = k.drain(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("get %s/%s: %w", bucket, key, err)
	}
	return nil
}

func (c engineClient) list(ctx context.Context, r listRequest, see func([]byte) error) (string, error) {
	request := objectstore.ListRequest{Bucket: r.bucket, After: r.after, Limit: pageSize}
	if r.next != "" {
		request.After = r.next
	}
	if r.folders {
		request.Delimiter = "/"
	}
	page, err := c.store.List(ctx, request)
	if err != nil {
		return "", err
	}
	for i := range page.Objects {
		if err := see([]byte(page.Objects[i].Key)); err != nil {
			return "", err
		}
	}
	for _, prefix := range page.Prefixes {
		if err := see([]byte(prefix)); err != nil {
			return "", err
		}
	}
	return page.Next, nil
}

// batchDeleter is a store that deletes many keys at once, with an error for each.
type batchDeleter interface {
	DeleteAll(ctx context.Context, bucket string, keys []string) []error
}

func (c engineClient) remove(ctx context.Context, bucket string, keys []string) error {
	if many, ok := c.store.(batchDeleter); ok {
		return errors.Join(many.DeleteAll(ctx, bucket, keys)...)
	}
	for _, key := range keys {
		if _, err := c.store.Delete(ctx, bucket, key); err != nil {
			return err
		}
	}
	return nil
}

func (c engineClient) close() {}
