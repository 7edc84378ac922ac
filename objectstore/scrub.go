package objectstore

import "time"

// ScrubProgress is what is known of the reading and checking of everything that is
// done now and then.
type ScrubProgress struct {
	Running bool  // now
	Current Scrub // began and has not finished; may go on only tomorrow
	Last    Scrub
}

// Scrub is one reading and checking of everything. Its times are zero where it has
// not begun, or not finished.
type Scrub struct {
	StartedAt  time.Time
	FinishedAt time.Time
	Bytes      int64 // that were read
	Damaged    int64 // records and large bodies that some drives had damaged
}
