package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// fakeDrives is a set of drives in a state that real ones cannot be brought into.
type fakeDrives struct {
	mu     sync.Mutex // guards the following field
	health objectstore.Health
}

func (f *fakeDrives) Health(context.Context) (objectstore.Health, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health, nil
}

func (f *fakeDrives) StartScrub(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.health.Scrub.Asked {
		return objectstore.ErrScrubRunning
	}
	f.health.Scrub.Running, f.health.Scrub.Asked = true, true
	return nil
}

func (f *fakeDrives) StopScrub(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.health.Scrub.Running, f.health.Scrub.Asked = false, false
	return nil
}

func (f *fakeDrives) ResetDrive(_ context.Context, id string) error {
	switch id {
	case "fenced":
		return nil
	case "broken":
		return errs.New(errs.Unavailable, "drive_not_writable", "/mnt/disk2 cannot be written to.")
	}
	return objectstore.ErrDriveNotFound
}

func TestMaintenanceOverTheAPI(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	drives := &fakeDrives{health: objectstore.Health{
		Engine: "erasure", Problem: "The log is being read anew.",
		Drives: []objectstore.Drive{
			{ID: "fenced", Path: "/mnt/disk1", State: objectstore.DriveFailing, Message: "A sync failed."},
			{ID: "broken", Path: "/mnt/disk2", State: objectstore.DriveFailing, Message: "It is read-only."},
		},
		Scrub: objectstore.ScrubProgress{
			Current: objectstore.Scrub{StartedAt: at, Bytes: 7, Damaged: 2}, TotalBytes: 9, NextAt: at,
			Last: objectstore.Scrub{StartedAt: at, FinishedAt: at, Bytes: 8, Damaged: 1},
		},
	}}
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Drives = drives })
	c.user("boss", true)
	c.user("eve", false)
	admin, anybody := c.as("boss"), c.as("eve")
	health, scrub, reset := "/api/v1/health/drives", "/api/v1/health/scrub", "/api/v1/health/drives/fenced/reset"
	c.run(t, []scenario{
		{name: "state", as: anybody, method: "GET", path: health, status: 200, want: []string{
			`"problem":"The log is being read anew."`, `"running":false`, `"bytes":7,"totalBytes":9`, `"damaged":2,"nextAt":"2026-01-02T03:04:05Z"`,
			`"last":{"startedAt":"2026-01-02T03:04:05Z","finishedAt":"2026-01-02T03:04:05Z","bytes":8,"damaged":1}`,
		}},
		{name: "not everybody starts", as: anybody, method: "POST", path: scrub, status: 403, want: []string{`"admin_required"`}},
		{name: "nor stops", as: anybody, method: "DELETE", path: scrub, status: 403, want: []string{`"admin_required"`}},
		{name: "nor resets", as: anybody, method: "POST", path: reset, status: 403, want: []string{`"admin_required"`}, audit: "eve reset-drive health/drives/fenced/reset admin_required"},
		{name: "start", as: admin, method: "POST", path: scrub, status: 204, audit: "boss start-scrub health/scrub ok"},
		{name: "it runs", as: anybody, method: "GET", path: health, status: 200, want: []string{`"running":true,"asked":true`}},
		{name: "again", as: admin, method: "POST", path: scrub, status: 409, want: []string{`"scrub_running"`}},
		{name: "stop", as: admin, method: "DELETE", path: scrub, status: 204, audit: "boss stop-scrub health/scrub ok"},
		{name: "reset", as: admin, method: "POST", path: reset, status: 204, audit: "boss reset-drive /mnt/disk1 ok"},
		{name: "it says why not", as: admin, method: "POST", path: "/api/v1/health/drives/broken/reset", status: 503,
			want: []string{`"drive_not_writable"`, "/mnt/disk2 cannot be written to."}, audit: "boss reset-drive /mnt/disk2 drive_not_writable"},
		{name: "no pools", as: admin, method: "POST", path: "/api/v1/health/pools/1/drain", status: 404, want: []string{`"pools_none"`}},
		{name: "none", as: admin, method: "POST", path: "/api/v1/health/drives/none/reset", status: 404, want: []string{`"drive_not_found"`}},
	})
}

func TestNoDrivesToLookAfter(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Drives = nil })
	c.user("boss", true)
	c.run(t, []scenario{
		{name: "none", as: c.as("boss"), method: "POST", path: "/api/v1/health/scrub", status: 404, want: []string{`"no_drives"`}},
	})
}

// fakePools are drives in two pools.
type fakePools struct{ *fakeDrives }

func (f fakePools) DrainPool(_ context.Context, pool int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if pool > len(f.health.Pools) {
		return objectstore.ErrPoolNotFound
	}
	f.health.Pools[pool-1].State = objectstore.PoolDraining
	return nil
}

func TestPoolsAreDrainedOverTheAPI(t *testing.T) {
	set := objectstore.Set{Number: 1, DataShards: 2, ParityShards: 1, ReadQuorum: 2, WriteQuorum: 2, Writable: true}
	drives := fakePools{&fakeDrives{health: objectstore.Health{Engine: "erasure", Pools: []objectstore.Pool{
		{Number: 1, State: objectstore.PoolInUse, Sets: []objectstore.Set{set}},
		{Number: 2, State: objectstore.PoolInUse, Sets: []objectstore.Set{set}, LeftVersions: 3, LeftBytes: 5, Problem: "It is full."},
	}}}}
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Drives = drives })
	c.user("boss", true)
	c.user("eve", false)
	drain := "/api/v1/health/pools/2/drain"
	c.run(t, []scenario{
		{name: "not everybody", as: c.as("eve"), method: "POST", path: drain, status: 403, want: []string{`"admin_required"`}},
		{name: "drain", as: c.as("boss"), method: "POST", path: drain, status: 204, audit: "boss drain-pool pool 2 ok"},
		{name: "it goes on", as: c.as("eve"), method: "GET", path: "/api/v1/health/drives", status: 200, want: []string{
			`"number":2,"state":"draining","sets":[{"number":1,"dataShards":2,"parityShards":1,"readQuorum":2,"writeQuorum":2,"writable":true}]`,
			`"leftVersions":3,"leftBytes":5,"problem":"It is full."`,
		}},
		{name: "none", as: c.as("boss"), method: "POST", path: "/api/v1/health/pools/3/drain", status: 404, want: []string{`"pool_not_found"`}},
	})
}

// away is a target that can be told to be away.
type away struct{ message string }

func (a *away) TargetHealth(context.Context) (objectstore.TargetHealth, error) {
	h := objectstore.TargetHealth{Endpoint: "https://s3.example.com", Prefix: "team", Reachable: a.message == "", Message: a.message}
	if h.Reachable {
		h.Latency = 12 * time.Millisecond
	}
	return h, nil
}

func TestTargetInsteadOfDrives(t *testing.T) {
	target := new(away)
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Drives, deps.Target = nil, target })
	c.user("eve", false)
	health := "/api/v1/health/drives"
	c.run(t, []scenario{
		{name: "well", as: c.as("eve"), method: "GET", path: health, status: 200, want: []string{
			`"engine":"s3"`, `"writable":true`, `"drives":[]`,
			`"target":{"endpoint":"https://s3.example.com","prefix":"team","reachable":true,"latencyMs":12,"message":""}`,
		}},
	})
	target.message = "It does not answer."
	c.run(t, []scenario{
		{name: "away", as: c.as("eve"), method: "GET", path: health, status: 200, want: []string{`"writable":false`, `"reachable":false`, `"message":"It does not answer."`}},
	})
}
