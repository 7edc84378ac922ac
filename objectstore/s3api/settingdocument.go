package s3api

import (
	"context"
	"encoding/xml"
	"net/http"
	"sync"

	"croft/internal/errs"
	"croft/objectstore"
)

// maxSetting bounds the body that sets one of the bucket's documents, in bytes.
const maxSetting = 64 << 10

// keepDocument sets one of the bucket's documents, or removes it when text is empty.
func (h *Handler) keepDocument(q *request, name, text string) error {
	store, err := h.keepsVersions()
	if err != nil {
		return err
	}
	_, err = store.UpdateBucket(q.r.Context(), q.bucket, func(b *objectstore.Bucket) error {
		b.Documents = b.WithDocument(name, text)
		return nil
	})
	return err
}

// document returns one of a bucket's documents, empty where there is none: what is
// wrong with the bucket the call itself will say.
func (h *Handler) document(ctx context.Context, bucket, name string) string {
	if bucket == "" {
		return ""
	}
	known, err := h.store.Bucket(ctx, bucket)
	if err != nil {
		return ""
	}
	return known.Documents[name]
}

// removeDocument answers the call that removes a setting, whether or not it was made.
func removeDocument(name string) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		if _, err := q.body.readAll(maxSetting); err != nil {
			return err
		}
		if err := h.keepDocument(q, name, ""); err != nil {
			return err
		}
		q.w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// sendDocument answers with a setting as it is kept, or with missing when there is none.
func sendDocument(name string, missing *failure) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
		if err != nil {
			return err
		}
		text := bucket.Documents[name]
		if text == "" {
			return missing
		}
		sendXML(q.w, http.StatusOK, []byte(xmlHead+text))
		return nil
	}
}

// canonicalXML is the one spelling of a setting that is kept and given back.
func canonicalXML(document any) (string, error) {
	text, err := xml.Marshal(document)
	if err != nil {
		return "", errs.Wrap(err, errs.Internal, "internal", "The setting could not be written down")
	}
	return string(text), nil
}

// maxReadings and maxReadingBytes bound the buckets whose settings are remembered, and
// the texts of these; beyond either all are read anew.
const (
	maxReadings     = 1000
	maxReadingBytes = 8 << 20
)

// readings remembers what a document of each bucket says, because a request must not
// parse. The text is compared: a changed document is read anew.
type readings[T any] struct {
	mu    sync.RWMutex // guards the following 2 fields
	known map[string]reading[T]
	bytes int // of the texts of what is known
}

type reading[T any] struct {
	text  string
	value T
	err   error
}

// of returns what the text says that is the bucket's document now.
func (r *readings[T]) of(bucket, text string, parse func([]byte) (T, error)) (T, error) {
	r.mu.RLock()
	found, ok := r.known[bucket]
	r.mu.RUnlock()
	if ok && found.text == text {
		return found.value, found.err
	}
	found = reading[T]{text: text}
	found.value, found.err = parse([]byte(text))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes -= len(r.known[bucket].text)
	if r.known == nil || len(r.known) >= maxReadings || r.bytes+len(text) > maxReadingBytes {
		r.known, r.bytes = make(map[string]reading[T]), 0
	}
	r.known[bucket], r.bytes = found, r.bytes+len(text)
	return found.value, found.err
}
