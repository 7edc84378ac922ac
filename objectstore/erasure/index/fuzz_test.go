package index_test

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"croft/objectstore/erasure/index"
)

// nextBucket gives every run on a shared catalogue a bucket of its own.
var nextBucket atomic.Uint64

// names are keys that lie close together, some of them prefixes of others, with
// the bytes at both ends of the order.
var names = []string{
	"a", "a\x00", "a/", "a/b", "a/b/c", "a/b/d", "a/\xff", "a/\xff/x", "a0", "ab", "b", "b/", "b//", "b//c", "/", "//",
	"\x00", "\xff", "\xff\xff", "\xff/\xff", "é/ü", "é", "z/1", "z/2", "z/3", "z/4", "z/5", "z/6", "z/7", "z/8", "zz",
}

// reader takes decisions from fuzzed bytes; 0 when they are used up.
type reader []byte

func (r *reader) pick(n int) int {
	if len(*r) == 0 {
		return 0
	}
	b := (*r)[0]
	*r = (*r)[1:]
	return int(b) % n
}

// FuzzVersions puts and deletes versions in any order and compares all that is
// known of them with a plain model.
func FuzzVersions(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 9, 0, 0, 2, 2, 9, 0, 0, 1, 3, 9, 3, 0, 2})
	f.Add([]byte{0, 1, 5, 0, 9, 0, 1, 4, 1, 9, 0, 1, 3, 0, 9, 2, 1, 5, 2, 1, 4, 2, 1, 3})
	f.Add([]byte{0, 1, 5, 1, 9, 0, 1, 6, 1, 9, 0, 1, 7, 1, 9, 0, 1, 4, 1, 9, 0, 1, 9, 3, 9})
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		script := make([]byte, 400)
		for i := range script {
			script[i] = byte(random.Uint32())
		}
		f.Add(script)
	}
	db := open(f)
	f.Fuzz(func(t *testing.T, script []byte) {
		in := reader(script[:min(len(script), 600)])
		keys := []string{"a", "a/b", "b"}
		m := newModel(nextBucket.Add(1))
		for len(in) > 0 {
			apply(t, db, func(tx *index.Tx) error {
				for n := in.pick(4); n >= 0 && len(in) > 0; n-- {
					key, ord := keys[in.pick(len(keys))], uint64(in.pick(12)+1)
					if in.pick(3) == 2 {
						got, found, err := tx.DeleteVersion(m.bucket, key, ord)
						if err != nil {
							return err
						}
						want, wantFound := m.delete(key, ord)
						same(t, "deleted", got, want)
						same(t, "was there", found, wantFound)
						continue
					}
					how := in.pick(8)
					v := index.Version{
						Bucket: m.bucket, Key: key, Ord: ord, Null: how&1 != 0, Marker: how&6 == 2,
						Size: int64(in.pick(256)), Value: []byte{byte(in.pick(256))},
					}
					got, err := tx.PutVersion(v)
					if err != nil {
						return err
					}
					same(t, "gave way", byOrd(got), byOrd(m.put(v)))
				}
				usage, err := tx.BucketUsage(m.bucket)
				same(t, "usage inside", usage, m.usage())
				return err
			})
			m.check(t, db, keys)
		}
	})
}

func byOrd(versions []index.Version) []index.Version {
	slices.SortFunc(versions, func(a, b index.Version) int { return int(a.Ord) - int(b.Ord) })
	return versions
}

// FuzzListing asks for pages of objects and versions, and compares them with what
// a sorted map gives.
func FuzzListing(f *testing.F) {
	f.Add(uint64(1), "", "/", "", uint64(0), uint8(3))
	f.Add(uint64(2), "a", "/", "a/b", uint64(0), uint8(2))
	f.Add(uint64(3), "", "/", "a/", uint64(7), uint8(2))
	f.Add(uint64(4), "\xff", "\xff", "\xff", uint64(1), uint8(1))
	f.Add(uint64(5), "z/", "", "z/3", uint64(2), uint8(4))
	f.Add(uint64(6), "", "//", "b", uint64(3), uint8(30))
	random := rand.New(rand.NewPCG(11, 12))
	for seed := range uint64(200) {
		prefixes, delimiters := []string{"", "", "a", "a/", "z/"}, []string{"", "/"}
		f.Add(seed, prefixes[random.IntN(5)], delimiters[random.IntN(2)], names[random.IntN(len(names))], random.Uint64N(12), uint8(random.Uint32()))
	}
	db := open(f)
	f.Fuzz(func(t *testing.T, seed uint64, prefix, delimiter, after string, ord uint64, limit uint8) {
		random := rand.New(rand.NewPCG(seed, 0))
		m := newModel(nextBucket.Add(1))
		apply(t, db, func(tx *index.Tx) error {
			keys := append(slices.Clone(names), prefix+"x", prefix+delimiter, prefix+delimiter+"y", after)
			for n := random.IntN(80); n > 0; n-- {
				key := keys[random.IntN(len(keys))]
				if key == "" {
					continue
				}
				v := index.Version{Bucket: m.bucket, Key: key, Ord: random.Uint64N(9) + 1, Marker: random.IntN(4) == 0, Value: []byte(key)}
				if _, err := tx.PutVersion(v); err != nil {
					return err
				}
				m.put(v)
			}
			return nil
		})
		l := lister{t, db}
		size := int(limit)%40 + 1
		for r := (index.ListRequest{Bucket: m.bucket, Prefix: prefix, Delimiter: delimiter, After: after, Limit: size}); ; {
			got, page := l.list(r)
			want, wantPage := m.list(r)
			same(t, "objects", got, want)
			same(t, "page", page, wantPage)
			if r.After = page.Next; !page.Truncated {
				break
			}
		}
		for r := (index.ListVersionsRequest{Bucket: m.bucket, Prefix: prefix, Delimiter: delimiter, AfterKey: after, AfterOrd: ord % 12, Limit: size}); ; {
			got, page := l.listVersions(r)
			want, wantPage := m.listVersions(r)
			same(t, "versions", got, want)
			same(t, "page", page, wantPage)
			if r.AfterKey, r.AfterOrd = page.NextKey, page.NextOrd; !page.Truncated {
				break
			}
		}
	})
}
