package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
)

// class is a size of objects and the load that is put on it.
type class struct {
	name    string
	size    string
	bytes   int64
	clients int
	least   uint64 // objects that reading at random needs
}

func (c class) what(verb string) string { return c.size + " " + verb }

func (c class) small() bool { return c.bytes < mib }

// unit is what a class's rates are in, and how they come of bytes a second.
func (c class) unit() (unit string, scale float64) {
	if c.small() {
		return "objects/s", 1 / float64(c.bytes)
	}
	return "MiB/s", 1. / mib
}

// objects are what a bucket holds of one class: the numbers first … next-1. The
// key and the body of each follow from its number.
type objects struct {
	ring   ring
	bucket string
	bytes  int64
	first  uint64
	next   atomic.Uint64
}

// key scatters: what is put one after the other does not lie together in order.
func (o *objects) key(number uint64) string {
	name := mix(number)
	return fmt.Sprintf("%02x/%014x", name>>56, name&(1<<56-1))
}

func (o *objects) body(number uint64) content { return o.ring.body(number, o.bytes) }

// put stores one more object.
func (o *objects) put(ctx context.Context, c client, _ int) (int64, error) {
	number := o.next.Add(1) - 1
	return o.bytes, c.put(ctx, o.bucket, o.key(number), o.body(number))
}

// get reads one object and verifies it, a large one whole every sixteenth time.
func (o *objects) get(ctx context.Context, c client, _ int) (int64, error) {
	number := o.first + rand.Uint64N(o.next.Load()-o.first)
	whole := rand.IntN(16) == 0
	return o.bytes, c.get(ctx, o.bucket, o.key(number), o.body(number).check(whole))
}

// objects returns what there is of a class in a bucket of its own.
func (b *bench) objects(ctx context.Context, bucket string, bytes int64) (*objects, error) {
	if b.stored[bucket] == nil {
		b.stored[bucket] = &objects{ring: b.ring, bucket: bucket, bytes: bytes}
	}
	return b.stored[bucket], b.bucket(ctx, bucket)
}

// drop deletes all objects of a class.
func (b *bench) drop(ctx context.Context, o *objects) error {
	var left atomic.Uint64
	left.Store(o.first)
	end := o.next.Load()
	if o.first == end {
		return nil
	}
	_, err := b.load(ctx, 4, 0, func(ctx context.Context, c client, _ int) (int64, error) {
		from := left.Add(deleteBatch) - deleteBatch
		if from >= end {
			return 0, errNoMore
		}
		var keys []string
		for n := from; n < min(from+deleteBatch, end); n++ {
			keys = append(keys, o.key(n))
		}
		return int64(len(keys)), c.remove(ctx, o.bucket, keys)
	})
	o.first = end
	return err
}

func (c class) puts(ctx context.Context, b *bench) error {
	o, err := b.objects(ctx, "objects-"+c.name, c.bytes)
	if err != nil {
		return err
	}
	p := plan{row: row{name: "put" + c.name, what: c.what("PUT"), figure: "rate"}, probe: probeAppend, clients: c.clients, work: o.put}
	p.unit, p.scale = c.unit()
	if !c.small() {
		p.probe = probeWrite
		// They would fill the disk: only the last run's stay, to be read.
		p.between = func() error { return b.drop(ctx, o) }
	}
	return b.repeat(ctx, p)
}

func (c class) gets(ctx context.Context, b *bench) error {
	o, err := b.objects(ctx, "objects-"+c.name, c.bytes)
	if err != nil {
		return err
	}
	if err := b.fill(ctx, o, c.least, c.clients); err != nil {
		return err
	}
	p := plan{row: row{name: "get" + c.name, what: c.what("GET"), figure: "rate"}, clients: c.clients, work: o.get}
	p.unit, p.scale = c.unit()
	if !c.small() {
		p.probe = probeRead
	}
	if err := b.repeat(ctx, p); err != nil || c.small() {
		return err
	}
	return b.drop(ctx, o)
}

// fill puts objects until there are so many.
func (b *bench) fill(ctx context.Context, o *objects, want uint64, clients int) error {
	there := o.next.Load()
	end := o.first + want
	if there >= end {
		return nil
	}
	b.progress("putting %d objects into %s", end-there, o.bucket)
	_, err := b.load(ctx, clients, 0, func(ctx context.Context, c client, worker int) (int64, error) {
		if o.next.Load() >= end {
			return 0, errNoMore
		}
		return o.put(ctx, c, worker)
	})
	return err
}
