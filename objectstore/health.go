package objectstore

import "context"

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
	DriveOffline DriveState = "offline" // not there at start; counted as lost
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
	Drives       []Drive
}

// Drive is one drive as given on the command line. Message says why it is not
// ok, in a sentence that may be shown. Bytes are 0 where they are not known.
type Drive struct {
	Path       string
	State      DriveState
	Message    string
	TotalBytes int64
	FreeBytes  int64
}
