package s3api

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"

	"croft/objectstore"
)

const loggingDocument = "logging"

// loggingXML says where the requests to a bucket are logged; without Enabled nowhere.
type loggingXML struct {
	XMLName xml.Name        `xml:"http://s3.amazonaws.com/doc/2006-03-01/ BucketLoggingStatus"`
	Enabled *loggingEnabled `xml:"LoggingEnabled"`
}

type loggingEnabled struct {
	Bucket string `xml:"TargetBucket"`
	Prefix string `xml:"TargetPrefix"`
}

// readLogging reads a configuration and holds it to S3's rules.
func readLogging(data []byte) (*loggingXML, error) {
	root, err := readElement(data, "BucketLoggingStatus")
	if err != nil {
		return nil, err
	}
	config := &loggingXML{}
	var prefix *string
	err = root.fields(map[string]func(*element) error{"LoggingEnabled": alone(&config.Enabled, func(to *loggingEnabled) map[string]func(*element) error {
		return map[string]func(*element) error{
			"TargetBucket":          once(&to.Bucket),
			"TargetPrefix":          perhaps(&prefix),
			"TargetGrants":          notImplemented("Grants on log objects are not implemented: whoever may read the target bucket may read them."),
			"TargetObjectKeyFormat": readKeyFormat,
		}
	})})
	if err != nil {
		return nil, err
	}
	if to := config.Enabled; to != nil {
		if to.Bucket == "" || prefix == nil {
			return nil, errMalformedXML()
		}
		to.Prefix = *prefix
		if objectstore.ValidateBucketName(to.Bucket) != nil {
			return nil, fail("InvalidTargetBucketForLogging", "The target bucket for logging does not exist.")
		}
		if to.Prefix != "" && (len(to.Prefix) > objectstore.MaxKeyBytes-len(logName{}) || objectstore.ValidateKey(to.Prefix) != nil) {
			return nil, fail("InvalidArgument", "The target prefix for logging is too long, or has characters that a key cannot have.")
		}
	}
	return config, nil
}

func readKeyFormat(e *element) error {
	return e.fields(map[string]func(*element) error{
		"SimplePrefix":      func(e *element) error { return e.fields(nil) },
		"PartitionedPrefix": notImplemented("Only the key format SimplePrefix is implemented."),
	})
}

// notImplemented refuses an element that asks for something that Croft does not do.
func notImplemented(message string) func(*element) error {
	return func(*element) error { return fail("NotImplemented", message) }
}

func (h *Handler) putBucketLogging(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	config, err := readLogging(data)
	if err != nil {
		return err
	}
	text := ""
	if to := config.Enabled; to != nil {
		if err := h.mayLogTo(q, to); err != nil {
			return err
		}
		if text, err = canonicalXML(config); err != nil {
			return err
		}
	}
	if err := h.keepDocument(q, loggingDocument, text); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// mayLogTo refuses a target that is not the source's owner's, or that who asks for it
// may not write to.
func (h *Handler) mayLogTo(q *request, to *loggingEnabled) error {
	source, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	target, err := h.store.Bucket(q.r.Context(), to.Bucket)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		return fail("InvalidTargetBucketForLogging", "The target bucket for logging does not exist.")
	}
	if err != nil {
		return err
	}
	if source.Owner != target.Owner {
		return fail("InvalidTargetBucketForLogging", "The owner for the bucket to be logged and the target bucket must be the same.")
	}
	return h.authorize(q, q.ask(WriteObject, "s3:PutObject", to.Bucket, to.Prefix, ""))
}

func (h *Handler) getBucketLogging(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	if text := bucket.Documents[loggingDocument]; text != "" {
		sendXML(q.w, http.StatusOK, []byte(xmlHead+text))
		return nil
	}
	writeXML(q.w, http.StatusOK, loggingXML{})
	return nil
}

// logRequest notes an answered request, if its bucket's requests are logged. It
// waits for nothing.
func (h *Handler) logRequest(ctx context.Context, q *request) {
	if q.bucket == "" || h.versions == nil {
		return
	}
	// Who does not wait for the answer is logged all the same.
	bucket, err := h.store.Bucket(context.WithoutCancel(ctx), q.bucket)
	if err != nil || bucket.Documents[loggingDocument] == "" {
		return
	}
	config, err := h.loggingReadings.of(q.bucket, bucket.Documents[loggingDocument], readLogging)
	if err != nil || config.Enabled == nil {
		return
	}
	to := logTarget{owner: bucket.Owner, bucket: config.Enabled.Bucket, prefix: config.Enabled.Prefix}
	h.requestLogs.add(to, q.appendLogLines(nil))
}
