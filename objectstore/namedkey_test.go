package objectstore_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"croft/objectstore"
)

func TestNamedKey(t *testing.T) {
	context := base64.StdEncoding.EncodeToString([]byte(`{"tenant":"a b","x":""}`))
	for _, want := range []objectstore.NamedKey{
		{}, {ID: "testkey-1"}, {ID: "alias/team"}, {ID: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
		{Context: context}, {ID: "k", Context: context}, {ID: strings.Repeat("k", objectstore.MaxKeyID)}, {Context: "e30="},
	} {
		e := want.Encryption()
		got, ok := e.NamedKey()
		if !ok || got != want || !e.UnderMasterKey() || want.Check() != nil {
			t.Errorf("%+v is %q, which is %+v, %t, %v", want, e, got, ok, want.Check())
		}
	}
	for _, id := range []string{"two words", "schlüssel", "a\nb", `"`, "<k>", "k\x00", "\xff", strings.Repeat("k", objectstore.MaxKeyID+1)} {
		if err := (objectstore.NamedKey{ID: id}).Check(); !errors.Is(err, objectstore.ErrKeyNameInvalid) {
			t.Errorf("%q: %v", id, err)
		}
	}
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, text := range []string{
		"x", "{}", encoded("x"), encoded("null"), encoded("[]"), encoded(`{"a":1}`), encoded(`{"a":{"b":"c"}}`), encoded(`{"a":"b"} x`), context[:8] + "\n" + context[8:],
		encoded(`{"a":"` + strings.Repeat("x", objectstore.MaxKeyContext) + `"}`),
	} {
		if err := (objectstore.NamedKey{Context: text}).Check(); !errors.Is(err, objectstore.ErrKeyContextInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, e := range []objectstore.Encryption{objectstore.EncryptionNone, objectstore.EncryptionStore, objectstore.EncryptionCustomer} {
		if n, ok := e.NamedKey(); ok {
			t.Errorf("%q is %+v", e, n)
		}
		if e.UnderMasterKey() != (e == objectstore.EncryptionStore) {
			t.Errorf("%q", e)
		}
	}
}
