package adminapi

import (
	"net/http"
	"slices"
	"sync/atomic"

	"croft/objectstore/s3api"
)

// traffic counts requests of S3 since the start.
type traffic struct {
	by    map[string]*count // operations; made once
	other count
}

type count struct {
	requests atomic.Int64
	refused  atomic.Int64 // 4xx
	failed   atomic.Int64 // 5xx
	in, out  atomic.Int64 // bytes
}

// BucketTraffic is requests to a bucket since the start.
type BucketTraffic struct {
	Reads, Writes, Lists, Deletes, Others int64
	Refused, Failed                       int64 // of them, answered with 4xx and with 5xx
	Received, Sent                        int64 // bytes of bodies
}

func newTraffic() *traffic {
	t := &traffic{by: map[string]*count{s3api.OperationUnknown: {}, s3api.OperationSite: {}}}
	for _, c := range s3api.Calls() {
		t.by[c.Name] = &count{}
	}
	return t
}

func (t *traffic) of(operation string) *count {
	if c := t.by[operation]; c != nil {
		return c
	}
	return &t.other
}

// names are the operations that were asked for, sorted.
func (t *traffic) names() (names []string) {
	for name, c := range t.by {
		if c.requests.Load() > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Ended implements s3api.Watcher.
func (h *Handler) Ended(operation, _ string, status int, in, out int64) {
	c := h.traffic.of(operation)
	c.requests.Add(1)
	switch {
	case status >= http.StatusInternalServerError:
		c.failed.Add(1)
	case status >= http.StatusBadRequest:
		c.refused.Add(1)
	}
	c.in.Add(in)
	c.out.Add(out)
}
