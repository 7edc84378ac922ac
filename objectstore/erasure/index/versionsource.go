package index

// versionSource merges the rows of objects and versions. Of one key the row of
// objects, being the latest version, comes first.
type versionSource struct {
	view    View
	bucket  uint64
	objects objectSource
	older   cursor

	// behind is the key whose older versions are read from their middle, and then
	// the rows of later keys follow; top is its latest version's ord.
	behind  string
	middle  bool
	top     uint64
	last    string // the key before the row this is at
	hasLast bool
}

func newVersionSource(v View, bucket uint64) *versionSource {
	return &versionSource{
		view: v, bucket: bucket, objects: objectSource{cursor{c: v.c}, bucket}, older: cursor{c: v.c},
	}
}

func (s *versionSource) seek(from string) error {
	s.middle, s.hasLast = false, false
	if err := s.objects.seek(from); err != nil {
		return err
	}
	return s.seekOlder(from)
}

func (s *versionSource) seekOlder(from string) error {
	return s.older.start("SELECT key, entry, ord, nameless FROM versions WHERE bucket = ? AND key >= ? ORDER BY key, ord DESC",
		s.bucket, from)
}

// resume goes behind one version of a key.
func (s *versionSource) resume(key string, ord uint64) error {
	latest, _, err := s.view.Latest(s.bucket, key)
	if err != nil {
		return err
	}
	s.behind, s.middle, s.top, s.hasLast = key, true, latest.Ord, false
	from := key
	if latest.Ord >= ord {
		from += "\x00"
	}
	if err := s.objects.seek(from); err != nil {
		return err
	}
	if err := s.older.start("SELECT key, entry, ord, nameless FROM versions WHERE bucket = ? AND key = ? AND ord < ? ORDER BY ord DESC",
		s.bucket, key, ord); err != nil {
		return err
	}
	return s.leaveMiddle()
}

// leaveMiddle goes on with later keys when the one begun in its middle is done.
func (s *versionSource) leaveMiddle() error {
	if !s.middle || s.older.ok {
		return nil
	}
	s.middle = false
	return s.seekOlder(s.behind + "\x00")
}

// atObject reports which of the two the source is at.
func (s *versionSource) atObject() bool {
	return s.objects.ok && (!s.older.ok || s.objects.key <= s.older.key)
}

func (s *versionSource) here() (string, bool) {
	if s.atObject() {
		return s.objects.key, true
	}
	return s.older.key, s.older.ok
}

func (s *versionSource) advance() error {
	s.last, s.hasLast = s.here()
	if s.atObject() {
		return s.objects.advance()
	}
	if err := s.older.advance(); err != nil {
		return err
	}
	return s.leaveMiddle()
}

// version is what the row holds, and whether that is the key's latest.
func (s *versionSource) version() (Version, bool, error) {
	if s.atObject() {
		v, err := s.objects.version()
		return v, true, err
	}
	v, err := parseEntry(s.bucket, s.older.key, s.older.row.view(0), s.older.row.view(1))
	if err == nil && (v.Ord != uint64(s.older.row.number(2)) || v.Null != (s.older.row.number(3) == 1)) {
		err = unusable("version %d of %q is in the place of another", v.Ord, v.Key)
	}
	first := !s.hasLast || s.last != s.older.key
	if s.middle {
		first = v.Ord == s.top
	}
	return v, first, err
}

func (s *versionSource) close() {
	s.objects.close()
	s.older.close()
}
