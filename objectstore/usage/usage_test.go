package usage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"croft/objectstore"
)

func TestHistory(t *testing.T) {
	f := start(t)
	f.bucket("photos")
	f.sample(0)
	f.put("photos", "a", 1000)
	f.Count("photos", Write, 200, 1000, 0)
	f.Count("photos", Read, 404, 0, 300)
	f.sample(Interval) // 9:30
	f.sample(3 * Interval)
	f.put("photos", "b", 500)
	f.Count("photos", Write, 200, 500, 0)
	f.Count("photos", Delete, 503, 0, 20)
	f.Count("photos", List, 200, 0, 90)
	f.Count("photos", Other, 403, 0, 10)
	f.clock = f.clock.Add(2 * time.Minute) // 9:47, and not sampled

	day := f.of("photos", Day)
	if day.Step != Interval || !day.Since.Equal(began) || day.Now.Bytes != 1500 || day.Now.Objects != 2 {
		t.Errorf("%+v", day)
	}
	var got []string
	for _, p := range day.Points {
		got = append(got, fmt.Sprintf("%s %dB %d %d/%d", p.At.Format("15:04"), p.Bytes, p.Objects, p.Writes, p.Total()))
	}
	want := "[09:20 0B 0 0/0 09:25 1000B 1 1/2 09:30 1000B 1 0/0 09:35 1000B 1 0/0 09:40 1000B 1 0/0 09:45 1500B 2 1/4]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v, want\n%s", got, want)
	}
	if all := total(day); all != (Requests{Reads: 1, Writes: 2, Lists: 1, Deletes: 1, Others: 1, Refused: 2, Failed: 1, Received: 1500, Sent: 420}) {
		t.Errorf("%+v", all)
	}

	// Coarser steps have the same, and samples of one step are one.
	f.sample(3 * time.Minute)
	for _, r := range []Range{Day, Week, Month, Year} {
		h := f.of("photos", r)
		if last := h.Points[len(h.Points)-1]; r != Day && (len(h.Points) != 1 || last.Bytes != 1500) {
			t.Errorf("%s: %+v", r, h.Points)
		}
		if all := total(h); all.Total() != 6 || all.Sent != 420 {
			t.Errorf("%s: %+v", r, all)
		}
	}
	if n := f.rows("usage_samples", "step = ?", 3600); n != 2 { // of the bucket and of all
		t.Errorf("%d rows of hours", n)
	}
	if _, err := f.Bucket(t.Context(), "none", Day); !errors.Is(err, objectstore.ErrBucketNotFound) {
		t.Error(err)
	}
	if _, err := f.Whole(t.Context(), "fortnight"); err == nil {
		t.Error("a range that there is not")
	}
}

func TestWholeHasEveryBucketAndNone(t *testing.T) {
	f := start(t)
	f.bucket("one")
	f.bucket("two")
	f.put("one", "a", 10)
	f.put("two", "a", 20)
	f.Count("one", Read, 200, 0, 1)
	f.Count("two", Read, 200, 0, 2)
	f.Count("", List, 200, 0, 4)
	for range 2 { // pending, then sampled
		h := f.of("", Week)
		if all := total(h); all.Reads != 2 || all.Lists != 1 || all.Sent != 7 || h.Now.Bytes != 30 || h.Now.Objects != 2 {
			t.Errorf("%+v, %+v", h.Now, all)
		}
		f.sample(Interval)
	}
	if one := total(f.of("one", Week)); one.Total() != 1 {
		t.Errorf("%+v", one)
	}
}

// TestNothingHappens looks at the log of the database, which grows with every commit.
func TestNothingHappens(t *testing.T) {
	f := start(t)
	f.bucket("photos")
	f.put("photos", "a", 1000)
	f.sample(0)
	before := f.written()
	for range 20 {
		f.sample(Interval)
	}
	f.open(f.objects) // a restart knows what was there
	f.sample(Interval)
	if after := f.written(); after != before {
		t.Errorf("%d bytes were written although nothing happened", after-before)
	}
	f.Count("photos", Read, 200, 0, 1)
	f.sample(Interval)
	if f.written() == before {
		t.Error("a request was not written down")
	}
}

