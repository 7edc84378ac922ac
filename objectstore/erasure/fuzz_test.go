package erasure

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"croft/objectstore"
)

// FuzzLoseShards stores a body, loses and damages as many shards as the parity
// allows, and reads it back, whole and in a range.
func FuzzLoseShards(f *testing.F) {
	f.Add([]byte("hello"), uint16(0), uint8(4), uint32(0), uint32(3))
	f.Add([]byte{}, uint16(0xffff), uint8(1), uint32(0), uint32(0))
	f.Add([]byte("x"), uint16(0b1010), uint8(16), uint32(1<<20), uint32(1<<19))
	f.Fuzz(func(t *testing.T, seed []byte, lose uint16, drives uint8, from, length uint32) {
		n := int(drives)%MaxDrives + 1
		w := &world{TB: t, paths: newPaths(t, n), want: map[string][]byte{}}
		w.open()
		defer w.close()
		if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
			t.Fatal(err)
		}
		body := bytes.Repeat(seed, 1+int(from%70_000)/max(1, len(seed)))
		w.put("key", body)
		v, _, err := w.store.held("bucket", "key")
		if err != nil {
			t.Fatal(err)
		}
		lost := 0
		for i, d := range w.store.drives {
			if lose&(1<<i) == 0 || lost == w.store.geometry.parity {
				continue
			}
			lost++
			alter(t, d.versionPath(v.file), func(b []byte) []byte {
				if i%2 == 0 {
					return b[:len(b)/2]
				}
				b[int(from)%len(b)] ^= byte(1 + length%255)
				return b
			})
		}
		w.check("after the loss")
		if len(body) == 0 {
			return
		}
		r := objectstore.Range{Offset: int64(from) % int64(len(body)), Length: 1 + int64(length)}
		offset, size, err := r.Resolve(int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		_, rc, err := w.store.Get(t.Context(), "bucket", "key", &r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rc.Close() }()
		var got bytes.Buffer
		if _, err := got.ReadFrom(rc); err != nil || !bytes.Equal(got.Bytes(), body[offset:offset+size]) {
			t.Fatalf("range %+v of %d bytes: %d bytes, %v", r, len(body), got.Len(), err)
		}
	})
}

func testRecord() *record {
	return &record{
		name: partName(objectstore.UploadRef{Bucket: "bucket", Key: "key\xff", ID: "id"}, 7), id: newVersionID(),
		place: 3, data: 4, parity: 2, chunk: 262144, size: 123456789, etag: "etag", modified: 1700000000123, owner: "owner",
		attrs: objectstore.Attributes{
			ContentType: "a", ContentEncoding: "b", ContentDisposition: "c", ContentLanguage: "d", CacheControl: "e", Expires: "f",
			User: map[string]string{"k": "v", "": ""}, Checksums: map[string]string{"sha256": "\x00\xff"},
		},
		parts:  []objectstore.Part{{Number: 1, Size: 5, ETag: "x", ModifiedAt: time.UnixMilli(5).UTC(), Checksums: map[string]string{"a": "b"}}},
		from:   "upload",
		pieces: []piece{{number: 1, seq: 1 << 63, id: newVersionID()}},
	}
}

func TestRecordRoundTrip(t *testing.T) {
	r := testRecord()
	got, err := decodeRecord(r.encode())
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Fatalf("got %+v, %v\nwant %+v", got, err, r)
	}
	whole := r.encode()
	for n := range whole {
		if _, err := decodeRecord(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes passed for a record", n, len(whole))
		}
	}
	if _, err := decodeRecord(append(whole, 0)); err == nil {
		t.Fatal("a longer record passed")
	}
	binary.PutUvarint(whole, recordVersion+1)
	if _, err := decodeRecord(whole); err == nil {
		t.Fatal("a record of another version passed")
	}
}

// FuzzRecord feeds the parsers of what comes off a disk; they must not panic, and
// a record they accept is one they would write.
func FuzzRecord(f *testing.F) {
	f.Add(testRecord().encode())
	f.Add((&record{name: bucketName("b"), data: 1, chunk: 64}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeRecord(b); err == nil {
			again, err := decodeRecord(r.encode())
			if err != nil || !bytes.Equal(again.encode(), r.encode()) {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		_, _ = readRecord(bytes.NewReader(b), int64(len(b)))
		sealed := binary.LittleEndian.AppendUint64(append([]byte{}, b...), uint64(len(b)))
		sealed = append(append(sealed, make([]byte, 8)...), tailMagic...)
		_, _ = readRecord(bytes.NewReader(sealed), int64(len(sealed)))
	})
}
