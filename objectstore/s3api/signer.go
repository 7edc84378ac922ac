package s3api

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"net/url"
	"sync"
)

// signer signs with the key that one secret has for one day, region and service.
type signer struct {
	macs sync.Pool // of hash.Hash: HMACs that know the key
}

// newSigner makes a signer for S3.
func newSigner(secret, day, region string) *signer {
	return signerName{secret: secret, day: day, region: region}.signer()
}

func (n signerName) signer() *signer {
	key := mac([]byte("AWS4"+n.secret), n.day)
	key = mac(key, n.region)
	key = mac(key, cmp.Or(n.service, serviceS3))
	key = mac(key, terminator)
	return &signer{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

// digest is a SHA-256 or an HMAC of it.
type digest [sha256.Size]byte

// is compares with a digest in hexadecimal, in constant time.
func (d *digest) is(value string) bool {
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], d[:])
	return hmac.Equal(text[:], []byte(value))
}

func (d *digest) String() string { return hex.EncodeToString(d[:]) }

// sum signs a text, whose memory it uses for the answer.
func (s *signer) sum(text []byte) (sum digest) {
	h := s.macs.Get().(hash.Hash)
	h.Write(text)
	copy(sum[:], h.Sum(text[:0]))
	h.Reset()
	s.macs.Put(h)
	return sum
}

var scratch = sync.Pool{New: func() any { return new([2 << 10]byte) }}

// sign returns the signature of a request whose payload has this hash.
func (s *signer) sign(r *http.Request, query url.Values, sig *signature, payload string) digest {
	buffer := scratch.Get().(*[2 << 10]byte)
	defer scratch.Put(buffer)
	text := appendCanonical(buffer[:0], r, query, sig.headers, payload)
	sum := sha256.Sum256(text)
	text = append(text[:0], algorithmV4+"\n"...)
	text = sig.at.UTC().AppendFormat(text, timeFormat)
	text = append(text, '\n')
	text = sig.appendScope(text)
	text = append(text, '\n')
	text = hex.AppendEncode(text, sum[:])
	return s.sum(text)
}

// maxSigners bounds the keys that are remembered; beyond it all are derived anew.
const maxSigners = 1000

// signers remembers the keys of verified requests, because to derive one costs more
// than to use it. The secret is part of the name, so a new secret has a new key.
type signers struct {
	mu    sync.RWMutex // guards known
	known map[signerName]*signer
}

// signerName is what a signer's key is made of; without a service it is S3's.
type signerName struct{ secret, day, region, service string }

// signerName names the signer that a signature of this secret is from.
func (s *signature) signerName(secret string) signerName {
	return signerName{secret, s.day, s.region, cmp.Or(s.service, serviceS3)}
}

// get returns a signer and whether it was remembered.
func (s *signers) get(name signerName) (_ *signer, known bool) {
	s.mu.RLock()
	found := s.known[name]
	s.mu.RUnlock()
	if found != nil {
		return found, true
	}
	return name.signer(), false
}

// remember keeps a signer that has verified a request. Others are not worth it: who
// has no secret could fill the memory with regions.
func (s *signers) remember(name signerName, fresh *signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxSigners {
		s.known = make(map[signerName]*signer)
	}
	s.known[name] = fresh
}
