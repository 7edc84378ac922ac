package remote

import (
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore"
)

// Get implements objectstore.Objects.
func (s *Store) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if err := s.check(ctx, bucket, key); err != nil {
		return objectstore.Object{}, nil, err
	}
	if rng != nil && rng.Length == 0 && rng.Offset >= 0 {
		return s.outOfRange(ctx, bucket, key)
	}
	for try := 0; ; try++ {
		o, body, err := s.get(ctx, bucket, key, rng)
		if errors.Is(err, errLateGone) {
			if try > 0 {
				return o, body, s.withoutLate(ctx, &o, err)
			}
			_ = body.Close()
			continue
		}
		if errors.Is(err, objectstore.ErrRangeInvalid) {
			return s.outOfRange(ctx, bucket, key)
		}
		return o, body, err
	}
}

// outOfRange is the answer to a range without a byte in it: the object, for its size.
func (s *Store) outOfRange(ctx context.Context, bucket, key string) (objectstore.Object, io.ReadCloser, error) {
	o, err := s.head(ctx, bucket, key)
	if err != nil {
		return objectstore.Object{}, nil, err
	}
	return o, nil, objectstore.ErrRangeInvalid
}

// get returns the body also beside errLateGone.
func (s *Store) get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	var options minio.GetObjectOptions
	if rng != nil {
		options.Set("Range", rangeHeader(*rng))
	}
	content, info, header, err := s.client.GetObject(ctx, s.there(bucket), key, options)
	if err != nil {
		return objectstore.Object{}, nil, s.explain(err)
	}
	offset, length, size, err := extent(header, info.Size)
	if err == nil {
		err = selects(rng, offset, length, size)
	}
	if err != nil {
		_ = content.Close()
		return objectstore.Object{}, nil, err
	}
	o, err := s.object(ctx, bucket, key, info.ETag, size, info.LastModified, header)
	if err != nil && !errors.Is(err, errLateGone) {
		_ = content.Close()
		return objectstore.Object{}, nil, err
	}
	body := &body{store: s, content: content, left: length}
	if length == size && !otherETag(header) {
		body.pieces = piecesOf(&o)
	}
	return o, body, err
}

// rangeHeader is a range in HTTP's words.
func rangeHeader(r objectstore.Range) string {
	switch {
	case r.Offset == math.MinInt64:
		return fmt.Sprintf("bytes=-%d", int64(math.MaxInt64))
	case r.Offset < 0:
		return fmt.Sprintf("bytes=%d", r.Offset)
	case r.Length < 0 || r.Length > math.MaxInt64-r.Offset:
		return fmt.Sprintf("bytes=%d-", r.Offset)
	}
	return fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1)
}

// extent is which bytes an answer holds, of how many.
func extent(header http.Header, length int64) (offset, n, size int64, err error) {
	text := header.Get("Content-Range")
	if text == "" {
		return 0, length, length, nil
	}
	var last int64
	if _, err := fmt.Sscanf(text, "bytes %d-%d/%d", &offset, &last, &size); err != nil || last-offset+1 != length {
		return 0, 0, 0, fmt.Errorf("the cluster sent %d bytes for %q", length, text)
	}
	return offset, length, size, nil
}

// selects refuses an answer that holds other bytes than were asked for.
func selects(rng *objectstore.Range, offset, length, size int64) error {
	wantOffset, wantLength, err := rng.Resolve(size)
	if err == nil && (offset != wantOffset || length != wantLength) {
		err = fmt.Errorf("the cluster sent %d bytes from %d where %d from %d were asked for", length, offset, wantLength, wantOffset)
	}
	return err
}

// otherETag reports whether the cluster encrypts an object in a way that leaves it
// an ETag that is no MD5.
func otherETag(header http.Header) bool {
	return strings.HasPrefix(header.Get("X-Amz-Server-Side-Encryption"), "aws:kms") ||
		header.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != ""
}

// piece is a stretch of a body and its MD5.
type piece struct {
	size int64
	md5  string
}

// piecesOf is what is known of a whole body; nothing where the ETag is no MD5 and
// no parts are known.
func piecesOf(o *objectstore.Object) []piece {
	if len(o.ETag) == 2*md5.Size {
		return []piece{{o.Size, o.ETag}}
	}
	var pieces []piece
	var size int64
	for _, p := range o.Parts {
		pieces = append(pieces, piece{p.Size, p.ETag})
		size += p.Size
	}
	if size != o.Size {
		return nil
	}
	return pieces
}

// body is an object's bytes on their way. The last bytes of a piece are withheld
// until the piece is known to be right.
type body struct {
	store   *Store
	content io.ReadCloser
	left    int64
	pieces  []piece // not yet read to their end; nil where nothing is known
	sum     hash.Hash
	read    int64 // of the first piece
	failed  error
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.failed != nil:
		return 0, b.failed
	case b.left == 0:
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.left)]
	if len(b.pieces) > 0 {
		p = p[:min(int64(len(p)), b.pieces[0].size-b.read)]
	}
	n, err := b.content.Read(p)
	b.left -= int64(n)
	if n > 0 && !b.verify(p[:n]) {
		b.failed = errs.Newf(objectstore.ErrBodyAltered.Kind, objectstore.ErrBodyAltered.Code,
			"What %s returned of this object is not what was written. It cannot be read.", b.store.client.target.Endpoint)
		return 0, b.failed
	}
	switch {
	case err == io.EOF && b.left > 0:
		err = io.ErrUnexpectedEOF
	case err == io.EOF || b.left == 0:
		return n, nil
	}
	if err != nil {
		b.failed = b.store.explain(err)
	}
	return n, b.failed
}

// verify adds bytes to the piece they are of and reports whether it may still be right.
func (b *body) verify(p []byte) bool {
	if len(b.pieces) == 0 {
		return true
	}
	if b.sum == nil {
		b.sum = md5.New() //nolint:gosec // ETags are MD5 by definition.
	}
	b.sum.Write(p)
	b.read += int64(len(p))
	if b.read < b.pieces[0].size {
		return true
	}
	right := hex.EncodeToString(b.sum.Sum(nil)) == b.pieces[0].md5
	b.sum.Reset()
	b.pieces, b.read = b.pieces[1:], 0
	return right
}

// Close implements io.Closer.
func (b *body) Close() error {
	// It was only read; what it failed with has been returned.
	_ = b.content.Close()
	return nil
}
