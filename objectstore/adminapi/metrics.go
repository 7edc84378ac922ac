package adminapi

import (
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"

	"croft/objectstore"
)

// metricsPaths are where scrapers look, with what each has. The names of the metrics are
// those of MinIO where they mean the same, so that dashboards go on working.
var metricsPaths = map[string][]part{
	"/minio/v2/metrics/cluster":  {(*Handler).clusterMetrics, (*Handler).requestMetrics, (*Handler).driveMetrics, (*Handler).processMetrics},
	"/minio/v2/metrics/node":     {(*Handler).driveMetrics, (*Handler).processMetrics, (*Handler).requestMetrics},
	"/minio/v2/metrics/bucket":   {(*Handler).bucketMetrics},
	"/minio/v2/metrics/resource": {(*Handler).driveMetrics, (*Handler).processMetrics},
	"/minio/prometheus/metrics":  {(*Handler).clusterMetrics, (*Handler).requestMetrics, (*Handler).driveMetrics, (*Handler).processMetrics, (*Handler).bucketMetrics},
}

// part writes some of the metrics.
type part func(*Handler, *state, *exposition)

// state is what the metrics of one answer are made of.
type state struct {
	usage   usage
	storage storage
	server  string
}

func isMetrics(path string) bool { return metricsPaths[path] != nil }

// metrics answers a scraper. It may carry a token or sign.
func (h *Handler) metrics(q *request) error {
	if q.r.Method != http.MethodGet {
		return fail("MethodNotAllowed", http.StatusMethodNotAllowed, "The specified method is not allowed against this resource. Use GET.")
	}
	c, err := h.bearer(q)
	if err != nil {
		return err
	}
	if err := h.config.Gate.Allow(q.ctx(), c, "admin:Prometheus"); err != nil {
		return err
	}
	s := &state{server: q.r.Host}
	if s.usage, err = h.usage(q.ctx()); err != nil {
		return err
	}
	if s.storage, err = h.storage(q.ctx()); err != nil {
		return err
	}
	var e exposition
	for _, part := range metricsPaths[q.r.URL.Path] {
		part(h, s, &e)
	}
	q.w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(e.text.Bytes())
	return nil
}

func (h *Handler) clusterMetrics(s *state, e *exposition) {
	count := func(name, help string, n int64) { e.add(name, gauge, help, float64(n), nil) }
	count("minio_cluster_nodes_online_total", "Servers that are up.", 1)
	count("minio_cluster_nodes_offline_total", "Servers that are down.", 0)
	count("minio_cluster_bucket_total", "Buckets.", int64(len(s.usage.buckets)))
	if s.usage.missing == "" {
		count("minio_cluster_usage_object_total", "Objects.", s.usage.objects)
		count("minio_cluster_usage_version_total", "Versions and delete markers.", s.usage.versions)
		count("minio_cluster_usage_total_bytes", "Bytes of all versions, as they were written.", s.usage.bytes)
	}
	healthy := int64(0)
	if s.storage.none {
		if s.storage.target.Reachable {
			healthy = 1
		}
		count("minio_cluster_health_status", "1 where objects can be written.", healthy)
		return
	}
	hs := &s.storage.health
	if hs.Writable {
		healthy = 1
	}
	total, free := s.storage.space()
	online := int64(s.storage.online())
	drives := int64(len(s.storage.drives))
	count("minio_cluster_health_status", "1 where objects can be written.", healthy)
	count("minio_cluster_write_quorum", "Drives that a write needs.", int64(hs.WriteQuorum))
	count("minio_cluster_drive_total", "Drives.", drives)
	count("minio_cluster_drive_online_total", "Drives that are used.", online)
	count("minio_cluster_drive_offline_total", "Drives that are not.", drives-online)
	count("minio_cluster_capacity_raw_total_bytes", "Space of the file systems under the drives.", total)
	count("minio_cluster_capacity_raw_free_bytes", "Free space of these.", free)
	if all := int64(hs.DataShards + hs.ParityShards); all > 0 {
		count("minio_cluster_capacity_usable_total_bytes", "Space that objects could have, without parity.", total/all*int64(hs.DataShards))
		count("minio_cluster_capacity_usable_free_bytes", "Free space that objects could have, without parity.", free/all*int64(hs.DataShards))
	}
	scrub := hs.Scrub
	count("croft_scrub_running", "1 while everything is read and checked.", map[bool]int64{true: 1}[scrub.Running])
	count("croft_scrub_read_bytes", "Bytes that the current check has read.", scrub.Current.Bytes)
	count("croft_scrub_damaged", "What it found damaged, and has healed.", scrub.Current.Damaged)
	if !scrub.Last.FinishedAt.IsZero() {
		count("croft_scrub_last_finished_seconds", "When the last check of everything ended, Unix time.", scrub.Last.FinishedAt.Unix())
		count("croft_scrub_last_damaged", "What that one found damaged.", scrub.Last.Damaged)
	}
}

