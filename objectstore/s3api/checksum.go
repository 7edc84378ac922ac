package s3api

import (
	"crypto/md5"  //nolint:gosec // S3 offers MD5 and SHA-1 as checksums; nothing is protected by them.
	"crypto/sha1" //nolint:gosec // As above.
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"croft/objectstore"
)

const (
	typeComposite  = "COMPOSITE"
	typeFullObject = "FULL_OBJECT"

	// How checksums are kept in objectstore.Attributes.Checksums: the algorithm's
	// lower-case name → base64, beside these.
	keptType      = "type"      // COMPOSITE or FULL_OBJECT; a CRC64NVME is the latter without it
	keptAlgorithm = "algorithm" // of an unfinished upload
)

// algorithm is one of S3's additional checksums.
type algorithm struct {
	name   string // as in x-amz-checksum-algorithm
	kept   string // as in objectstore.Attributes.Checksums
	header string // as net/http spells it
	size   int    // in bytes
	make   func() hash.Hash
	crc    *objectstore.CRC // nil for others, which have no full-object form
}

var algorithms = []algorithm{
	{"CRC32", "crc32", "X-Amz-Checksum-Crc32", 4, func() hash.Hash { return crc32.NewIEEE() }, objectstore.NewCRC(crc32.IEEE)},
	{"CRC32C", "crc32c", "X-Amz-Checksum-Crc32c", 4, func() hash.Hash { return crc32.New(castagnoli) }, objectstore.NewCRC(crc32.Castagnoli)},
	{"CRC64NVME", objectstore.SumCRC64NVME, "X-Amz-Checksum-Crc64nvme", 8, func() hash.Hash { return crc64nvme.New() }, objectstore.CRC64NVME},
	{"SHA1", "sha1", "X-Amz-Checksum-Sha1", 20, sha1.New, nil},
	{"SHA256", "sha256", "X-Amz-Checksum-Sha256", 32, sha256.New, nil},
	{"SHA512", "sha512", "X-Amz-Checksum-Sha512", 64, sha512.New, nil},
	{"MD5", "md5", "X-Amz-Checksum-Md5", 16, md5.New, nil},
	{"XXHASH64", "xxhash64", "X-Amz-Checksum-Xxhash64", 8, func() hash.Hash { return xxhash.New() }, nil},
	{"XXHASH3", "xxhash3", "X-Amz-Checksum-Xxhash3", 8, func() hash.Hash { return xxh3.New() }, nil},
	{"XXHASH128", "xxhash128", "X-Amz-Checksum-Xxhash128", 16, func() hash.Hash { return xxh3.New128() }, nil},
}

// crc64 is what S3 itself keeps of an object that comes without a checksum.
var crc64 = algorithmByName("CRC64NVME")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// field is the algorithm's header as messages and trailers write it.
func (a *algorithm) field() string { return "x-amz-checksum-" + a.kept }

// valid reports whether value is a well-formed checksum of this algorithm.
func (a *algorithm) valid(value string) bool {
	raw, err := base64.StdEncoding.DecodeString(value)
	return err == nil && len(raw) == a.size
}

// defaultType is the type of a multipart object's checksum where none is named.
func (a *algorithm) defaultType() string {
	if a == crc64 {
		return typeFullObject
	}
	return typeComposite
}

func algorithmByName(name string) *algorithm {
	for i := range algorithms {
		if strings.EqualFold(algorithms[i].name, name) {
			return &algorithms[i]
		}
	}
	return nil
}

// algorithmNames are all, as messages list them.
func algorithmNames() string {
	names := make([]string, len(algorithms))
	for i := range algorithms {
		names[i] = algorithms[i].name
	}
	return strings.Join(names, ", ")
}

func algorithmByHeader(header string) *algorithm {
	name, ok := strings.CutPrefix(strings.ToLower(header), "x-amz-checksum-")
	if !ok {
		return nil
	}
	return algorithmByName(name)
}

// requestedAlgorithm reads a header that names an algorithm; nil when absent.
func requestedAlgorithm(header http.Header, name string) (*algorithm, error) {
	value := first(header, name)
	if value == "" {
		return nil, nil
	}
	a := algorithmByName(value)
	if a == nil {
		return nil, failf("InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [%s].", algorithmNames())
	}
	return a, nil
}

// checksumHeader finds the one checksum that the headers carry.
func checksumHeader(header http.Header) (*algorithm, string, error) {
	var found *algorithm
	for i := range algorithms {
		a := &algorithms[i]
		if first(header, a.header) == "" {
			continue
		}
		if found != nil {
			return nil, "", fail("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		found = a
	}
	if found == nil {
		return nil, "", nil
	}
	value := first(header, found.header)
	if !found.valid(value) {
		return nil, "", failf("InvalidRequest", "Value for %s header is invalid.", found.field())
	}
	return found, value, nil
}

// encodeSum is how a digest travels in headers and documents.
func encodeSum(h hash.Hash) string { return base64.StdEncoding.EncodeToString(h.Sum(nil)) }

func errChecksum(a *algorithm) error {
	return failf("BadDigest", "The %s you specified did not match the calculated checksum.", a.name)
}

// keptChecksum returns the algorithm and value that an object or part has.
func keptChecksum(kept map[string]string) (*algorithm, string) {
	if len(kept) == 0 {
		return nil, ""
	}
	for i := range algorithms {
		if value, ok := kept[algorithms[i].kept]; ok {
			return &algorithms[i], value
		}
	}
	return nil, ""
}

// typeOf is the type of an object's checksum. That of S3's own goes without saying, since
// most objects have it and each byte is on every drive.
func typeOf(kept map[string]string) string {
	kind := kept[keptType]
	if kind == "" && kept[crc64.kept] != "" {
		return typeFullObject
	}
	return kind
}

// setChecksums gives an object's checksum back in the answer's headers.
func (q *request) setChecksums(header http.Header, kept map[string]string) {
	q.setPartChecksums(header, kept)
	if kind := typeOf(kept); kind != "" {
		q.setHeader(header, "X-Amz-Checksum-Type", kind)
	}
}

// setPartChecksums does so for a part, whose checksum has no type.
func (q *request) setPartChecksums(header http.Header, kept map[string]string) {
	if len(kept) == 0 {
		return
	}
	for i := range algorithms {
		if value, ok := kept[algorithms[i].kept]; ok {
			q.setHeader(header, algorithms[i].header, value)
		}
	}
}

// composite is the checksum of the parts' checksums, "-" and their number.
func (a *algorithm) composite(parts []objectstore.Part) (string, bool) {
	h := a.make()
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksums[a.kept])
		if err != nil || len(raw) != a.size {
			return "", false
		}
		h.Write(raw)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts)), true
}

// fullObject is the CRC of the whole body, computed from the parts' CRCs.
func (a *algorithm) fullObject(parts []objectstore.Part) (string, bool) {
	if a.crc == nil {
		return "", false
	}
	var sum uint64
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksums[a.kept])
		if err != nil || len(raw) != a.size {
			return "", false
		}
		var wide [8]byte
		copy(wide[8-a.size:], raw)
		sum = a.crc.Join(sum, binary.BigEndian.Uint64(wide[:]), p.Size)
	}
	wide := binary.BigEndian.AppendUint64(nil, sum)
	return base64.StdEncoding.EncodeToString(wide[8-a.size:]), true
}
