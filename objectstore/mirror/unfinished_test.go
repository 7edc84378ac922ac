package mirror

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"croft/objectstore"
)

// twoParts makes two clusters, one with videos/k in two parts.
func twoParts(t *testing.T) (from, to *cluster) {
	t.Helper()
	from, to = newCluster(t, "videos"), newCluster(t, "videos")
	from.upload("videos", "k", bodyOf(objectstore.MinPartSize, 3), bodyOf(100, 5))
	return from, to
}

// uploads are those that are unfinished.
func (c *cluster) uploads() []objectstore.Upload {
	c.Helper()
	page, err := c.store.ListUploads(c.Context(), objectstore.ListUploadsRequest{Bucket: "videos"})
	if err != nil {
		c.Fatal(err)
	}
	return page.Uploads
}

// interrupted runs a mirror until it sends a request.
func interrupted(t *testing.T, from, to *cluster, at func(r *http.Request) bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	to.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if at(r) {
			cancel()
			panic(http.ErrAbortHandler)
		}
		return false
	})
	if _, err := Run(ctx, Config{Source: from.place, Target: to.place}); err == nil {
		t.Fatal("it went through")
	}
	to.intercept(nil)
	to.requests("")
}

func puts(r *http.Request, part string) bool {
	return r.Method == http.MethodPut && r.URL.Query().Get("partNumber") == part
}

func completes(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Get("uploadId") != ""
}

// brings mirrors videos/k once more, and holds it to how many parts are sent and how many
// uploads stay.
func brings(t *testing.T, from, to *cluster, sent, stay int, change ...func(*Config)) {
	t.Helper()
	to.requests("")
	if p, failed, err := bring(t, from, to, change...); err != nil || p.Copied != 1 {
		t.Fatalf("%+v, %v, %v", p, failed, err)
	}
	if n := to.requests("PUT /videos/k?partNumber"); n != sent {
		t.Errorf("%d parts were sent, want %d", n, sent)
	}
	if n := len(to.uploads()); n != stay {
		t.Errorf("%d uploads are left, want %d", n, stay)
	}
	if !reflect.DeepEqual(to.holds(), from.holds()) {
		t.Error("it is another object")
	}
}

// TestResumeAtCompletion: when all parts are there, nothing is sent again, and the mark is
// no part of the object.
func TestResumeAtCompletion(t *testing.T) {
	from, to := twoParts(t)
	interrupted(t, from, to, completes)
	brings(t, from, to, 0, 0)
	o, err := to.store.Head(t.Context(), "videos", "k")
	if err != nil || len(o.Parts) != 2 {
		t.Errorf("it has %d parts, %v", len(o.Parts), err)
	}
	if usage, err := to.store.Usage(t.Context(), "videos"); err != nil || usage.Unfinished != 0 || usage.Bytes != o.Size {
		t.Errorf("%+v is in use, %v", usage, err)
	}
}

// TestChangedBetween: what an earlier mirror left is not taken up for another object, nor
// for the same with other attributes.
func TestChangedBetween(t *testing.T) {
	for what, change := range map[string]func(from *cluster){
		"content": func(from *cluster) {
			from.upload("videos", "k", bodyOf(objectstore.MinPartSize, 3), bodyOf(100, 6))
		},
		"tags": func(from *cluster) {
			if err := from.client().PutTags(t.Context(), "videos", "k", "", map[string]string{"a": "b"}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			from, to := twoParts(t)
			interrupted(t, from, to, func(r *http.Request) bool { return puts(r, "2") })
			change(from)
			brings(t, from, to, 3, 1)
		})
	}
}

// TestSpoilt: an upload with something else in it is not taken up again, even where the
// target does not end it.
func TestSpoilt(t *testing.T) {
	from, to := twoParts(t)
	interrupted(t, from, to, func(r *http.Request) bool { return puts(r, "2") })
	to.replace(to.uploads()[0].UploadRef)
	var begun atomic.Int32
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		fails := r.Method == http.MethodPost && r.URL.Query().Has("uploads") && begun.Add(1) <= 2
		if fails {
			w.WriteHeader(http.StatusConflict)
		}
		return fails
	})
	brings(t, from, to, 1+3, 1)
}

// TestPages: the mirror's own upload is found among many, of which each page of a list
// tells one, and one part; those of other keys and without parts are nothing to it.
func TestPages(t *testing.T) {
	from, to := twoParts(t)
	var ends objectstore.UploadRef // while it is looked at
	others := func() {
		for _, key := range []string{"k2", "k"} {
			u, err := to.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "videos", Key: key})
			if err != nil {
				t.Fatal(err)
			}
			ends = u.UploadRef
		}
	}
	others()
	interrupted(t, from, to, func(r *http.Request) bool { return puts(r, "2") })
	others()
	var pages atomic.Int32
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		for query, limit := range map[string]string{"uploads": "max-uploads", "uploadId": "max-parts"} {
			if r.Method == http.MethodGet && r.URL.Query().Has(query) {
				pages.Add(1)
				if r.URL.Query().Get("uploadId") == ends.ID {
					_ = to.store.AbortUpload(t.Context(), ends)
				}
				to.handler.ServeHTTP(w, to.resigned(r, limit, "1"))
				return true
			}
		}
		return false
	})
	brings(t, from, to, 1, 3)
	if n := pages.Load(); n != 4+1+2 { // the uploads of k and the first of k2; one that ended; a part and the mark
		t.Errorf("%d pages", n)
	}
}

