package objectstore

import "time"

// ScrubProgress is what is known of the reading and checking of everything that is
// done now and then.
type ScrubProgress struct {
	Running        bool  // now
	Asked          bool  // somebody asked for it: it reads on until everything was read
	Current        Scrub // began and has not finished; may go on only tomorrow
	TotalBytes     int64 // about what Current has to read; 0 while unknown
	BytesPerSecond int64 // since it last began to read; 0 while it does not
	Last           Scrub
	NextAt         time.Time // when it goes on, or begins another time; zero while it runs
}

// Scrub is one reading and checking of everything. Its times are zero where it has
// not begun, or not finished.
type Scrub struct {
	StartedAt  time.Time
	FinishedAt time.Time
	Bytes      int64 // that were read
	Damaged    int64 // records and large bodies that some drives had damaged
}
