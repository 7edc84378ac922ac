package objectstore_test

import (
	"errors"
	"strings"
	"testing"

	"croft/objectstore"
)

func TestValidateBucketName(t *testing.T) {
	good := []string{"abc", "a.b", "my-bucket", "123", "a1-2.b3", strings.Repeat("a", 63), "croft-runs"}
	bad := []string{
		"", "ab", strings.Repeat("a", 64), "Abc", "a_b", "-abc", "abc-", ".abc", "abc.", "a..b", "a.-b", "a-.b",
		"192.168.0.1", "xn--abc", "sthree-abc", "abc-s3alias", "abc--ol-s3", "ab/c", "bücket", "a\x00b", "..", "...",
	}
	for _, name := range good {
		if err := objectstore.ValidateBucketName(name); err != nil {
			t.Errorf("%q refused: %v", name, err)
		}
	}
	for _, name := range bad {
		if err := objectstore.ValidateBucketName(name); !errors.Is(err, objectstore.ErrBucketNameInvalid) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestValidateKey(t *testing.T) {
	good := []string{"a", "/", "..", "../../etc/passwd", "a//b", "a/", "C:\\x", "con", "\x01\x7f", "日本語", strings.Repeat("k", 1024), "a\uffffb"}
	bad := []string{"", strings.Repeat("k", 1025), "a\x00b", "\xff\xfe", strings.Repeat("é", 513)}
	for _, key := range good {
		if err := objectstore.ValidateKey(key); err != nil {
			t.Errorf("%q refused: %v", key, err)
		}
	}
	for _, key := range bad {
		if err := objectstore.ValidateKey(key); !errors.Is(err, objectstore.ErrKeyInvalid) {
			t.Errorf("%q: got %v", key, err)
		}
	}
}

func TestRangeResolve(t *testing.T) {
	f := func(r *objectstore.Range, size, wantOffset, wantLength int64) {
		t.Helper()
		o, l, err := r.Resolve(size)
		if wantLength < 0 {
			if !errors.Is(err, objectstore.ErrRangeInvalid) {
				t.Errorf("%+v of %d: got %d+%d, %v; want range_invalid", r, size, o, l, err)
			}
			return
		}
		if err != nil || o != wantOffset || l != wantLength {
			t.Errorf("%+v of %d = %d+%d, %v; want %d+%d", r, size, o, l, err, wantOffset, wantLength)
		}
	}
	const bad = -1
	f(nil, 0, 0, 0)
	f(nil, 10, 0, 10)
	f(&objectstore.Range{Offset: 3, Length: 4}, 10, 3, 4)
	f(&objectstore.Range{Offset: 3, Length: -1}, 10, 3, 7)
	f(&objectstore.Range{Offset: 3, Length: 1 << 62}, 10, 3, 7)
	f(&objectstore.Range{Offset: 9, Length: 1}, 10, 9, 1)
	f(&objectstore.Range{Offset: 10, Length: 1}, 10, 0, bad)
	f(&objectstore.Range{Offset: 0, Length: 1}, 0, 0, bad)
	f(objectstore.Suffix(4), 10, 6, 4)
	f(objectstore.Suffix(400), 10, 0, 10)
	f(objectstore.Suffix(0), 10, 0, bad)
	f(objectstore.Suffix(4), 0, 0, bad)
	f(&objectstore.Range{Offset: -1 << 63, Length: -1}, 10, 0, 10)
}
