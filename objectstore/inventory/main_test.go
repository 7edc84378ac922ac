package inventory

import (
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure"
)

// room is the service over the real engine, with somebody in between who can fail puts.
type room struct {
	testing.TB
	*erasure.Store
	svc *Service
	now time.Time

	beforePut func(key string) error
	afterList func()
	lists     int
}

func (r *room) Put(ctx context.Context, p objectstore.PutRequest) (objectstore.Object, error) {
	if r.beforePut != nil {
		if err := r.beforePut(p.Key); err != nil {
			return objectstore.Object{}, err
		}
	}
	return r.Store.Put(ctx, p)
}

func (r *room) ListVersions(ctx context.Context, ask objectstore.ListVersionsRequest) (objectstore.VersionPage, error) {
	page, err := r.Store.ListVersions(ctx, ask)
	r.lists++
	if r.afterList != nil {
		r.afterList()
	}
	return page, err
}

func newRoom(t *testing.T) *room {
	t.Helper()
	engine, err := erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(t.TempDir(), "d")}, Parity: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	r := &room{TB: t, Store: engine, now: time.Date(2031, 3, 4, 5, 6, 7, 0, time.UTC)}
	for _, b := range []objectstore.Bucket{{Name: "photos", Owner: "p"}, {Name: "reports", Owner: "p"}, {Name: "foreign", Owner: "q"}} {
		if _, err := engine.CreateBucket(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	r.restart()
	return r
}

// restart forgets all that is in memory.
func (r *room) restart() {
	r.svc = New(Deps{
		Store: r, Log: slog.New(slog.DiscardHandler),
		Standing: func(_ context.Context, o *objectstore.Object) (string, error) {
			return map[bool]string{true: "COMPLETED"}[strings.HasPrefix(o.Key, "sent/")], nil
		},
	}, Config{Now: func() time.Time { return r.now }, page: 3, fileRows: 4})
}

func (r *room) put(bucket, key, body string, a objectstore.Attributes) objectstore.Object {
	r.Helper()
	o, err := r.Store.Put(r.Context(), objectstore.PutRequest{Bucket: bucket, Key: key, Body: strings.NewReader(body), Size: int64(len(body)), Attributes: a})
	if err != nil {
		r.Fatal(err)
	}
	return o
}

func (r *room) set(c Configuration) {
	r.Helper()
	if err := r.svc.Set(r.Context(), "photos", c); err != nil {
		r.Fatal(err)
	}
}

// step does what is due and returns when the next will be.
func (r *room) step() time.Time {
	r.Helper()
	next, err := r.svc.step(r.Context(), r.now.Add(-time.Hour))
	if err != nil {
		r.Fatal(err)
	}
	return next
}

func (r *room) keys(prefix string) (keys []string) {
	r.Helper()
	page, err := r.Store.List(r.Context(), objectstore.ListRequest{Bucket: "reports", Prefix: prefix})
	if err != nil {
		r.Fatal(err)
	}
	for _, o := range page.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func (r *room) read(key string) string {
	r.Helper()
	_, body, err := r.Store.Get(r.Context(), "reports", key, nil)
	if err != nil {
		r.Fatalf("%s: %v", key, err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		r.Fatal(err)
	}
	return string(text)
}

// manifest reads a report's manifest and holds everything to it.
func (r *room) manifest(folder string) (m manifest) {
	r.Helper()
	text := r.read(folder + manifestName)
	if sum := md5.Sum([]byte(text)); r.read(folder+checksumName) != hex.EncodeToString(sum[:]) {
		r.Error("the manifest has another checksum")
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		r.Fatal(err)
	}
	for _, f := range m.Files {
		data := r.read(f.Key)
		if sum := md5.Sum([]byte(data)); hex.EncodeToString(sum[:]) != f.MD5 || int64(len(data)) != f.Size {
			r.Errorf("%s is not what the manifest says", f.Key)
		}
	}
	return m
}

// rows reads all rows of a report in CSV.
func (r *room) rows(m manifest) (rows [][]string) {
	r.Helper()
	for _, f := range m.Files {
		zip, err := gzip.NewReader(strings.NewReader(r.read(f.Key)))
		if err != nil {
			r.Fatal(err)
		}
		some, err := csv.NewReader(zip).ReadAll()
		if err != nil {
			r.Fatal(err)
		}
		rows = append(rows, some...)
	}
	return rows
}

var errDrive = errors.New("the drive is gone")

func sorted(keys []string) []string { slices.Sort(keys); return keys }
