package s3api

import (
	"net/http"
	"slices"
	"strings"
)

// domains are names under which each bucket has a host name of its own.
type domains []string // lower case, the longest first

func newDomains(names []string) domains {
	all := make(domains, 0, len(names))
	for _, name := range names {
		if name = strings.ToLower(strings.Trim(name, ".")); name != "" {
			all = append(all, name)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// bucket returns the bucket that a host name stands for, and the domain it is under;
// the bucket is empty where the host is the domain itself.
func (d domains) bucket(host string) (bucket, domain string, ok bool) {
	if len(d) == 0 {
		return "", "", false
	}
	host = hostName(host)
	for _, domain := range d {
		if host == domain {
			return "", domain, true
		}
		if name, under := strings.CutSuffix(host, "."+domain); under {
			return name, domain, true
		}
	}
	return "", "", false
}

// hostName is a host without its port, in the one spelling that names are compared in.
func hostName(host string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(host, port(host)), "."))
}

// port is a host's port with the colon before it, perhaps nothing.
func port(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[i:]
	}
	return ""
}

// target finds the bucket and key of a request, and whether it is to the bucket's
// website: in its host name where that is under one of the domains, else in its path.
func (h *Handler) target(r *http.Request) (bucket, key string, site bool) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if h.IsSite(r.Host) {
		bucket, _, _ = h.sites.bucket(r.Host)
		return bucket, path, true
	}
	if bucket, _, ok := h.domains.bucket(r.Host); ok && bucket != "" {
		return bucket, path, false
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key, false
}
