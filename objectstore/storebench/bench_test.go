package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/storebench/machine"
)

// TestEngine runs what can be run in this process, very short.
func TestEngine(t *testing.T) {
	for _, mode := range [][]string{{"engine"}, {"engine", "-s3"}} {
		dir := t.TempDir()
		var out, errOut bytes.Buffer
		args := append(mode, "-dir", dir, "-drives", "2,1", "-runs", "1", "-duration", "20ms", "-objects", "400",
			"-only", "put4k,get4k,put1m,get1m,list,start,delete")
		if err := mainWith(t.Context(), args, &out, &errOut); err != nil {
			t.Fatalf("%v: %v\n%s", mode, err, errOut.String())
		}
		prefix := strings.Join(mode, "")
		for _, name := range []string{
			"disk.2drives.append4k.rate", "disk.1drives.write.rate", "core.1drives.md5.rate",
			prefix + ".2drives.put4k.rate", prefix + ".1drives.get4k.p99", prefix + ".2drives.put1m.diskratio", prefix + ".2drives.get1m.rate",
			prefix + ".2drives.load.rate", prefix + ".2drives.list.rate", prefix + ".2drives.listdelim.rate", prefix + ".2drives.listpage.p50",
			prefix + ".1drives.listdelimpage.rate", prefix + ".2drives.start.time", prefix + ".2drives.delete.rate",
		} {
			if !strings.Contains(out.String(), "\nfigure "+name+" ") {
				t.Errorf("%v: no figure %s", mode, name)
			}
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v: left behind: %v, %v", mode, left, err)
		}
	}
}

// TestLies: a store that answers wrongly fails the run.
func TestLies(t *testing.T) {
	f := func(name, scenario, fragment string, lie func(*liar)) {
		t.Run(name, func(t *testing.T) {
			err := measureLiar(t, scenario, lie)
			if fragment == "" && err != nil || fragment != "" && (err == nil || !strings.Contains(err.Error(), fragment)) {
				t.Errorf("got %v, want %q", err, fragment)
			}
		})
	}
	body := func(change func([]byte) []byte) func(*liar) { return func(l *liar) { l.body = change } }
	page := func(change func(*objectstore.ListPage)) func(*liar) { return func(l *liar) { l.page = change } }
	for _, scenario := range []string{"put4k", "get4k", "list", "delete", "start"} {
		f("truth of "+scenario, scenario, "", func(*liar) {})
	}
	f("a wrong bit", "get4k", "not what was put", body(func(b []byte) []byte { b[1000] ^= 4; return b }))
	f("a short body", "get4k", "ended after", body(func(b []byte) []byte { return b[:len(b)-1] }))
	f("a long body", "get4k", "longer than", body(func(b []byte) []byte { return append(b, 0) }))
	f("a PUT that fails", "put4k", "on strike", func(l *liar) { l.put = func(string) error { return errors.New("on strike") } })
	f("an object that is gone", "get4k", "holds nothing", func(l *liar) { l.lost = func(string) bool { return true } })
	f("a key that is not listed", "list", "where", page(func(p *objectstore.ListPage) {
		if len(p.Objects) > 5 {
			p.Objects = append(p.Objects[:5], p.Objects[6:]...)
		}
	}))
	f("a page that ends early", "list", "goes on at", page(func(p *objectstore.ListPage) {
		if len(p.Objects) == pageSize {
			p.Objects = p.Objects[:999]
		}
	}))
	f("a listing that ends early", "list", "goes on at", page(func(p *objectstore.ListPage) { p.Next = "" }))
	f("a folder that is not listed", "list", "where", page(func(p *objectstore.ListPage) {
		if len(p.Prefixes) > 3 {
			p.Prefixes = p.Prefixes[1:]
		}
	}))
	f("a delete that does nothing", "delete", "reading it", func(l *liar) { l.keep = true })
	f("a deleted object that is listed", "delete", "is listed", func(l *liar) {
		l.page = func(p *objectstore.ListPage) {
			p.Objects = append(p.Objects, objectstore.Object{Key: "folder-9999999/object-00"})
		}
	})
	f("an acknowledged object lost", "start", "was acknowledged", func(l *liar) {
		l.lost = func(bucket string) bool { return bucket == "killed" }
	})
}

