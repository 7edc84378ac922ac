package erasure

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"croft/objectstore"
)

// kind is what a version is a version of.
type kind uint8

const (
	kindBucket kind = 1 + iota
	kindObject
	kindUpload
	kindPart
)

// name is what versions replace each other under. Only the fields that its kind
// has are set, so names compare with ==.
type name struct {
	kind   kind
	bucket string
	key    string
	upload string
	part   int
}

func bucketName(bucket string) name      { return name{kind: kindBucket, bucket: bucket} }
func objectName(bucket, key string) name { return name{kind: kindObject, bucket: bucket, key: key} }
func uploadName(ref objectstore.UploadRef) name {
	return name{kind: kindUpload, bucket: ref.Bucket, key: ref.Key, upload: ref.ID}
}
func partName(ref objectstore.UploadRef, number int) name {
	return name{kind: kindPart, bucket: ref.Bucket, key: ref.Key, upload: ref.ID, part: number}
}

func (n name) encode(e *encoder) {
	e.uint(uint64(n.kind))
	e.string(n.bucket)
	e.string(n.key)
	e.string(n.upload)
	e.uint(uint64(n.part))
}

func decodeName(d *decoder) name {
	return name{kind: kind(d.uint()), bucket: d.string(), key: d.string(), upload: d.string(), part: int(d.uint())}
}

// folders is how many folders the versions of a drive are spread over.
const folders = 16

// folder is where all versions of a name live on every drive, so that syncing
// one directory makes both the newest's arrival and the older ones' end durable.
func (n name) folder() string {
	var e encoder
	n.encode(&e)
	return fmt.Sprintf("%x", xxh3.Hash(e.b)%folders)
}

// versionID names one version for ever and seeds its checksums, so that no block
// of another version passes for one of this.
type versionID [16]byte

func newVersionID() versionID {
	var id versionID
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// file is the path of a version below the drive's versions folder. seq orders
// the versions of a name; it is known only when the version is committed, so it
// stands here and not in the record.
type file struct {
	folder string
	seq    uint64
	id     versionID
}

func (f file) base() string { return fmt.Sprintf("%016x-%x", f.seq, f.id[:]) }

func parseFile(folder, base string) (file, bool) {
	f := file{folder: folder}
	if len(base) != 16+1+32 || base[16] != '-' {
		return f, false
	}
	var seq [8]byte
	if _, err := hex.Decode(seq[:], []byte(base[:16])); err != nil {
		return f, false
	}
	if _, err := hex.Decode(f.id[:], []byte(base[17:])); err != nil {
		return f, false
	}
	f.seq = binary.BigEndian.Uint64(seq[:])
	return f, f.base() == base
}

// piece names the version of a part that an object's body continues with.
type piece struct {
	number int
	seq    uint64
	id     versionID
}

// record describes a version completely. It stands at the end of each of the
// version's shard files and differs between them only in place.
type record struct {
	name
	id       versionID
	place    int
	data     int
	parity   int
	chunk    int
	size     int64 // of the body in this file; 0 where pieces hold the body
	etag     string
	modified int64 // Unix milliseconds
	owner    string
	attrs    objectstore.Attributes
	parts    []objectstore.Part
	from     string // ID of the upload that the pieces came through
	pieces   []piece
}

const recordVersion = 1

// maxBody is far above what anybody stores and far below where offsets overflow.
const maxBody = 1 << 50

func (r *record) encode() []byte {
	var e encoder
	e.uint(recordVersion)
	r.name.encode(&e)
	e.bytes(r.id[:])
	for _, v := range []int{r.place, r.data, r.parity, r.chunk} {
		e.uint(uint64(v))
	}
	e.int(r.size)
	e.string(r.etag)
	e.int(r.modified)
	e.string(r.owner)
	for _, v := range []string{
		r.attrs.ContentType, r.attrs.ContentEncoding, r.attrs.ContentDisposition,
		r.attrs.ContentLanguage, r.attrs.CacheControl, r.attrs.Expires,
	} {
		e.string(v)
	}
	e.stringMap(r.attrs.User)
	e.stringMap(r.attrs.Checksums)
	e.uint(uint64(len(r.parts)))
	for _, p := range r.parts {
		e.uint(uint64(p.Number))
		e.int(p.Size)
		e.string(p.ETag)
		e.int(p.ModifiedAt.UnixMilli())
		e.stringMap(p.Checksums)
	}
	e.string(r.from)
	e.uint(uint64(len(r.pieces)))
	for _, p := range r.pieces {
		e.uint(uint64(p.number))
		e.uint(p.seq)
		e.bytes(p.id[:])
	}
	return e.b
}

func decodeRecord(b []byte) (*record, error) {
	d := &decoder{b: b}
	if v := d.uint(); d.err == nil && v != recordVersion {
		return nil, fmt.Errorf("record version %d is not known", v)
	}
	r := &record{name: decodeName(d)}
	d.bytes(r.id[:])
	for _, p := range []*int{&r.place, &r.data, &r.parity, &r.chunk} {
		*p = int(d.uint())
	}
	r.size = d.int()
	r.etag = d.string()
	r.modified = d.int()
	r.owner = d.string()
	for _, p := range []*string{
		&r.attrs.ContentType, &r.attrs.ContentEncoding, &r.attrs.ContentDisposition,
		&r.attrs.ContentLanguage, &r.attrs.CacheControl, &r.attrs.Expires,
	} {
		*p = d.string()
	}
	r.attrs.User = d.stringMap()
	r.attrs.Checksums = d.stringMap()
	for range d.count() {
		r.parts = append(r.parts, objectstore.Part{
			Number: int(d.uint()), Size: d.int(), ETag: d.string(),
			ModifiedAt: time.UnixMilli(d.int()).UTC(), Checksums: d.stringMap(),
		})
		if d.err != nil {
			return nil, d.err
		}
	}
	r.from = d.string()
	for range d.count() {
		p := piece{number: int(d.uint()), seq: d.uint()}
		d.bytes(p.id[:])
		r.pieces = append(r.pieces, p)
		if d.err != nil {
			return nil, d.err
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	if len(d.b) != 0 || r.size < 0 || r.size > maxBody {
		return nil, errRecord
	}
	return r, nil
}

// object turns a record into what callers see; body is the whole body's size.
func (r *record) object(body int64) objectstore.Object {
	o := objectstore.Object{
		Bucket: r.bucket, Key: r.key, Size: body, ETag: r.etag,
		ModifiedAt: time.UnixMilli(r.modified).UTC(), Attributes: r.attrs.Clone(),
	}
	for _, p := range r.parts {
		o.Parts = append(o.Parts, clonePart(p))
	}
	return o
}
