package server

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/grants"
)

// Tally is how much is below a prefix, as far as it was counted.
type Tally struct {
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
	Next    string `json:"next" doc:"The cursor to go on counting with; empty at the end"`
}

// ExistingRequest names keys to look for.
type ExistingRequest struct {
	Keys []string `json:"keys" minItems:"1" maxItems:"1000"`
}

// CopyObjectsRequest copies objects one by one, or all below a prefix.
type CopyObjectsRequest struct {
	Items    []CopyItem `json:"items,omitempty" maxItems:"200"`
	Prefix   *CopyItem  `json:"prefix,omitempty" doc:"Whatever is below one prefix, to below another"`
	ToBucket string     `json:"toBucket,omitempty" maxLength:"63" doc:"Empty is the same bucket"`
	Move     bool       `json:"move,omitempty" doc:"Delete each source once its copy is there"`
	Replace  bool       `json:"replace,omitempty" doc:"Also where the target exists already"`
	Cursor   string     `json:"cursor,omitempty" doc:"Where to go on in the prefix"`
}

// CopyItem is a key, or a prefix, and what it becomes.
type CopyItem struct {
	From string `json:"from" maxLength:"1024"`
	To   string `json:"to" maxLength:"1024"`
}

// CopyObjectsResult says what was done and what was not.
type CopyObjectsResult struct {
	Done     int           `json:"done"`
	Failures []CopyFailure `json:"failures"`
	Next     string        `json:"next" doc:"The cursor to go on with; empty when nothing is left"`
}

