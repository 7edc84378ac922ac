package adminapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/http"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Secrets cross the wire encrypted under the caller's secret key, so that they are safe
// without TLS. A message is a salt, one byte that names the scheme, a nonce, and the text in
// chunks, each sealed by itself; the number of a chunk is in its nonce, and that it is the
// last one in what it authenticates.

const (
	argonAES    = 0x00
	argonChaCha = 0x01
	pbkdfAES    = 0x02 // of clients in FIPS mode

	saltSize   = 32
	nonceSize  = 8
	headSize   = saltSize + 1 + nonceSize
	sealedSize = 1 << 14 // of a chunk's text

	argonPasses, argonMemory, argonLanes = 1, 64 << 10, 4
	pbkdfPasses                          = 8192
)

var errSealed = fail("XMinioAdminConfigBadJSON", http.StatusBadRequest, "The request is not encrypted with the secret key that signed it.")

// newAEAD is what seals the chunks of a message. It takes its time and 64 MiB: see turns.
func newAEAD(scheme byte, secret string, salt []byte) (cipher.AEAD, error) {
	var key []byte
	switch scheme {
	case argonAES, argonChaCha:
		key = argon2.IDKey([]byte(secret), salt, argonPasses, argonMemory, argonLanes, 32)
	case pbkdfAES:
		var err error
		if key, err = pbkdf2.Key(sha256.New, secret, salt, pbkdfPasses, 32); err != nil {
			return nil, err
		}
	default:
		return nil, errSealed
	}
	if scheme == argonChaCha {
		return chacha20poly1305.New(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// chunks gives each chunk the nonce and the additional data it is sealed with.
type chunks struct {
	aead  cipher.AEAD
	nonce [nonceSize + 4]byte
	data  []byte
}

// newChunks seals the header, which has no text: the tag is what chunks authenticate.
func newChunks(aead cipher.AEAD, nonce []byte) *chunks {
	c := &chunks{aead: aead}
	copy(c.nonce[:], nonce)
	c.data = aead.Seal([]byte{0}, c.nonce[:], nil, nil)
	return c
}

// next returns nonce and additional data of chunk i, from 0.
func (c *chunks) next(i int, last bool) (nonce, data []byte) {
	binary.LittleEndian.PutUint32(c.nonce[nonceSize:], uint32(i)+1)
	c.data[0] = 0
	if last {
		c.data[0] = 0x80
	}
	return c.nonce[:], c.data
}

// open decrypts what a client sent.
func open(secret string, message []byte) ([]byte, error) {
	if len(message) < headSize {
		return nil, errSealed
	}
	salt, scheme, nonce, rest := message[:saltSize], message[saltSize], message[saltSize+1:headSize], message[headSize:]
	aead, err := newAEAD(scheme, secret, salt)
	if err != nil {
		return nil, err
	}
	c := newChunks(aead, nonce)
	size := sealedSize + aead.Overhead()
	var text []byte
	for i := 0; ; i++ {
		last := len(rest) <= size
		part := rest
		if !last {
			part = rest[:size]
		}
		nonce, data := c.next(i, last)
		if text, err = aead.Open(text, nonce, part, data); err != nil {
			return nil, errSealed
		}
		if last {
			return text, nil
		}
		rest = rest[size:]
	}
}

// seal encrypts what is sent to a client.
func seal(secret string, text []byte) ([]byte, error) { return sealAs(argonAES, secret, text) }

func sealAs(scheme byte, secret string, text []byte) ([]byte, error) {
	message := make([]byte, headSize, headSize+len(text)+(len(text)/sealedSize+1)*16)
	if _, err := rand.Read(message); err != nil {
		return nil, err
	}
	message[saltSize] = scheme
	aead, err := newAEAD(scheme, secret, message[:saltSize])
	if err != nil {
		return nil, err
	}
	c := newChunks(aead, message[saltSize+1:headSize])
	for i := 0; ; i++ {
		last := len(text) <= sealedSize
		part := text
		if !last {
			part = text[:sealedSize]
		}
		nonce, data := c.next(i, last)
		message = aead.Seal(message, nonce, part, data)
		if last {
			return message, nil
		}
		text = text[sealedSize:]
	}
}

// secretJSON reads an encrypted body.
func (q *request) secretJSON(v any) error {
	var text []byte
	err := q.derive(func() (err error) {
		text, err = open(q.visit.Credential.Secret, q.body)
		return err
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fail("XMinioAdminConfigBadJSON", http.StatusBadRequest, "The body is not the JSON of this call.")
	}
	return nil
}

// answerSecret writes a value as JSON, encrypted.
func (q *request) answerSecret(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return q.answerSealed(text)
}

// answerSealed writes a text, encrypted.
func (q *request) answerSealed(text []byte) error {
	var data []byte
	err := q.derive(func() (err error) {
		data, err = seal(q.visit.Credential.Secret, text)
		return err
	})
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/octet-stream")
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(data)
	return nil
}
