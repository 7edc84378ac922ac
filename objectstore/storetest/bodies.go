package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing/iotest"

	"croft/objectstore"
)

var bodyTests = []test{
	{"Sizes", func(f *fixture) {
		for _, n := range []int{0, 1, 2, 15, 16, 4096, 65535, 65536, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 5<<20 + 12345} {
			body := random(n, uint64(n))
			key := fmt.Sprintf("size-%d", n)
			if o := f.put(key, body); o.ETag != md5Hex(body) {
				f.Fatalf("%s: etag %s", key, o.ETag)
			}
			f.holds(key, body)
		}
	}},
	{"Ranges", func(f *fixture) {
		const size = 3<<20 + 4321
		body := random(size, 2)
		f.put("key", body)
		rng := rand.New(rand.NewPCG(1, 2))
		ranges := []objectstore.Range{
			{Offset: 0, Length: 1},
			{Offset: size - 1, Length: 1},
			{Offset: 1<<20 - 1, Length: 2},
			{Offset: 5, Length: -1},
			{Offset: 10, Length: 1 << 60},
			*objectstore.Suffix(1),
			*objectstore.Suffix(1<<20 + 1),
			*objectstore.Suffix(1 << 60),
		}
		for range 40 {
			ranges = append(ranges, objectstore.Range{Offset: rng.Int64N(size), Length: 1 + rng.Int64N(1<<rng.IntN(22))})
		}
		for _, r := range ranges {
			offset, length, err := r.Resolve(size)
			f.ok("resolve", err)
			o, got := f.get("key", &r)
			if !bytes.Equal(got, body[offset:offset+length]) || o.Size != size {
				f.Fatalf("range %+v: wrong bytes (%d of object of %d)", r, len(got), o.Size)
			}
		}
		f.put("empty", nil)
		for _, c := range []struct {
			key string
			r   objectstore.Range
		}{
			{"key", objectstore.Range{Offset: size, Length: 1}},
			{"key", *objectstore.Suffix(0)},
			{"empty", objectstore.Range{Offset: 0, Length: 1}},
			{"empty", *objectstore.Suffix(1)},
		} {
			o, _, err := f.Get(f.ctx, "bucket", c.key, &c.r)
			f.wants(fmt.Sprintf("range %+v of %s", c.r, c.key), err, objectstore.ErrRangeInvalid)
			if c.key == "key" && o.Size != size {
				f.Fatalf("no size beside range_invalid: %+v", o)
			}
		}
	}},
	{"OddReaders", func(f *fixture) {
		body := random(300_000, 3)
		for name, r := range map[string]io.Reader{
			"data with EOF": iotest.DataErrReader(bytes.NewReader(body)),
			"halves":        iotest.HalfReader(bytes.NewReader(body)),
			"one byte":      iotest.OneByteReader(bytes.NewReader(body)),
		} {
			_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: name, Body: r, Size: int64(len(body))})
			f.ok(name, err)
			f.holds(name, body)
		}
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "nil", Size: 0})
		f.ok("nil body", err)
		f.holds("nil", nil)
	}},
	{"RefusedBodiesLeaveNothing", func(f *fixture) {
		broken := errors.New("digest is wrong")
		big := random(3<<20, 4)
		cases := []struct {
			name string
			req  objectstore.PutRequest
			want error
		}{
			{"error at once", objectstore.PutRequest{Body: iotest.ErrReader(broken), Size: -1}, broken},
			{"error late", objectstore.PutRequest{Body: io.MultiReader(bytes.NewReader(big), iotest.ErrReader(broken)), Size: -1}, broken},
			{"error at the end", objectstore.PutRequest{Body: io.MultiReader(bytes.NewReader(big), iotest.ErrReader(broken)), Size: int64(len(big))}, broken},
			{"cut off", objectstore.PutRequest{Body: iotest.ErrReader(io.ErrUnexpectedEOF), Size: 10}, objectstore.ErrBodyIncomplete},
			{"short", objectstore.PutRequest{Body: bytes.NewReader(big), Size: int64(len(big)) + 1}, objectstore.ErrBodyIncomplete},
			{"long", objectstore.PutRequest{Body: bytes.NewReader(big), Size: int64(len(big)) - 1}, objectstore.ErrBodyIncomplete},
			{"long for empty", objectstore.PutRequest{Body: strings.NewReader("x"), Size: 0}, objectstore.ErrBodyIncomplete},
			{"digest", objectstore.PutRequest{Body: strings.NewReader("x"), Size: 1, MD5: md5Hex([]byte("y"))}, objectstore.ErrDigestMismatch},
			{"finish", objectstore.PutRequest{Body: bytes.NewReader(big), Size: -1, Finish: func(*objectstore.Attributes) error { return broken }}, broken},
		}
		for _, existing := range []bool{false, true} {
			for _, c := range cases {
				if existing {
					f.put("key", []byte("before"))
				}
				c.req.Bucket, c.req.Key = "bucket", "key"
				if r, ok := c.req.Body.(io.Seeker); ok {
					_, _ = r.Seek(0, io.SeekStart)
				}
				_, err := f.Put(f.ctx, c.req)
				if !existing || c.name != "error late" && c.name != "error at the end" { // their readers are used up
					f.wants(c.name, err, c.want)
				} else if err == nil {
					f.Fatalf("%s: accepted", c.name)
				}
				if existing {
					f.holds("key", []byte("before"))
				} else {
					f.absent("key")
				}
			}
		}
	}},
	{"CanceledPutLeavesNothing", func(f *fixture) {
		ctx, cancel := context.WithCancel(f.ctx)
		body := io.MultiReader(bytes.NewReader(random(2<<20, 5)), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, ctx.Err()
		}))
		_, err := f.Put(ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: body, Size: -1})
		f.wants("put", err, context.Canceled)
		f.absent("key")
	}},
	{"RunningReadsSurviveChange", func(f *fixture) {
		old := random(4<<20, 6)
		for name, change := range map[string]func(key string){
			"overwrite": func(key string) { f.put(key, []byte("new")) },
			"delete": func(key string) {
				_, err := f.Delete(f.ctx, "bucket", key)
				f.ok("delete", err)
			},
		} {
			f.put(name, old)
			_, body, err := f.Get(f.ctx, "bucket", name, nil)
			f.ok("get", err)
			f.Cleanup(func() { _ = body.Close() })
			first := make([]byte, 100)
			_, err = io.ReadFull(body, first)
			f.ok("read", err)
			change(name)
			rest, err := io.ReadAll(body)
			f.ok("read on", err)
			f.ok("close", body.Close())
			if !bytes.Equal(append(first, rest...), old) {
				f.Fatalf("%s changed a running read", name)
			}
		}
		f.holds("overwrite", []byte("new"))
		f.absent("delete")
	}},
}

type readerFunc func(p []byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }
