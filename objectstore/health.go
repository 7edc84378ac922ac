package objectstore

import (
	"context"
	"time"

	"croft/internal/errs"
)

// DriveReporter is a second interface of engines that keep objects on drives.
type DriveReporter interface {
	// Health says how the drives are now. It is cheap enough to be polled.
	Health(ctx context.Context) (Health, error)
}

// DriveState is how a drive is.
type DriveState string

// The states of a drive.
const (
	DriveOK      DriveState = "ok"
	DriveSlow    DriveState = "slow"    // it is used, and much slower than the others
	DriveOffline DriveState = "offline" // not there; counted as lost
	DriveFailing DriveState = "failing" // an error fenced it: it is read from, no longer written to
	DriveHealing DriveState = "healing" // it is written to and still lacks older things
)

// Health is the state of an engine and of its drives.
type Health struct {
	Engine       string // "erasure"
	Parity       int    // shards that may be lost
	DataShards   int
	ParityShards int
	ReadQuorum   int // drives that a read needs
	WriteQuorum  int // drives that a write needs
	Writable     bool
	Problem      string // why nothing can be written although enough drives are there
	Drives       []Drive
	Scrub        ScrubProgress
	// Pools are how the drives are divided; nil where they are one set alone. The
	// figures above are those of the first set then.
	Pools []Pool
}

// Pool is sets of drives.
type Pool struct {
	Number int // from 1
	State  PoolState
	Sets   []Set
	// What is still to be moved away from a pool that is being drained: keys' versions
	// and bytes as they were written, and why it does not go on, empty while it does.
	LeftVersions int64
	LeftBytes    int64
	Problem      string
}

// PoolState is what a pool is used for.
type PoolState string

// The states of a pool.
const (
	PoolInUse    PoolState = "inUse"
	PoolDraining PoolState = "draining" // nothing new goes there, and what is there moves to the others
	PoolDrained  PoolState = "drained"  // nothing is there any more: its drives can be unplugged
)

// Decommissioner is a second interface of engines that have several pools of drives.
type Decommissioner interface {
	// DrainPool has everything in a pool moved to the others, after which its drives
	// can be unplugged. It returns once that is remembered; what it moves can be read
	// and written all the while, and it goes on after a restart. It cannot be taken
	// back. It refuses with ErrPoolNotFound, and where the others could not take what
	// the pool holds.
	DrainPool(ctx context.Context, pool int) error
}

// ErrPoolNotFound says that there is no such pool.
var ErrPoolNotFound = errs.New(errs.NotFound, "pool_not_found", "There is no pool of drives of this number.")

// Set is drives that keep their objects together.
type Set struct {
	Number       int // in its pool, from 1
	DataShards   int
	ParityShards int
	ReadQuorum   int
	WriteQuorum  int
	Writable     bool
}

// Drive is one drive as given on the command line. Message says why it is not
// ok, in a sentence that may be shown. Bytes are 0 where they are not known.
type Drive struct {
	ID         string // for ever, whatever its path; empty while unknown
	Path       string
	Place      int // of its shards, from 0
	Pool, Set  int // that it is in, from 1; 0 where there is one set alone
	State      DriveState
	Message    string
	TotalBytes int64
	FreeBytes  int64
	// FileSystem is the same for drives that share one, whose bytes count once;
	// empty when unknown.
	FileSystem string
	// The numbers of operations that failed through the drive's fault since the start.
	ReadErrors  int64
	WriteErrors int64
	Healing     *HealProgress // nil while the drive lacks nothing, or it is not known what
}

// HealProgress says how far a drive is with what it lacks.
type HealProgress struct {
	DoneBytes      int64
	TotalBytes     int64
	BytesPerSecond int64 // of late
	SecondsLeft    int64 // at that speed; -1 when it cannot be told
}

// TargetReporter is a second interface of engines that keep objects elsewhere.
type TargetReporter interface {
	// TargetHealth says whether the place can be reached now. It may wait some seconds.
	TargetHealth(ctx context.Context) (TargetHealth, error)
}

// TargetHealth is how the place is where an engine keeps objects that has no drives.
type TargetHealth struct {
	Endpoint  string // as given on the command line
	Prefix    string // of the names of buckets there
	Reachable bool
	Latency   time.Duration // of a small request
	Message   string        // why it cannot be reached, in a sentence that may be shown
}
