package mirror

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"croft/objectstore"
)

const ownSize = objectstore.MinPartSize // of parts of our own, here

// cut breaks an answer off in its body.
type cut struct{ http.ResponseWriter }

func (c cut) Write(p []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(p[:10])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// breaks cuts what a source sends of the second part off, as often as told.
func (c *cluster) breaks(times int32, inOwn bool) {
	var second atomic.Int32
	c.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		reads := r.URL.Query().Get("partNumber") == "2" || strings.HasPrefix(r.Header.Get("Range"), fmt.Sprintf("bytes=%d-", ownSize))
		if r.Method == http.MethodGet && reads && second.Add(1) <= times {
			c.handler.ServeHTTP(cut{w}, r)
		}
		return inOwn && c.withoutParts(w, r)
	})
}

// TestAttempts: over a bad line each attempt goes on where the one before was.
func TestAttempts(t *testing.T) {
	for _, inOwn := range []bool{false, true} {
		t.Run(fmt.Sprint("in own ", inOwn), func(t *testing.T) {
			from, to := twoParts(t)
			from.breaks(3, inOwn)
			p, failed, err := bring(t, from, to, func(c *Config) { c.part = ownSize })
			if err != nil || p.Copied != 1 {
				t.Fatalf("%+v, %v, %v", p, failed, err)
			}
			to.mu.Lock()
			seen := strings.Join(to.seen, "\n")
			to.mu.Unlock()
			for _, request := range []string{"POST /videos/k?uploads=", "PUT /videos/k?partNumber=1&"} {
				if n := strings.Count(seen, request); n != 1 {
					t.Errorf("%s: %d times", request, n)
				}
			}
			if n := len(to.uploads()); n > 0 {
				t.Errorf("%d uploads are left", n)
			}
			if p, _, err := bring(t, from, to); err != nil || p.Present != 1 {
				t.Errorf("again: %+v, %v", p, err)
			}
		})
	}
}

// TestGivenUp: of an object that fails there stays what the next mirror goes on with, and
// nothing else.
func TestGivenUp(t *testing.T) {
	from, _ := twoParts(t)
	fails := func(t *testing.T, to *cluster, change ...func(*Config)) {
		t.Helper()
		if p, _, err := bring(t, from, to, change...); codeOf(err) != "mirror_incomplete" || p.Failed != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		from.intercept(nil)
		to.intercept(nil)
	}
	t.Run("resumed", func(t *testing.T) {
		to := newCluster(t, "videos")
		from.breaks(1<<30, false)
		fails(t, to)
		brings(t, from, to, 1, 0)
	})
	for what, spoil := range map[string]func(to *cluster){
		"parts of our own": func(*cluster) { from.breaks(1<<30, true) },
		"changed meanwhile": func(*cluster) {
			from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				refuses := r.URL.Query().Get("partNumber") == "2"
				if refuses {
					w.WriteHeader(http.StatusPreconditionFailed)
				}
				return refuses
			})
		},
		"no list of uploads": func(to *cluster) {
			from.breaks(1<<30, false)
			to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				refuses := r.Method == http.MethodGet && r.URL.Query().Has("uploads")
				if refuses {
					http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
				}
				return refuses
			})
		},
		"a mark without digest": func(to *cluster) {
			from.breaks(1<<30, false)
			to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if !puts(r, "3") {
					return false
				}
				answer := httptest.NewRecorder()
				to.handler.ServeHTTP(answer, r)
				w.Header().Set("ETag", `"0123"`)
				return true
			})
		},
		"no mark": func(to *cluster) {
			to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if puts(r, "3") {
					http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
				}
				return puts(r, "3")
			})
		},
		"other content": func(to *cluster) { // what is stored is always something else
			to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if !puts(r, "2") {
					return false
				}
				answer := httptest.NewRecorder()
				to.handler.ServeHTTP(answer, r)
				w.Header().Set("ETag", `"`+strings.Repeat("0", 32)+`"`)
				return true
			})
		},
	} {
		t.Run(what, func(t *testing.T) {
			to := newCluster(t, "videos")
			spoil(to)
			fails(t, to, func(c *Config) { c.part = ownSize })
			if n := len(to.uploads()); n > 0 {
				t.Errorf("%d uploads are left", n)
			}
		})
	}
}

// TestMarkFails: an upload that could not be marked is ended, and the next has a mark.
func TestMarkFails(t *testing.T) {
	from, to := twoParts(t)
	var marks atomic.Int32
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		fails := puts(r, "3") && marks.Add(1) == 1
		if fails {
			http.Error(w, `<Error><Code>OperationAborted</Code></Error>`, http.StatusConflict)
		}
		return fails
	})
	brings(t, from, to, 4, 0)
}

// TestMayNotList: who may not see what is unfinished copies all the same.
func TestMayNotList(t *testing.T) {
	from, to := twoParts(t)
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		refuses := r.Method == http.MethodGet && r.URL.Query().Has("uploads")
		if refuses {
			http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
		}
		return refuses
	})
	brings(t, from, to, 2, 0)
}

