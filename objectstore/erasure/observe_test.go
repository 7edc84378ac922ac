package erasure

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/shardfile"
)

// contents are what a store holds, by name: "bucket b", "object b/k" (with all its
// versions) and "upload b/k", each with a text that tells its content. What is not
// there is not in it.
type contents map[string]string

// with returns the contents after some names changed; an empty text is nothing.
func (c contents) with(changes map[string]string) contents {
	c = maps.Clone(c)
	for name, text := range changes {
		if c[name] = text; text == "" {
			delete(c, name)
		}
	}
	return c
}

// tellBody is the text of an object.
func tellBody(body []byte, contentType string) string {
	return fmt.Sprintf("%d bytes %.8x %s", len(body), sha256.Sum256(body), contentType)
}

// tellPart is the text of a part.
func tellPart(number int, body []byte) string {
	return fmt.Sprintf("[%d: %d bytes %x]", number, len(body), md5.Sum(body))
}

// tellVersion is the text of a version. That of an object is its versions', the
// newest first.
func tellVersion(null, marker bool, body, tag string, restored bool, tried int) string {
	if marker {
		body = "marker"
	}
	if !null {
		body = "version " + body
	}
	if restored {
		tag += " restored"
	}
	if tried > 0 {
		tag += fmt.Sprint(" tried ", tried)
	}
	return "(" + body + " " + tag + ")"
}

// observe reads all that a store holds, and checks on the way that listings,
// pages of them and reads agree.
func observe(ctx context.Context, s *Store) (contents, error) {
	all := contents{}
	buckets, err := s.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range buckets {
		all["bucket "+b.Name] = b.Owner + " " + string(b.Versioning)
		latest, err := observeVersions(ctx, s, b.Name, all)
		if err == nil {
			err = compareListing(ctx, s, b.Name, latest)
		}
		if err == nil {
			err = observeUploads(ctx, s, b.Name, all)
		}
		if err != nil {
			return nil, fmt.Errorf("bucket %s: %w", b.Name, err)
		}
	}
	return all, nil
}

// observeVersions reads all versions in a bucket and returns the latest that are
// no delete markers, by key.
func observeVersions(ctx context.Context, s *Store, bucket string, all contents) (map[string]objectstore.Object, error) {
	latest := map[string]objectstore.Object{}
	seen := map[string]bool{}
	for r := (objectstore.ListVersionsRequest{Bucket: bucket, Limit: 7}); ; {
		page, err := s.ListVersions(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("list versions: %w", err)
		}
		for _, o := range page.Versions {
			name := "object " + bucket + "/" + o.Key
			if o.Latest == (all[name] != "") || seen[o.Key+o.VersionID] {
				return nil, fmt.Errorf("%s: version %s is listed in the wrong place", name, o.VersionID)
			}
			seen[o.Key+o.VersionID] = true
			if o.Latest && !o.Marker {
				latest[o.Key] = o
			}
			text := ""
			if !o.Marker {
				if text, err = readVersion(ctx, s, o); err != nil {
					return nil, fmt.Errorf("listed %s, version %s: %w", name, o.VersionID, err)
				}
			}
			full, err := s.HeadVersion(ctx, objectstore.VersionRef{Bucket: bucket, Key: o.Key, ID: o.VersionID})
			if err != nil && !o.Marker {
				return nil, err
			}
			all[name] += tellVersion(o.VersionID == objectstore.NullVersion || o.VersionID == "", o.Marker, text, full.Attributes.Tags["tag"],
				full.Restore.Ongoing || !full.Restore.Until.IsZero(), full.Restore.Failure.Tries)
		}
		if r.AfterKey, r.AfterID = page.NextKey, page.NextID; !page.Truncated {
			return latest, nil
		}
	}
}

// compareListing demands that a bucket lists the latest versions.
func compareListing(ctx context.Context, s *Store, bucket string, latest map[string]objectstore.Object) error {
	count := 0
	for r := (objectstore.ListRequest{Bucket: bucket, Limit: 7}); ; {
		page, err := s.List(ctx, r)
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		for _, o := range page.Objects {
			if v, ok := latest[o.Key]; !ok || v.ETag != o.ETag || v.Size != o.Size {
				return fmt.Errorf("%s is listed as %+v, its latest version is %+v", o.Key, o, v)
			}
			got, err := s.Head(ctx, bucket, o.Key)
			if err != nil || got.ETag != o.ETag || got.Size != o.Size || !got.ModifiedAt.Equal(o.ModifiedAt) {
				return fmt.Errorf("%s is listed as %+v and is %+v, %w", o.Key, o, got, err)
			}
			count++
		}
		if r.After = page.Next; !page.Truncated {
			break
		}
	}
	if count != len(latest) {
		return fmt.Errorf("%d keys are listed, %d have versions", count, len(latest))
	}
	return nil
}

