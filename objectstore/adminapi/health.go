package adminapi

import (
	"net/http"
	"strconv"

	"croft/objectstore"
)

// probes are asked by load balancers, unsigned. They tell whether, and not why.
var probes = map[string]func(*Handler, http.ResponseWriter, *http.Request){
	"/minio/health/live":         (*Handler).alive,
	"/minio/health/ready":        (*Handler).alive,
	"/minio/health/cluster":      (*Handler).writable,
	"/minio/health/cluster/read": (*Handler).readable,
}

func probed(w http.ResponseWriter, r *http.Request, status int) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		status = http.StatusMethodNotAllowed
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

func (h *Handler) alive(w http.ResponseWriter, r *http.Request) { probed(w, r, http.StatusOK) }

// writable says whether objects can be written. Whether they still could without this
// server is no question: there is no other.
func (h *Handler) writable(w http.ResponseWriter, r *http.Request) {
	s, err := h.storage(r.Context())
	switch {
	case err != nil, h.ending.Load(), s.none && !s.target.Reachable, !s.none && !s.health.Writable:
		probed(w, r, http.StatusServiceUnavailable)
		return
	case !s.none:
		healing := 0
		for i := range s.drives {
			if s.drives[i].Healing {
				healing++
			}
		}
		w.Header().Set("X-Minio-Write-Quorum", strconv.Itoa(s.health.WriteQuorum))
		w.Header().Set("X-Minio-Healing-Drives", strconv.Itoa(healing))
	}
	if r.URL.Query().Get("maintenance") == "true" {
		probed(w, r, http.StatusPreconditionFailed)
		return
	}
	probed(w, r, http.StatusOK)
}

// readable says whether objects can be read.
func (h *Handler) readable(w http.ResponseWriter, r *http.Request) {
	s, err := h.storage(r.Context())
	ok := err == nil && (!s.none || s.target.Reachable) && (s.none || s.readable())
	if !ok {
		probed(w, r, http.StatusServiceUnavailable)
		return
	}
	probed(w, r, http.StatusOK)
}

// readable reports whether each set has enough drives to be read, fenced ones too.
func (s *storage) readable() bool {
	type place struct{ pool, set int }
	there := make(map[place]int)
	for i := range s.drives {
		d := &s.drives[i]
		n := 0
		if d.State != driveOffline {
			n = 1
		}
		there[place{d.Pool, d.Set}] += n
	}
	quorum := func(p place) int {
		if p.pool < len(s.health.Pools) && p.set < len(s.health.Pools[p.pool].Sets) {
			return s.health.Pools[p.pool].Sets[p.set].ReadQuorum
		}
		return s.health.ReadQuorum
	}
	for p, n := range there {
		drained := p.pool < len(s.health.Pools) && s.health.Pools[p.pool].State == objectstore.PoolDrained
		if n < quorum(p) && !drained {
			return false
		}
	}
	return true
}
