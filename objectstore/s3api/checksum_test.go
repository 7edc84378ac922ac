package s3api

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// TestAlgorithms compares what each algorithm makes of nothing, and of a word, with what
// others say, and holds uploads to it.
func TestAlgorithms(t *testing.T) {
	f := start(t).bucket("bucket")
	for name, want := range map[string]string{
		"CRC32": "00000000", "CRC32C": "00000000", "CRC64NVME": "0000000000000000",
		"SHA1":      "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"SHA256":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"SHA512":    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
		"MD5":       "d41d8cd98f00b204e9800998ecf8427e",
		"XXHASH64":  "ef46db3751d8e999",
		"XXHASH3":   "2d06800538d394c2",
		"XXHASH128": "99aa06d3014798d86001c324468d497f",
	} {
		a := algorithmByName(name)
		if a == nil {
			t.Fatalf("%s is not known", name)
		}
		h := a.make()
		if got := hex.EncodeToString(h.Sum(nil)); got != want || h.Size() != a.size || *new(checksumsXML).of(a) != "" {
			t.Errorf("%s of nothing is %s, want %s", name, got, want)
		}
		_, _ = h.Write([]byte("hello"))
		sum := encodeSum(h)
		key := "/bucket/" + name
		if r := f.call("PUT", key, "hello", a.field(), sum); r.status != 200 || r.header.Get(a.header) != sum {
			t.Errorf("put with %s: %d, %s", name, r.status, r.header.Get(a.header))
		}
		if r := f.call("GET", key, "", "x-amz-checksum-mode", "ENABLED"); r.header.Get(a.header) != sum || r.header.Get("x-amz-checksum-type") != typeFullObject {
			t.Errorf("get with %s: %s, %s", name, r.header.Get(a.header), r.header.Get("x-amz-checksum-type"))
		}
		wrong := base64.StdEncoding.EncodeToString(make([]byte, a.size))
		if r := f.call("PUT", key, "hello", a.field(), wrong); r.code() != "BadDigest" {
			t.Errorf("put with a wrong %s: %d %s", name, r.status, r.code())
		}
		var of checksumsXML
		if *of.of(a) = "x"; partChecksumElements(map[string]string{a.kept: "x"}) != of {
			t.Errorf("%s is not in documents", name)
		}
	}
	if len(algorithms) != 10 {
		t.Errorf("there are %d", len(algorithms))
	}
}