// TestSamePage: a list that never ends, because the target always sends the same page, is
// not followed for ever.
func TestSamePage(t *testing.T) {
	from, to := twoParts(t)
	var pages atomic.Int32
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		lists := r.Method == http.MethodGet && r.URL.Query().Has("uploads")
		if lists {
			_, _ = io.WriteString(w, `<ListMultipartUploadsResult><IsTruncated>`+fmt.Sprint(pages.Add(1) < 10)+
				`</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>x</NextUploadIdMarker></ListMultipartUploadsResult>`)
		}
		return lists
	})
	brings(t, from, to, 3, 0)
	if n := pages.Load(); n > 2 {
		t.Errorf("%d pages were asked for", n)
	}
}

// wantsAll has a target complete an upload only if all its parts are listed, as Ceph's
// servers do.
func (c *cluster) wantsAll(w http.ResponseWriter, r *http.Request) bool {
	if !completes(r) {
		return false
	}
	text, err := io.ReadAll(r.Body)
	var list struct{ Part []struct{} }
	if err == nil {
		err = xml.Unmarshal(text, &list)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	page, _ := c.store.ListParts(r.Context(), objectstore.ListPartsRequest{
		Upload: objectstore.UploadRef{Bucket: "videos", Key: strings.TrimPrefix(r.URL.Path, "/videos/"), ID: r.URL.Query().Get("uploadId")},
	})
	if err != nil || len(page.Parts) != len(list.Part) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `<Error><Code>InvalidRequest</Code></Error>`)
		return true
	}
	return false
}

// TestWantsAll: where all parts have to be listed, the mark gives place to the last part.
func TestWantsAll(t *testing.T) {
	from, to := twoParts(t)
	from.upload("videos", "l", bodyOf(objectstore.MinPartSize, 6), bodyOf(100, 7))
	to.intercept(to.wantsAll)
	p, failed, err := bring(t, from, to, func(c *Config) { c.Jobs = 1 })
	if err != nil || p.Copied != 2 {
		t.Fatalf("%+v, %v, %v", p, failed, err)
	}
	to.mu.Lock()
	seen := strings.Join(to.seen, "\n")
	to.mu.Unlock()
	for key, want := range map[string]int{"k": 6, "l": 3} { // k twice, for the first shows how it is
		if n := strings.Count(seen, "PUT /videos/"+key+"?partNumber"); n != want {
			t.Errorf("%d parts of %s were sent, want %d", n, key, want)
		}
	}
	if n := len(to.uploads()); n > 0 {
		t.Errorf("%d uploads are left", n)
	}
	if !reflect.DeepEqual(to.holds(), from.holds()) {
		t.Error("they are other objects")
	}
}

// TestMarkInPlace: a mark in the place of the last part is known, too, and one that was
// replaced there is none any more.
func TestMarkInPlace(t *testing.T) {
	m := new(run)
	for parts, want := range map[int]int{2: 3, maxParts - 1: maxParts, maxParts: maxParts} {
		if got := m.markAt(parts); got != want {
			t.Errorf("of %d parts the mark is at %d", parts, got)
		}
	}
	for _, at := range []string{"2", "complete"} {
		from, to := twoParts(t)
		var marked atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		to.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
			if puts(r, "2") && marked.Swap(true) && at == "2" || completes(r) {
				cancel()
				panic(http.ErrAbortHandler)
			}
			return false
		})
		m, err := newRun(Config{Source: from.place, Target: to.place})
		if err != nil {
			t.Fatal(err)
		}
		m.wantsAll.Store(true)
		if err := m.all(ctx); err == nil {
			t.Fatal("it went through")
		}
		m.close()
		to.intercept(to.wantsAll)
		want := 1
		if at == "complete" { // nobody would know it, so it was ended
			want = 6
			if n := len(to.uploads()); n > 0 {
				t.Errorf("%d uploads are left", n)
			}
		}
		brings(t, from, to, want, 0)
	}
}

// TestTwoMirrors: one that another overtakes, which completes the upload of both, ends well.
func TestTwoMirrors(t *testing.T) {
	from, to := twoParts(t)
	var once atomic.Bool
	to.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if puts(r, "2") && !once.Swap(true) {
			if p, failed, err := bring(t, from, to); err != nil || p.Copied != 1 {
				t.Errorf("the other: %+v, %v, %v", p, failed, err)
			}
		}
		return false
	})
	brings(t, from, to, 4, 0) // the mark and the two, and the second once more
}
