package s3api

import (
	"bytes"
	"crypto/md5" //nolint:gosec // Content-MD5 is part of the protocol.
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
)

// Values of x-amz-content-sha256 that are not a digest.
const (
	unsignedPayload              = "UNSIGNED-PAYLOAD"
	streamingUnsignedTrail       = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	streamingSigned              = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer       = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamingPrefix              = "STREAMING-"
	maxBody                int64 = 5 << 40 // of one PUT; S3 says 5 GiB, Croft allows what an object may have
)

// body is a request's decoded payload and all that it is to be held to. Bytes
// read from it are not to be kept unless finish returns nil.
type body struct {
	src    io.Reader
	chunks *chunkReader // nil unless aws-chunked
	size   int64        // decoded, as announced; -1 when it was not
	read   int64

	sha     hash.Hash // nil unless the payload's SHA-256 was signed
	wantSHA string
	md5     string // lower-case hex of Content-MD5; the store or readAll verifies it

	sum      *algorithm              // nil when the client sent no checksum
	hash     hash.Hash               // of sum
	wantSum  string                  // empty when it comes in a trailer
	unasked  *objectstore.DefaultSum // nil unless the store is to keep one
	finished bool
}

// newBody prepares the payload without reading a byte of it.
func newBody(q *request) (*body, error) {
	b := &q.payloadBody
	*b = body{src: q.r.Body, size: q.r.ContentLength}
	if err := b.expectMD5(q.r.Header); err != nil {
		return nil, err
	}
	var trailers []string
	var err error
	if q.op.name != completeMultipartUpload { // whose checksum headers speak of the object, not of the body
		if trailers, err = b.expectChecksum(q.r.Header, q.sig.presigned); err != nil {
			return nil, err
		}
	}
	switch {
	case q.payload == unsignedPayload:
	case q.payload == streamingUnsignedTrail, q.payload == streamingSigned, q.payload == streamingSignedTrailer:
		err = b.expectChunks(q, trailers)
	case isHex(q.payload, sha256.Size):
		b.sha, b.wantSHA = sha256.New(), q.payload
	case strings.HasPrefix(q.payload, streamingPrefix):
		return nil, failf("NotImplemented", "The payload signing %s is not implemented.", xmlLimit(q.payload))
	default:
		return nil, fail("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a supported STREAMING- value or a valid sha256 value.")
	}
	if err != nil {
		return nil, err
	}
	if b.chunks == nil && len(trailers) > 0 {
		return nil, fail("InvalidRequest", "x-amz-trailer is only supported with an aws-chunked payload.")
	}
	return b, nil
}

