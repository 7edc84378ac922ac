package erasure

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"croft/objectstore"
)

type workload struct {
	name   string
	drives int
	plan   func() *plan
}

// workloads are what the crash tests replay. Each is short, since it is crashed
// after every operation of a drive, and together they do all that a store does.
var workloads = []workload{
	{"small objects", 4, smallObjects},
	{"large objects", 4, largeObjects},
	{"uploads", 3, uploads},
	{"buckets", 2, buckets},
	{"compaction", 4, compaction},
	{"one drive", 1, compaction},
	{"many drives", 6, mixed},
	{"versions", 3, versions},
	{"growing", 2, growing},
	{"storage classes", 4, classes},
	{"tiers", 3, tiers},
	{"copies", 3, copies},
	{"restores in vain", 3, restoresInVain},
	{"renames", 4, renames},
}

// renames moves objects of all kinds under other names, over others and back, beside
// compaction, and lets the old names be used again.
func renames() *plan {
	p := newPlan().makeBucket("bucket").then()
	p.put("bucket/a", 3000, 1).put("bucket/b", 2<<20+5, 2).put("bucket/c", 40_000, 3).put("bucket/d", 0, 4).beginUpload("bucket/e").then()
	p.putPart("bucket/e", 1, 5<<20, 5).put("bucket/f", 2<<20+9, 6).tag("bucket/b", 0, "x").then()
	p.rename("bucket/a", "bucket/a2").rename("bucket/b", "bucket/c").rename("bucket/d", "bucket/d2").complete("bucket/e", 1).then()
	p.put("bucket/b", 2<<20+7, 7).put("bucket/a", 10, 8).rename("bucket/e", "bucket/f").then()
	p.move("bucket/c", 0, "COLD").move("bucket/a2", 0, "COLD").compact().then().restore("bucket/c", 0).then()
	p.rename("bucket/c", "bucket/g").rename("bucket/a2", "bucket/a").rename("bucket/b", "bucket/b2").then()
	p.put("bucket/b", 3000, 9).put("bucket/c", 30_000, 10).then()
	p.emptyTiers().compact().delete("bucket/g").rename("bucket/f", "bucket/e").then()
	return p.rename("bucket/b", "bucket/b2").rename("bucket/e", "bucket/h").compact()
}

func smallObjects() *plan {
	p := newPlan().makeBucket("bucket").then()
	for i, size := range []int{0, 1, 100, 5000, 40_000, 150_000} {
		p.put(fmt.Sprint("bucket/a", i), size, uint64(i))
	}
	p.then()
	for i, size := range []int{200_000, 0, 70_000, 10} {
		p.put(fmt.Sprint("bucket/a", i), size, uint64(100+i))
	}
	p.delete("bucket/a4").put("bucket/b", 0, 9).then()
	p.copy("bucket/a0", "bucket/c").copy("bucket/a3", "bucket/b").deleteAll("bucket", "a1", "a2").then()
	p.put("bucket/a1", 33, 201).delete("bucket/b").put("bucket/a2", 1<<20, 202).then()
	return p.put("bucket/a3", 5, 203).copy("bucket/a2", "bucket/a4")
}

func largeObjects() *plan {
	p := newPlan().makeBucket("bucket").then()
	p.put("bucket/a", 2<<20+1, 1).put("bucket/b", 2<<20+70_000, 2).put("bucket/s", 10, 3).then()
	p.put("bucket/a", 2<<20+500, 4).put("bucket/b", 3, 5).put("bucket/s", 2<<20+9, 6).then()
	p.copy("bucket/a", "bucket/c").delete("bucket/s").then()
	return p.deleteAll("bucket", "a", "b").put("bucket/s", 2<<20+77, 7)
}

