package erasure

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"croft/objectstore"
)

// load reads the records of all drives, decides what exists, and removes what
// does not, where it can be sure.
func (s *Store) load(ctx context.Context) error {
	versions, err := s.scan(ctx)
	if err != nil {
		return err
	}
	if err := enough(s.given, s.geometry); err != nil {
		return err
	}
	l := &loader{
		store: s, offline: s.geometry.drives() - s.readableDrives().count(),
		names: make(map[name][]*version), kept: make(map[versionID]*version), done: make(map[string]bool),
		open: make(map[string]bool),
	}
	for _, v := range versions {
		l.names[v.rec.name] = append(l.names[v.rec.name], v)
		s.seq = max(s.seq, v.file.seq)
	}
	l.decide()
	if s.checkWritable() == nil {
		s.collect(l.garbage)
	}
	s.log.Info("drives read", "versions", len(versions), "removed", len(l.garbage), "unresolved", l.unresolved)
	return nil
}

// collect removes what load found not to exist.
func (s *Store) collect(garbage []*version) {
	var files []file
	for _, v := range garbage {
		files = append(files, v.files()...)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.folder, b.folder) })
	s.onDrives(s.writableDrives(), func(d *drive) error { return d.removeDurably(files) })
}

func (s *Store) readableDrives() places {
	var p places
	for i, d := range s.drives {
		if d.readable() {
			p = p.with(i)
		}
	}
	return p
}

// loader decides which of the versions found on the drives count.
type loader struct {
	store      *Store
	offline    int // drives that may hold more than is seen
	names      map[name][]*version
	kept       map[versionID]*version // parts that an object's body consists of
	done       map[string]bool        // uploads that became an object for sure
	open       map[string]bool        // uploads whose parts must stay
	garbage    []*version
	unresolved int
}

func (l *loader) decide() {
	byKind := make(map[kind][]*version)
	candidates := make(map[versionID]bool) // pieces of any object that may count
	for n, versions := range l.names {
		if n.kind == kindPart {
			continue
		}
		v := l.resolve(versions)
		if v == nil {
			continue
		}
		byKind[n.kind] = append(byKind[n.kind], v)
		if n.kind == kindObject {
			for _, o := range versions {
				// Where it is not sure that the object counts, its upload is neither
				// shown nor removed.
				if o.rec.from != "" && l.possible(o) {
					l.done[o.rec.from] = l.done[o.rec.from] || l.counts(o)
				}
				if o.gone {
					continue
				}
				for _, p := range o.rec.pieces {
					candidates[p.id] = true
				}
			}
		}
	}
	l.bringBuckets(byKind)
	l.bringUploads(byKind[kindUpload])
	l.bringParts(candidates)
	l.bringObjects(byKind[kindObject])
}

// counts reports whether enough drives hold a version; possible whether offline
// drives, or damaged files of it, could make them enough.
func (l *loader) counts(v *version) bool {
	return v.holders.count() >= l.store.geometry.readQuorum()
}

func (l *loader) possible(v *version) bool {
	return (v.holders|v.damaged).count()+l.offline >= l.store.geometry.readQuorum()
}

// resolve returns the version that a name has, nil when it has none. Versions
// that cannot count and those that a counting one stands for become garbage. A
// version that offline drives decide about hides the older ones, which stay.
func (l *loader) resolve(versions []*version) *version {
	slices.SortFunc(versions, func(a, b *version) int {
		return -cmp.Or(cmp.Compare(a.file.seq, b.file.seq), slices.Compare(a.file.id[:], b.file.id[:]))
	})
	var newest *version
	for _, v := range versions {
		switch {
		case newest != nil && l.counts(newest), !l.possible(v):
			v.gone = true
			l.garbage = append(l.garbage, v)
		case newest == nil:
			newest = v
			if !l.counts(v) {
				l.unresolved++
			}
		default:
			newest.shadowed = append(newest.shadowed, v.file)
		}
	}
	return newest
}

// bringBuckets puts the buckets into the index. A bucket whose record is lost
// while something in it is not comes back without an owner.
func (l *loader) bringBuckets(byKind map[kind][]*version) {
	x := l.store.index
	for _, v := range byKind[kindBucket] {
		x.buckets[v.rec.bucket] = newBucket(v)
	}
	for _, v := range slices.Concat(byKind[kindObject], byKind[kindUpload]) {
		if x.buckets[v.rec.bucket] != nil {
			continue
		}
		rec := *v.rec
		rec.name = bucketName(rec.bucket)
		lost := &version{rec: &rec, file: file{folder: rec.folder(), id: newVersionID()}}
		x.buckets[rec.bucket] = newBucket(lost)
		l.store.log.Error("bucket record lost", "bucket", rec.bucket)
	}
}

func (l *loader) bringUploads(versions []*version) {
	for _, v := range versions {
		completed, seen := l.done[v.rec.upload]
		b := l.store.index.buckets[v.rec.bucket]
		switch {
		case completed:
			l.garbage = append(l.garbage, v)
		case seen: // an object of it may count
			l.open[v.rec.upload] = true
		default:
			l.open[v.rec.upload] = true
			b.uploads.Set(uploadOrder(v.rec.key, v.rec.upload), &upload{version: v})
		}
	}
}

// bringParts gives parts to their unfinished uploads, keeps those that objects
// consist of, and lets go of the others.
func (l *loader) bringParts(candidates map[versionID]bool) {
	for n, versions := range l.names {
		if n.kind != kindPart {
			continue
		}
		var rest []*version
		for _, v := range versions {
			if candidates[v.rec.id] {
				l.kept[v.rec.id] = v
			} else {
				rest = append(rest, v)
			}
		}
		if !l.open[n.upload] {
			l.garbage = append(l.garbage, rest...)
			continue
		}
		ref := objectstore.UploadRef{Bucket: n.bucket, Key: n.key, ID: n.upload}
		if v := l.resolve(rest); v != nil {
			if _, u, err := l.store.index.upload(ref); err == nil {
				u.parts.Set(n.part, v)
			}
		}
	}
}

// bringObjects puts the objects into the index, with their pieces.
func (l *loader) bringObjects(versions []*version) {
	for _, v := range versions {
		ref := objectstore.UploadRef{Bucket: v.rec.bucket, Key: v.rec.key, ID: v.rec.from}
		for i, p := range v.rec.pieces {
			part := l.kept[p.id]
			if part == nil { // lost; what is known of it comes from the object
				rec := &record{name: partName(ref, p.number), id: p.id, size: v.rec.parts[i].Size}
				part = &version{rec: rec, file: file{folder: rec.folder(), seq: p.seq, id: p.id}}
			}
			v.pieces = append(v.pieces, part)
		}
		l.store.index.buckets[v.rec.bucket].objects.Set(v.rec.key, v)
	}
}
