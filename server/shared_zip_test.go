package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// heldStore reads no object until it is let, or nobody waits for it any more.
type heldStore struct {
	objectstore.Store
	asked chan struct{} // one for each read that waits
	let   chan struct{} // closed when reads go on
}

func (s *heldStore) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	s.asked <- struct{}{}
	select {
	case <-s.let:
	case <-ctx.Done():
		return objectstore.Object{}, nil, ctx.Err()
	}
	return s.Store.Get(ctx, bucket, key, rng)
}

// TestSharedZipsAreBounded holds as many archives as may be, of a link and of all.
func TestSharedZipsAreBounded(t *testing.T) {
	const each, all = 4, 32
	held := heldStore{asked: make(chan struct{}, 2*all), let: make(chan struct{})}
	c, owner, _, _, _, _ := files(t, func(_ *console, _ *store.DB, deps *server.Deps) {
		held.Store = deps.Store
		deps.Store = &held
	})
	c.put("web-files", "z/a", "", "hello")
	var links []string
	for range all/each + 1 {
		link, _ := owner.share("web-files", `{"key":"z/","folder":true}`)
		links = append(links, link+"/zip")
	}
	// Whatever goes wrong ends: the client goes, and with it the read.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := c.anonymous().client
	type result struct {
		answer
		err error
	}
	get := func(link string) <-chan result {
		got := make(chan result, 1)
		go func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+link, http.NoBody)
			if err != nil {
				got <- result{err: err}
				return
			}
			response, err := client.Do(r)
			if err != nil {
				got <- result{err: err}
				return
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			got <- result{answer{t, response.StatusCode, response.Header, string(text)}, err}
		}()
		return got
	}
	wait := func(what string, got <-chan result) result {
		t.Helper()
		select {
		case a := <-got:
			return a
		case <-held.asked:
			t.Fatalf("%s was let in", what)
		case <-ctx.Done():
			t.Fatalf("%s: nothing came of it", what)
		}
		return result{}
	}
	var running []<-chan result
	for i := range all {
		got := get(links[i/each])
		select {
		case <-held.asked:
		case a := <-got:
			t.Fatalf("archive %d: %d %s %v", i, a.status, a.body, a.err)
		case <-ctx.Done():
			t.Fatalf("archive %d does not begin", i)
		}
		running = append(running, got)
	}
	for link, want := range map[string]int{links[0]: http.StatusTooManyRequests, links[all/each]: http.StatusServiceUnavailable} {
		if a := wait(fmt.Sprint("one more than ", want), get(link)); a.status != want || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, `"share_zips_busy"`) {
			t.Errorf("one more: %d, want %d: %s %v", a.status, want, a.body, a.err)
		}
	}
	// A person is not shown JSON, but the page of the link, which says why.
	person := c.anonymous()
	person.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page := strings.TrimSuffix(strings.Replace(links[0], "/api/v1/shared/", "/s/", 1), "/zip")
	if a := person.do(http.MethodGet, links[0]+"?prefix=sub/", "", "Accept: text/html,*/*"); a.status != http.StatusSeeOther || a.header.Get("Location") != page+"?path=sub%2F&refused=share_zips_busy" {
		t.Errorf("a person: %d %s", a.status, a.header.Get("Location"))
	}
	close(held.let)
	for i, got := range running {
		if a := wait(fmt.Sprint("archive ", i), got); a.status != http.StatusOK || !strings.Contains(a.body, "hello") || a.err != nil {
			t.Errorf("archive %d: %d %v", i, a.status, a.err)
		}
	}
	after := get(links[0])
	select {
	case <-held.asked: // its place is free again
		if a := wait("after them", after); a.status != http.StatusOK {
			t.Errorf("after them: %d %s %v", a.status, a.body, a.err)
		}
	case a := <-after:
		t.Errorf("after them: %d %s %v", a.status, a.body, a.err)
	case <-ctx.Done():
		t.Error("after them no archive begins")
	}
}