// TestBounded takes samples for more than a year, in each of which something happened.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("more than a thousand samples, one after the other: the race detector has nothing to find in them")
	}
	f := start(t)
	f.bucket("photos")
	f.put("photos", "a", 7)
	f.bucket("seldom")
	f.put("seldom", "a", 1)
	f.sample(0)
	for _, run := range []struct {
		every time.Duration
		times int
	}{{24 * time.Hour, 380}, {4 * time.Hour, 200}, {time.Hour, 200}, {Interval, 310}} {
		for range run.times {
			f.Count("photos", Read, 200, 0, 1)
			f.sample(run.every)
		}
	}
	f.put("seldom", "b", 2)
	f.sample(Interval)
	photos := f.Service.series[identityIn(f, "photos")].id
	for _, l := range levels {
		n := f.rows("usage_samples", "series = ? AND step = ?", photos, l.seconds())
		if most := int64(l.keep/l.step) + 2; n > most || n < int64(l.spans/l.step) {
			t.Errorf("%d rows of %s, want %d to %d", n, l.step, l.spans/l.step, most)
		}
		h := f.of("photos", l.of)
		if want := int(l.spans / l.step); len(h.Points) != want || !h.Points[0].At.Equal(l.begins(f.clock)) {
			t.Errorf("%s: %d points from %s, want %d", l.of, len(h.Points), h.Points[0].At, want)
		}
		for _, p := range h.Points {
			if p.Bytes != 7 {
				t.Fatalf("%s: %+v", l.of, p)
			}
		}
		// What was there before the first change in the range is still known.
		if s := f.of("seldom", l.of); s.Points[0].Bytes != 1 || s.Points[len(s.Points)-1].Bytes != 3 {
			t.Errorf("%s: from %d to %d bytes", l.of, s.Points[0].Bytes, s.Points[len(s.Points)-1].Bytes)
		}
	}
}

func identityIn(f *fixture, bucket string) identity {
	f.Helper()
	b, err := f.objects.Bucket(f.Context(), bucket)
	if err != nil {
		f.Fatal(err)
	}
	return identityOf(&b)
}

func TestBucketsThatAreGone(t *testing.T) {
	f := start(t)
	f.bucket("photos")
	f.bucket("other")
	f.Count("photos", Read, 200, 0, 0)
	f.sample(Interval)
	f.Count("photos", Read, 200, 0, 0)
	f.remove("photos")
	f.sample(Interval)
	if n := f.rows("usage_series"); n != 2 { // of the other and of all
		t.Errorf("%d series", n)
	}
	if n := f.rows("usage_samples", "series NOT IN (SELECT id FROM usage_series)"); n != 0 {
		t.Errorf("%d samples of nothing", n)
	}
	if len(*f.tallies.Load()) != 1 {
		t.Errorf("%d tallies", len(*f.tallies.Load()))
	}
	f.bucket("photos")
	if h := f.of("photos", Week); len(h.Points) != 1 || total(h) != (Requests{}) || !h.Since.Equal(f.clock) {
		t.Errorf("%+v", h)
	}

	// Deleted and made anew between two samples.
	f.Count("photos", Read, 200, 0, 0)
	f.sample(Interval)
	f.Count("photos", Write, 200, 0, 0)
	f.remove("photos")
	f.bucket("photos")
	f.sample(Interval)
	if h := f.of("photos", Week); total(h) != (Requests{}) || !h.Since.Equal(f.clock) {
		t.Errorf("%+v", h)
	}
	if all := total(f.of("", Week)); all.Reads != 3 || all.Writes != 1 {
		t.Errorf("%+v", all)
	}
}

// remove deletes a bucket, which is at least a millisecond old then: buckets are told
// apart by that.
func (f *fixture) remove(bucket string) {
	f.Helper()
	for made := identityIn(f, bucket).created; time.Now().UnixMilli() == made; {
		runtime.Gosched()
	}
	if err := f.objects.DeleteBucket(f.Context(), bucket); err != nil {
		f.Fatal(err)
	}
}

// TestMadeUpNames asks for what there is not: nothing of it may be remembered.
func TestMadeUpNames(t *testing.T) {
	f := start(t)
	for i := range 50 {
		name := fmt.Sprint("made-up-", i)
		f.Count(name, Read, 404, 0, 0)
		f.Count(name, Read, 307, 0, 0)
		f.Count(name, Other, 200, 0, 0)
	}
	if n := len(*f.tallies.Load()); n != 0 {
		t.Errorf("%d tallies", n)
	}
	f.sample(Interval)
	if all := total(f.of("", Week)); all.Total() != 150 || all.Refused != 50 {
		t.Errorf("%+v", all)
	}
}

