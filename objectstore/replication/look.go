package replication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"

	"croft/objectstore"
)

// lookAhead is how much of the backlog may wait while the bucket is looked through.
const lookAhead = 2000

// bookmark says how far a rule has looked through its bucket for what the target
// lacks: first for what was there before the rule and, once the store's backlog was
// lost, for what that held. The store keeps it with the backlog, so that both are
// lost together.
type bookmark struct {
	Done   bool   `json:"done,omitempty"`
	After  string `json:"after,omitempty"`  // the last key that was looked at
	First  bool   `json:"first,omitempty"`  // nothing was copied before
	Strays bool   `json:"strays,omitempty"` // what only the target has is looked for as well
	Looked int64  `json:"looked,omitempty"` // keys
	Total  int64  `json:"total,omitempty"`  // about how many there are; 0 is not known
}

// newBookmark is that of a new rule.
func newBookmark(rule Rule) bookmark { return bookmark{Done: !rule.Existing, First: rule.Existing} }

func (b bookmark) encode() []byte {
	text, _ := json.Marshal(b) // a struct of plain fields
	return text
}

func parseBookmark(text []byte) (*bookmark, error) {
	var b bookmark
	if len(text) == 0 {
		return &b, nil
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("read the bookmark of a replication rule: %w", err)
	}
	return &b, nil
}

// lookAgain begins to look through everything.
func (r *runner) lookAgain(ctx context.Context) (*bookmark, error) {
	b := &bookmark{Strays: r.rule.Deletes}
	return b, r.svc.source.Recall(ctx, followerOf(r.rule.ID), nil, b.encode())
}

// look compares the next page of keys with the target, unless there is enough to do,
// and reports whether it did. failing changes do not count.
func (r *runner) look(ctx context.Context, failing int64) (bool, error) {
	b := *r.bookmark.Load()
	if b.Done {
		return false, nil
	}
	backlog, err := r.svc.source.Backlog(ctx, followerOf(r.rule.ID))
	if err != nil || backlog.Changes-failing > lookAhead {
		return false, err
	}
	if b.Total == 0 && r.rule.Prefix == "" {
		if u, ok := r.svc.source.(objectstore.UsageReporter); ok {
			usage, err := u.Usage(ctx, r.rule.Bucket)
			if err != nil {
				return false, err
			}
			b.Total = usage.Objects
		}
	}
	keys, more, err := r.nextKeys(ctx, b.After)
	if err != nil {
		return false, err
	}
	last := ""
	if more {
		last = keys[len(keys)-1].key
	}
	lacking, err := r.lacking(ctx, keys, b, last)
	if err != nil {
		return false, err
	}
	b.Done, b.After, b.Looked = !more, last, b.Looked+int64(len(keys))
	if b.Done {
		b = bookmark{Done: true}
	}
	if err := r.svc.source.Recall(ctx, followerOf(r.rule.ID), lacking, b.encode()); err != nil {
		return false, err
	}
	r.bookmark.Store(&b)
	return true, nil
}

// keyed is a key and its versions, the newest first.
type keyed struct {
	key      string
	versions []objectstore.Object
}

// nextKeys returns some keys behind one, each with all its versions, and whether
// there are more.
func (r *runner) nextKeys(ctx context.Context, after string) (keys []keyed, more bool, err error) {
	ask := objectstore.ListVersionsRequest{Bucket: r.rule.Bucket, Prefix: r.rule.Prefix, AfterKey: after}
	for {
		page, err := r.svc.source.ListVersions(ctx, ask)
		if err != nil {
			return nil, false, &sourceError{err}
		}
		for _, v := range page.Versions {
			if n := len(keys); n == 0 || keys[n-1].key != v.Key {
				keys = append(keys, keyed{key: v.Key})
			}
			k := &keys[len(keys)-1]
			k.versions = append(k.versions, v)
		}
		if !page.Truncated {
			return keys, false, nil
		}
		if len(keys) > 1 { // of the last there may be more versions
			return keys[:len(keys)-1], true, nil
		}
		ask.AfterKey, ask.AfterID = page.NextKey, page.NextID
	}
}

// lacking returns what of some keys the target lacks and, where that is asked for,
// what only the target has: up to last, or to the end when that is empty.
func (r *runner) lacking(ctx context.Context, keys []keyed, b bookmark, last string) ([]objectstore.Recalled, error) {
	there, err := r.listTarget(ctx, b.After, last)
	if err != nil {
		return nil, err
	}
	var lacking []objectstore.Recalled
	for _, k := range keys {
		is, found := there[k.key]
		delete(there, k.key)
		latest := k.versions[0]
		switch {
		case latest.Marker:
			if found && b.Strays {
				lacking = append(lacking, objectstore.Recalled{Key: k.key})
			}
		case found && is.etag == latest.ETag && is.size == latest.Size:
		case !r.rule.Existing && latest.ModifiedAt.Before(r.rule.CreatedAt):
		default:
			more, err := r.lackingOf(ctx, k, found)
			if err != nil {
				return nil, err
			}
			lacking = append(lacking, more...)
		}
	}
	if b.Strays {
		for key := range there {
			lacking = append(lacking, objectstore.Recalled{Key: key})
		}
	}
	return lacking, nil
}

// lackingOf returns the versions of a key that are newer than the target's.
func (r *runner) lackingOf(ctx context.Context, k keyed, found bool) (lacking []objectstore.Recalled, err error) {
	if len(k.versions) == 1 {
		return []objectstore.Recalled{{Key: k.key, VersionID: k.versions[0].VersionID}}, nil
	}
	has := ""
	if found {
		is, there, err := r.stat(ctx, k.key)
		if err != nil {
			return nil, err
		}
		if m, ok := parseMark(is.mark); there && ok && m.origin == r.origin {
			has = m.version
		}
	}
	for _, v := range k.versions {
		if v.VersionID == has && has != "" || !r.rule.Existing && v.ModifiedAt.Before(r.rule.CreatedAt) {
			break
		}
		lacking = append(lacking, objectstore.Recalled{Key: k.key, VersionID: v.VersionID})
	}
	return lacking, nil
}

// listTarget returns what the target has behind a key, up to another one or, when
// that is empty, to the end.
func (r *runner) listTarget(ctx context.Context, after, last string) (map[string]copied, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	there := map[string]copied{}
	list := r.client.Client.ListObjects(ctx, r.rule.TargetBucket, minio.ListObjectsOptions{Prefix: r.rule.Prefix, StartAfter: after, Recursive: true})
	for o := range list {
		if o.Err != nil {
			return nil, errors.Join(o.Err, ctx.Err())
		}
		if last != "" && o.Key > last {
			break
		}
		if o.Key > after {
			there[o.Key] = copied{etag: o.ETag, size: o.Size}
		}
	}
	return there, ctx.Err()
}
