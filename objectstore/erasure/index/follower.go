package index

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// Follower is somebody for whom changes in a bucket are noted until they are settled.
type Follower struct {
	Name     string
	Bucket   uint64
	Prefix   string // of the keys
	Bookmark []byte // the follower's own; empty when it never set one
}

// Backlog is what was noted for a follower and is not settled.
type Backlog struct {
	Changes int64
	Bytes   int64
	Oldest  int64 // Unix milliseconds; 0 when there is nothing
}

// follower is a follower's row.
type follower struct {
	id int64
	Follower

	known   bool // what follows
	count   int64
	bytes   int64
	changed bool
}

// following is all followers, by bucket. What was committed is never changed but for
// backlogs: Apply replaces it.
type following struct{ byBucket map[uint64][]*follower }

func loadFollowing(v View) (*following, error) {
	all, err := v.followers("SELECT id, name, bucket, value FROM followers ORDER BY id")
	f := &following{byBucket: map[uint64][]*follower{}}
	for _, one := range all {
		f.byBucket[one.Bucket] = append(f.byBucket[one.Bucket], one)
	}
	return f, err
}

// forgetBacklogs makes the next transaction read them again.
func (f *following) forgetBacklogs() {
	for _, list := range f.byBucket {
		for _, one := range list {
			one.known, one.changed = false, false
		}
	}
}

func (v View) followers(sql string, args ...any) (list []*follower, err error) {
	err = v.c.each(func(row *stmt) error {
		f := &follower{id: row.number(0), Follower: Follower{Name: string(row.view(1)), Bucket: uint64(row.number(2))}}
		value, err := unseal(f.Bucket, row.view(1), row.view(3))
		if err != nil {
			return err
		}
		if f.Prefix, f.Bookmark, err = parseFollower(value); err != nil {
			return err
		}
		list = append(list, f)
		return nil
	}, sql, args...)
	return list, err
}

// A follower's value is its prefix, a zero byte, which no key has, and its bookmark.

func (f *Follower) row() sealed {
	return seal(f.Bucket, f.Name, len(f.Prefix)+1+len(f.Bookmark), func(b []byte) []byte {
		return append(append(append(b, f.Prefix...), 0), f.Bookmark...)
	})
}

func parseFollower(value []byte) (prefix string, bookmark []byte, err error) {
	prefix, rest, found := strings.Cut(string(value), "\x00")
	if !found {
		return "", nil, unusable("a follower's row is unreadable")
	}
	if rest != "" {
		bookmark = []byte(rest)
	}
	return prefix, bookmark, nil
}

// PutFollower makes a follower, or gives the one of this name another bookmark.
func (tx *Tx) PutFollower(f Follower) error {
	if strings.ContainsRune(f.Prefix, 0) {
		return fmt.Errorf("catalogue: prefix %q of a follower", f.Prefix)
	}
	row := f.row()
	_, err := tx.c.exec(`INSERT INTO followers (name, bucket, value, backlog) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET bucket = excluded.bucket, value = excluded.value`,
		row.key, f.Bucket, row.value, sealedBacklog(f.Name, 0, 0))
	if err != nil {
		return err
	}
	return tx.reloadFollowers()
}

// DeleteFollower removes a follower and what was noted for it.
func (tx *Tx) DeleteFollower(name string) error {
	if _, err := tx.c.exec("DELETE FROM changes WHERE follower = (SELECT id FROM followers WHERE name = ?)", name); err != nil {
		return err
	}
	if _, err := tx.c.exec("DELETE FROM followers WHERE name = ?", name); err != nil {
		return err
	}
	return tx.reloadFollowers()
}

// dropFollowers removes those of a bucket.
func (tx *Tx) dropFollowers(bucket uint64) error {
	for _, f := range tx.follow.byBucket[bucket] {
		if err := tx.DeleteFollower(f.Name); err != nil {
			return err
		}
	}
	return nil
}

// reloadFollowers reads the followers anew, with what was counted so far.
func (tx *Tx) reloadFollowers() error {
	if err := tx.flushBacklogs(); err != nil {
		return err
	}
	fresh, err := loadFollowing(tx.View)
	if err == nil {
		tx.follow = fresh
	}
	return err
}

// Followed reports whether changes in a bucket are noted for anybody.
func (tx *Tx) Followed(bucket uint64) bool { return len(tx.follow.byBucket[bucket]) > 0 }

// find returns the follower of a name, nil when there is none.
func (f *following) find(name string) *follower {
	for list := range maps.Values(f.byBucket) {
		for _, one := range list {
			if one.Name == name {
				return one
			}
		}
	}
	return nil
}

// backlogOf returns a follower with its backlog, which the caller may change.
func (tx *Tx) backlogOf(f *follower) error {
	if f.known {
		return nil
	}
	var err error
	f.count, f.bytes, err = tx.counted(f.Name)
	f.known = err == nil
	return err
}

// counted reads how many changes wait for a follower, and of how many bytes.
func (v View) counted(name string) (count, bytes int64, err error) {
	_, err = v.c.first(func(row *stmt) error {
		value, err := unseal(0, []byte(name), row.view(0))
		if err != nil {
			return err
		}
		return parseCounters(value, &count, &bytes)
	}, "SELECT backlog FROM followers WHERE name = ?", name)
	return count, bytes, err
}

func sealedBacklog(name string, count, bytes int64) []byte {
	return seal(0, name, 16, func(b []byte) []byte { return appendCounters(b, count, bytes) }).value
}

func (tx *Tx) flushBacklogs() error {
	for _, list := range tx.follow.byBucket {
		for _, f := range list {
			if !f.changed {
				continue
			}
			if _, err := tx.c.exec("UPDATE followers SET backlog = ? WHERE id = ?", sealedBacklog(f.Name, f.count, f.bytes), f.id); err != nil {
				return err
			}
			f.changed = false
		}
	}
	return nil
}

// Followers returns all followers.
func (db *DB) Followers(ctx context.Context) (list []Follower, err error) {
	err = db.read(ctx, func(v View) error {
		all, err := v.followers("SELECT id, name, bucket, value FROM followers ORDER BY id")
		for _, f := range all {
			list = append(list, f.Follower)
		}
		return err
	})
	return list, err
}

// Follower returns the follower of a name and whether there is one.
func (v View) Follower(name string) (Follower, bool, error) {
	all, err := v.followers("SELECT id, name, bucket, value FROM followers WHERE name = ?", name)
	if err != nil || len(all) == 0 {
		return Follower{}, false, err
	}
	return all[0].Follower, true, nil
}

// Backlog returns what waits for a follower, and whether there is one of this name.
func (db *DB) Backlog(ctx context.Context, name string) (b Backlog, found bool, err error) {
	err = db.View(ctx, func(v View) error {
		all, err := v.followers("SELECT id, name, bucket, value FROM followers WHERE name = ?", name)
		if err != nil || len(all) == 0 {
			return err
		}
		found = true
		if b.Changes, b.Bytes, err = v.counted(name); err != nil {
			return err
		}
		first, err := v.changes("SELECT position, key, value FROM changes WHERE follower = ? ORDER BY position LIMIT 1", all[0].id)
		if err == nil && len(first) > 0 {
			b.Oldest = first[0].Since
		}
		return err
	})
	return b, found, err
}