// readVersion reads a version and compares it with what a listing said of it.
func readVersion(ctx context.Context, s *Store, listed objectstore.Object) (string, error) {
	o, body, err := s.GetVersion(ctx, objectstore.VersionRef{Bucket: listed.Bucket, Key: listed.Key, ID: listed.VersionID}, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	b, err := io.ReadAll(body)
	switch {
	case err != nil:
		return "", err
	case o.ETag != listed.ETag || o.Size != listed.Size || int64(len(b)) != o.Size || !o.ModifiedAt.Equal(listed.ModifiedAt):
		return "", fmt.Errorf("it is %+v and its body has %d bytes", o, len(b))
	case len(o.Parts) == 0 && o.ETag != fmt.Sprintf("%x", md5.Sum(b)):
		return "", fmt.Errorf("its ETag %s is not its body's", o.ETag)
	}
	return tellBody(b, o.Attributes.ContentType+string(o.Class)), nil
}

func observeUploads(ctx context.Context, s *Store, bucket string, all contents) error {
	page, err := s.ListUploads(ctx, objectstore.ListUploadsRequest{Bucket: bucket})
	if err != nil {
		return err
	}
	for _, u := range page.Uploads {
		name := "upload " + bucket + "/" + u.Key
		if all[name] != "" {
			return fmt.Errorf("%s is there twice", name)
		}
		parts, err := s.ListParts(ctx, objectstore.ListPartsRequest{Upload: u.UploadRef})
		if err != nil {
			return err
		}
		all[name] = "begun"
		for _, p := range parts.Parts {
			all[name] += fmt.Sprintf("[%d: %d bytes %s]", p.Number, p.Size, p.ETag)
		}
	}
	return nil
}

// wantAbsent demands that names that the contents lack hold nothing.
func wantAbsent(tb testing.TB, s *Store, c contents, names map[string]bool) {
	tb.Helper()
	for name := range names {
		path, isObject := strings.CutPrefix(name, "object ")
		if !isObject || c[name] != "" {
			continue
		}
		bucket, key, _ := strings.Cut(path, "/")
		_, err := s.Head(tb.Context(), bucket, key)
		if !errors.Is(err, objectstore.ErrObjectNotFound) && !errors.Is(err, objectstore.ErrBucketNotFound) {
			tb.Fatalf("%s is not listed, and asking for it gives %v", name, err)
		}
	}
}

// needs is what a catalogue refers to.
type needs struct {
	live   map[uint64]int64 // bytes by segment
	items  map[uint64]int64 // entries by segment
	bodies map[shardfile.ID]bool
	tiered map[shardfile.ID]string // tiers of bodies
	// restores are the rows of versions with copies.
	restores map[index.Restore]bool
}

func (n *needs) add(s *Store, value []byte, bodies ...record.Body) error {
	_, loc, err := unpack[record.Entry](value)
	if err != nil {
		return err
	}
	meta, _, err := splitValue(value)
	if err != nil {
		return err
	}
	n.live[loc.Segment] += s.weight(meta, &loc)
	n.items[loc.Segment]++
	for _, b := range bodies {
		if b.Tier != "" {
			n.tiered[b.ID] = b.Tier
			continue
		}
		n.bodies[shardfile.ID(b.ID)] = true
	}
	return nil
}

// needsOf reads all rows of a catalogue.
func needsOf(ctx context.Context, s *Store) (*needs, error) {
	n := &needs{live: map[uint64]int64{}, items: map[uint64]int64{}, bodies: map[shardfile.ID]bool{}, tiered: map[shardfile.ID]string{}, restores: map[index.Restore]bool{}}
	return n, s.index.View(ctx, func(v index.View) error {
		buckets, err := v.Buckets()
		if err != nil {
			return err
		}
		for _, b := range buckets {
			if err := n.add(s, b.Value); err != nil {
				return err
			}
			if _, err := v.ListVersions(ctx, index.ListVersionsRequest{Bucket: b.ID, Limit: 1 << 20}, func(e index.VersionEntry) error {
				o, _, err := unpack[*record.Version](e.Version.Value)
				if err != nil {
					return err
				}
				if o.Restore.Wanted() {
					n.restores[restoreRow(o)] = true
				}
				return n.add(s, e.Version.Value, record.Kept(o.Bodies)...)
			}); err != nil {
				return err
			}
			if _, err := v.ListUploads(ctx, index.ListUploadsRequest{Bucket: b.ID, Limit: 1 << 20}, func(e index.UploadEntry) error {
				if err := n.add(s, e.Upload.Value); err != nil {
					return err
				}
				parts, err := v.Parts(e.Upload.ID, 0, objectstore.MaxPartNumber)
				for _, p := range parts {
					part, _, err := unpack[*record.Part](p.Value)
					if err != nil {
						return err
					}
					if err := n.add(s, p.Value, part.Body); err != nil {
						return err
					}
				}
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// audit compares what a store accounts for with what it refers to: bytes that are
// needed of each segment, and bodies. Afterwards there are no files of other
// bodies on the drives.
func audit(ctx context.Context, s *Store) error {
	if err := s.index.Verify(ctx); err != nil {
		return err
	}
	n, err := needsOf(ctx, s)
	if err != nil {
		return err
	}
	segments, err := s.index.Segments(ctx)
	if err != nil {
		return err
	}
	for _, x := range segments {
		if x.Live != n.live[x.ID] || x.Items != n.items[x.ID] {
			return fmt.Errorf("segment %x is said to have %d bytes in %d entries that are needed, it has %d in %d",
				x.ID, x.Live, x.Items, n.live[x.ID], n.items[x.ID])
		}
		delete(n.live, x.ID)
	}
	for id, live := range n.live {
		return fmt.Errorf("segment %x has %d bytes that are needed and no account", id, live)
	}
	exists := s.segmentExists()
	for id := range n.items {
		if !exists(id) {
			return fmt.Errorf("segment %x is referred to and not there", id)
		}
	}
	files, err := s.index.ScanFiles(ctx, index.FileID{}, 1<<20)
	if err != nil {
		return err
	}
	known := map[shardfile.ID]bool{}
	for _, f := range files {
		if known[shardfile.ID(f.ID)] = true; !n.bodies[shardfile.ID(f.ID)] {
			return fmt.Errorf("body %x is kept for nobody", f.ID)
		}
	}
	for id := range n.bodies {
		if !known[id] {
			return fmt.Errorf("body %x is referred to and has no account", id)
		}
	}
	tiered, err := s.index.ScanTiered(ctx, false, index.FileID{}, 1<<20)
	if err != nil {
		return err
	}
	for _, t := range tiered {
		if n.tiered[shardfile.ID(t.ID)] != t.Tier {
			return fmt.Errorf("body %x is kept in %s for nobody", t.ID, t.Tier)
		}
		delete(n.tiered, shardfile.ID(t.ID))
	}
	for id, tier := range n.tiered {
		return fmt.Errorf("body %s in %s is referred to and has no account", id, tier)
	}
	restores, err := s.index.ScanRestores(ctx, index.Restore{Due: math.MinInt64}, math.MaxInt64, 1<<20)
	if err != nil {
		return err
	}
	for _, r := range restores {
		if !n.restores[r] {
			return fmt.Errorf("a restore is noted of nothing: %+v", r)
		}
		delete(n.restores, r)
	}
	for r := range n.restores {
		return fmt.Errorf("a restore is not noted: %+v", r)
	}
	return sweep(ctx, s, known)
}

// sweep removes files of bodies that nothing refers to, and fails if any stay.
func sweep(ctx context.Context, s *Store, known map[shardfile.ID]bool) error {
	for place, d := range s.set.Drives {
		if !d.Writable() {
			continue
		}
		err := s.bodies.Orphans(ctx, place, func(id shardfile.ID) bool { return known[id] }, func(id shardfile.ID) error {
			s.bodies.Remove(shardfile.Body{ID: id})
			return nil
		})
		if err != nil {
			return err
		}
		folders, err := d.List("bodies")
		if err != nil {
			continue // there never was a body
		}
		for _, folder := range folders {
			entries, err := d.List("bodies/" + folder.Name)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if id, ok := shardfile.ParseID(e.Name); !ok || !known[id] {
					return fmt.Errorf("drive %d keeps the file %s/%s for nobody", place, folder.Name, e.Name)
				}
			}
		}
	}
	return nil
}
