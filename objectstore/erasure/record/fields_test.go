package record

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"croft/objectstore"
)

// TestNamedBucket: the name of a bucket's key stands in a field, where a Croft that does not
// know it passes over it, and only with the store's key before it.
func TestNamedBucket(t *testing.T) {
	b := (&Bucket{ID: 3, Ord: 4, Name: "b", Encryption: objectstore.NamedKey{ID: "k"}.Encryption()}).Encode()
	raw, err := hex.DecodeString("01030401620000000000000005" + hex.EncodeToString([]byte("store")) + "000000000000" + "01" + "0505" + hex.EncodeToString([]byte("kms:k")))
	if err != nil || !bytes.Equal(b, raw) {
		t.Errorf("written as %x, want %x", b, raw)
	}
	older := bytes.Replace(b, []byte("\x05\x05kms:k"), []byte("\x07\x05kms:k"), 1) // as one reads it that does not know the number
	if got, err := Decode(older); err != nil || got.(*Bucket).Encryption != objectstore.EncryptionStore {
		t.Errorf("%+v, %v", got, err)
	}
	for what, bad := range map[string][]byte{
		"of no name":         bytes.Replace(b, []byte("kms:k"), []byte("kmsxk"), 1),
		"with another":       bytes.Replace(b, []byte("store"), []byte("stare"), 1),
		"without encryption": bytes.Replace(b, []byte("\x05store"), []byte("\x00"), 1),
	} {
		if got, err := Decode(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("a name %s: %+v, %v", what, got, err)
		}
	}
}

