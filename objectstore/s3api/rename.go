package s3api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"croft/objectstore"
)

// renameOperations are S3's call for directory buckets, which here every bucket takes
// that never kept versions.
var renameOperations = []operation{
	{"RenameObject", http.MethodPut, onObject, "renameObject", "", WriteObject, (*Handler).renameObject},
}

const (
	renameSource = "X-Amz-Rename-Source"
	clientToken  = "X-Amz-Client-Token"
	// renamedBy is the system attribute of an object that was renamed with a client token:
	// that token, and a hash of what was asked for with it.
	renamedBy      = "renamed-by"
	maxClientToken = 64
)

// errRenamed ends a rename that was done already.
var errRenamed = errors.New("renamed already")

// renameObject needs what a copy and the delete of its source would.
func (h *Handler) renameObject(q *request) error {
	if _, err := q.body.readAll(0); err != nil {
		return err
	}
	from, err := q.renamed()
	if err != nil {
		return err
	}
	store, ok := h.store.(objectstore.Renamer)
	if !ok {
		_, err := h.keepsVersions()
		return err
	}
	if err := h.authorize(q, q.ask(ReadBucket, "s3:GetObject", q.bucket, from, "")); err != nil {
		return err
	}
	if err := h.authorize(q, q.ask(WriteObject, "s3:DeleteObject", q.bucket, from, "")); err != nil {
		return err
	}
	check, err := q.checkRename(from)
	if err != nil {
		return err
	}
	key, err := q.customerKey(requestPrefix)
	if err != nil {
		return err
	}
	_, err = store.Rename(q.r.Context(), objectstore.RenameRequest{Bucket: q.bucket, From: from, Key: q.key, Check: check, CustomerKey: key})
	if err != nil && !errors.Is(err, errRenamed) {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// renamed is the key that x-amz-rename-source names: behind the bucket's name, as S3's
// pattern has it, or alone, as its examples do.
func (q *request) renamed() (string, error) {
	source := first(q.r.Header, renameSource)
	if source == "" {
		return "", fail("InvalidRequest", "Missing required header for this request: x-amz-rename-source")
	}
	source, err := url.PathUnescape(source)
	if err != nil {
		return "", fail("InvalidArgument", "The rename source is not URL encoded.")
	}
	source = strings.TrimPrefix(source, "/")
	if key, ok := strings.CutPrefix(source, q.bucket+"/"); ok {
		source = key
	}
	return source, checkKey(source)
}

// checkRename holds both objects to the request's conditions. Where the new one was
// made by the same request before, it ends the rename with errRenamed.
func (q *request) checkRename(from string) (func(source, held *objectstore.Object, attributes *objectstore.Attributes) error, error) {
	header := q.r.Header
	if v := first(header, "If-None-Match"); v != "" && v != "*" {
		return nil, fail("NotImplemented", "If-None-Match with anything but * is not implemented for writes.")
	}
	mark, err := q.renameMark(from)
	if err != nil {
		return nil, err
	}
	of, over := readConditions(header, "X-Amz-Rename-Source-"), readConditions(header, "")
	return func(source, held *objectstore.Object, attributes *objectstore.Attributes) error {
		if held != nil && mark != "" {
			switch is := held.Attributes.System[renamedBy]; {
			case is == mark:
				return errRenamed
			case len(is) == len(mark) && is[:len(is)-markHash] == mark[:len(mark)-markHash]:
				return fail("IdempotencyParameterMismatch", "Parameters on this idempotent request are inconsistent with parameters used in previous request(s).")
			}
		}
		if source == nil {
			return objectstore.ErrObjectNotFound
		}
		ok, _ := of.check(source)
		switch {
		case held != nil && ok:
			ok, _ = over.check(held)
		case over.match != "":
			return objectstore.ErrObjectNotFound
		case over.hasModified:
			ok = false
		}
		if !ok {
			return fail("PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
		}
		delete(attributes.System, renamedBy)
		if mark != "" {
			if attributes.System == nil {
				attributes.System = make(map[string]string)
			}
			attributes.System[renamedBy] = mark
		}
		return nil
	}, nil
}

// markHash is the length of the hash at the end of a mark.
const markHash = 2 * sha256.Size

// renameMark is what is kept with an object that is renamed with a client token, so
// that the request can be told when it comes again. It is empty without a token.
func (q *request) renameMark(from string) (string, error) {
	token := first(q.r.Header, clientToken)
	if token == "" {
		return "", nil
	}
	if len(token) > maxClientToken || strings.ContainsFunc(token, func(c rune) bool { return c < 33 || c > 126 }) {
		return "", fail("InvalidArgument", "A client token has up to 64 characters of ASCII, no blanks.")
	}
	hash := sha256.New()
	for _, parameter := range []string{
		from, q.key, first(q.r.Header, "If-Match"), first(q.r.Header, "If-None-Match"), first(q.r.Header, "If-Modified-Since"), first(q.r.Header, "If-Unmodified-Since"),
		first(q.r.Header, renameSource+"-If-Match"), first(q.r.Header, renameSource+"-If-None-Match"),
		first(q.r.Header, renameSource+"-If-Modified-Since"), first(q.r.Header, renameSource+"-If-Unmodified-Since"),
	} {
		_, _ = hash.Write(append([]byte(parameter), 0)) // never fails; no parameter has a zero byte
	}
	return token + hex.EncodeToString(hash.Sum(nil)), nil
}
