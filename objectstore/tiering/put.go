package tiering

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3 checks what it is sent by MD5.
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

const (
	// sending is how many parts of a body are on their way at once.
	sending = 3
	// tidyTime is how long a tier may take to forget what was begun there in vain.
	tidyTime = 15 * time.Second
)

// Put implements objectstore.Tier. Of a body it has no more than a few parts in memory.
func (p *place) Put(ctx context.Context, name string, body io.Reader, size int64) error {
	if err := p.usable(); err != nil {
		return err
	}
	key := p.key(name)
	if err := p.traffic.enter(key); err != nil {
		return err
	}
	defer p.traffic.leave(key)
	err := p.send(ctx, key, body, size)
	var ours *bodyError
	if errors.As(err, &ours) {
		return ours.error
	}
	return p.fail(ctx, err)
}

// bodyError is what a body failed with that is not the tier's fault.
type bodyError struct{ error }

// send puts an object and asks the target what it has then.
func (p *place) send(ctx context.Context, key string, body io.Reader, size int64) error {
	var sum string
	var err error
	if size <= p.partSize {
		sum, err = p.sendWhole(ctx, key, body, size)
	} else {
		sum, err = p.sendParts(ctx, key, body, size)
	}
	if err != nil {
		return err
	}
	if err = p.verify(ctx, key, sum, size); errors.Is(err, errDiffers) {
		_ = p.erase(context.WithoutCancel(ctx), key) // it is of no use; the error says that it is not kept
	}
	return err
}

var errDiffers = errs.New(errs.Unavailable, "tier_differs", "What it says it stored is not what was sent. It is sent again.")

// verify asks the target for an object's size and ETag. Targets that encrypt under keys
// of their own give other ETags; they have checked the digest that came with the bytes.
func (p *place) verify(ctx context.Context, key, sum string, size int64) error {
	is, err := p.client.StatObject(ctx, p.tier.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return err
	}
	keyed := strings.HasPrefix(is.Metadata.Get("X-Amz-Server-Side-Encryption"), "aws:kms")
	if is.Size != size || is.ETag != sum && !keyed {
		return errDiffers
	}
	return nil
}

// sendWhole puts an object in one request and returns its MD5.
func (p *place) sendWhole(ctx context.Context, key string, body io.Reader, size int64) (string, error) {
	b := make([]byte, size)
	if err := fill(b, body); err != nil {
		return "", err
	}
	if err := ended(body); err != nil {
		return "", err
	}
	sum := md5.Sum(b) //nolint:gosec // S3 checks what it is sent by MD5.
	_, err := p.client.PutObject(ctx, p.tier.Bucket, key, bytes.NewReader(b), size, base64.StdEncoding.EncodeToString(sum[:]), "", minio.PutObjectOptions{})
	return hex.EncodeToString(sum[:]), err
}

// fill reads as many bytes as there is room for.
func fill(b []byte, body io.Reader) error {
	_, err := io.ReadFull(body, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &bodyError{objectstore.ErrBodyIncomplete}
	}
	if err != nil {
		return &bodyError{fmt.Errorf("read the body: %w", err)}
	}
	return nil
}

// ended demands that a body has no more than was announced.
func ended(body io.Reader) error {
	var more [1]byte
	n, err := io.ReadFull(body, more[:])
	switch {
	case n > 0:
		return &bodyError{objectstore.ErrBodyIncomplete}
	case !errors.Is(err, io.EOF):
		return &bodyError{fmt.Errorf("read the body: %w", err)}
	}
	return nil
}

