package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// newToken returns 256 random bits in lower-case letters and digits.
func newToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // documented never to fail
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// hashToken is how a random token is stored. It needs no slow hash: nobody guesses
// 256 bits.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// randomText returns n characters of an alphabet of at most 256.
func randomText(n int, alphabet string) string {
	out := make([]byte, 0, n)
	limit := byte(256 / len(alphabet) * len(alphabet) % 256) // 0: all bytes are fair
	for buf := make([]byte, 64); len(out) < n; {
		_, _ = rand.Read(buf)
		for _, b := range buf {
			if (limit == 0 || b < limit) && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}
