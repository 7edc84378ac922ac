package mirror

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// TestNoRanges: a source that sends all of an object whatever part is asked for gives no copy, rather
// than one of other bytes.
func TestNoRanges(t *testing.T) {
	for what, lie := range map[string]func(w http.ResponseWriter, size int64) int64{
		"all of it": func(_ http.ResponseWriter, size int64) int64 { return size },
		"another part": func(w http.ResponseWriter, size int64) int64 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", 5<<20-1, size))
			return 5 << 20
		},
	} {
		from, to := newCluster(t, "photos"), newCluster(t)
		from.upload("photos", "k", bodyOf(5<<20, 1), bodyOf(5<<20, 2))
		from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || r.URL.Path != "/photos/k" {
				return false
			}
			o, body, err := from.store.Get(r.Context(), "photos", "k", nil)
			if err != nil {
				t.Error(err)
				return false
			}
			defer func() { _ = body.Close() }()
			length := o.Size
			if r.Header.Get("Range") != "" {
				length = lie(w, o.Size)
			}
			w.Header().Set("ETag", `"`+o.ETag+`"`)
			w.Header().Set("Last-Modified", o.ModifiedAt.Format(http.TimeFormat))
			w.Header().Set("Content-Length", fmt.Sprint(length))
			if w.Header().Get("Content-Range") != "" {
				w.WriteHeader(http.StatusPartialContent)
			}
			_, _ = io.CopyN(w, body, length) // whoever has seen enough goes
			return true
		})
		_, failed, err := bring(t, from, to, func(c *Config) { c.part = 5 << 20 })
		if got := codeOf(failed["photos/k"]); err == nil || got != "source_range" {
			t.Errorf("%s: %q, %v", what, got, err)
		}
		if got := to.holds(); len(got) > 0 {
			t.Errorf("%s: there is %v", what, got)
		}
	}
}