// TestFailedWrites lets the database refuse samples: what was counted is in the next, once.
func TestFailedWrites(t *testing.T) {
	f := start(t)
	f.bucket("photos")
	f.sample(0)
	refuse := func(of string) {
		t.Helper()
		err := f.db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec(`CREATE TRIGGER refuse BEFORE INSERT ON usage_samples
				WHEN NEW.series = (SELECT id FROM usage_series WHERE bucket = '` + of + `') BEGIN SELECT RAISE(ABORT, 'no'); END`).Error
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, of := range []string{"photos", ""} {
		f.Count("photos", Read, 200, 0, 0)
		f.Count("", List, 200, 0, 0)
		refuse(of)
		if err := f.Sample(t.Context()); err == nil {
			t.Fatalf("a refused sample of %q went unnoticed", of)
		}
		if err := f.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DROP TRIGGER refuse").Error }); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string) {
		t.Helper()
		if one, all := total(f.of("photos", Week)), total(f.of("", Week)); one.Reads != 2 || all.Reads != 2 || all.Lists != 2 {
			t.Errorf("%s: %+v, %+v", when, one, all)
		}
	}
	check("before")
	f.sample(Interval)
	check("after")
	f.open(f.objects)
	check("after a restart")
}

// TestRequestsAreCountedWhileSamplesAreTaken counts from many sides; none may be lost or twice.
func TestRequestsAreCountedWhileSamplesAreTaken(t *testing.T) {
	f := start(t)
	f.bucket("one")
	f.bucket("two")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 5000 {
				f.Count([]string{"one", "two", ""}[i%3], Read, 200, 0, 1)
			}
		})
	}
	for range 20 {
		f.sample(0)
	}
	wg.Wait()
	f.sample(0)
	f.open(f.objects)
	if all := total(f.of("", Week)); all.Reads != 20000 || all.Sent != 20000 {
		t.Errorf("%+v", all)
	}
	if one := total(f.of("one", Week)); one.Reads != 4*1667 {
		t.Errorf("%+v", one)
	}
}

// uncounted is a store that does not count.
type uncounted struct{ objectstore.Store }

func TestStoreThatDoesNotCount(t *testing.T) {
	f := start(t)
	f.bucket("photos")
	f.put("photos", "a", 10)
	f.open(uncounted{f.objects})
	if f.Counts() {
		t.Error("it counts")
	}
	before := f.written()
	f.sample(Interval)
	if f.written() != before {
		t.Error("a sample of nothing was written")
	}
	f.Count("photos", Read, 200, 0, 10)
	f.sample(Interval)
	if h := f.of("photos", Week); h.Now != (objectstore.Usage{}) || total(h).Sent != 10 {
		t.Errorf("%+v", h)
	}
}

func TestTop(t *testing.T) {
	f := start(t)
	f.clock = time.Now().Add(48 * time.Hour).Truncate(Interval) // the buckets are older than what is known of them
	for _, name := range []string{"large", "grown", "asked"} {
		f.bucket(name)
	}
	f.put("large", "a", 1000)
	f.put("grown", "a", 10)
	f.sample(0)
	f.clock = f.clock.Add(30 * time.Hour)
	f.put("grown", "b", 500)
	f.Count("asked", Read, 200, 0, 0)
	f.sample(0)
	f.Count("asked", Read, 200, 0, 0)
	for _, c := range []struct {
		by   Order
		in   Range
		want string
	}{
		{BySize, Day, "[large 1000 +0 0 grown 510 +500 0]"},
		{ByGrowth, Day, "[grown 510 +500 0 asked 0 +0 2]"},
		{ByGrowth, Week, "[grown 510 +500 0 asked 0 +0 2]"},
		{ByRequests, Week, "[asked 0 +0 2"},
	} {
		top, err := f.Top(t.Context(), c.in, c.by, 2)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range top {
			got = append(got, fmt.Sprintf("%s %d %+d %d", b.Bucket.Name, b.Bytes, b.Growth, b.Requests))
		}
		if text := fmt.Sprint(got); len(text) < len(c.want) || text[:len(c.want)] != c.want {
			t.Errorf("by %s in a %s: %v, want %s", c.by, c.in, got, c.want)
		}
	}
	if _, err := f.Top(t.Context(), Day, "name", 2); err == nil {
		t.Error("an order that there is not")
	}
}

// TestGrowthOfNewBuckets has a bucket that is younger than the range.
func TestGrowthOfNewBuckets(t *testing.T) {
	f := start(t)
	f.bucket("new") // as of the clock of the machine, which is ahead of the test's
	f.put("new", "a", 100)
	f.sample(Interval)
	if top, err := f.Top(t.Context(), Week, ByGrowth, 1); err != nil || top[0].Growth != 100 {
		t.Errorf("%+v, %v", top, err)
	}
	f.clock = f.clock.Add(14 * 24 * time.Hour)
	if top, err := f.Top(t.Context(), Week, ByGrowth, 1); err != nil || top[0].Growth != 0 {
		t.Errorf("%+v, %v", top, err)
	}
}

// TestStopping has Run write down what was counted since its last sample.
func TestStopping(t *testing.T) {
	f := start(t)
	f.bucket("photos")
	f.sample(0)
	f.Count("photos", Read, 200, 0, 0)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := f.Service.Run(ctx); err != nil {
		t.Fatal(err)
	}
	f.open(f.objects)
	if h := f.of("photos", Week); total(h).Reads != 1 {
		t.Errorf("%+v", h)
	}
}
