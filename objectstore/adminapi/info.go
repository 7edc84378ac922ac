package adminapi

import (
	"context"
	"errors"
	"runtime"
	"time"

	"croft/internal/errs"
	"croft/internal/forwarded"
	"croft/objectstore"
)

type countJSON struct {
	Count int64  `json:"count"`
	Error string `json:"error,omitempty"`
}

type sizeJSON struct {
	Size  int64  `json:"size"`
	Error string `json:"error,omitempty"`
}

type infoJSON struct {
	Mode          string                      `json:"mode"`
	Region        string                      `json:"region"`
	Deployment    string                      `json:"deploymentID"`
	Buckets       countJSON                   `json:"buckets"`
	Objects       countJSON                   `json:"objects"`
	Versions      countJSON                   `json:"versions"`
	DeleteMarkers countJSON                   `json:"deletemarkers"`
	Usage         sizeJSON                    `json:"usage"`
	Services      struct{}                    `json:"services"`
	Backend       backendJSON                 `json:"backend"`
	Servers       []serverJSON                `json:"servers"`
	Pools         map[int]map[int]poolSetJSON `json:"pools,omitempty"`
}

type backendJSON struct {
	Type          string `json:"backendType"`
	Online        int    `json:"onlineDisks"`
	Offline       int    `json:"offlineDisks"`
	Parity        int    `json:"standardSCParity"`
	ReducedParity int    `json:"rrSCParity"`
	Sets          []int  `json:"totalSets"`
	DrivesPerSet  []int  `json:"totalDrivesPerSet"`
}

type serverJSON struct {
	State    string            `json:"state"`
	Endpoint string            `json:"endpoint"`
	Scheme   string            `json:"scheme"`
	Uptime   int64             `json:"uptime"` // seconds
	Version  string            `json:"version"`
	Network  map[string]string `json:"network"`
	Drives   []driveJSON       `json:"drives"`
	Pools    []int             `json:"poolNumbers"`
	Procs    int               `json:"go_max_procs"`
	CPUs     int               `json:"num_cpu"`
	Go       string            `json:"runtime_version"`
}

// poolSetJSON is what is known of a set; what it holds is counted for all together.
type poolSetJSON struct {
	ID      int   `json:"id"`
	Used    int64 `json:"rawUsage"`
	Total   int64 `json:"rawCapacity"`
	Healing int   `json:"healDisks"`
}

const (
	typeErasure = "Erasure"
	typeGateway = "Gateway"
)

// info answers what the server is and how it is.
func (h *Handler) info(q *request) error {
	u, err := h.usage(q.ctx())
	if err != nil {
		return err
	}
	s, err := h.storage(q.ctx())
	if err != nil {
		return err
	}
	out := infoJSON{
		Mode: "online", Region: h.config.Region, Deployment: h.config.Deployment, Buckets: countJSON{Count: int64(len(u.buckets))},
		Objects: countJSON{u.objects, u.missing}, Versions: countJSON{u.versions, u.missing}, Usage: sizeJSON{u.bytes, u.missing},
		Backend: s.backend(h.config.ReducedParity), Pools: s.sets(),
		Servers: []serverJSON{{
			State: "online", Endpoint: q.r.Host, Scheme: forwarded.Scheme(q.r), Uptime: int64(h.now().Sub(h.began) / time.Second), Version: h.config.Version,
			Network: map[string]string{q.r.Host: "online"}, Drives: s.drives, Pools: s.pools(),
			Procs: runtime.GOMAXPROCS(0), CPUs: runtime.NumCPU(), Go: runtime.Version(),
		}},
	}
	return q.answer(out)
}

// usage is what all buckets hold.
type usage struct {
	buckets  []bucketUsage
	objects  int64
	versions int64 // all of them, delete markers too
	bytes    int64
	missing  string // why the store does not count; empty where it does
}

type bucketUsage struct {
	objectstore.Bucket
	objectstore.Usage
}

func (h *Handler) usage(ctx context.Context) (usage, error) {
	buckets, err := h.config.Store.ListBuckets(ctx)
	if err != nil {
		return usage{}, err
	}
	var u usage
	reporter, ok := h.config.Store.(objectstore.UsageReporter)
	if !ok {
		u.missing = "The S3 cluster that keeps the objects does not count them."
	}
	for i := range buckets {
		one := bucketUsage{Bucket: buckets[i]}
		if ok {
			if one.Usage, err = reporter.Usage(ctx, one.Name); errors.Is(err, objectstore.ErrBucketNotFound) {
				continue // it went meanwhile
			} else if err != nil {
				return usage{}, err
			}
		}
		u.buckets = append(u.buckets, one)
		u.objects += one.Objects
		u.versions += one.Objects + one.Versions
		u.bytes += one.Bytes
	}
	return u, nil
}

type bucketUsageJSON struct {
	Size     int64 `json:"size"`
	Objects  int64 `json:"objectsCount"`
	Versions int64 `json:"versionsCount"`
}

// dataUsage answers what buckets hold.
func (h *Handler) dataUsage(q *request) error {
	u, err := h.usage(q.ctx())
	if err != nil {
		return err
	}
	if u.missing != "" {
		return errs.New(errs.Unavailable, "not_supported_here", u.missing)
	}
	s, err := h.storage(q.ctx())
	if err != nil {
		return err
	}
	buckets, sizes := make(map[string]bucketUsageJSON), make(map[string]int64)
	for _, b := range u.buckets {
		buckets[b.Name] = bucketUsageJSON{b.Bytes, b.Objects, b.Objects + b.Usage.Versions}
		sizes[b.Name] = b.Bytes
	}
	total, free := s.space()
	return q.answer(map[string]any{
		"lastUpdate": h.now().UTC(), "objectsCount": u.objects, "objectsTotalSize": u.bytes, "bucketsCount": len(u.buckets),
		"bucketsUsageInfo": buckets, "bucketsSizes": sizes, "capacity": total, "freeCapacity": free, "usedCapacity": total - free,
	})
}
