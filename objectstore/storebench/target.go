package main

import (
	"context"
	"errors"

	"croft/objectstore/storebench/machine"
)

// target is a store under measurement, on drives of its own. A target that was
// stopped or killed starts again with what it holds.
type target interface {
	// start returns when requests are served.
	start(ctx context.Context) error
	// connect returns one more client.
	connect(ctx context.Context) (client, error)
	// stop asks the store to end and waits until it has.
	stop(ctx context.Context) error
	// kill ends the store as a power cut would end its process, or fails with
	// errCannotKill where it lives in this process.
	kill() error
	// process is where the store runs, and whether that is this process too.
	process() (p machine.Process, shared bool)
	// geometry is how many shards hold data and how many parity, known once started.
	geometry() (data, parity int)
	// health tells each drive's state and message, in the order of the drives.
	health(ctx context.Context) ([]driveHealth, error)
}

var errCannotKill = errors.New("the store lives in this process")

// client is one user of a store, with a connection of its own where there are
// connections. It is for one goroutine at a time.
type client interface {
	createBucket(ctx context.Context, bucket string) error
	put(ctx context.Context, bucket, key string, c content) error
	// get fails with errGone where the key holds nothing.
	get(ctx context.Context, bucket, key string, k *checker) error
	// list hands one page's entries to see and returns where the next page starts.
	list(ctx context.Context, r listRequest, see func(entry []byte) error) (next string, err error)
	remove(ctx context.Context, bucket string, keys []string) error
	close()
}

var errGone = errors.New("the key holds nothing")

// listRequest asks for one page of the keys of a bucket or, with folders, of
// their first components.
type listRequest struct {
	bucket  string
	folders bool
	after   string // starts behind this key, unless next is set
	next    string // what list returned for the page before
}

type driveHealth struct {
	State   string
	Message string
}

const pageSize = 1000