// TestChangedWithin: an attempt goes on with the upload of the one before only if the
// object still has the same attributes.
func TestChangedWithin(t *testing.T) {
	from, to := twoParts(t)
	var second atomic.Int32
	from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("partNumber") == "2" && second.Add(1) == 1 {
			if err := from.client().PutTags(t.Context(), "videos", "k", "", map[string]string{"a": "b"}); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusConflict)
			return true
		}
		return false
	})
	brings(t, from, to, 2+3, 0)
}

// replace puts another first part into an upload.
func (c *cluster) replace(u objectstore.UploadRef) {
	c.Helper()
	body := bodyOf(objectstore.MinPartSize, 9)
	if _, err := c.store.PutPart(c.Context(), objectstore.PutPartRequest{Upload: u, Number: 1, Body: bytes.NewReader(body), Size: int64(len(body))}); err != nil {
		c.Error(err)
	}
}

// TestReplaced: when somebody replaces a part after it was sent, all are sent anew.
func TestReplaced(t *testing.T) {
	from, to := twoParts(t)
	from.intercept(from.withoutParts)
	var once atomic.Bool
	to.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if completes(r) && !once.Swap(true) {
			to.replace(to.uploads()[0].UploadRef)
		}
		return false
	})
	p, failed, err := bring(t, from, to, func(c *Config) { c.part = ownSize })
	if n := to.requests("POST /videos/k?uploads="); err != nil || p.Copied != 1 || n != 2 {
		t.Errorf("%+v, %v, %v; %d uploads", p, failed, err, n)
	}
	if n := len(to.uploads()); n > 0 {
		t.Errorf("%d uploads are left", n)
	}
}

// TestOtherETag: an object that the target says is another is not taken for copied because
// it has the mark of the copy.
func TestOtherETag(t *testing.T) {
	from, to := twoParts(t)
	from.intercept(from.withoutParts)
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !completes(r) {
			return false
		}
		to.handler.ServeHTTP(httptest.NewRecorder(), r)
		_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><Bucket>videos</Bucket><ETag>"x-2"</ETag></CompleteMultipartUploadResult>`)
		return true
	})
	_, failed, _ := bring(t, from, to, func(c *Config) { c.part = ownSize })
	if code := codeOf(failed["videos/k"]); code != "copy_differs" {
		t.Errorf("%v", failed)
	}
}

// TestAnswerLost: an upload that was completed without the mirror being told, by a target that knows nothing of
// it any more, is not sent again.
func TestAnswerLost(t *testing.T) {
	for _, inOwn := range []bool{false, true} {
		from, to := twoParts(t)
		if err := from.client().PutTags(t.Context(), "videos", "k", "", map[string]string{"müll": "ja"}); err != nil {
			t.Fatal(err)
		}
		if inOwn {
			from.intercept(from.withoutParts)
		}
		to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if !completes(r) {
				return false
			}
			to.handler.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<Error><Code>NoSuchUpload</Code></Error>`)
			return true
		})
		p, failed, err := bring(t, from, to, func(c *Config) { c.part = ownSize })
		if n := to.requests("POST /videos/k?uploads="); err != nil || p.Copied != 1 || n != 1 {
			t.Errorf("in own %v: %+v, %v, %v; %d uploads", inOwn, p, failed, err, n)
		}
		if tags, err := to.client().Tags(t.Context(), "videos", "k", ""); err != nil || tags["müll"] != "ja" {
			t.Errorf("in own %v: it has the tags %v, %v", inOwn, tags, err)
		}
	}
}

// TestEnded: of two versions with the same content, one whose upload somebody ended is not
// taken for the other.
func TestEnded(t *testing.T) {
	from, to := newCluster(t, "videos"), newCluster(t)
	from.versioned("videos", false)
	for range 2 {
		from.upload("videos", "k", bodyOf(objectstore.MinPartSize, 3), bodyOf(100, 5))
	}
	var completed atomic.Int32
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		ends := completes(r) && completed.Add(1) == 2
		if ends {
			if err := to.store.AbortUpload(t.Context(), to.uploads()[0].UploadRef); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<Error><Code>NoSuchUpload</Code></Error>`)
		}
		return ends
	})
	p, failed, err := bring(t, from, to)
	if err != nil || p.Copied != 2 || !reflect.DeepEqual(to.histories("videos"), from.histories("videos")) {
		t.Errorf("%+v, %v, %v; there is %v", p, failed, err, to.histories("videos"))
	}
}

// TestTagsFail: an object whose tags could not be set at once is not sent again for that.
func TestTagsFail(t *testing.T) {
	from, to := twoParts(t)
	if err := from.client().PutTags(t.Context(), "videos", "k", "", map[string]string{"müll": "ja"}); err != nil {
		t.Fatal(err)
	}
	var once atomic.Bool
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		fails := r.Method == http.MethodPut && r.URL.Path == "/videos/k" && r.URL.Query().Has("tagging") && !once.Swap(true)
		if fails {
			w.WriteHeader(http.StatusConflict)
		}
		return fails
	})
	brings(t, from, to, 3, 0)
}
