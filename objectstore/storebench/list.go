package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	folderSize  = 100 // objects in a folder of the large bucket
	loadClients = 64
	tinyBytes   = 256
)

// largeBucket is a bucket of many small objects in folders of 100. The i-th in
// order is known, so every page can be held to what it must be.
type largeBucket struct {
	name  string
	count int // objects 0 … count-1 are there
	ring  ring
}

// appendKey appends the i-th key in order.
func appendKey(out []byte, i int) []byte {
	out = append(appendFolder(out, i/folderSize), "object-"...)
	return appendPadded(out, i%folderSize, 2)
}

// appendFolder appends the i-th common prefix in order.
func appendFolder(out []byte, i int) []byte {
	return append(appendPadded(append(out, "folder-"...), i, 7), '/')
}

func appendPadded(out []byte, n, width int) []byte {
	for limit := 10; width > 1; width-- {
		if n < limit {
			out = append(out, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(out, int64(n), 10)
}

func (l *largeBucket) key(i int) string { return string(appendKey(nil, i)) }

func (l *largeBucket) body(i int) content { return l.ring.body(uint64(i), tinyBytes) }

func (l *largeBucket) folders() int { return (l.count + folderSize - 1) / folderSize }

// largeBucket loads the bucket at first use, in no order.
func (b *bench) largeBucket(ctx context.Context) (*largeBucket, error) {
	if b.large != nil {
		return b.large, nil
	}
	l := &largeBucket{name: "large", ring: b.ring}
	if err := b.bucket(ctx, l.name); err != nil {
		return nil, err
	}
	// Steps of a prime that does not divide the number reach each object once.
	stride := 15_485_863
	for b.count%stride == 0 {
		stride = 1_299_709
	}
	var done atomic.Int64
	stop := b.watch(func() string {
		return fmt.Sprintf("loading objects: %s of %s", number(float64(done.Load())), number(float64(b.count)))
	})
	run, err := b.load(ctx, loadClients, 0, func(ctx context.Context, c client, _ int) (int64, error) {
		n := int(done.Add(1) - 1)
		if n >= b.count {
			return 0, errNoMore
		}
		i := int(uint64(n) * uint64(stride) % uint64(b.count))
		return 1, c.put(ctx, l.name, l.key(i), l.body(i))
	})
	stop()
	if err != nil {
		return nil, err
	}
	l.count = b.count
	b.large = l
	r := row{name: "load", what: fmt.Sprintf("PUT of %s objects of 256 bytes, %d clients", number(float64(l.count)), loadClients), figure: "rate", unit: "objects/s"}
	r.addRun(run, 1)
	b.add(r)
	return l, nil
}

// watch tells how far something is, every few seconds until it is stopped.
func (b *bench) watch(say func() string) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				b.progress("%s", say())
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// lists measures listings with one client, as a tool that walks a bucket lists.
func lists(ctx context.Context, b *bench) error {
	l, err := b.largeBucket(ctx)
	if err != nil {
		return err
	}
	size := number(float64(l.count)) + " objects"
	for _, kind := range []struct {
		name, what string
		folders    bool
		random     bool
	}{
		{"list", "keys in order, " + size, false, false},
		{"listdelim", "common prefixes in order, " + size, true, false},
		{"listpage", "a random page of 1,000 keys", false, true},
		{"listdelimpage", "a random page of 1,000 common prefixes", true, true},
	} {
		walks := make([]walk, max(1, b.clients))
		for i := range walks {
			walks[i] = walk{large: l, folders: kind.folders}
		}
		work := func(ctx context.Context, c client, worker int) (int64, error) {
			if kind.random {
				return walks[worker].random(ctx, c)
			}
			return walks[worker].inOrder(ctx, c)
		}
		err := b.repeat(ctx, plan{
			row:   row{name: kind.name, what: kind.what, figure: "rate", unit: "keys/s"},
			scale: 1, clients: 1, work: work,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	return nil
}

// walk is one client that reads pages of the large bucket and verifies each entry.
type walk struct {
	large   *largeBucket
	folders bool
	at      int // of the next page, in order
	next    string
	want    []byte
}

// entries is how many there are to list.
func (w *walk) entries() int {
	if w.folders {
		return w.large.folders()
	}
	return w.large.count
}

func (w *walk) entry(i int) []byte {
	if w.folders {
		w.want = appendFolder(w.want[:0], i)
	} else {
		w.want = appendKey(w.want[:0], i)
	}
	return w.want
}

// inOrder reads the next page, and the first one again after the last.
func (w *walk) inOrder(ctx context.Context, c client) (int64, error) {
	if w.next == "" {
		w.at = 0
	}
	n, next, err := w.page(ctx, c, w.at, listRequest{next: w.next})
	w.at += n
	w.next = next
	return int64(n), err
}

// random reads the page that starts behind a random entry.
func (w *walk) random(ctx context.Context, c client) (int64, error) {
	at := rand.IntN(w.entries() - 1)
	after := string(w.entry(at))
	if w.folders {
		after += "~" // behind whatever is in the folder
	}
	n, _, err := w.page(ctx, c, at+1, listRequest{after: after})
	return int64(n), err
}

// page reads a page that must start with the entry of that number.
func (w *walk) page(ctx context.Context, c client, first int, r listRequest) (n int, next string, err error) {
	r.bucket, r.folders = w.large.name, w.folders
	next, err = c.list(ctx, r, func(entry []byte) error {
		if want := w.entry(first + n); !bytes.Equal(entry, want) {
			return fmt.Errorf("the listing has %q where %q must be", entry, want)
		}
		n++
		return nil
	})
	if err != nil {
		return n, next, err
	}
	left := w.entries() - first
	if n != min(left, pageSize) || (next != "") != (left > pageSize) {
		return n, next, fmt.Errorf("a page from entry %d of %d has %d entries and goes on at %q", first, w.entries(), n, next)
	}
	return n, next, nil
}
