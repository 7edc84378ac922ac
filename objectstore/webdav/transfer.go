package webdav

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
)

// transfer is what a COPY or MOVE is about. Everything is copied before anything is deleted, and only
// what was copied is deleted where it was, so that neither a failure on the way nor who writes there meanwhile loses anything.
type transfer struct {
	bucket, key     string // of the source, without slashes around the key
	toBucket, toKey string
	source          *info
	replaces        bool // what is at the destination is to go
}

// entry is an object in a folder.
type entry struct{ key, etag string }

// mayGo looks at what is to be copied or moved, and where to, and answers if it cannot be.
func (s *session) mayGo(ctx context.Context, from string) bool {
	to, err := url.Parse(s.r.Header.Get("Destination"))
	if err != nil {
		say(s.w, http.StatusBadRequest, "The destination cannot be read.")
		return false
	}
	name, ok := below(to)
	g := &transfer{}
	g.bucket, g.key = split(from)
	g.toBucket, g.toKey = split(name)
	switch {
	case to.Host != "" && to.Host != s.r.Host, !ok, !plain(name), !s.offers(ctx, g.toBucket):
		say(s.w, http.StatusBadGateway, "That destination is not here.")
		return false
	case g.toKey == "", g.key == "":
		say(s.w, http.StatusForbidden, "A bucket is neither copied nor moved.")
		return false
	case g.bucket != g.toBucket:
	case g.key == g.toKey:
		say(s.w, http.StatusForbidden, "That is where it is.")
		return false
	case strings.HasPrefix(g.toKey, g.key+"/"):
		say(s.w, http.StatusForbidden, "A folder does not go into itself.")
		return false
	case strings.HasPrefix(g.key, g.toKey+"/"):
		say(s.w, http.StatusForbidden, "What is in a folder does not take its place.")
		return false
	}
	if g.source, err = s.stat(ctx, from); err != nil {
		s.sayError(err)
		return false
	}
	if s.r.Header.Get("Overwrite") == "" {
		s.r.Header.Set("Overwrite", "T")
	}
	s.going = g
	return true
}

// transfer does what a COPY or MOVE is to do.
func (s *session) transfer(ctx context.Context) error {
	g := s.going
	defer clear(s.known)
	to := path.Join("/", g.toBucket, g.toKey)
	if err := s.parent(ctx, to); err != nil {
		return err
	}
	held, err := s.stat(ctx, to)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if !g.source.dir {
		err = s.transferFile(ctx)
	} else {
		err = s.transferFolder(ctx, held)
	}
	if err != nil || !g.replaces || held == nil || held.dir == g.source.dir {
		return err
	}
	if held.dir { // a file has taken its place
		return s.keysBelow(ctx, g.toBucket, g.toKey, func(all []entry) error { return s.deleteAll(ctx, g.toBucket, all) })
	}
	return s.deleteAll(ctx, g.toBucket, []entry{{g.toKey, held.etag}})
}

func (s *session) transferFile(ctx context.Context) error {
	g := s.going
	header := http.Header{}
	if s.r.Header.Get("Overwrite") == "F" {
		header.Set("If-None-Match", "*")
	}
	if err := s.copy(ctx, entry{g.key, g.source.etag}, g.toKey, header); err != nil {
		return err
	}
	if s.r.Method != "MOVE" {
		return nil
	}
	return s.deleteAll(ctx, g.bucket, []entry{{g.key, g.source.etag}})
}

// transferFolder copies what is in a folder, takes away what the folder in whose place it is has besides,
// and deletes what it copied if it is moved.
func (s *session) transferFolder(ctx context.Context, held *info) error {
	g := s.going
	move, alone := s.r.Method == "MOVE", s.r.Method == "COPY" && s.r.Header.Get("Depth") == "0"
	var all []entry
	err := s.keysBelow(ctx, g.bucket, g.key, func(page []entry) error {
		if alone {
			page = page[:min(1, len(page))]
			if len(page) > 0 && page[0].key != g.key+"/" {
				page = nil
			}
			all = page
			return errEnough
		}
		if all = append(all, page...); len(all) > maxEntries {
			return s.fail(http.StatusInsufficientStorage, "This folder has more than 100,000 files, which is too many to copy or move at once.")
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	brought := make(map[string]bool, len(all))
	for _, e := range all {
		key := g.toKey + strings.TrimPrefix(e.key, g.key)
		err := s.copy(ctx, e, key, http.Header{})
		if errors.Is(err, os.ErrNotExist) {
			continue // it went meanwhile
		}
		if err != nil {
			return err
		}
		brought[key] = true
	}
	if marker := g.toKey + "/"; alone && !brought[marker] {
		if err := s.makeFolder(ctx, g.toBucket, marker); err != nil {
			return err
		}
		brought[marker] = true
	}
	if g.replaces && held != nil && held.dir {
		err := s.keysBelow(ctx, g.toBucket, g.toKey, func(page []entry) error {
			var besides []entry
			for _, e := range page {
				if !brought[e.key] {
					besides = append(besides, e)
				}
			}
			return s.deleteAll(ctx, g.toBucket, besides)
		})
		if err != nil {
			return err
		}
	}
	for ; move && len(all) > 0; all = all[min(len(all), maxKeys):] {
		if err := s.deleteAll(ctx, g.bucket, all[:min(len(all), maxKeys)]); err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a listing.
var errEnough = errors.New("enough")

// copy copies an object inside the store, if it is still what was found.
func (s *session) copy(ctx context.Context, from entry, toKey string, header http.Header) error {
	header.Set("X-Amz-Copy-Source", copySource(s.going.bucket, from.key))
	header.Set("X-Amz-Copy-Source-If-Match", from.etag)
	a, err := s.call(ctx, ask{method: http.MethodPut, bucket: s.going.toBucket, key: toKey, header: header})
	if err != nil {
		return err
	}
	var told struct {
		XMLName xml.Name
		Message string
	}
	if err := xml.Unmarshal(a.body.Bytes(), &told); err == nil && told.XMLName.Local == "Error" { // after a long copy
		return s.fail(http.StatusInternalServerError, told.Message)
	}
	return nil
}

func copySource(bucket, key string) string {
	return (&url.URL{Path: "/" + bucket + "/" + key}).EscapedPath()
}
