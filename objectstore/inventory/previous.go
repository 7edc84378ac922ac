package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"croft/objectstore"
)

// whole reports whether the report of a stamp is whole.
func (r *report) whole(ctx context.Context, stamp string) (bool, error) {
	_, err := r.s.source.Head(ctx, r.config.Bucket, r.place()+stamp+"/"+checksumName)
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		return false, nil
	}
	return err == nil, err
}

// last returns the stamp of the last report that is whole, empty when there is none.
func (r *report) last(ctx context.Context) (string, error) {
	var stamps []string
	ask := objectstore.ListRequest{Bucket: r.config.Bucket, Prefix: r.place(), Delimiter: "/"}
	for {
		page, err := r.s.source.List(ctx, ask)
		if err != nil {
			return "", err
		}
		for _, p := range page.Prefixes {
			stamp := strings.TrimSuffix(strings.TrimPrefix(p, r.place()), "/")
			if _, err := time.Parse(stampFormat, stamp); err == nil {
				stamps = append(stamps, stamp)
			}
		}
		if !page.Truncated {
			break
		}
		ask.After = page.Next
	}
	for i := len(stamps) - 1; i >= 0; i-- {
		if is, err := r.whole(ctx, stamps[i]); is || err != nil {
			return stamps[i], err
		}
	}
	return "", nil
}

// tidy removes what is left of reports that never became whole, and returns when the
// last whole one is of.
func (r *report) tidy(ctx context.Context) (last time.Time, err error) {
	stamp, err := r.last(ctx)
	if err != nil {
		return last, err
	}
	if stamp != "" {
		if last, err = time.Parse(stampFormat, stamp); err != nil {
			return last, err
		}
	}
	whole := map[string]bool{}
	data := r.place() + "data/"
	ask := objectstore.ListRequest{Bucket: r.config.Bucket, Prefix: data}
	for {
		page, err := r.s.source.List(ctx, ask)
		if err != nil {
			return last, err
		}
		var stray []string
		for _, o := range page.Objects {
			name := strings.TrimPrefix(o.Key, data)
			if len(name) <= len(stampFormat) {
				continue
			}
			stamp := name[:len(stampFormat)]
			if _, err := time.Parse(stampFormat, stamp); err != nil {
				continue // it is not ours
			}
			is, known := whole[stamp]
			if !known {
				if is, err = r.whole(ctx, stamp); err != nil {
					return last, err
				}
				if whole[stamp] = is; !is {
					stray = append(stray, r.symlinkKey(stamp), r.place()+stamp+"/"+manifestName)
				}
			}
			if !is {
				stray = append(stray, o.Key)
			}
		}
		if len(stray) > 0 {
			if err := errors.Join(objectstore.DeleteAll(ctx, r.s.source, r.config.Bucket, stray)...); err != nil {
				return last, err
			}
		}
		if !page.Truncated {
			return last, nil
		}
		ask.After = page.Next
	}
}

// maxManifest bounds what is read of a manifest, in bytes.
const maxManifest = 4 << 20

// readLast returns what the manifest of the last report says, and where it is.
func (r *report) readLast(ctx context.Context) (m manifest, key string, err error) {
	stamp, err := r.last(ctx)
	if err != nil || stamp == "" {
		return m, "", err
	}
	key = r.place() + stamp + "/" + manifestName
	_, body, err := r.s.source.Get(ctx, r.config.Bucket, key, nil)
	if err != nil {
		return m, "", err
	}
	defer func() { _ = body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(body, maxManifest))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, "", fmt.Errorf("read the manifest of an inventory: %w", err)
	}
	return m, key, nil
}