func uploads() *plan {
	p := newPlan().makeBucket("bucket").then().put("bucket/one", 50, 50).then()
	p.beginUpload("bucket/one").beginUpload("bucket/two").beginUpload("bucket/three").then()
	p.putPart("bucket/one", 1, 70_000, 1).putPart("bucket/two", 2, 5<<20, 2).putPart("bucket/three", 1, 10, 3).then()
	p.putPart("bucket/one", 1, 90_000, 4).putPart("bucket/two", 5, 3, 5).put("bucket/three", 100, 6).then()
	p.complete("bucket/one", 1).putPart("bucket/two", 3, 700, 7).abort("bucket/three").then()
	p.complete("bucket/two", 2, 5).beginUpload("bucket/one").then()
	p.putPart("bucket/one", 2, 0, 8).delete("bucket/two").then()
	return p.complete("bucket/one", 2).copy("bucket/three", "bucket/two")
}

func buckets() *plan {
	p := newPlan().makeBucket("one").makeBucket("two").then()
	p.put("one/a", 10, 1).put("two/a", 20, 2).beginUpload("one/up").then()
	p.putPart("one/up", 1, 2000, 3).delete("one/a").makeBucket("three").then()
	p.dropBucket("one").put("three/a", 30, 4).then()
	p.makeBucket("one").delete("two/a").then()
	p.put("one/a", 40, 5).dropBucket("two").then()
	return p.makeBucket("two").delete("one/a").then().dropBucket("one")
}

// compaction fills segments, deletes most of them and lets compaction run beside
// further changes.
func compaction() *plan {
	p := newPlan().makeBucket("bucket").then().beginUpload("bucket/up").then().putPart("bucket/up", 1, 3000, 99).then()
	for round := range 4 {
		for i := range 6 {
			p.put(fmt.Sprint("bucket/k", i), 9000+i, uint64(10*round+i))
		}
		p.then()
	}
	p.delete("bucket/k0").deleteAll("bucket", "k1", "k2").then()
	p.compact().put("bucket/k3", 20_000, 60).put("bucket/k0", 5, 61).then()
	p.put("bucket/k4", 30_000, 62).complete("bucket/up", 1).then()
	p.compact().delete("bucket/k5").put("bucket/k1", 40_000, 63).then()
	p.delete("bucket/up").put("bucket/k1", 41_000, 64).then()
	return p.compact().put("bucket/k2", 7, 65)
}

func mixed() *plan {
	p := newPlan().makeBucket("bucket").then()
	p.put("bucket/a", 100, 1).put("bucket/b", 130_000, 2).put("bucket/c", 2<<20+5, 3).beginUpload("bucket/d").then()
	p.putPart("bucket/d", 1, 1000, 4).delete("bucket/a").put("bucket/b", 131_000, 5).then()
	p.complete("bucket/d", 1).compact().copy("bucket/c", "bucket/e").then()
	return p.deleteAll("bucket", "b", "c").put("bucket/a", 6, 6).then().compact().put("bucket/d", 7, 7)
}

// growing is a set that gets drives, twice.
func growing() *plan {
	p := newPlan().makeBucket("bucket").then()
	p.put("bucket/a", 100, 1).put("bucket/b", 130_000, 2).put("bucket/c", 2<<20+5, 3).beginUpload("bucket/d").then()
	p.putPart("bucket/d", 1, 5<<20, 4).delete("bucket/a").put("bucket/e", 40_000, 5).then()
	p.grow(1).then()
	p.putPart("bucket/d", 2, 1000, 6).put("bucket/a", 2<<20+70_000, 7).put("bucket/b", 9000, 8).then()
	p.complete("bucket/d", 1, 2).compact().copy("bucket/c", "bucket/f").then()
	p.grow(2).then()
	p.deleteAll("bucket", "b", "c").put("bucket/a", 6, 9).then()
	return p.compact().put("bucket/d", 7, 10)
}