func (h *Handler) driveMetrics(s *state, e *exposition) {
	each := func(name, kind, help string, of func(*driveJSON) int64) {
		for i := range s.storage.drives {
			d := &s.storage.drives[i]
			e.add(name, kind, help, float64(of(d)), labels{"drive", d.Path, "server", s.server})
		}
	}
	each("minio_node_drive_total_bytes", gauge, "Space of the drive.", func(d *driveJSON) int64 { return d.Total })
	each("minio_node_drive_used_bytes", gauge, "Used space of the drive.", func(d *driveJSON) int64 { return d.Used })
	each("minio_node_drive_free_bytes", gauge, "Free space of the drive.", func(d *driveJSON) int64 { return d.Available })
	each("croft_drive_online", gauge, "1 where the drive is used.", func(d *driveJSON) int64 { return map[bool]int64{true: 1}[d.State == driveOK] })
	each("croft_drive_read_errors_total", counter, "Reads that failed through the drive's fault since the start.", func(d *driveJSON) int64 { return d.readErrs })
	each("croft_drive_write_errors_total", counter, "Writes that failed through the drive's fault since the start.", func(d *driveJSON) int64 { return d.writeErrs })
	for i := range s.storage.drives {
		if p := s.storage.drives[i].HealInfo; p != nil {
			e.add("croft_drive_healing_left_bytes", gauge, "What the drive still lacks.", float64(p.Total-p.Done), labels{"drive", p.Path, "server", s.server})
		}
	}
}

func (h *Handler) requestMetrics(s *state, e *exposition) {
	names := h.traffic.names()
	each := func(name, help string, of func(*count) int64) {
		for _, operation := range names {
			e.add(name, counter, help, float64(of(h.traffic.by[operation])), labels{"api", strings.ToLower(operation), "server", s.server})
		}
	}
	each("minio_s3_requests_total", "Requests of S3 since the start.", func(c *count) int64 { return c.requests.Load() })
	each("minio_s3_requests_4xx_errors_total", "Those that were refused.", func(c *count) int64 { return c.refused.Load() })
	each("minio_s3_requests_5xx_errors_total", "Those that failed.", func(c *count) int64 { return c.failed.Load() })
	each("minio_s3_requests_errors_total", "Those that were refused or failed.", func(c *count) int64 { return c.refused.Load() + c.failed.Load() })
	var in, out int64
	for _, operation := range names {
		in, out = in+h.traffic.by[operation].in.Load(), out+h.traffic.by[operation].out.Load()
	}
	e.add("minio_s3_traffic_received_bytes", counter, "Bytes of bodies that S3 clients sent since the start.", float64(in), labels{"server", s.server})
	e.add("minio_s3_traffic_sent_bytes", counter, "Bytes of bodies that they were sent.", float64(out), labels{"server", s.server})
}

