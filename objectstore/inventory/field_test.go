package inventory

import (
	"testing"

	"croft/objectstore"
)

func TestEncryptionOfRows(t *testing.T) {
	for by, want := range map[objectstore.Encryption]string{
		objectstore.EncryptionNone: "NOT-SSE", objectstore.EncryptionStore: "SSE-S3", objectstore.EncryptionCustomer: "SSE-C",
		objectstore.NamedKey{}.Encryption(): "SSE-KMS", objectstore.NamedKey{ID: "alias/team", Context: "e30="}.Encryption(): "SSE-KMS",
	} {
		for _, c := range optional {
			if c.name == "EncryptionStatus" {
				if got := c.value(&rowOf{Object: &objectstore.Object{Encryption: by}}); got != want {
					t.Errorf("%q is %v", by, got)
				}
			}
		}
	}
}

// TestEncryptionOfReports: a configuration says how its reports are encrypted.
func TestEncryptionOfReports(t *testing.T) {
	good := Configuration{ID: "a", Bucket: "bucket", Format: CSV}
	for _, one := range []struct {
		encrypt bool
		keyID   string
		want    objectstore.Encryption
		ok      bool
	}{
		{false, "", objectstore.EncryptionNone, true},
		{true, "", objectstore.EncryptionStore, true},
		{true, "alias/team", objectstore.NamedKey{ID: "alias/team"}.Encryption(), true},
		{true, "two words", "", false},
		{false, "alias/team", "", false},
	} {
		c := good
		c.Encrypt, c.KeyID = one.encrypt, one.keyID
		if err := c.Validate(); (err == nil) != one.ok || one.ok && c.encryption() != one.want {
			t.Errorf("%+v: %q, %v", one, c.encryption(), err)
		}
	}
}
