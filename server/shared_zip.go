package server

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"croft/internal/errs"
)

// Archives that strangers download at one time, through one link and through all.
const (
	zipsOfLink  = 4
	zipsOfLinks = 32
	zipsPause   = 10 * time.Second // when it is worth another try
)

// sharedZips counts the archives that are downloaded through links.
type sharedZips struct {
	mu   sync.Mutex // guards what follows
	all  int
	each map[string]int // by the link's ID
}

// enter takes a place for an archive, which leave gives back.
func (z *sharedZips) enter(link string) (leave func(), err error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	switch {
	case z.each[link] >= zipsOfLink:
		return nil, zipsBusy{errs.New(errs.RateLimited, "share_zips_busy", "Others are downloading archives through this link. Wait until one of them is done, or download single files.")}
	case z.all >= zipsOfLinks:
		return nil, zipsBusy{errs.New(errs.Unavailable, "share_zips_busy", "Too many archives are being downloaded just now. Wait a little, or download single files.")}
	}
	if z.each == nil {
		z.each = map[string]int{}
	}
	z.all++
	z.each[link]++
	return func() {
		z.mu.Lock()
		defer z.mu.Unlock()
		z.all--
		if z.each[link]--; z.each[link] == 0 {
			delete(z.each, link)
		}
	}, nil
}

// zipsBusy says when to come again.
type zipsBusy struct{ error }

// RetryAfter is told to clients.
func (zipsBusy) RetryAfter() time.Duration { return zipsPause }
func (b zipsBusy) Unwrap() error           { return b.error }

func (s *Server) getSharedZip(w http.ResponseWriter, r *http.Request, p Params) error {
	o, err := s.open(r.Context(), &InShared{Token: p.Param("token"), Cookie: r.Header.Get("Cookie")}, false)
	if err != nil {
		return err
	}
	if !o.Folder {
		return errShareKey
	}
	leave, err := s.sharedZips.enter(o.ID)
	if err != nil {
		return err
	}
	defer leave()
	prefix := o.Key + p.Query("prefix")
	a := archive{server: s, bucket: o.Bucket, ZipRequest: ZipRequest{Base: prefix, Prefixes: []string{prefix}}, may: s.shareMay(o)}
	return a.serve(w, r)
}

// toPage sends a browser that followed a link to an archive, and is refused, to the link's page,
// which says why: people are not shown JSON.
func toPage(archive rawHandler) rawHandler {
	return func(w http.ResponseWriter, r *http.Request, p Params) error {
		err := archive(w, r, p)
		begun, ok := w.(interface{ Written() bool })
		if err == nil || !ok || begun.Written() || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			return err
		}
		if kind := errs.KindOf(err); kind == errs.Internal || kind == errs.Canceled {
			return err
		}
		code, _ := errs.Public(err)
		page := url.URL{Path: sharePath + p.Param("token"), RawQuery: url.Values{"path": {p.Query("prefix")}, "refused": {code}}.Encode()}
		w.Header().Del("Content-Disposition")
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, page.String(), http.StatusSeeOther)
		return nil
	}
}
