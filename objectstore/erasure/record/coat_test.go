package record_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/record"
)

var (
	both     = coat.Coat{Encrypted: true, Compressed: true, Salt: [coat.SaltBytes]byte{1, 2, 3}}
	squeezed = coat.Coat{Compressed: true}
	sealed   = record.Sealed{By: objectstore.EncryptionStore, MasterID: "master", Key: []byte{0, 1, 0xff}}
)

// entries have coats of all kinds.
var entries = map[string]record.Entry{
	"bucket": &record.Bucket{
		ID: 1, Ord: 2, Name: "bucket", Encryption: objectstore.EncryptionStore,
		Compression: objectstore.Compression{On: true, Types: []string{"a/*", "b"}, Suffixes: []string{".c"}, MinSize: 99}, Quota: 1 << 40,
	},
	"named bucket":              &record.Bucket{ID: 1, Ord: 2, Name: "bucket", Encryption: objectstore.NamedKey{ID: "alias/team"}.Encryption()},
	"bucket of the default key": &record.Bucket{ID: 1, Name: "bucket", Encryption: objectstore.NamedKey{}.Encryption(), Documents: map[string]string{"a": "b"}},
	"named":                     &record.Version{Bucket: 1, Key: "k", Ord: 3, ETag: "x", Sealed: record.Sealed{By: objectstore.NamedKey{ID: "k", Context: "e30="}.Encryption(), MasterID: "master", Key: []byte{1}}},
	"inline":                    &record.Version{Bucket: 1, Key: "k", Ord: 3, Inline: true, Size: 1000, ETag: "x", Coat: both, Stored: 300, Sealed: sealed},
	"bare":                      &record.Version{Bucket: 1, Key: "k", Ord: 3, Inline: true, Size: 1000, ETag: "x"},
	"shadows":                   &record.Version{Bucket: 1, Key: "k", Ord: 3, ETag: "x", Sealed: sealed, Shadows: record.Shadows{5, 9}},
	"files": &record.Version{Bucket: 1, Key: "k", Ord: 3, Size: 30, ETag: "x", Bodies: []record.Body{
		{ID: [16]byte{1}, Size: 10, Data: 2, Parity: 1, Coat: both, Plain: 20}, {ID: [16]byte{2}, Size: 10, Data: 2, Parity: 1},
	}},
	"upload": &record.Upload{Bucket: 1, Key: "k", ID: "u", Ord: 4, Compress: true, Sealed: record.Sealed{By: objectstore.EncryptionCustomer, Key: []byte("x")}},
	"part":   &record.Part{Bucket: 1, Key: "k", Upload: "u", Ord: 4, Body: record.Body{Size: 5, Coat: squeezed, Plain: 9}},
}

func TestCoatsAreKept(t *testing.T) {
	for name, want := range entries {
		b := want.Encode()
		got, err := record.Decode(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p, ok := got.(*record.Part); ok {
			p.Part.ModifiedAt = want.(*record.Part).Part.ModifiedAt // of no part
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		for n := range b {
			if _, err := record.Decode(b[:n]); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("%s cut to %d bytes: %v", name, n, err)
			}
		}
	}
	if n := entries["bare"].(*record.Version).StoredSize(); n != 1000 {
		t.Errorf("bare stored in %d", n)
	}
	if n := entries["inline"].(*record.Version).StoredSize(); n != 300 {
		t.Errorf("inline stored in %d", n)
	}
	if n := entries["files"].(*record.Version).StoredSize(); n != 20 {
		t.Errorf("stored in %d", n)
	}
}

// TestForeignCoats: what a body wears is known, or it is not read.
func TestForeignCoats(t *testing.T) {
	b := entries["inline"].Encode()
	at := bytes.LastIndex(b, both.Salt[:]) - 1
	if b[at] != 3 {
		t.Fatalf("the coat is not at %d of %x", at, b)
	}
	b[at] = 7
	if _, err := record.Decode(b); !errors.Is(err, record.ErrMalformed) {
		t.Errorf("unknown coat: %v", err)
	}
	v := *entries["inline"].(*record.Version)
	v.Stored = -1
	if _, err := record.Decode(v.Encode()); !errors.Is(err, record.ErrMalformed) {
		t.Errorf("negative size: %v", err)
	}
}
