package seglog

import "time"

// rhythm tells when a batch is worth a sync. Those whose requests were in the last
// batch come back soon after it was synced. Where a sync takes long, waiting a little
// for them lets a sync serve all instead of every other one; where it does not,
// their coming back is better spent syncing what is there.
type rhythm struct {
	crowd   int // how many requests there were around the last batch
	last    int // of those how many in it
	round   time.Duration
	settled time.Time
}

const (
	// slowRound is how long a batch takes on drives that are worth waiting for.
	slowRound = time.Millisecond
	maxWait   = 2 * time.Millisecond
)

// patience is how long to wait for more requests than are queued.
func (r *rhythm) patience(queued int) time.Duration {
	if r.round < slowRound || queued >= r.crowd*3/4 {
		return 0
	}
	return min(r.round/3, maxWait) - time.Since(r.settled)
}

// batch notes how long a batch of so many requests took and how many were queued
// meanwhile.
func (r *rhythm) batch(n, queued int, began time.Time) {
	r.settled = time.Now()
	r.round = r.settled.Sub(began)
	r.crowd, r.last = n+max(queued, r.last), n
}