// CopyFailure is one object that stayed as it was.
type CopyFailure struct {
	Key     string `json:"key"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type (
	tallyInput struct {
		InBucket
		Prefix string `query:"prefix"`
		Cursor string `query:"cursor"`
	}
	existingInput struct {
		InBucket
		Body ExistingRequest
	}
	copyObjectsInput struct {
		InBucket
		Body CopyObjectsRequest
	}
)

func (s *Server) bulkRoutes() {
	read := Need(account.BucketRead, s.bucket())
	route(s, op("tally-objects", http.MethodGet, "/buckets/{bucket}/tally", "Count what is below a prefix", "buckets"), read.Heeding("s3:ListBucket"), s.tallyObjects)
	route(s, op("existing-objects", http.MethodPost, "/buckets/{bucket}/existing", "Which of these keys hold an object", "buckets"),
		read.Unaudited("it only reads; the keys are in the body for their number"), s.existingObjects)
	route(s, op("copy-objects", http.MethodPost, "/buckets/{bucket}/copy", "Copy, move or rename objects and folders", "buckets"), read, s.copyObjects)
}

// tallyPages is how many pages are counted in one answer.
const tallyPages = 20

func (s *Server) tallyObjects(ctx context.Context, in *tallyInput) (*body[Tally], error) {
	after, err := keyOfCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	var out Tally
	for range tallyPages {
		page, err := s.deps.Store.List(ctx, objectstore.ListRequest{Bucket: in.Bucket, Prefix: in.Prefix, After: after})
		if err != nil {
			return nil, err
		}
		out.Objects += len(page.Objects)
		for _, o := range page.Objects {
			out.Bytes += o.Size
		}
		after = page.Next
		if !page.Truncated {
			return &body[Tally]{out}, nil
		}
	}
	out.Next = base64.RawURLEncoding.EncodeToString([]byte(after))
	return &body[Tally]{out}, nil
}

// existingObjects leaves out what the bucket's policy keeps from the caller: a write
// that must not replace is refused by the store in any case.
func (s *Server) existingObjects(ctx context.Context, in *existingInput) (*body[List[Object]], error) {
	var there []objectstore.Object
	for _, key := range in.Body.Keys {
		switch err := s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: "s3:GetObject", Bucket: in.Bucket, Key: key}); errs.KindOf(err) {
		case errs.Forbidden:
			continue
		default:
			if err != nil {
				return nil, err
			}
		}
		o, err := s.deps.Store.Head(ctx, in.Bucket, key)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		there = append(there, o)
	}
	return listOf(there, "", wireObject), nil
}

var (
	errNothingNamed = errs.New(errs.Invalid, "nothing_named", "Name keys or a prefix.")
	errTwoOfAName   = errs.New(errs.Conflict, "copy_meets_itself", "The folder has a folder of the same name in it, which would come to lie in the folder itself. Rename that one first.")
	errIntoItself   = errs.New(errs.Invalid, "copy_into_itself", "A folder cannot be copied or moved into itself.")
)

const (
	copiesAtOnce = 8
	// copyTime is after how long an answer is given that says where to go on.
	copyTime = 4 * time.Second
)

// copyObjects may be asked by whoever reads the bucket; what it writes and, for a move,
// deletes is asked for besides.
func (s *Server) copyObjects(ctx context.Context, in *copyObjectsInput) (*body[CopyObjectsResult], error) {
	r := in.Body
	if r.ToBucket == "" {
		r.ToBucket = in.Bucket
	}
	verb := "copied to "
	if r.Move {
		verb = "moved to "
	}
	note := auditing(ctx)
	note.Target, note.Detail = in.Bucket, verb+r.ToBucket
	if r.Prefix != nil {
		note.Target, note.Detail = in.Bucket+"/"+r.Prefix.From, verb+r.ToBucket+"/"+r.Prefix.To
	} else if len(r.Items) == 1 {
		note.Target, note.Detail = in.Bucket+"/"+r.Items[0].From, verb+r.ToBucket+"/"+r.Items[0].To
	}
	if err := s.mayCopy(ctx, in.Bucket, r); err != nil {
		return nil, err
	}
	out := CopyObjectsResult{Failures: []CopyFailure{}}
	var err error
	switch {
	case r.Prefix != nil:
		err = s.copyPrefix(ctx, in.Bucket, r, &out)
	case len(r.Items) > 0:
		err = s.copyItems(ctx, in.Bucket, r, r.Items, &out)
	default:
		err = errNothingNamed
	}
	note.Detail += ": " + describeCount(out.Done)
	if err != nil {
		return nil, err
	}
	return &body[CopyObjectsResult]{out}, nil
}

func (s *Server) mayCopy(ctx context.Context, bucket string, r CopyObjectsRequest) error {
	who := account.PrincipalFrom(ctx)
	if r.Move {
		if err := s.deps.Accounts.Authorize(ctx, who, account.ObjectWrite, resourceFrom(ctx)); err != nil {
			return err
		}
	}
	target, err := s.bucketResource(ctx, r.ToBucket)
	if err != nil {
		return err
	}
	if err := s.deps.Accounts.Authorize(ctx, who, account.ObjectWrite, target); err != nil {
		return err
	}
	if p := r.Prefix; p != nil && r.ToBucket == bucket && strings.HasPrefix(p.To, p.From) {
		return errIntoItself
	}
	return nil
}

// copyPrefix goes through a prefix page by page until its time is up.
func (s *Server) copyPrefix(ctx context.Context, bucket string, r CopyObjectsRequest, out *CopyObjectsResult) error {
	if err := s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: "s3:ListBucket", Bucket: bucket, Prefix: r.Prefix.From}); err != nil {
		return err
	}
	after, err := keyOfCursor(r.Cursor)
	if err != nil {
		return err
	}
	if err := s.meetsItself(ctx, bucket, r); err != nil {
		return err
	}
	for began := time.Now(); ; {
		page, err := s.deps.Store.List(ctx, objectstore.ListRequest{Bucket: bucket, Prefix: r.Prefix.From, After: after, Limit: 100})
		if err != nil {
			return err
		}
		items := make([]CopyItem, len(page.Objects))
		for i, o := range page.Objects {
			items[i] = CopyItem{From: o.Key, To: r.Prefix.To + strings.TrimPrefix(o.Key, r.Prefix.From)}
		}
		if err := s.copyItems(ctx, bucket, r, items, out); err != nil || !page.Truncated {
			return err
		}
		after = page.Next
		if time.Since(began) > copyTime {
			out.Next = base64.RawURLEncoding.EncodeToString([]byte(after))
			return nil
		}
	}
}

// meetsItself refuses to copy upwards what would land among the sources: of "a/b/" to "a/"
// that is "a/b/b/", whose objects would take the place of others still to be copied, or be
// taken for them.
func (s *Server) meetsItself(ctx context.Context, bucket string, r CopyObjectsRequest) error {
	step, upwards := strings.CutPrefix(r.Prefix.From, r.Prefix.To)
	if bucket != r.ToBucket || !upwards {
		return nil
	}
	page, err := s.deps.Store.List(ctx, objectstore.ListRequest{Bucket: bucket, Prefix: r.Prefix.From + step, Limit: 1})
	if err == nil && len(page.Objects) > 0 {
		err = errTwoOfAName
	}
	return err
}

// copyItems copies some at once. What fails is told and keeps none of the others.
func (s *Server) copyItems(ctx context.Context, bucket string, r CopyObjectsRequest, items []CopyItem, out *CopyObjectsResult) error {
	var mu sync.Mutex // guards out
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copiesAtOnce)
	for _, item := range items {
		group.Go(func() error {
			err := s.copyOne(ctx, bucket, r, item)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				out.Done++
				return nil
			}
			answer := s.toAPIError(ctx, err)
			out.Failures = append(out.Failures, CopyFailure{Key: item.From, Code: answer.Code, Message: answer.Message})
			return nil
		})
	}
	return group.Wait()
}

var errTargetExists = errs.New(errs.Conflict, "target_exists", "There is an object of this name already. Choose another name or folder, or replace it.")

var errSourceChanged = errs.New(errs.Conflict, "source_changed", "The object was changed meanwhile. It was copied as it was, and stays.")

func (s *Server) copyOne(ctx context.Context, bucket string, r CopyObjectsRequest, item CopyItem) error {
	if bucket == r.ToBucket && item.From == item.To {
		return errIntoItself
	}
	who := account.PrincipalFrom(ctx)
	asks := []PolicyRequest{{Permission: "s3:GetObject", Bucket: bucket, Key: item.From}, {Permission: "s3:PutObject", Bucket: r.ToBucket, Key: item.To}}
	if r.Move {
		asks = append(asks, PolicyRequest{Permission: "s3:DeleteObject", Bucket: bucket, Key: item.From})
	}
	for _, ask := range asks {
		if err := s.denied(ctx, who, ask); err != nil {
			return err
		}
	}
	source, err := s.deps.Store.Head(ctx, bucket, item.From)
	if err != nil {
		return err
	}
	request := objectstore.CopyRequest{
		FromBucket: bucket, FromKey: item.From, Bucket: r.ToBucket, Key: item.To, Condition: objectstore.Condition{Absent: !r.Replace},
		Check: func(o objectstore.Object) error {
			if o.ETag != source.ETag {
				return errObjectChanged
			}
			return nil
		},
	}
	if r.Move && bucket == r.ToBucket {
		switch err := s.rename(ctx, bucket, item, r.Replace, source.ETag); {
		case errors.Is(err, objectstore.ErrRenameVersioned):
		default:
			return err
		}
	}
	if bucket == r.ToBucket {
		request.Encrypt = sameEncryption(&source)
	} else { // what the source's bucket grants does not hold in another
		attributes := source.Attributes.Clone()
		attributes.Lock = objectstore.Lock{}
		grants.DropObjectACL(attributes.System)
		request.Replace = &attributes
	}
	_, err = s.deps.Store.Copy(ctx, request)
	if code, _ := errs.Public(err); err != nil && code == objectstore.ErrPreconditionFailed.Code {
		return errTargetExists
	}
	if err != nil || !r.Move {
		return err
	}
	return s.deleteMoved(ctx, bucket, item.From, source.ETag)
}

// rename moves an object in one step, where the bucket lets it be: it returns
// ErrRenameVersioned where it has to be copied and the source deleted.
func (s *Server) rename(ctx context.Context, bucket string, item CopyItem, replace bool, etag string) error {
	store, ok := s.deps.Store.(objectstore.Renamer)
	if !ok {
		return objectstore.ErrRenameVersioned
	}
	_, err := store.Rename(ctx, objectstore.RenameRequest{
		Bucket: bucket, From: item.From, Key: item.To,
		Check: func(source, held *objectstore.Object, _ *objectstore.Attributes) error {
			switch {
			case source == nil:
				return objectstore.ErrObjectNotFound
			case source.ETag != etag:
				return errObjectChanged
			case held != nil && !replace:
				return errTargetExists
			}
			return nil
		},
	})
	return err
}

// deleteMoved deletes a source that is still what was copied.
func (s *Server) deleteMoved(ctx context.Context, bucket, key, etag string) error {
	store, err := s.versions()
	if err != nil {
		_, err = s.deps.Store.Delete(ctx, bucket, key)
		return err
	}
	_, err = store.DeleteVersion(ctx, objectstore.DeleteRequest{
		VersionRef: objectstore.VersionRef{Bucket: bucket, Key: key}, Condition: objectstore.Condition{ETag: etag},
	})
	if code, _ := errs.Public(err); err != nil && code == objectstore.ErrPreconditionFailed.Code {
		return errSourceChanged
	}
	return err
}