// sendParts puts an object in parts and returns the ETag that S3 gives such an object.
// What was begun in vain is ended.
func (p *place) sendParts(ctx context.Context, key string, body io.Reader, size int64) (etag string, err error) {
	id, err := p.client.NewMultipartUpload(ctx, p.tier.Bucket, key, minio.PutObjectOptions{})
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			tidy, stop := context.WithTimeout(context.WithoutCancel(ctx), tidyTime)
			defer stop()
			// What cannot be ended now is found by the next sweep.
			_ = p.client.AbortMultipartUpload(tidy, p.tier.Bucket, key, id)
		}
	}()
	u := upload{place: p, key: key, id: id}
	partSize := max(p.partSize, (size+p.parts-1)/p.parts)
	if partSize > p.partSize {
		err = u.stream(ctx, body, size, partSize)
	} else {
		err = u.buffered(ctx, body, size)
	}
	if err == nil {
		err = ended(body)
	}
	if err != nil {
		return "", err
	}
	all := md5.New() //nolint:gosec // ETags are MD5 by definition.
	parts := make([]minio.CompletePart, 0, len(u.sums))
	for i, sum := range u.sums {
		all.Write(sum.md5)
		parts = append(parts, minio.CompletePart{PartNumber: i + 1, ETag: sum.etag})
	}
	_, err = p.client.CompleteMultipartUpload(ctx, p.tier.Bucket, key, id, parts, minio.PutObjectOptions{})
	if remote.Code(err) == "NoSuchUpload" {
		err = nil // a try that heard no answer completed it; if not, there is no object to verify
	}
	return fmt.Sprintf("%x-%d", all.Sum(nil), len(parts)), err
}

// upload is an object on its way in parts.
type upload struct {
	*place
	key, id string
	sums    []partSum // by number, from the first
}

// partSum is the MD5 of a part, and what the target calls it.
type partSum struct {
	md5  []byte
	etag string
}

// buffered sends parts that are read first, some at once: they can be sent again, and
// their digests go ahead.
func (u *upload) buffered(ctx context.Context, body io.Reader, size int64) error {
	u.sums = make([]partSum, (size+u.partSize-1)/u.partSize)
	all, sendCtx := errgroup.WithContext(ctx)
	free := make(chan []byte, sending)
	for range sending {
		free <- nil
	}
	var broken error
	for i := range u.sums {
		b := <-free
		if sendCtx.Err() != nil {
			break
		}
		if b == nil {
			b = make([]byte, u.partSize)
		}
		b = b[:min(u.partSize, size-int64(i)*u.partSize)]
		if broken = fill(b, body); broken != nil {
			break
		}
		all.Go(func() error {
			defer func() { free <- b[:cap(b)] }()
			sum := md5.Sum(b) //nolint:gosec // S3 checks what it is sent by MD5.
			options := minio.PutObjectPartOptions{Md5Base64: base64.StdEncoding.EncodeToString(sum[:])}
			part, err := u.client.PutObjectPart(sendCtx, u.tier.Bucket, u.key, u.id, i+1, bytes.NewReader(b), int64(len(b)), options)
			u.sums[i] = partSum{sum[:], part.ETag}
			return err
		})
	}
	if err := all.Wait(); err != nil && broken == nil {
		return err
	}
	if broken != nil {
		return broken
	}
	return ctx.Err()
}

// stream sends parts too large to be kept in memory, one after the other.
func (u *upload) stream(ctx context.Context, body io.Reader, size, partSize int64) error {
	for offset := int64(0); offset < size; offset += partSize {
		in := &summed{body: body, left: min(partSize, size-offset), sum: md5.New()} //nolint:gosec // ETags are MD5 by definition.
		part, err := u.client.PutObjectPart(ctx, u.tier.Bucket, u.key, u.id, len(u.sums)+1, in, in.left, minio.PutObjectPartOptions{})
		if in.broken != nil {
			return in.broken
		}
		if err != nil {
			return err
		}
		u.sums = append(u.sums, partSum{in.sum.Sum(nil), part.ETag})
	}
	return nil
}

// summed is a part of a body on its way, its own failure kept apart from the target's.
type summed struct {
	body   io.Reader
	left   int64
	sum    hash.Hash
	broken error
}

// Read implements io.Reader.
func (s *summed) Read(b []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.body.Read(b[:min(int64(len(b)), s.left)])
	s.sum.Write(b[:n])
	s.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && s.left > 0:
		s.broken = &bodyError{objectstore.ErrBodyIncomplete}
	case err != nil && !errors.Is(err, io.EOF):
		s.broken = &bodyError{fmt.Errorf("read the body: %w", err)}
	}
	if s.broken != nil {
		return n, s.broken
	}
	return n, nil
}