// TestFields reads and writes numbered fields as they are on drives.
func TestFields(t *testing.T) {
	parity := 3
	for _, one := range []struct {
		what   string
		entry  Entry
		golden string
	}{
		{"bucket", &Bucket{ID: 3, Ord: 4, Name: "b", Parity: &parity}, "0103040162000000000000000000000000000001010103"},
		{
			"version", &Version{Bucket: 3, Key: "k", Ord: 5, Class: objectstore.ClassReduced},
			"030003016b000000000000000500000000000000000000000000000000000000000000000000000000" + "0101" + "12524544554345445f524544554e44414e4359",
		},
		{
			"tiered version", &Version{Bucket: 3, Key: "k", Ord: 5, Bodies: []Body{{ID: [16]byte{1}, Size: 3, Tier: "COLD"}}},
			"030003016b0000000000000005000000000000000000000000000000000000000000000000" + "01" + "01000000000000000000000000000000" + "06" + "0000" + "00" + "00" + "00" + "00" + "01" + "0205" + "04434f4c44",
		},
		{
			"version being brought back", &Version{
				Bucket: 3, Key: "k", Ord: 5, Restore: Restore{Days: 2, Asked: 7}, Bodies: []Body{{ID: [16]byte{1}, Size: 3, Tier: "COLD"}},
			},
			"030003016b0000000000000005000000000000000000000000000000000000000000000000" + "01" + "01000000000000000000000000000000" + "06" + "0000" + "00" + "00" + "00" + "00" +
				"02" + "0205" + "04434f4c44" + "0404" + "020e00" + "00",
		},
		{
			"version with a copy", &Version{
				Bucket: 3, Key: "k", Ord: 5, Restore: Restore{Until: 9},
				Bodies: []Body{{ID: [16]byte{1}, Size: 3, Tier: "COLD", Copy: Copy{ID: [16]byte{2}, Data: 4, Parity: 1}}},
			},
			"030003016b0000000000000005000000000000000000000000000000000000000000000000" + "01" + "01000000000000000000000000000000" + "06" + "0000" + "00" + "00" + "00" + "00" +
				"02" + "0205" + "04434f4c44" + "0416" + "000012" + "01" + "02000000000000000000000000000000" + "0401",
		},
		{
			"version not brought back", &Version{
				Bucket: 3, Key: "k", Ord: 5, Trouble: Trouble{Tries: 2, At: 9, Code: "why"}, Bodies: []Body{{ID: [16]byte{1}, Size: 3, Tier: "COLD"}},
			},
			"030003016b0000000000000005000000000000000000000000000000000000000000000000" + "01" + "01000000000000000000000000000000" + "06" + "0000" + "00" + "00" + "00" + "00" +
				"02" + "0205" + "04434f4c44" + "0706" + "021203" + "776879",
		},
		{
			"renamed version", &Version{
				Bucket: 3, Key: "k", Ord: 5, Bound: Bound{Key: "j", Proof: [32]byte{7}}, Bodies: []Body{{ID: [16]byte{1}, Size: 3, Tier: "COLD"}},
			},
			"030003016b0000000000000005000000000000000000000000000000000000000000000000" + "01" + "01000000000000000000000000000000" + "06" + "0000" + "00" + "00" + "00" + "00" +
				"02" + "0205" + "04434f4c44" + "0622" + "016a" + "07" + strings.Repeat("00", 31),
		},
		{
			"upload", &Upload{Bucket: 3, Key: "k", ID: "u", Ord: 5, Class: objectstore.ClassReduced},
			"0503016b017505000000000000000000000000000000" + "0101" + "12524544554345445f524544554e44414e4359",
		},
		{
			"upload of somebody", &Upload{Bucket: 3, Key: "k", ID: "u", Ord: 5, Class: objectstore.ClassReduced, By: "ada"},
			"0503016b017505000000000000000000000000000000" + "0201" + "12524544554345445f524544554e44414e4359" + "0503" + "616461",
		},
		{
			"upload that was asked for", &Upload{Bucket: 3, Key: "k", ID: "u", Ord: 5, Class: objectstore.ClassReduced, Asked: map[string]string{"a": "b"}},
			"0503016b017505000000000000000000000000000000" + "0201" + "12524544554345445f524544554e44414e4359" + "0705" + "0101610162",
		},
	} {
		raw, err := hex.DecodeString(one.golden)
		if err != nil {
			t.Fatal(err)
		}
		b := one.entry.Encode()
		if !bytes.Equal(b, raw) {
			t.Errorf("%s is written as %x, it was %x", one.what, b, raw)
		}
		if got, err := Decode(raw); err != nil || !bytes.Equal(got.Encode(), raw) {
			t.Errorf("%s is read as %+v, %v", one.what, got, err)
		}
		for n := range b {
			if got, err := Decode(b[:n]); !errors.Is(err, ErrMalformed) {
				t.Errorf("%d of %d bytes of %s: %+v, %v", n, len(b), one.what, got, err)
			}
		}
		// Beside one that nobody knows.
		at := bytes.LastIndex(b, []byte{1, 1})
		switch one.what {
		case "bucket":
			at = len(b) - 4
		case "tiered version":
			at = len(b) - 8
		case "version being brought back", "version with a copy", "version not brought back", "renamed version":
			at = bytes.Index(b, []byte{2, 2, 5, 4, 'C'})
		case "upload of somebody", "upload that was asked for":
			at = bytes.LastIndex(b, []byte{2, 1})
		}
		more := slices.Concat(b[:at], []byte{b[at] + 1}, b[at+1:], []byte{9, 2, 'x', 'y'})
		if got, err := Decode(more); err != nil || !bytes.Equal(got.Encode(), raw) {
			t.Errorf("%s with another field: %+v, %v", one.what, got, err)
		}
	}
	v := (&Version{}).Encode()
	for what, value := range map[string][]byte{
		"neither being made nor there": {0, 0, 0}, "both": {1, 2, 2}, "cut off": {1, 2}, "more than there is a body for": {1, 2, 0, 0},
	} {
		if got, err := Decode(slices.Concat(v[:len(v)-1], []byte{1, 4, byte(len(value))}, value)); !errors.Is(err, ErrMalformed) {
			t.Errorf("a restore that is %s: %+v, %v", what, got, err)
		}
	}
	for what, value := range map[string][]byte{
		"no try": {0, 2, 0}, "more tries than can be counted": append(binary.AppendUvarint(nil, 1<<63), 2, 0), "no code": {1, 2},
	} {
		if got, err := Decode(slices.Concat(v[:len(v)-1], []byte{1, 7, byte(len(value))}, value)); !errors.Is(err, ErrMalformed) {
			t.Errorf("trouble with %s: %+v, %v", what, got, err)
		}
	}
	b := (&Bucket{}).Encode()
	for _, value := range []string{"", "xy"} {
		if got, err := Decode(slices.Concat(b[:len(b)-1], []byte{1, 1, byte(len(value))}, []byte(value))); !errors.Is(err, ErrMalformed) {
			t.Errorf("a parity of %d bytes: %+v, %v", len(value), got, err)
		}
	}
}

// TestTextsOfCallers reads back what callers keep with buckets and objects, beside
// other fields.
func TestTextsOfCallers(t *testing.T) {
	parity, texts := 2, map[string]string{"policy": "{}", "cors": strings.Repeat("x", 70_000)}
	attrs := objectstore.Attributes{System: map[string]string{"acl": "public-read"}}
	for _, e := range []Entry{
		&Bucket{Name: "b", Parity: &parity, Documents: texts},
		&Version{Key: "k", Class: objectstore.ClassReduced, Attrs: attrs},
		&Version{Key: "k", Attrs: attrs, Trouble: Trouble{Tries: 3, At: 4, Code: "why"}, Bound: Bound{Key: "before", Proof: [32]byte{5}}},
		&Version{Key: "k", Attrs: attrs, Bodies: []Body{{ID: [16]byte{1}, Size: 3, Tier: "COLD"}, {ID: [16]byte{2}, Size: 3, Data: 2, Parity: 1}}},
		&Upload{Key: "k", Attrs: attrs},
	} {
		if got, err := Decode(e.Encode()); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%+v is read as %+v, %v", e, got, err)
		}
	}
}