func versions() *plan {
	p := newPlan().makeBucket("bucket").then().put("bucket/a", 10, 1).put("bucket/b", 5000, 2).put("bucket/c", 2<<20+1, 3).then()
	p.setVersioning("bucket", objectstore.VersioningEnabled).then()
	p.put("bucket/a", 11, 4).put("bucket/b", 6000, 5).delete("bucket/c").then()
	p.tag("bucket/b", 1, "old").delete("bucket/a").put("bucket/c", 2<<20+2, 6).then()
	p.deleteVersion("bucket/c", 2).copy("bucket/b", "bucket/d").tag("bucket/a", 1, "x").then()
	p.setVersioning("bucket", objectstore.VersioningSuspended).then()
	p.put("bucket/a", 12, 7).delete("bucket/b").delete("bucket/d").tag("bucket/c", 0, "y").then()
	p.compact().put("bucket/a", 13, 8).deleteVersion("bucket/b", 0).then()
	return p.deleteVersion("bucket/a", 0).deleteVersion("bucket/d", 1).deleteAll("bucket", "b", "c")
}

func classes() *plan {
	const reduced = objectstore.ClassReduced
	p := newPlan().makeBucket("bucket").then()
	p.putAs("bucket/a", 2<<20+1, 1, reduced).putAs("bucket/s", 3000, 2, reduced).put("bucket/b", 2<<20+9, 3).then()
	p.copy("bucket/a", "bucket/c").putAs("bucket/b", 2<<20+70_000, 4, reduced).then()
	p.put("bucket/a", 2<<20+2, 5).tag("bucket/c", 0, "x").delete("bucket/s").then()
	return p.compact().copy("bucket/c", "bucket/c").deleteAll("bucket", "a", "b")
}

// tiers moves bodies of all kinds to a tier and back, beside what else happens.
func tiers() *plan {
	p := newPlan().makeBucket("bucket").then().setVersioning("bucket", objectstore.VersioningEnabled).then()
	p.put("bucket/a", 3000, 1).put("bucket/b", 2<<20+5, 2).put("bucket/c", 40_000, 3).beginUpload("bucket/d").then()
	p.putPart("bucket/d", 1, 5<<20, 4).put("bucket/a", 10, 5).then()
	p.move("bucket/a", 1, "COLD").move("bucket/b", 0, "COLD").putPart("bucket/d", 2, 700, 6).then()
	p.complete("bucket/d", 1, 2).tag("bucket/b", 0, "x").move("bucket/c", 0, "COLD").then()
	p.move("bucket/d", 0, "COLD").deleteVersion("bucket/a", 1).copy("bucket/b", "bucket/e").then()
	p.emptyTiers().compact().put("bucket/c", 50_000, 7).then()
	p.move("bucket/b", 0, "").move("bucket/d", 0, "OTHER").deleteVersion("bucket/c", 1).then()
	p.compact().emptyTiers().move("bucket/e", 0, "COLD").delete("bucket/b").then()
	p.move("bucket/c", 0, "COLD").deleteVersion("bucket/e", 0).then()
	return p.move("bucket/c", 0, "").emptyTiers()
}

// copies has copies made of what is in a tier, beside what else happens.
func copies() *plan {
	p := newPlan().makeBucket("bucket").then().setVersioning("bucket", objectstore.VersioningEnabled).then()
	p.put("bucket/a", 3000, 1).put("bucket/b", 2<<20+5, 2).put("bucket/c", 40_000, 3).beginUpload("bucket/d").then()
	p.putPart("bucket/d", 1, 5<<20, 4).put("bucket/a", 10, 5).then().putPart("bucket/d", 2, 700, 6).then().complete("bucket/d", 1, 2).then()
	p.move("bucket/a", 1, "COLD").move("bucket/b", 0, "COLD").move("bucket/c", 0, "COLD").move("bucket/d", 0, "COLD").then()
	p.restore("bucket/a", 1).restore("bucket/d", 0).then().attend().tag("bucket/d", 0, "x").restore("bucket/b", 0).then()
	p.attend().compact().emptyTiers().restore("bucket/c", 0).then()
	p.move("bucket/d", 0, "OTHER").deleteVersion("bucket/a", 1).attend().then()
	p.expire("bucket/b", 0).move("bucket/c", 0, "").compact().then()
	p.restore("bucket/b", 0).delete("bucket/c").attend().then()
	return p.expire("bucket/d", 0).deleteVersion("bucket/b", 0).emptyTiers()
}

