package adminapi

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func TestSealed(t *testing.T) {
	for _, size := range []int{0, 1, sealedSize - 1, sealedSize, sealedSize + 1, 2 * sealedSize, 2*sealedSize + 5} {
		text := bytes.Repeat([]byte("x"), size)
		message, err := sealAs(pbkdfAES, "secret", text) // the quickest
		if err != nil {
			t.Fatal(err)
		}
		if got, err := open("secret", message); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		if _, err := open("another", message); err == nil {
			t.Errorf("%d bytes: another secret opens it", size)
		}
		for name, broken := range map[string][]byte{
			"cut":           message[:len(message)-1],
			"longer":        append(bytes.Clone(message), 0),
			"a chunk short": message[:max(len(message)-sealedSize-16, 0)],
		} {
			if _, err := open("secret", broken); err == nil {
				t.Errorf("%d bytes, %s: it opens", size, name)
			}
		}
		flipped := bytes.Clone(message)
		flipped[len(flipped)-1] ^= 1
		if _, err := open("secret", flipped); err == nil {
			t.Errorf("%d bytes: altered, it opens", size)
		}
	}
	if _, err := open("secret", []byte(strings.Repeat("\x09", 100))); err == nil {
		t.Error("an unknown scheme opens")
	}
}

// TestOpenWhatClientsSeal opens messages that MinIO's own client sealed, with each of
// the schemes it has.
func TestOpenWhatClientsSeal(t *testing.T) {
	for name, message := range sealedByClient {
		data, err := hex.DecodeString(message)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := open("secret-of-the-tests", data); err != nil || string(text) != `{"policy":"readwrite"}` {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
