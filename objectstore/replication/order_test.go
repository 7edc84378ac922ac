package replication

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"croft/objectstore"
)

// history is the versions of a bucket's keys, the oldest first: bodies, or - for a
// marker.
func (c *cluster) history(bucket string) map[string][]string {
	c.Helper()
	page, err := c.store.ListVersions(c.Context(), objectstore.ListVersionsRequest{Bucket: bucket})
	if err != nil || page.Truncated {
		c.Fatal(err)
	}
	all := map[string][]string{}
	for _, v := range slices.Backward(page.Versions) {
		text := "-"
		if !v.Marker {
			_, body, err := c.store.GetVersion(c.Context(), objectstore.VersionRef{Bucket: bucket, Key: v.Key, ID: v.VersionID}, nil)
			if err != nil {
				c.Fatal(err)
			}
			b, err := io.ReadAll(body)
			if err != nil {
				c.Fatal(err)
			}
			_ = body.Close()
			text = string(b)
		}
		all[v.Key] = append(all[v.Key], text)
	}
	return all
}

// TestVersionsInOrder copies a bucket that keeps versions to one that does: each
// arrives, in order, whatever fails on the way.
func TestVersionsInOrder(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	s.versioned("photos")
	there.versioned("backup")
	for i := range 3 {
		s.put("photos", "old", fmt.Sprint(i))
	}
	s.add("photos", to(there, "backup"))
	s.current("photos")
	there.intercept(cut)
	for i := range 10 {
		for k := range 3 {
			s.put("photos", fmt.Sprint("k", k), fmt.Sprint(i))
			if i == 5 {
				s.delete("photos", fmt.Sprint("k", k))
			}
		}
	}
	s.await("photos", func(st Status) bool { return st.State == StateFailing && st.Pending == 33 })
	there.intercept(nil)
	s.current("photos")
	want, got := s.history("photos"), there.history("backup")
	for key := range want {
		if !slices.Equal(got[key], want[key]) {
			t.Fatalf("%s: %v, want %v", key, got[key], want[key])
		}
	}
	// A version that is uncovered is the latest there as well.
	page, err := s.store.ListVersions(t.Context(), objectstore.ListVersionsRequest{Bucket: "photos", Prefix: "k1"})
	if err != nil {
		t.Fatal(err)
	}
	ref := objectstore.VersionRef{Bucket: "photos", Key: "k1", ID: page.Versions[0].VersionID}
	if _, err := s.store.DeleteVersion(t.Context(), objectstore.DeleteRequest{VersionRef: ref}); err != nil {
		t.Fatal(err)
	}
	s.current("photos")
	s.same("photos", there, "backup")
}

// TestBothWays lets two clusters copy to each other: what is written and deleted on
// either side is soon on both, and then nothing goes on.
func TestBothWays(t *testing.T) {
	for _, versions := range []bool{false, true} {
		here, there := newSide(t, "photos"), newSide(t, "photos")
		if versions {
			here.versioned("photos")
			there.versioned("photos")
		}
		here.add("photos", to(there.cluster, "photos"))
		there.add("photos", to(here.cluster, "photos"))
		both := func() {
			t.Helper()
			for range 3 { // what one passes on the other has to look at
				here.current("photos")
				there.current("photos")
			}
			here.same("photos", there.cluster, "photos")
		}
		for i := range 10 {
			here.put("photos", fmt.Sprint("a", i), fmt.Sprint(i))
			there.put("photos", fmt.Sprint("b", i), fmt.Sprint(i))
		}
		both()
		for i := range 5 {
			here.delete("photos", fmt.Sprint("b", i))
			there.delete("photos", fmt.Sprint("a", i))
			here.put("photos", fmt.Sprint("b", i), "again") // no echo of the delete takes it away
		}
		both()
		if n := len(here.content("photos")); n != 15 {
			t.Fatalf("%d objects, want 15", n)
		}
		// What is written again while its delete is being looked at may be sent for both.
		sent, twice := here.status("photos").Sent+there.status("photos").Sent, int64(5)
		if versions {
			twice = 0
		}
		if sent < 25 || sent > 25+twice {
			t.Fatalf("%d objects were sent, want 25", sent)
		}
		// A copy of a copy is an object like any other.
		_, err := there.store.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "photos", FromKey: "a9", Bucket: "photos", Key: "c"})
		if err != nil {
			t.Fatal(err)
		}
		both()
		if n := len(here.content("photos")); n != 16 {
			t.Fatalf("%d objects, want 16", n)
		}
	}
}

// TestReindex loses the catalogue with changes in it that were not copied yet.
func TestReindex(t *testing.T) {
	for _, versions := range []bool{false, true} {
		s, there := newSide(t, "photos"), newCluster(t, "backup")
		if versions {
			s.versioned("photos")
			there.versioned("backup")
		}
		n := to(there, "backup")
		n.Existing = false
		s.put("photos", "before the rule", "1")
		s.add("photos", n)
		for i := range 20 {
			s.put("photos", fmt.Sprint("k", i), "1")
		}
		s.current("photos")
		there.put("backup", "of another", "1")
		there.intercept(cut)
		s.put("photos", "k1", "2")
		s.put("photos", "k1", "3")
		s.delete("photos", "k2")
		s.put("photos", "new", "1")
		s.halt()
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		s.open(true)
		there.intercept(nil)
		there.requests("")
		s.run()
		s.current("photos")
		if n := there.requests("PUT"); n > 3 {
			t.Fatalf("%d objects were sent, and the target has most", n)
		}
		if existed, err := there.store.Delete(t.Context(), "backup", "of another"); err != nil || !existed {
			t.Fatal("what was not ours was deleted", err)
		}
		if _, err := there.store.Head(t.Context(), "backup", "before the rule"); err == nil {
			t.Fatal("what was there before the rule was copied")
		}
		s.delete("photos", "before the rule")
		s.current("photos")
		s.same("photos", there, "backup")
		if want := []string{"1", "2", "3"}; versions && !slices.Equal(there.history("backup")["k1"], want) {
			t.Fatalf("k1: %v, want %v", there.history("backup")["k1"], want)
		}
	}
}
