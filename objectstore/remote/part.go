package remote

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore"
)

// PutPart implements objectstore.Uploads. A part's checksums are durable before the
// part is.
func (s *Store) PutPart(ctx context.Context, r objectstore.PutPartRequest) (objectstore.Part, error) {
	if err := s.check(ctx, r.Upload.Bucket, r.Upload.Key); err != nil {
		return objectstore.Part{}, err
	}
	if r.Number < 1 || r.Number > objectstore.MaxPartNumber {
		return objectstore.Part{}, objectstore.ErrPartInvalid
	}
	if r.CustomerKey != nil {
		return objectstore.Part{}, Unsupported("Encryption with your own keys")
	}
	if r.Size > maxSingle {
		return objectstore.Part{}, errTooLarge
	}
	if _, err := s.upload(ctx, r.Upload); err != nil {
		return objectstore.Part{}, err
	}
	if r.Body == nil {
		r.Body = bytes.NewReader(nil)
	}
	sums := make(map[string]string, len(r.Checksums)+1)
	for name, value := range r.Checksums {
		sums[name] = value
	}
	ended := func(sum string) error {
		if r.MD5 != "" && r.MD5 != sum {
			return objectstore.ErrDigestMismatch
		}
		if r.Finish != nil {
			if err := r.Finish(sums); err != nil {
				return err
			}
		}
		return s.writeSums(ctx, r.Upload.ID, r.Number, sum, sums)
	}
	var (
		size  int64
		sum   string
		found minio.ObjectPart
		err   error
	)
	if r.Size > bufferSize {
		size = r.Size
		g := newGate(r.Body, r.Size, ended)
		found, err = s.client.PutObjectPart(ctx, s.there(r.Upload.Bucket), r.Upload.Key, r.Upload.ID, r.Number, g, r.Size, minio.PutObjectPartOptions{})
		if refusal := g.close(); refusal != nil {
			return objectstore.Part{}, refusal
		}
		sum = g.digest()
	} else {
		whole, gatherErr := gather(r.Body, r.Size, s.temp)
		if gatherErr != nil {
			return objectstore.Part{}, gatherErr
		}
		defer whole.discard()
		size, sum = whole.size, hex.EncodeToString(whole.md5)
		if err := ended(sum); err != nil {
			return objectstore.Part{}, err
		}
		found, err = s.putPartBytes(ctx, r, whole)
	}
	if err != nil {
		return objectstore.Part{}, s.explain(err)
	}
	if found.ETag != sum {
		return objectstore.Part{}, errs.Newf(errs.Internal, "target_etag", "%s stored the part under the ETag %s, which is not the MD5 of what was sent. Send it again.", s.client.target.Endpoint, found.ETag)
	}
	if len(sums) == 0 {
		sums = nil
	}
	return objectstore.Part{Number: r.Number, Size: size, ETag: sum, ModifiedAt: s.now().UTC().Truncate(time.Millisecond), Checksums: sums}, nil
}

func (s *Store) putPartBytes(ctx context.Context, r objectstore.PutPartRequest, whole *gathered) (minio.ObjectPart, error) {
	options := minio.PutObjectPartOptions{Md5Base64: base64.StdEncoding.EncodeToString(whole.md5)}
	return s.client.PutObjectPart(ctx, s.there(r.Upload.Bucket), r.Upload.Key, r.Upload.ID, r.Number, whole, whole.size, options)
}

// writeSums keeps the checksums of a part in the name of an empty object, so that one
// listing tells those of all parts.
func (s *Store) writeSums(ctx context.Context, id string, number int, etag string, sums map[string]string) error {
	if len(sums) == 0 {
		return nil
	}
	text, err := json.Marshal(sums)
	if err != nil {
		return err
	}
	key := partPrefix + uploadName(id) + "/" + fmt.Sprintf("%05d-%s-", number, etag) + base64.RawURLEncoding.EncodeToString(text)
	if len(key) > objectstore.MaxKeyBytes {
		return Unsupported("A part with so many checksums")
	}
	_, err = s.putRecord(ctx, key, nil, objectstore.Condition{})
	return err
}

// sumsOf returns the checksums of an upload's parts with numbers behind after, up to
// and with last, by number and ETag.
func (s *Store) sumsOf(ctx context.Context, id string, after, last int) (map[string]map[string]string, error) {
	prefix := partPrefix + uploadName(id) + "/"
	sums := map[string]map[string]string{}
	start := prefix + fmt.Sprintf("%05d~", after) // behind all of that number
	for token := ""; ; {
		page, err := s.listPage(ctx, s.prefix, prefix, "", start, token, objectstore.DefaultLimit)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Contents {
			number, etag, text := splitSums(c.Key[len(prefix):])
			if number > last {
				return sums, nil
			}
			var one map[string]string
			if raw, err := base64.RawURLEncoding.DecodeString(text); err != nil || json.Unmarshal(raw, &one) != nil {
				return nil, fmt.Errorf("the record %q of a part is damaged", c.Key)
			}
			sums[partName(number, etag)] = one
		}
		if !page.IsTruncated {
			return sums, nil
		}
		token = page.NextContinuationToken
	}
}

func splitSums(name string) (number int, etag, sums string) {
	text, rest, _ := strings.Cut(name, "-")
	etag, sums, _ = strings.Cut(rest, "-")
	number, _ = strconv.Atoi(text) // 0 where it is none, and then the sums are damaged, too
	return number, etag, sums
}

func partName(number int, etag string) string { return strconv.Itoa(number) + "-" + etag }

// ListParts implements objectstore.Uploads.
func (s *Store) ListParts(ctx context.Context, r objectstore.ListPartsRequest) (objectstore.PartPage, error) {
	if _, err := s.upload(ctx, r.Upload); err != nil {
		return objectstore.PartPage{}, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = objectstore.DefaultLimit
	}
	return s.parts(ctx, r.Upload, r.After, limit)
}

func (s *Store) parts(ctx context.Context, ref objectstore.UploadRef, after, limit int) (objectstore.PartPage, error) {
	var page objectstore.PartPage
	for marker := after; ; {
		answer, err := s.client.ListObjectParts(ctx, s.there(ref.Bucket), ref.Key, ref.ID, marker, min(limit-len(page.Parts), objectstore.DefaultLimit))
		if err != nil {
			return objectstore.PartPage{}, s.explain(err)
		}
		for _, p := range answer.ObjectParts {
			page.Parts = append(page.Parts, objectstore.Part{
				Number: p.PartNumber, Size: p.Size, ETag: strings.Trim(p.ETag, `"`), ModifiedAt: p.LastModified.UTC().Truncate(time.Millisecond),
			})
		}
		more := answer.IsTruncated && len(answer.ObjectParts) > 0
		if more && len(page.Parts) < limit {
			marker = page.Parts[len(page.Parts)-1].Number
			continue
		}
		if len(page.Parts) == 0 {
			return page, nil
		}
		last := page.Parts[len(page.Parts)-1].Number
		if more {
			page.Truncated, page.Next = true, last
		}
		sums, err := s.sumsOf(ctx, ref.ID, after, last)
		if err != nil {
			return objectstore.PartPage{}, err
		}
		for i := range page.Parts {
			p := &page.Parts[i]
			p.Checksums = sums[partName(p.Number, p.ETag)]
		}
		return page, nil
	}
}