func (h *Handler) processMetrics(s *state, e *exposition) {
	own := labels{"server", s.server}
	e.add("minio_software_version_info", gauge, "The version that runs.", 1, labels{"server", s.server, "version", h.config.Version})
	e.add("minio_node_process_starttime_seconds", gauge, "When the process started, Unix time.", float64(h.began.Unix()), own)
	e.add("minio_node_process_uptime_seconds", gauge, "How long it has run.", h.now().Sub(h.began).Seconds(), own)
	e.add("minio_node_go_routine_total", gauge, "Goroutines.", float64(runtime.NumGoroutine()), own)
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(heap)
	e.add("croft_process_heap_bytes", gauge, "Memory that Go objects take.", float64(heap[0].Value.Uint64()), own)
	e.add("croft_process_memory_bytes", gauge, "Memory that the Go runtime has from the system.", float64(heap[1].Value.Uint64()), own)
}

func (h *Handler) bucketMetrics(s *state, e *exposition) {
	each := func(name, help string, of func(objectstore.Bucket, objectstore.Usage) int64) {
		for i := range s.usage.buckets {
			b := &s.usage.buckets[i]
			e.add(name, gauge, help, float64(of(b.Bucket, b.Usage)), labels{"bucket", b.Name})
		}
	}
	if s.usage.missing == "" {
		each("minio_bucket_usage_object_total", "Objects.", func(_ objectstore.Bucket, u objectstore.Usage) int64 { return u.Objects })
		each("minio_bucket_usage_version_total", "Versions and delete markers.", func(_ objectstore.Bucket, u objectstore.Usage) int64 { return u.Objects + u.Versions })
		each("minio_bucket_usage_total_bytes", "Bytes of all versions, as they were written.", func(_ objectstore.Bucket, u objectstore.Usage) int64 { return u.Bytes })
		each("croft_bucket_unfinished_bytes", "Bytes of the parts of unfinished uploads.", func(_ objectstore.Bucket, u objectstore.Usage) int64 { return u.Unfinished })
	}
	h.bucketTraffic(s, e)
	each("minio_bucket_quota_total_bytes", "Bytes that the bucket may have; 0 is no limit.", func(b objectstore.Bucket, _ objectstore.Usage) int64 { return b.Quota })
}

// bucketTraffic writes the requests to those buckets that had any since the start.
func (h *Handler) bucketTraffic(s *state, e *exposition) {
	if h.config.Traffic == nil {
		return
	}
	type asked struct {
		bucket string
		BucketTraffic
	}
	var all []asked
	for i := range s.usage.buckets {
		name := s.usage.buckets[i].Name
		if t := h.config.Traffic(name); t != (BucketTraffic{}) {
			all = append(all, asked{name, t})
		}
	}
	for _, b := range all {
		for _, of := range []struct {
			kind string
			n    int64
		}{{"read", b.Reads}, {"write", b.Writes}, {"list", b.Lists}, {"delete", b.Deletes}, {"other", b.Others}} {
			e.add("croft_bucket_requests_total", counter, "Requests of S3 since the start.", float64(of.n), labels{"bucket", b.bucket, "kind", of.kind})
		}
	}
	each := func(name, help string, of func(*BucketTraffic) int64) {
		for i := range all {
			e.add(name, counter, help, float64(of(&all[i].BucketTraffic)), labels{"bucket", all[i].bucket})
		}
	}
	each("minio_bucket_requests_4xx_errors_total", "Those that were refused.", func(t *BucketTraffic) int64 { return t.Refused })
	each("minio_bucket_requests_5xx_errors_total", "Those that failed.", func(t *BucketTraffic) int64 { return t.Failed })
	each("minio_bucket_traffic_received_bytes", "Bytes of bodies that S3 clients sent since the start.", func(t *BucketTraffic) int64 { return t.Received })
	each("minio_bucket_traffic_sent_bytes", "Bytes of bodies that they were sent.", func(t *BucketTraffic) int64 { return t.Sent })
}