func (b *body) expectMD5(header http.Header) error {
	value := first(header, "Content-Md5")
	if value == "" {
		if header["Content-Md5"] != nil {
			return fail("InvalidDigest", "The Content-MD5 you specified is not valid.")
		}
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(raw) != md5.Size {
		return fail("InvalidDigest", "The Content-MD5 you specified is not valid.")
	}
	b.md5 = hex.EncodeToString(raw)
	return nil
}

// expectChecksum finds the checksum in the headers or announced as a trailer,
// and returns the announced trailers. Who makes a presigned URL names an
// algorithm for a body it never sees, so there the name alone binds nobody.
func (b *body) expectChecksum(header http.Header, presigned bool) (trailers []string, err error) {
	if b.sum, b.wantSum, err = checksumHeader(header); err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(first(header, "X-Amz-Trailer"), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		a := algorithmByHeader(name)
		if a == nil {
			return nil, fail("InvalidRequest", "The value specified in the x-amz-trailer header is not supported.")
		}
		if b.sum != nil {
			return nil, fail("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		b.sum = a
		trailers = append(trailers, name)
	}
	named, err := requestedAlgorithm(header, "X-Amz-Sdk-Checksum-Algorithm")
	if err != nil {
		return nil, err
	}
	if named != nil && b.sum == nil && !presigned {
		return nil, fail("InvalidRequest", "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	}
	if b.sum != nil {
		b.hash = b.sum.make()
	}
	return trailers, nil
}

func (b *body) expectChunks(q *request, trailers []string) error {
	size, err := strconv.ParseInt(first(q.r.Header, "X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || size < 0 {
		return fail("MissingContentLength", "You must provide the X-Amz-Decoded-Content-Length HTTP header with an aws-chunked payload.")
	}
	b.size = size
	var signer *chunkSigner
	if q.payload != streamingUnsignedTrail {
		signer = newChunkSigner(q.signer, &q.sig)
	}
	if q.payload == streamingSigned {
		if len(trailers) > 0 {
			return fail("InvalidRequest", "x-amz-trailer needs a payload declared with -TRAILER.")
		}
		trailers = nil
	} else if trailers == nil {
		trailers = []string{}
	}
	b.chunks = newChunkReader(q.r.Body, signer, trailers)
	b.src = b.chunks
	return nil
}

// requireSize refuses a body whose size was not announced or is too large. HTTP/1 takes a
// request that says nothing of a body for one that has none: what such a client sends behind
// it would be lost, and an empty object be acknowledged.
func (q *request) requireSize() error {
	b := q.body
	if b.size < 0 || q.r.ProtoMajor == 1 && q.r.ContentLength == 0 && q.r.Header["Content-Length"] == nil {
		return fail("MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	if b.size > maxBody {
		return fail("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
	}
	return nil
}

// also makes the body compute a checksum that the client did not send, for an
// upload that promised it. A different one that the client did send is refused.
func (b *body) also(a *algorithm) error {
	if b.sum == nil {
		b.sum, b.hash = a, a.make()
		return nil
	}
	if b.sum != a {
		return failf("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s.", strings.ToLower(a.name), strings.ToLower(b.sum.name))
	}
	return nil
}

// Read returns decoded bytes and feeds the digests.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	b.read += int64(n)
	if b.size >= 0 && b.read > b.size {
		return 0, fail("IncompleteBody", "The request body is longer than its announced length.")
	}
	if b.sha != nil {
		b.sha.Write(p[:n])
	}
	if b.hash != nil {
		b.hash.Write(p[:n])
	}
	if b.unasked != nil {
		_, _ = b.unasked.Write(p[:n]) // never fails
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, cut(err)
	}
	return n, err
}

// finish reads what is left (a reader that counts may not have seen the end)
// and verifies everything the client declared. It returns the checksums to keep.
func (b *body) finish() (map[string]string, error) {
	if _, err := io.Copy(io.Discard, b); err != nil {
		return nil, err
	}
	if b.size >= 0 && b.read != b.size {
		return nil, fail("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header.")
	}
	if b.sha != nil && !b.shaIs(b.wantSHA) {
		return nil, fail("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	b.finished = true
	return b.finishChecksum()
}

func (b *body) shaIs(want string) bool {
	var sum digest
	b.sha.Sum(sum[:0])
	return sum.is(want)
}

func (b *body) finishChecksum() (map[string]string, error) {
	if b.sum == nil {
		return nil, nil
	}
	got := encodeSum(b.hash)
	want := b.wantSum
	if b.chunks != nil && len(b.chunks.announced) > 0 {
		want = b.chunks.trailers[b.sum.field()]
		if !b.sum.valid(want) {
			return nil, failf("InvalidRequest", "Value for %s trailing header is invalid.", b.sum.field())
		}
	}
	if want != "" && want != got {
		return nil, errChecksum(b.sum)
	}
	return map[string]string{b.sum.kept: got}, nil
}

// readAll reads a whole body of at most limit bytes and verifies it, MD5 included.
func (b *body) readAll(limit int64) ([]byte, error) {
	if b.size > limit {
		return nil, fail("MaxMessageLengthExceeded", "Your request was too big.")
	}
	var out bytes.Buffer
	if b.size > 0 {
		out.Grow(int(b.size) + bytes.MinRead) // the size is announced, and within the limit
	}
	if _, err := out.ReadFrom(io.LimitReader(b, limit+1)); err != nil {
		return nil, err
	}
	data := out.Bytes()
	if int64(len(data)) > limit {
		return nil, fail("MaxMessageLengthExceeded", "Your request was too big.")
	}
	if _, err := b.finish(); err != nil {
		return nil, err
	}
	if b.md5 != "" {
		if sum := md5.Sum(data); !sameHex(hex.EncodeToString(sum[:]), b.md5) {
			return nil, fail("BadDigest", "The Content-MD5 you specified did not match what we received.")
		}
	}
	return data, nil
}

// nothing reads a body that a call has no use for: it must be what was signed all the
// same, before anything is done.
func (b *body) nothing() error {
	_, err := b.readAll(maxSetting)
	return err
}

// cut turns an error of the connection into S3's word for it.
func cut(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &failure{code: "RequestTimeout", message: "Your socket connection to the server was not read from or written to within the timeout period.", cause: err}
	}
	return &failure{code: "IncompleteBody", message: "You did not provide the number of bytes specified by the Content-Length HTTP header.", cause: err}
}

// xmlLimit shortens what a client sent before it is quoted back.
func xmlLimit(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}