// liar is an engine that does not always tell the truth.
type liar struct {
	engine
	body func([]byte) []byte
	page func(*objectstore.ListPage)
	put  func(bucket string) error
	lost func(bucket string) bool
	keep bool
}

func (l *liar) connect(context.Context) (client, error) {
	return engineClient{&lyingStore{l.store, l}}, nil
}

type lyingStore struct {
	objectstore.Store
	liar *liar
}

func (s *lyingStore) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	if s.liar.put != nil {
		return objectstore.Object{}, s.liar.put(r.Bucket)
	}
	return s.Store.Put(ctx, r)
}

func (s *lyingStore) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if s.liar.lost != nil && s.liar.lost(bucket) {
		return objectstore.Object{}, nil, objectstore.ErrObjectNotFound
	}
	o, body, err := s.Store.Get(ctx, bucket, key, rng)
	if err != nil || s.liar.body == nil {
		return o, body, err
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	return o, io.NopCloser(bytes.NewReader(s.liar.body(content))), err
}

func (s *lyingStore) List(ctx context.Context, r objectstore.ListRequest) (objectstore.ListPage, error) {
	page, err := s.Store.List(ctx, r)
	if err == nil && s.liar.page != nil {
		s.liar.page(&page)
	}
	return page, err
}

func (s *lyingStore) Delete(ctx context.Context, bucket, key string) (bool, error) {
	if s.liar.keep {
		return true, nil
	}
	return s.Store.Delete(ctx, bucket, key)
}

func measureLiar(t *testing.T, name string, lie func(*liar)) error {
	t.Helper()
	dir := t.TempDir()
	disk, err := machine.OpenDisk(dir+"/disk", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	count := 300
	if name == "list" {
		count = pageSize + 100
	}
	l := &liar{engine: engine{drives: []string{dir + "/drive"}, parity: -1, logFile: dir + "/log"}}
	lie(l)
	b := &bench{
		options: options{runs: 2, length: 10 * time.Millisecond, count: count}, dir: dir, drives: l.drives, data: 1,
		target: l, ring: newRing(), disk: disk, errOut: io.Discard, stored: map[string]*objects{}, buckets: map[string]bool{},
	}
	if err := l.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	for _, s := range scenarios() {
		if s.name == name {
			return s.run(t.Context(), b)
		}
	}
	return fmt.Errorf("there is no scenario %s", name)
}

// TestInterrupted: an interrupt ends the program soon and leaves nothing.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	dir := t.TempDir()
	began := time.Now()
	err := mainWith(ctx, []string{"engine", "-s3", "-dir", dir, "-drives", "1", "-only", "put4k", "-nomachine", "-duration", "1h"}, io.Discard, io.Discard)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 20*time.Second {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestOptions(t *testing.T) {
	f := func(args, fragment string) {
		t.Helper()
		if _, err := parseOptions(strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), fragment) {
			t.Errorf("%s: got %v, want %q", args, err, fragment)
		}
	}
	f("other", "neither s3 nor engine")
	f("s3", "-binary")
	f("s3 -binary croft -cpuprofile x", "-perf")
	f("engine -perf x", "for s3")
	f("engine -only put4k,putt", "no such scenario")
	f("engine -drives 4,x", "numbers of drives")
	f("engine -drives 0", "numbers of drives")
	f("engine -objects 10", "at least")
	f("engine more", "no flag")
	f("", "help")
	o, err := parseOptions(strings.Fields("engine -objects 500 -quick"), io.Discard)
	if err != nil || o.length != 3*time.Second || o.count != 500 || o.idle != time.Minute {
		t.Errorf("-quick beside -objects: %+v, %v", o, err)
	}
	if o, err = parseOptions([]string{"engine"}, io.Discard); err != nil || o.runs != 3 || o.count != 1_000_000 || len(o.drives) != 2 {
		t.Errorf("defaults: %+v, %v", o, err)
	}
}
