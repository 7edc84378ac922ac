package replication

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"croft/objectstore"
)

// cutParts lets a number of parts through and refuses all others.
func cutParts(c *cluster, through int64) {
	var n atomic.Int64
	c.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("partNumber") != "" && n.Add(1) > through {
			http.Error(w, `<Error><Code>InvalidArgument</Code></Error>`, http.StatusBadRequest)
			return true
		}
		return false
	})
}

// TestPartsResume cuts the target off in the middle of a large object: what arrived is
// not sent again, over a restart either. A copy of what came in parts has the same
// ETag.
func TestPartsResume(t *testing.T) {
	part := func(seed byte) string { return bodyOf(5<<20, seed) }
	for name, put := range map[string]func(s *side) objectstore.Object{
		"in parts": func(s *side) objectstore.Object {
			return s.uploaded("photos", "large", part(1), part(2), part(3), part(4), "end")
		},
		"in one piece": func(s *side) objectstore.Object {
			return s.put("photos", "large", bodyOf(20<<20+1, 9))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, there := newSide(t, "photos"), newCluster(t, "backup")
			s.add("photos", to(there, "backup"))
			cutParts(there, 2)
			o := put(s)
			s.await("photos", func(st Status) bool { return st.Failures > 0 })
			s.halt()
			there.requests("")
			there.intercept(nil)
			s.run()
			s.current("photos")
			s.same("photos", there, "backup")
			if n := there.requests("PUT"); n != 3 {
				t.Fatalf("%d parts were sent, want the 3 that were missing", n)
			}
			is, err := there.store.Head(t.Context(), "backup", "large")
			if err != nil || len(o.Parts) > 0 && is.ETag != o.ETag {
				t.Fatalf("ETag %s, want %s, %v", is.ETag, o.ETag, err)
			}
			noUploads(t, there)
			// Its mark says that it is there, whatever the ETag.
			if err := s.store.Recall(t.Context(), followerOf(s.status("photos").ID), []objectstore.Recalled{{Key: "large"}}, bookmark{Done: true}.encode()); err != nil {
				t.Fatal(err)
			}
			s.current("photos")
			if n := there.requests("PUT"); n != 0 {
				t.Fatalf("%d parts were sent again", n)
			}
		})
	}
}

func noUploads(t *testing.T, c *cluster) {
	t.Helper()
	if page, err := c.store.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: "backup"}); err != nil || len(page.Uploads) > 0 {
		t.Fatalf("left at the target: %+v, %v", page.Uploads, err)
	}
}

// TestPartsOvertaken overwrites, deletes or gives up a large object of which the
// target has a part: nothing of it stays there.
func TestPartsOvertaken(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	rule := s.add("photos", to(there, "backup"))
	for name, overtake := range map[string]func(){
		"large": func() { s.put("photos", "large", bodyOf(12<<20, 2)) },
		"small": func() { s.put("photos", "large", "small") },
		"gone":  func() { s.delete("photos", "large") },
	} {
		cutParts(there, 2)
		s.put("photos", "large", bodyOf(11<<20, 1))
		before := s.status("photos").Failures
		s.await("photos", func(st Status) bool { return st.Failures > before })
		overtake()
		there.intercept(nil)
		s.current("photos")
		s.same("photos", there, "backup")
		noUploads(t, there)
		t.Log(name)
	}
	cutParts(there, 2)
	s.put("photos", "large", bodyOf(11<<20, 1))
	before := s.status("photos").Failures
	s.await("photos", func(st Status) bool { return st.Failures > before })
	there.intercept(nil)
	if err := s.svc.Remove(t.Context(), "photos", rule.ID); err != nil {
		t.Fatal(err)
	}
	s.uploadsEndWithTheRule(there)
}

func (s *side) uploadsEndWithTheRule(there *cluster) {
	s.Helper()
	page, err := there.store.ListUploads(s.Context(), objectstore.ListUploadsRequest{Bucket: "backup"})
	var rows int64
	if err == nil {
		err = s.db.Read(s.Context()).Model(&uploadRow{}).Count(&rows).Error
	}
	if err != nil || rows > 0 {
		s.Fatalf("%d rows, %v", rows, err)
	}
	// It may have arrived whole before the rule ended, but not in pieces.
	if len(page.Uploads) > 0 {
		s.Fatalf("left at the target: %+v", page.Uploads)
	}
}

// TestOverwrittenMeanwhile overwrites an object while its parts are sent: the copy is
// one or the other, never a mix, and the last in the end.
func TestOverwrittenMeanwhile(t *testing.T) {
	s, there := newSide(t, "photos"), newCluster(t, "backup")
	there.versioned("backup") // so that nothing that arrived is forgotten
	s.add("photos", to(there, "backup"))
	var once atomic.Bool
	there.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("partNumber") == "3" && once.CompareAndSwap(false, true) {
			body := bodyOf(14<<20, 2)
			_, err := s.store.Put(r.Context(), objectstore.PutRequest{
				Bucket: "photos", Key: "large", Body: strings.NewReader(body), Size: int64(len(body)), Attributes: objectstore.Attributes{ContentType: "a/b"},
			})
			if err != nil {
				t.Error(err)
			}
		}
		return false
	})
	s.put("photos", "large", bodyOf(14<<20, 1))
	s.await("photos", func(st Status) bool { return once.Load() && st.State == StateCurrent })
	s.same("photos", there, "backup")
	for _, body := range there.history("backup")["large"] {
		if body != bodyOf(14<<20, 1) && body != bodyOf(14<<20, 2) {
			t.Fatal("the target had a mix of two objects")
		}
	}
	noUploads(t, there)
}