// restoresInVain has a tier give something else than it was sent until that is given up,
// asks again, and takes wishes and copies back.
func restoresInVain() *plan {
	p := newPlan().makeBucket("bucket").then()
	p.put("bucket/a", 3000, 1).put("bucket/b", 2<<20+5, 2).put("bucket/c", 5000, 3).then()
	p.move("bucket/a", 0, "COLD").move("bucket/b", 0, "COLD").move("bucket/c", 0, "COLD").then().restore("bucket/a", 0).then()
	for try := range restoreTries {
		if p.spoil("bucket/a", 0).then(); try == 2 {
			p.tag("bucket/a", 0, "x").compact().then()
		}
	}
	p.restore("bucket/a", 0).then().spoil("bucket/a", 0).then().mend("bucket/a", 0).then()
	p.restore("bucket/b", 0).then().spoil("bucket/b", 0).then().cancel("bucket/b", 0).cancel("bucket/a", 0).restore("bucket/c", 0).then()
	return p.cancel("bucket/c", 0).restore("bucket/b", 0).compact().then().restore("bucket/a", 0)
}

// chance is a workload that is made up anew each time.
func chance(seed uint64) *plan {
	rng := rand.New(rand.NewPCG(seed, 2))
	p := newPlan().makeBucket("bucket").makeBucket("other").then()
	states := []objectstore.Versioning{objectstore.VersioningEnabled, objectstore.VersioningSuspended}
	var paths []string
	for i := range 7 {
		paths = append(paths, fmt.Sprint("bucket/k", i))
	}
	paths = append(paths, "other/k0", "other/k1")
	for range 25 {
		for _, i := range rng.Perm(len(paths))[:1+rng.IntN(6)] {
			p.anything(rng, paths[i])
		}
		if rng.IntN(4) == 0 {
			p.compact().emptyTiers().attend()
		}
		if p.then(); rng.IntN(8) == 0 {
			p.setVersioning("other", states[rng.IntN(2)]).then()
		}
	}
	return p
}

// anything adds a step that is possible now.
func (p *plan) anything(rng *rand.Rand, path string) {
	held, upload := p.versions[path], p.holds["upload "+path]
	size := []int{0, 10, 3000, 20_000, 40_000, 2<<20 + 10}[rng.IntN(6)]
	if size > 1<<20 && rng.IntN(3) > 0 {
		size = 15_000
	}
	switch n := rng.IntN(16); {
	case n == 0:
		p.putAs(path, size, rng.Uint64()%1000, objectstore.ClassReduced)
	case n < 4:
		p.put(path, size, rng.Uint64()%1000)
	case n < 6:
		p.delete(path)
	case n == 6 && len(held) > 0:
		p.deleteVersion(path, rng.IntN(len(held)))
	case n == 7 && len(held) > 0 && !held[0].marker:
		p.tag(path, 0, fmt.Sprint(rng.IntN(100)))
	case n == 8 && len(held) > 0 && !held[0].marker:
		p.copy(path, path)
	case n == 12 && len(held) > 0 && !held[0].marker:
		p.move(path, 0, []string{"", "COLD"}[rng.IntN(2)])
	case n == 13 && len(held) > 0 && held[0].restored:
		p.expire(path, 0)
	case n == 14 && len(held) > 0 && held[0].restored:
		p.cancel(path, 0)
	case n >= 13 && n < 15 && len(held) > 0 && held[0].tier != "":
		p.restore(path, 0)
	case n == 15 && len(held) == 1 && strings.HasPrefix(path, "bucket/"):
		p.rename(path, path+"x") // a name that no other step of the wave touches
	case upload == "":
		p.beginUpload(path)
	case n < 11:
		p.putPart(path, 1, size, rng.Uint64()%1000)
	case len(p.parts[path]) > 0 && n == 11:
		p.complete(path, 1)
	default:
		p.abort(path)
	}
}
