package objectstore

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"croft/internal/errs"
)

// MaxKeyBytes is the longest key.
const MaxKeyBytes = 1024

// ValidateBucketName holds a name to the rules of S3, so that any client can
// address the bucket: 3 to 63 lower-case letters, digits, dots and hyphens, no
// label that is empty or starts or ends with a hyphen, no IPv4 address, none of
// the prefixes and suffixes that AWS reserves.
func ValidateBucketName(name string) error {
	if len(name) < 3 || len(name) > 63 {
		return bucketNameError("must have 3 to 63 characters")
	}
	for _, c := range []byte(name) {
		if !isLowerAlnum(c) && c != '-' && c != '.' {
			return bucketNameError("may only hold lower-case letters, digits, dots and hyphens")
		}
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return bucketNameError("must start and end with a letter or digit, also next to each dot")
		}
	}
	if name[0] <= '9' { // no other name can be one, and a failed parse costs
		if _, err := netip.ParseAddr(name); err == nil {
			return bucketNameError("must not be an IP address")
		}
	}
	for _, p := range []string{"xn--", "sthree-"} {
		if strings.HasPrefix(name, p) {
			return bucketNameError("must not start with " + p)
		}
	}
	for _, s := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, s) {
			return bucketNameError("must not end with " + s)
		}
	}
	return nil
}

func isLowerAlnum(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

func bucketNameError(why string) error {
	return errs.Newf(errs.Invalid, ErrBucketNameInvalid.Code, "The bucket name %s.", why)
}

// ValidateKey allows 1 to 1,024 bytes of valid UTF-8 without NUL. Keys are
// opaque and never become file names, so "..", doubled and trailing slashes are
// legal and mean only themselves.
func ValidateKey(key string) error {
	switch {
	case key == "":
		return keyError("must not be empty")
	case len(key) > MaxKeyBytes:
		return errs.Newf(errs.Invalid, ErrKeyInvalid.Code, "The object key has %d bytes; at most %d are allowed.", len(key), MaxKeyBytes)
	case !utf8.ValidString(key):
		return keyError("must be valid UTF-8")
	case strings.IndexByte(key, 0) >= 0:
		return keyError("must not hold a NUL byte")
	}
	return nil
}

func keyError(why string) error {
	return errs.Newf(errs.Invalid, ErrKeyInvalid.Code, "The object key %s.", why)
}
